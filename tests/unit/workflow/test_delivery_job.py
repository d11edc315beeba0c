"""The outbox's job: every message once, in order, whatever dies or refuses."""

from collections.abc import Callable

import pytest

from bot.chat_ports import DeliveryFault, Overtaken
from bot.domain import events as ev
from bot.domain.ids import SYSTEM, OrderId
from bot.domain.messages import (
    Card,
    CardMessage,
    LineMessage,
    Message,
    OutboxRow,
    Posted,
    ReminderMessage,
)
from bot.domain.order import CertificateOrder, HostStep
from bot.domain.states import State
from bot.workflow.delivery_job import GIVEN_UP
from tests.unit.domain.samples import NOON, RITA, order, wish
from tests.unit.workflow.fuse import Fuse, Killed
from tests.unit.workflow.house import House, ToyChat, cards
from tests.unit.workflow.plain_run import Kept, PlainRun

SEVEN = OrderId(7)


def told() -> House:
    """A house in which one event waits to be told: two cards, a line in the thread, one in person."""
    house = House()
    house.put(order(State.SUBMITTED))
    house.engine.take(SEVEN, ev.VendorIssued(), by=RITA)
    return house


def words(messages: list[Message]) -> list[str]:
    """Messages in short."""
    return [
        f"{m.code} {m.place}" if isinstance(m, LineMessage) else f"card {m.card}"
        for m in messages
        if not isinstance(m, ReminderMessage)
    ]


ALL = ["card status", "card csr", "issued thread", "issued direct"]


def play(house: House, kept: Kept | None = None) -> PlainRun:
    """Deliver what waits."""
    run = PlainRun(house.clock, kept, house.fuse)
    house.deliver().run(run, SEVEN)
    return run


def play_on(house: House) -> list[float]:
    """Deliver what waits, with the later runs that are asked for; how long each was waited for."""
    waits: list[float] = []
    while after_s := house.deliver().run(PlainRun(house.clock), SEVEN):
        waits.append(after_s)
        house.clock.forward(after_s)
    return waits


def test_everything_that_waits_is_delivered_in_order() -> None:
    """And then nothing waits."""
    house = told()

    play(house)

    assert ALL == words(house.chat.said)
    assert () == house.outbox.waiting(SEVEN)


def test_a_second_delivery_says_nothing_again() -> None:
    """What was delivered does not wait any more."""
    house = told()
    play(house)
    play(house)

    assert ALL == words(house.chat.said)


def test_chat_that_is_away_is_waited_for_as_long_as_it_says() -> None:
    """Its own wish is respected, nothing is lost and nothing overtakes."""
    house = told()
    house.chat.faults = [
        DeliveryFault("429", retry_after_s=30.0, sent=False),
        DeliveryFault("502", retry_after_s=5.0),
    ]

    waits = play_on(house)

    assert [30.0, 5.0] == waits
    assert ALL == words(house.chat.said)


def test_what_chat_will_never_take_is_given_up_and_the_rest_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A message to somebody who left does not hold up the order's others; log and audit say what was given up."""
    house = told()
    house.chat.faults = [DeliveryFault("channel_not_found", final=True)]

    play(house)

    assert ALL[1:] == words(house.chat.said)
    assert ["message 7:4:1 was given up: channel_not_found"] == caplog.messages
    assert () == house.outbox.waiting(SEVEN)
    entry = house.audit.entries(SEVEN)[-1]
    assert (GIVEN_UP, "channel_not_found") == (entry.what, entry.why)
    assert {"message": "7:4:1", "card": "status"} == entry.facts
    assert [house.order().state.value] * 2 == [entry.before, entry.after]


def test_the_audit_says_which_message_was_for_whom() -> None:
    """Whoever was not told can be told otherwise."""
    house = told()
    house.chat.faults = [DeliveryFault("account closed", final=True) for _ in ALL]

    play(house)

    given_up = [one.facts for one in house.audit.entries(SEVEN) if one.what == GIVEN_UP]
    assert given_up == [
        {"message": "7:4:1", "card": "status"},
        {"message": "7:4:2", "card": "csr"},
        {"message": "7:4:3", "line": "issued"},
        {"message": "7:4:4", "line": "issued", "to": house.order().requester},
    ]


def test_chat_that_stays_away_loses_nothing_and_nothing_overtakes() -> None:
    """It is asked less and less often, once a minute at the least; then everything is said in its order."""
    house = told()
    house.chat.faults = [DeliveryFault("502") for _ in range(9)]

    waits = play_on(house)

    assert [5.0, 10.0, 20.0, 40.0, *[60.0] * 5] == waits
    assert ALL == words(house.chat.said)


def test_a_long_wait_holds_no_place() -> None:
    """The run ends at once, so that a channel that is paused for an hour holds up no other order."""
    house = told()
    house.chat.faults = [DeliveryFault("429", retry_after_s=3600.0, sent=False)]
    run = PlainRun(house.clock)

    assert 3600.0 == house.deliver().run(run, SEVEN)
    assert [] == run.slept


