"""Clearing what an order left on its host: decided by two, dropped once, proven before and seen after."""

from dataclasses import replace
from threading import Barrier, Thread
from typing import Any

import pytest

from bot.domain import events as ev
from bot.domain.approvals import Gate
from bot.domain.faults import FaultKind, Refused
from bot.domain.ids import OrderId
from bot.domain.order import CertificateOrder, Clearing
from bot.domain.pending import request_name
from bot.domain.states import CLEARED_IN, State, Work
from bot.workflow.jobs import Apology, work_due
from tests.unit.domain.samples import BOSS, MAX, NOON, OLGA, RITA, order, site
from tests.unit.workflow.fuse import Killed
from tests.unit.workflow.house import House
from tests.unit.workflow.plain_run import Kept, PlainRun
from tests.unit.workflow.requests import csr

SEVEN = OrderId(7)
FIRST = csr("mail.example.com", ("mail.example.com",))
SECOND = csr("mail.example.com", ("mail.example.com", "second.example.com"))
OTHER = csr("other.example.com", ("other.example.com",))


def left(state: State = State.CANCELLED, *, on_host: str = FIRST, **parts: Any) -> House:
    """A house whose order left the request of its first round on EX01."""
    house = House()
    mine = house.put(order(state, **{"csr_pem": FIRST, "csr_round": 1, **parts}))
    house.hosts.requests[request_name(mine, 1)] = on_host
    return house


def replaced(state: State = State.SUBMITTED, **parts: Any) -> House:
    """A house whose order goes on with its second CSR; both requests are on EX01."""
    house = left(state, **{"csr_pem": SECOND, "csr_round": 2, "past_csrs": {1: FIRST}, **parts})
    house.hosts.requests[request_name(house.order(), 2)] = SECOND
    return house


def ask(house: House, by: Any = MAX) -> CertificateOrder:
    """An approver's yes."""
    return house.engine.decide(SEVEN, Gate.CLEAR_REQUEST, yes=True, by=by, reason="tidy up")


def play(house: House) -> CertificateOrder:
    """Run the job of the clearing."""
    clearing = house.order().clearing
    assert clearing is not None
    house.job(Work.CLEAR_REQUEST)(PlainRun(house.clock), SEVEN, clearing.since)
    return house.order()


def test_a_request_left_behind_is_dropped_once() -> None:
    """The order stays where it is, remembers the round, and everybody is told."""
    house = left()
    begun = ask(house)
    after = play(house)

    assert (State.CANCELLED, Clearing(rounds=(1,), since=4)) == (begun.state, begun.clearing)
    assert (State.CANCELLED, None, (1,)) == (after.state, after.clearing, after.cleared)
    assert {"clear CertDesk 7-1 mail.example.com": 1} == house.hosts.acts
    assert {} == house.hosts.requests
    assert ["clear_request", "request_cleared"] == house.whats()


@pytest.mark.parametrize(
    ("person", "code"), [(RITA, "not-approver"), (OLGA, "not-approver"), (BOSS, "")]
)
def test_an_approver_decides(person: Any, code: str) -> None:
    """A key is destroyed, as when a certificate is retired: the same people keep the gate."""
    assert code == refusal(left(), person)


def test_nobody_clears_what_they_asked_for() -> None:
    """Four eyes, at this gate too."""
    assert "own-order" == refusal(left(requester=MAX), MAX)


def test_one_approver_does_not_end_a_round_and_clear_it() -> None:
    """A rekey abandons the request, the clearing destroys its key: two people's words."""
    house = left(State.SUBMITTED)
    house.engine.report(SEVEN, ev.Rekeyed(reason="the vendor wants it"), by=MAX)
    house.put(replace(house.order(), state=State.CSR_READY, csr_pem=SECOND, csr_round=2))

    assert ("own-ending", "") == (refusal(house, MAX), refusal(house, BOSS))


