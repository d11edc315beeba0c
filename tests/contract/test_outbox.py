"""What every outbox promises: nothing lost, nothing twice, in the order it was decided."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from bot.domain.ids import OrderId
from bot.domain.messages import (
    Card,
    CardMessage,
    LineMessage,
    Message,
    OutboxRow,
    Pause,
    Place,
    Posted,
    Reminder,
    ReminderMessage,
)
from bot.domain.pacing import CARD_EVERY_S
from tests.contract.samples import ANNA, BERT, LINE, NOON, STATUS, change, entry, place, step
from tests.contract.stores import Store, sql_store

CSR = CardMessage(card=Card.CSR)
HERE = Posted(channel="C1", ts="1764000000.000100")
THERE = Posted(channel="C1", ts="1764000000.000200")


def save(store: Store, *messages: Message) -> None:
    """Save the next version of order 1 with these messages."""
    assert store.orders.save(change(store.orders.load(OrderId(1)), *messages))


def test_messages_wait_in_the_order_they_were_decided(store: Store) -> None:
    """Ids are order, version and place among the messages of the change."""
    place(store.orders)
    save(store, LINE, CSR, LINE)

    assert store.outbox.waiting(OrderId(1)) == ("1:1:1", "1:2:1", "1:2:2", "1:2:3")


def test_delivery_is_started_once_a_change_for_its_last_message(store: Store) -> None:
    """A change without messages starts no delivery."""
    place(store.orders)
    save(store, LINE, CSR)
    save(store)

    assert store.starts.deliveries == [(1, "1:1:1"), (1, "1:2:2")]


@pytest.mark.parametrize(
    "message",
    [
        STATUS,
        LINE,
        LineMessage(code="own", place=Place.DIRECT, to=ANNA, facts={"ä": "\u202e</b>", "b": ""}),
    ],
)
def test_message_is_read_as_it_was_written(store: Store, message: Message) -> None:
    """A row brings its message back, whatever stands in it."""
    place(store.orders)
    store.outbox.delivered("1:1:1", None)
    save(store, message)

    row = store.outbox.begin("1:2:1")
    assert row == OutboxRow(id="1:2:1", order_id=OrderId(1), message=message, attempt=0)


def test_begin_counts_attempts(store: Store) -> None:
    """The attempt in the row says how often delivery was begun before."""
    place(store.orders)

    rows = [store.outbox.begin("1:1:1") for _ in range(3)]
    assert [row.attempt for row in rows if isinstance(row, OutboxRow)] == [0, 1, 2]
    assert store.outbox.waiting(OrderId(1)) == ("1:1:1",)


def test_delivered_row_waits_no_more(store: Store) -> None:
    """What was delivered is not begun again and is on no list."""
    place(store.orders)
    store.outbox.delivered("1:1:1", HERE)

    assert store.outbox.begin("1:1:1") is None
    assert store.outbox.waiting(OrderId(1)) == ()
    assert store.outbox.orders_waiting() == ()


def test_row_that_never_was_is_not_delivered(store: Store) -> None:
    """A wrong id is a fault of ours and is said so; there is nothing to begin either."""
    with pytest.raises(KeyError):
        store.outbox.delivered("9:9:9", HERE)

    assert store.outbox.begin("9:9:9") is None


def test_first_word_on_a_row_counts(store: Store) -> None:
    """A late second report moves no card."""
    place(store.orders)
    store.outbox.delivered("1:1:1", HERE)
    store.outbox.delivered("1:1:1", THERE)

    assert store.outbox.card_at(OrderId(1), Card.STATUS) == HERE


def test_delivered_card_has_a_place_from_now_on(store: Store) -> None:
    """A card is found by order and card, and its thread finds the order."""
    place(store.orders)
    store.outbox.delivered("1:1:1", HERE)

    assert store.outbox.card_at(OrderId(1), Card.STATUS) == HERE
    assert store.outbox.card_at(OrderId(1), Card.CSR) is None
    assert store.outbox.order_at(HERE) == 1
    assert store.outbox.order_at(replace(HERE, channel="C2")) is None
    assert store.outbox.order_at(THERE) is None


def test_card_that_was_posted_anew_stands_in_its_new_place(store: Store) -> None:
    """The later place replaces the earlier one."""
    place(store.orders)
    store.outbox.delivered("1:1:1", HERE)
    save(store, STATUS)
    store.outbox.delivered("1:2:1", THERE)

    assert store.outbox.card_at(OrderId(1), Card.STATUS) == THERE
    assert store.outbox.order_at(THERE) == 1


def test_thread_of_a_card_that_was_posted_anew_still_finds_its_order(store: Store) -> None:
    """Somebody may drop the bundle under the card of before."""
    place(store.orders)
    store.outbox.delivered("1:1:1", HERE)
    save(store, STATUS)
    store.outbox.delivered("1:2:1", THERE)

    assert store.outbox.order_at(HERE) == 1


def test_card_that_was_not_posted_keeps_its_place(store: Store) -> None:
    """Nothing to post any more does not mean that the card is gone."""
    place(store.orders)
    store.outbox.delivered("1:1:1", HERE)
    save(store, STATUS)
    store.outbox.delivered("1:2:1", None)

    assert store.outbox.card_at(OrderId(1), Card.STATUS) == HERE


def test_line_has_no_place_of_a_card(store: Store) -> None:
    """A delivered sentence is not the head of a thread."""
    place(store.orders)
    save(store, LINE)
    store.outbox.delivered("1:2:1", THERE)

    assert store.outbox.order_at(THERE) is None


def test_card_that_waits_is_not_added_twice(store: Store) -> None:
    """Three changes in a row are one update of the card, and no delivery for nothing."""
    place(store.orders)
    save(store, STATUS)
    save(store, LINE, STATUS, CSR, CSR)
    store.orders.note_step(step(), OrderId(1), entry(OrderId(1)), (STATUS, CSR))

    assert store.outbox.waiting(OrderId(1)) == ("1:1:1", "1:3:1", "1:3:2")
    assert store.starts.deliveries == [(1, "1:1:1"), (1, "1:3:2")]


def test_card_whose_delivery_was_begun_is_added_again(store: Store) -> None:
    """The delivery under way may have drawn the old order, so the new one needs a row of its own."""
    place(store.orders)
    store.outbox.begin("1:1:1")
    save(store, STATUS)

    assert store.outbox.waiting(OrderId(1)) == ("1:1:1", "1:2:1")


def test_card_of_another_order_waits_for_itself(store: Store) -> None:
    """Cards are only one within their own order."""
    orders = [place(store.orders, key) for key in ("a", "b")]

    assert [store.outbox.waiting(o.id) for o in orders] == [("1:1:1",), ("2:1:1",)]


def test_waiting_messages_are_found_without_reading_all(sqlite_url: str) -> None:
    """The outbox keeps what was delivered, so the look for what was not goes by an index."""
    looks: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        looks.append((statement, values))

    with sql_store(sqlite_url) as store:
        assert store.engine is not None
        place(store.orders)
        event.listen(store.engine, "before_cursor_execute", note)
        store.outbox.waiting(OrderId(1))
        store.outbox.orders_waiting()
        store.orders.note_step(step(), OrderId(1), entry(OrderId(1)), (STATUS,))
        event.remove(store.engine, "before_cursor_execute", note)
        with store.engine.connect() as connection:
            plans = [
                line.detail
                for statement, values in looks
                if "FROM outbox" in statement
                for line in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            ]

    assert len(plans) >= 4
    assert not [line for line in plans if line.startswith("SCAN outbox") and "INDEX" not in line]


def test_card_shown_a_moment_ago_makes_its_next_row_wait(store: Store) -> None:
    """Two seconds from the end of showing it; another card of the order waits for itself."""
    place(store.orders)
    store.outbox.begin("1:1:1")
    store.outbox.delivered("1:1:1", HERE)
    save(store, STATUS, CSR)
    store.clock.forward(0.5)

    assert store.outbox.pause("1:2:1") == Pause(seconds=1.5, for_card=True)
    assert store.outbox.pause("1:2:2") is None
    store.clock.forward(1.5)
    assert store.outbox.pause("1:2:1") is None


def test_row_that_has_to_wait_is_not_begun(store: Store) -> None:
    """It says why instead, and no attempt is counted: nothing left."""
    place(store.orders)
    store.outbox.delivered("1:1:1", HERE)
    save(store, STATUS)

    assert store.outbox.begin("1:2:1") == Pause(seconds=CARD_EVERY_S, for_card=True)
    store.clock.forward(CARD_EVERY_S)
    row = store.outbox.begin("1:2:1")
    assert isinstance(row, OutboxRow)
    assert row.attempt == 0


def test_card_whose_showing_was_begun_waits_too(store: Store) -> None:
    """Killed in the middle, the next try keeps its distance."""
    place(store.orders)
    store.outbox.delivered("1:1:1", HERE)
    save(store, STATUS)
    store.clock.forward(60)
    store.outbox.begin("1:2:1")

    assert store.outbox.pause("1:2:1") == Pause(seconds=CARD_EVERY_S, for_card=True)


def test_clock_that_was_set_back_makes_nothing_wait_longer(store: Store) -> None:
    """A card waits two seconds at the most, a message six hours."""
    place(store.orders)
    store.outbox.delivered("1:1:1", HERE)
    save(store, STATUS, LINE)
    row = store.outbox.begin("1:2:2")
    assert isinstance(row, OutboxRow)
    store.outbox.put_off(row, 60, sent=False, slot="")
    store.clock.forward(-86_400)

    assert store.outbox.pause("1:2:1") == Pause(seconds=CARD_EVERY_S, for_card=True)
    assert store.outbox.pause("1:2:2") is None


@pytest.mark.parametrize("sent", [True, False])
def test_row_that_was_put_off_waits_with_its_slot(store: Store, sent: bool) -> None:
    """It comes back as it was; only what may have been sent counts as an attempt. The slot is good once."""
    place(store.orders)
    row = store.outbox.begin("1:1:1")
    assert isinstance(row, OutboxRow)
    store.outbox.put_off(row, 30, sent=sent, slot="post:C1")
    store.clock.forward(10)

    assert store.outbox.pause("1:1:1") == Pause(seconds=20.0, for_card=False)
    store.clock.forward(20)
    assert store.outbox.pause("1:1:1") is None
    again = [store.outbox.begin("1:1:1") for _ in range(2)]
    assert [(row.attempt, row.slot) for row in again if isinstance(row, OutboxRow)] == [
        (int(sent), "post:C1"),
        (int(sent) + 1, ""),
    ]


def test_reminder_that_was_put_off_says_that_others_may_go_first(store: Store) -> None:
    """Whoever delivers the order's messages knows it without reading the message."""
    place(store.orders)
    one = Reminder(order_id=OrderId(1), name="mail.example.com", wait="issue", since=NOON, number=1)
    save(store, ReminderMessage(to=BERT, reminders=(one,)))
    row = store.outbox.begin("1:2:1")
    assert isinstance(row, OutboxRow)
    store.outbox.put_off(row, 30, sent=False, slot="")

    assert store.outbox.pause("1:2:1") == Pause(seconds=30.0, for_card=False, for_reminder=True)
    assert store.outbox.begin("1:2:1") == Pause(seconds=30.0, for_card=False, for_reminder=True)