def test_a_run_that_comes_too_early_calls_nobody() -> None:
    """What was put off waits for its moment, whoever starts a delivery meanwhile."""
    house = told()
    house.chat.faults = [DeliveryFault("429", retry_after_s=30.0, sent=False)]
    play(house)
    house.clock.forward(10.0)

    assert 20.0 == house.deliver().run(PlainRun(house.clock), SEVEN)
    assert [] == house.chat.said


def test_a_slot_that_was_given_out_is_used() -> None:
    """The message comes back in the moment it was given, with its slot; a refusal is no attempt."""
    house = told()
    house.chat.faults = [DeliveryFault("later", retry_after_s=7.0, sent=False, slot="post:C")]
    play_on(house)

    first = house.chat.rows[0]
    assert ("post:C", 0) == (first.slot, first.attempt)


def test_a_message_that_may_stand_already_is_looked_for() -> None:
    """A refusal behind a lost answer does not make us forget it."""
    house = told()
    house.chat.faults = [
        DeliveryFault("502", sent=True),
        DeliveryFault("429", retry_after_s=9.0, sent=False),
    ]
    play_on(house)

    assert 1 == house.chat.rows[0].attempt


def test_killed_at_any_point_every_message_is_said_once() -> None:
    """A message posted before its place was kept is found in the history, not posted again."""
    at = 0
    while True:
        at += 1
        house = told()
        house.fuse.at = house.fuse.passed + at
        kept: Kept = []
        try:
            play(house, kept)
        except Killed:
            play(house, kept)
        assert ALL == words(house.chat.said), house.fuse.blown
        assert () == house.outbox.waiting(SEVEN), house.fuse.blown
        if not house.fuse.blown:
            break
    assert at > 20


def test_a_card_changed_twice_before_it_was_sent_is_sent_once() -> None:
    """The second change finds the first one's card still waiting; it shows the order as it then stands."""
    house = House()
    house.put(order(State.PLACED))
    house.engine.take(SEVEN, ev.Approved(), by=RITA)
    house.engine.take(SEVEN, ev.CsrMade(csr_pem="x"), by=SYSTEM)

    play(house)

    assert ["status", "approval", "csr"] == cards(house.chat.said)


@pytest.mark.parametrize("requester", [RITA, SYSTEM])
def test_the_machine_gets_no_direct_message(requester: str) -> None:
    """A renewal that the watch placed has nobody to write to."""
    house = House()
    placed = house.engine.place(wish(), by=requester, home="C", key="k")  # type: ignore[arg-type]  # both are person ids

    house.deliver().run(PlainRun(house.clock), placed.id)

    direct = [m for m in house.chat.said if isinstance(m, LineMessage) and m.to]
    assert (0 if requester == SYSTEM else 1) == len(direct)
    assert CardMessage in {type(m) for m in house.chat.said}
    assert NOON == house.clock.now()


class Sleeper(Fuse):
    """A run that stands still before its post while another one delivers the same row."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self._act: list[Callable[[], object]] = [act]

    def burn(self, where: str) -> None:
        """Stand still, once."""
        if where == "before 7:4:1 is posted" and self._act:
            self._act.pop()()


def slept(house: House) -> House:
    """The first message is posted elsewhere and told by another run while this one stands still."""

    def other() -> None:
        assert house.outbox.begin("7:4:1") is not None
        house.outbox.delivered("7:4:1", Posted(channel="C", ts="other"))

    house.chat._fuse = Sleeper(other)
    return house


def test_a_post_that_stands_a_second_time_is_taken_back() -> None:
    """Its buttons would look alive and lead nowhere; what comes behind it is delivered all the same."""
    house = slept(told())
    house.chat.back_faults = [DeliveryFault("502")]
    play(house)

    assert [Posted(channel="C", ts="7:4:1")] == house.chat.taken_back
    assert Posted(channel="C", ts="other") == house.outbox.card_at(SEVEN, Card.STATUS)
    assert ALL == words(house.chat.said)


@pytest.mark.parametrize(
    ("faults", "why"),
    [
        ([DeliveryFault("cant_delete_message", final=True)], "cant_delete_message"),
        ([DeliveryFault("502")] * 3, "502 Tried 3 times."),
    ],
)
def test_a_second_post_that_cannot_be_deleted_is_told_in_the_log(
    faults: list[DeliveryFault], why: str, caplog: pytest.LogCaptureFixture
) -> None:
    """An administrator deletes it; nothing else waits for that."""
    house = slept(told())
    house.chat.back_faults = list(faults)
    play(house)

    assert f"message 7:4:1 stands twice, delete C 7:4:1: {why}" == caplog.messages[-1]
    assert () == house.outbox.waiting(SEVEN)


def test_a_run_that_was_overtaken_leaves_the_messages_to_the_other_one() -> None:
    """It posts nothing, begins nothing anew, and a later run looks whether anything is left."""
    house = told()

    class Awake(ToyChat):
        def deliver(
            self, row: OutboxRow, order: CertificateOrder, steps: tuple[HostStep, ...]
        ) -> Posted | None:
            house.outbox.begin(row.id)
            raise Overtaken

    job = house.deliver(Awake(house.fuse))

    assert 60.0 == job.run(PlainRun(house.clock), SEVEN)
    assert 4 == len(house.outbox.waiting(SEVEN))
    row = house.outbox.begin("7:4:1")
    assert isinstance(row, OutboxRow)
    assert 2 == row.attempt