def test_one_approver_does_not_call_off_and_clear() -> None:
    """The same for a cancelled order, whoever had asked for it."""
    house = left(State.CSR_READY)
    house.engine.cancel(SEVEN, by=BOSS, reason="not needed")

    assert ("own-ending", "") == (refusal(house, BOSS), refusal(house, MAX))


def refusal(house: House, person: Any) -> str:
    """The code a word at the gate is refused with; empty when it is taken."""
    try:
        ask(house, person)
    except Refused as refused:
        return refused.code
    return ""


@pytest.mark.parametrize("state", list(State))
def test_the_awaited_request_is_never_decided_on(state: State) -> None:
    """In every state whose order is not over, the gate has nothing to decide; nothing is changed."""
    house = left(state)
    over = state in {State.REJECTED, State.CANCELLED, State.ROLLED_BACK, State.RETIRED}

    code = refusal(house, MAX)

    assert ("" if over else "nothing-abandoned" if state in CLEARED_IN else "not-now") == code
    assert over or {} == house.hosts.acts


def test_a_live_order_keeps_the_request_it_waits_for() -> None:
    """Only the one a later CSR replaced goes."""
    house = replaced()
    ask(house)
    after = play(house)

    assert [request_name(after, 2)] == list(house.hosts.requests)
    assert (State.SUBMITTED, (1,)) == (after.state, after.cleared)


def test_a_quorum_is_a_quorum_here_too() -> None:
    """The first of two is counted and starts nothing."""
    house = left()
    two = House(site=site(clear_request=2), memory=house.memory)

    assert ask(two, MAX).clearing is None
    with pytest.raises(Refused, match="counted once"):
        ask(two, MAX)
    assert ask(two, BOSS).clearing is not None


def test_another_key_under_our_name_is_left_alone() -> None:
    """The host is looked at, and the public key is not that of the order's CSR."""
    house = left(on_host=OTHER)
    ask(house)
    after = play(house)

    assert {} == house.hosts.acts
    assert after.clearing is not None
    assert "is not that of the CSR" in after.clearing.fault
    assert ["clear_request", "clear_failed"] == house.whats()


def test_a_request_that_is_gone_already_needs_no_removal() -> None:
    """Somebody removed it by hand: the order may forget it."""
    house = left()
    ask(house)
    house.hosts.requests.clear()

    assert (1,) == play(house).cleared
    assert {} == house.hosts.acts


@pytest.mark.parametrize("call", ["pending", "clear_request"])
def test_a_host_that_is_away_is_an_operators_business(call: str) -> None:
    """After the tries it stops with a sentence; the retry is an operator's, and drops it once."""
    house = left()
    house.hosts.fail(call, FaultKind.UNREACHABLE, times=6)
    ask(house)
    stopped = play(house)

    assert stopped.clearing is not None
    assert stopped.clearing.fault.endswith("Tried 6 times.")
    with pytest.raises(Refused) as raised:
        house.engine.retry(SEVEN, by=MAX)
    assert "not-operator" == raised.value.code
    assert house.engine.retry(SEVEN, by=OLGA).is_being_cleared
    assert (1,) == play(house).cleared
    assert {1} == set(house.hosts.acts.values())


def test_an_answer_that_was_lost_is_not_asked_for_twice() -> None:
    """It ran: the look afterwards says so."""
    house = left()
    house.hosts.lost_answers.add("clear_request")
    ask(house)

    assert (1,) == play(house).cleared
    assert {1} == set(house.hosts.acts.values())


def test_killed_at_any_point_it_is_dropped_once_and_told_once() -> None:
    """Whatever line the process dies at, twice over."""
    calm = left()
    ask(calm)
    calm.fuse.passed = 0
    expected = play(calm)
    points = calm.fuse.passed

    assert points >= 8
    for at in range(1, points + 1):
        for again in (0, 1, 3):
            house = left()
            ask(house)
            kept: Kept = []
            for kill in (at, again, 0):
                house.fuse.at = house.fuse.passed + kill if kill else 0
                house.fuse.blown = ""
                try:
                    house.job(Work.CLEAR_REQUEST)(PlainRun(house.clock, kept, house.fuse), SEVEN, 4)
                except Killed:
                    continue
                break
            assert {1} == set(house.hosts.acts.values()), (at, again)
            assert ["clear_request", "request_cleared"] == house.whats(), (at, again)
            assert expected.cleared == house.order().cleared