def test_card_put_off_before_it_was_sent_takes_the_next_change_with_it(store: Store) -> None:
    """It was not shown, so it shows the newest state when its turn comes: one row is enough."""
    place(store.orders)
    row = store.outbox.begin("1:1:1")
    assert isinstance(row, OutboxRow)
    store.outbox.put_off(row, 30, sent=False, slot="")
    save(store, STATUS)

    assert store.outbox.waiting(OrderId(1)) == ("1:1:1",)


def test_row_delivered_meanwhile_is_not_put_off(store: Store) -> None:
    """The later word of an overtaken run changes nothing."""
    place(store.orders)
    row = store.outbox.begin("1:1:1")
    assert isinstance(row, OutboxRow)
    store.outbox.delivered("1:1:1", HERE)
    store.outbox.put_off(row, 30, sent=False, slot="")

    assert store.outbox.waiting(OrderId(1)) == ()
    assert store.outbox.pause("1:1:1") is None


@pytest.mark.parametrize("sent", [True, False])
def test_word_of_an_overtaken_attempt_puts_nothing_off(store: Store, sent: bool) -> None:
    """Its successor may have posted by now: killed, the next attempt must still look for that post."""
    place(store.orders)
    sleeper = store.outbox.begin("1:1:1")
    assert isinstance(sleeper, OutboxRow)
    store.outbox.begin("1:1:1")
    store.outbox.put_off(sleeper, 30, sent=sent, slot="post:C1")

    assert store.outbox.pause("1:1:1") is None
    row = store.outbox.begin("1:1:1")
    assert isinstance(row, OutboxRow)
    assert (row.attempt, row.slot) == (2, "")


