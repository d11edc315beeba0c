"""The outbox's job: every message once, in order, whatever dies or refuses."""

import pytest

from bot.chat_ports import DeliveryFault
from bot.domain import events as ev
from bot.domain.ids import SYSTEM, OrderId
from bot.domain.messages import CardMessage, LineMessage, Message, ReminderMessage
from bot.domain.states import State
from bot.workflow.delivery_job import TRIES
from tests.unit.domain.samples import NOON, RITA, order, wish
from tests.unit.workflow.fuse import Killed
from tests.unit.workflow.house import House, cards
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
        DeliveryFault("429", retry_after_s=30.0),
        DeliveryFault("502", retry_after_s=5.0),
    ]

    run = play(house)

    assert [30.0, 5.0] == run.slept
    assert ALL == words(house.chat.said)


def test_what_chat_will_never_take_is_given_up_and_the_rest_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A message to somebody who left does not hold up the order's others; the log says what was given up."""
    house = told()
    house.chat.faults = [DeliveryFault("channel_not_found", final=True)]

    play(house)

    assert ALL[1:] == words(house.chat.said)
    assert ["message 7:4:1 was given up: channel_not_found"] == caplog.messages
    assert () == house.outbox.waiting(SEVEN)


def test_chat_that_stays_away_loses_nothing_and_nothing_overtakes() -> None:
    """The run ends with everything still waiting; the minute's look starts another one."""
    house = told()
    house.chat.faults = [DeliveryFault("502") for _ in range(TRIES)]

    play(house)
    assert [] == house.chat.said
    assert 4 == len(house.outbox.waiting(SEVEN))
    play(house)

    assert ALL == words(house.chat.said)


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


def test_chat_that_stays_away_loses_nothing() -> None:
    """The run ends, every message still waits in its order, and the next run says them all."""
    house = told()
    house.chat.faults = [DeliveryFault("away")] * 50

    play(house)
    assert 4 == len(house.outbox.waiting(SEVEN))
    play(house)

    assert ALL == words(house.chat.said)