def test_other_work_waits_for_the_clearing() -> None:
    """Each would overtake the other, so the second is refused with when to try again; words without work are taken."""
    house = replaced()
    ask(house)

    with pytest.raises(Refused) as raised:
        house.engine.hand_in(SEVEN, name="bundle.zip", data=b"zip", by=RITA)
    assert "being-cleared" == raised.value.code
    assert State.ISSUED is house.engine.report(SEVEN, ev.VendorIssued(), by=RITA).state
    assert (1,) == play(house).cleared
    assert (
        State.CHECKING is house.engine.hand_in(SEVEN, name="bundle.zip", data=b"zip", by=RITA).state
    )


def test_a_stopped_clearing_holds_nothing_up() -> None:
    """The order goes on; the clearing is taken up when it stands still again."""
    house = replaced(clearing=Clearing(rounds=(1,), since=2, fault="EX01 is away."))

    assert State.CHECKING is house.engine.hand_in(SEVEN, name="b.zip", data=b"zip", by=RITA).state
    with pytest.raises(Refused):
        house.engine.retry(SEVEN, by=OLGA)


def test_the_order_may_end_while_it_is_cleared() -> None:
    """Called off in the same minute: the end of the clearing is taken all the same."""
    house = replaced()
    ask(house)
    house.engine.cancel(SEVEN, by=RITA, reason="not needed")
    after = play(house)

    assert (State.CANCELLED, (1,)) == (after.state, after.cleared)


def test_a_second_word_meets_the_clearing_under_way() -> None:
    """Nothing is decided twice."""
    house = left()
    ask(house)

    assert "being-cleared" == refusal(house, BOSS)


def test_a_run_the_order_no_longer_means_does_nothing() -> None:
    """Resumed behind a retry: the newer run acts."""
    house = left(clearing=Clearing(rounds=(1,), since=9), version=9)
    before = house.order()
    house.job(Work.CLEAR_REQUEST)(PlainRun(house.clock), SEVEN, 4)

    assert before == house.order()
    assert {} == house.hosts.acts


def test_two_words_in_the_same_moment_are_one_clearing() -> None:
    """Compare-and-set has the last word; the other one is told."""
    house = left()
    barrier, told = Barrier(2), []

    def word(by: Any) -> None:
        barrier.wait()
        told.append(refusal(house, by))

    threads = [Thread(target=word, args=(by,)) for by in (MAX, BOSS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 1 == told.count("")
    assert {"stale", "being-cleared"} >= set(told) - {""}
    assert 1 == house.whats().count("clear_request")


def test_a_clearing_whose_job_broke_is_told() -> None:
    """Found by the minute's look, it stops with an incident number instead of hanging."""
    house = left(clearing=Clearing(rounds=(1,), since=3))
    assert Work.CLEAR_REQUEST is work_due(house.order())
    assert [SEVEN] == [found.id for found in house.orders.being_cleared()]

    Apology(house.orders, house.reporter)(SEVEN, "abc", Work.CLEAR_REQUEST)

    stopped = house.order().clearing
    assert stopped is not None
    assert "incident abc" in stopped.fault
    assert work_due(house.order()) is None


def test_every_word_is_in_the_same_transaction_as_its_audit_and_its_messages() -> None:
    """What a failure leaves behind is nothing."""
    house = left()
    house.fuse.at = house.fuse.passed + 1

    with pytest.raises(Killed):
        ask(house)

    assert [] == house.whats()
    assert house.order().clearing is None
    assert {} == house.memory.outbox
    assert replace(house.order(), changed_at=NOON) == house.order()