def test_what_is_given_up_waits_no_more_and_stands_in_the_audit(store: Store) -> None:
    """Whoever looks for it later finds that nobody was told."""
    place(store.orders)
    store.outbox.begin("1:1:1")
    told = entry(OrderId(1), "message_given_up")
    store.outbox.give_up("1:1:1", told)

    assert store.outbox.waiting(OrderId(1)) == ()
    assert store.outbox.begin("1:1:1") is None
    assert store.audit.entries(OrderId(1))[-1] == told
    assert store.audit.broken_at() is None


def test_what_was_delivered_meanwhile_is_not_given_up(store: Store) -> None:
    """A worker that stood still has no last word; nor is anything given up twice."""
    place(store.orders)
    save(store, LINE)
    store.outbox.delivered("1:1:1", HERE)
    for row_id in ("1:1:1", "1:2:1", "1:2:1", "9:9:9"):
        store.outbox.give_up(row_id, entry(OrderId(1), f"given up {row_id}"))

    said = [one.what for one in store.audit.entries(OrderId(1))]
    assert [one for one in said if one.startswith("given up")] == ["given up 1:2:1"]
    assert store.outbox.card_at(OrderId(1), STATUS.card) == HERE


def test_card_whose_message_is_gone_waits_to_be_shown_again(store: Store) -> None:
    """Once for the place, whoever hears of it how often; the audit knows."""
    place(store.orders)
    store.outbox.delivered("1:1:1", HERE)
    gone = entry(OrderId(1), "card_deleted")

    assert store.outbox.card_on(HERE) == (OrderId(1), STATUS.card)
    assert store.outbox.show_again(OrderId(1), STATUS.card, HERE, gone)
    assert not store.outbox.show_again(OrderId(1), STATUS.card, HERE, gone)
    [waiting] = store.outbox.waiting(OrderId(1))
    assert store.starts.deliveries[-1] == (1, waiting)
    store.outbox.delivered(waiting, THERE)
    assert not store.outbox.show_again(OrderId(1), STATUS.card, HERE, gone)
    assert store.outbox.card_on(HERE) is None
    assert store.outbox.card_on(THERE) == (OrderId(1), STATUS.card)
    assert [one.what for one in store.audit.entries(OrderId(1))].count("card_deleted") == 1


