"""The CSR job: made once on the host, proven to be what was ordered, or a sentence for the operator."""

from dataclasses import replace

import pytest

from bot.domain.faults import FaultKind
from bot.domain.ids import OrderId
from bot.domain.pending import FRIENDLY_NAME_MAX
from bot.domain.states import State, Work
from bot.domain.subject import Subject
from bot.workflow.csr_job import friendly_name
from tests.unit.domain.samples import NAMES, OLGA, RITA, order, wish
from tests.unit.workflow.house import House
from tests.unit.workflow.plain_run import PlainRun
from tests.unit.workflow.requests import csr, csr_for

SEVEN = OrderId(7)
OURS = f"CertDesk 7-1 {NAMES[0]}"


def approved() -> House:
    """A house with an approved order."""
    house = House()
    house.put(order(State.APPROVED))
    return house


def play(house: House) -> PlainRun:
    """Run the job to its end."""
    run = PlainRun(house.clock)
    house.job(Work.MAKE_CSR)(run, SEVEN, house.order().version)
    return run


def test_the_csr_is_made_once_and_posted() -> None:
    """The order holds what the host answered, under a name of its own."""
    house = approved()

    play(house)

    assert State.CSR_READY is house.order().state
    assert csr_for(wish()) == house.order().csr_pem
    assert {OURS: 1} == house.hosts.acts
    assert ["csr_made"] == house.whats()


def test_a_request_found_under_our_name_is_ours() -> None:
    """After a kill the request on the host is taken, not made a second time."""
    house = approved()
    house.hosts.requests[OURS] = csr_for(wish())

    play(house)

    assert State.CSR_READY is house.order().state
    assert {} == house.hosts.acts


def test_a_lost_answer_makes_no_second_request() -> None:
    """The host made it and the answer was lost: it is looked for."""
    house = approved()
    house.hosts.lost_answers.add("make_csr")

    play(house)

    assert State.CSR_READY is house.order().state
    assert {OURS: 1} == house.hosts.acts


@pytest.mark.parametrize(
    ("kind", "calls"),
    [(FaultKind.SIGN_IN, 1), (FaultKind.CMDLET_ERROR, 1), (FaultKind.UNREACHABLE, 6)],
)
def test_a_host_that_refuses_stops_the_order_with_its_sentence(kind: FaultKind, calls: int) -> None:
    """Passing faults are tried six times, a refusal once; then an operator reads why."""
    house = approved()
    house.hosts.fail("make_csr", kind, times=6)

    play(house)

    after = house.order()
    assert (State.FAILED, State.APPROVED, kind.value) == (
        after.state,
        after.failed_in,
        after.fault_code,
    )
    assert after.detail.startswith(f"EX01: {kind.value}. Nothing was done.")
    assert 6 - calls == len(house.hosts.faults["make_csr"])


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (csr(NAMES[0], NAMES[:1]), "lacks names that were approved"),
        (csr(NAMES[0], (*NAMES, "evil.example.com")), "nobody approved"),
        (csr("other.example.com", NAMES), "common name"),
        ("no request at all", "CSR"),
    ],
)
def test_a_csr_that_was_not_ordered_is_not_posted(made: str, says: str) -> None:
    """Whatever the host answers is compared with the order before anybody pastes it anywhere."""
    house = approved()
    house.hosts.requests[OURS] = made

    play(house)

    assert (State.FAILED, "csr-not-as-ordered", "") == (
        house.order().state, house.order().fault_code, house.order().csr_pem,
    )  # fmt: skip
    assert says in house.order().detail


@pytest.mark.parametrize("spoil", ["gone", "wrong"])
def test_a_retry_after_a_spoiled_request_makes_a_new_one(spoil: str) -> None:
    """What the sentence promises happens: the retry does not find the same useless request again."""
    house = approved()
    if spoil == "wrong":
        house.hosts.requests[OURS] = csr("other.example.com", NAMES)
    else:
        house.journal.confirm(f"7/csr/{OURS}", "made, and removed by somebody since")
    play(house)
    assert State.FAILED is house.order().state

    house.engine.retry(SEVEN, by=OLGA)
    play(house)

    assert State.CSR_READY is house.order().state
    assert {f"CertDesk 7-2 {NAMES[0]}": 1} == house.hosts.acts


def test_a_rekey_makes_a_request_under_another_name() -> None:
    """The round is part of the name, so that the request of before is not taken for the new one."""
    from bot.domain import events as ev

    house = approved()
    play(house)
    house.engine.report(SEVEN, ev.SubmittedToVendor(reference="GD-1"), by=RITA)
    house.engine.report(SEVEN, ev.Rekeyed(), by=RITA)

    play(house)

    assert {OURS: 1, f"CertDesk 7-2 {NAMES[0]}": 1} == house.hosts.acts
    assert (State.CSR_READY, 2) == (house.order().state, house.order().csr_round)


def test_an_order_that_moved_on_meanwhile_is_left_alone() -> None:
    """A job that wakes up late reports into the void."""
    house = House()
    house.put(order(State.APPROVED))
    moved = house.put(order(State.CANCELLED, version=5))
    run = PlainRun(house.clock)

    house.job(Work.MAKE_CSR)(run, SEVEN, 3)

    assert moved == house.order()
    assert [] == house.whats()


def test_the_name_on_the_host_stays_under_its_limit_and_tells_orders_apart() -> None:
    """A long common name is cut at the end, where the order's number does not stand."""
    long = wish(subject=Subject(common_name="a" * 64))
    names = {
        friendly_name(order(id=OrderId(n), csr_round=r, wish=long)) for n in (1, 11) for r in (0, 1)
    }

    assert 4 == len(names)
    assert all(len(name) <= FRIENDLY_NAME_MAX for name in names)
    assert OURS == friendly_name(replace(order(), csr_round=0))