def test_card_that_waits_already_needs_no_second_message(store: Store) -> None:
    """The delivery that comes finds its message gone, and posts it anew."""
    place(store.orders)
    store.outbox.delivered("1:1:1", HERE)
    save(store, STATUS)

    assert not store.outbox.show_again(
        OrderId(1), STATUS.card, HERE, entry(OrderId(1), "card_deleted")
    )
    assert store.outbox.waiting(OrderId(1)) == ("1:2:1",)
    assert "card_deleted" not in [one.what for one in store.audit.entries(OrderId(1))]


def test_second_word_tells_of_a_post_that_nothing_knows_of(store: Store) -> None:
    """The sleeper's post is to be taken back: no card leads to it, and it leads to no order."""
    place(store.orders)
    row = store.outbox.begin("1:1:1")
    assert isinstance(row, OutboxRow)
    assert not store.outbox.is_overtaken(row)
    store.outbox.begin("1:1:1")
    assert store.outbox.is_overtaken(row)

    assert not store.outbox.delivered("1:1:1", HERE)
    assert store.outbox.delivered("1:1:1", THERE)
    assert (HERE, None) == (
        store.outbox.card_at(OrderId(1), STATUS.card),
        store.outbox.order_at(THERE),
    )


def test_row_delivered_meanwhile_is_overtaken(store: Store) -> None:
    """Also when the other attempt was the one before."""
    place(store.orders)
    row = store.outbox.begin("1:1:1")
    assert isinstance(row, OutboxRow)
    store.outbox.delivered("1:1:1", HERE)

    assert store.outbox.is_overtaken(row)


@pytest.mark.parametrize(("first", "second"), [(HERE, HERE), (HERE, None), (None, HERE)])
def test_second_word_that_leaves_no_second_post_tells_of_none(
    store: Store, first: Posted | None, second: Posted | None
) -> None:
    """The same place is one post; without a place there is none, or only this one."""
    place(store.orders)
    store.outbox.delivered("1:1:1", first)

    assert not store.outbox.delivered("1:1:1", second)


def test_place_of_an_earlier_card_is_never_taken_back(store: Store) -> None:
    """The card was posted anew; where it stood before is the thread of what was said."""
    place(store.orders)
    store.outbox.delivered("1:1:1", HERE)
    save(store, STATUS)
    store.outbox.delivered("1:2:1", THERE)

    assert not store.outbox.delivered("1:2:1", HERE)


def test_orders_with_waiting_messages_bring_their_newest(store: Store) -> None:
    """One line an order; delivered rows do not count."""
    for key in ("a", "b", "c"):
        place(store.orders, key)
    save(store, LINE)
    store.outbox.delivered("3:1:1", None)

    assert store.outbox.orders_waiting() == ((1, "1:2:1"), (2, "2:1:1"))
