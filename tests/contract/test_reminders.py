"""What every store promises of reminders: each moment is taken once, and what is told is told as a whole."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.chase_ports import Debt, Due
from bot.domain.ids import OrderId, PersonId
from bot.domain.messages import OutboxRow, Reminder, ReminderMessage
from bot.domain.order import CertificateOrder
from bot.domain.states import State
from bot.domain.waiting import Wait
from bot.ports import Change
from tests.contract.samples import ANNA, BERT, LINE, NOON, change, draft, entry
from tests.contract.stores import EngineDown, Store

SOON = NOON + timedelta(hours=4)
LATER = NOON + timedelta(days=1)
FAR = timedelta(days=30)
GAP = timedelta(hours=4)


def waiting_order(store: Store, key: str = "form-1") -> CertificateOrder:
    """An order that waits for approval, first due in four hours."""

    def tell(order: CertificateOrder) -> Change:
        placed = replace(order, waits_since=NOON)
        return Change(order=placed, entry=entry(order.id, "place"), due_at=SOON)

    return store.orders.place(draft(key), NOON, tell)


def due_now(store: Store) -> Due:
    """The one moment that has come in four hours."""
    [due] = store.reminders.due(SOON, horizon=FAR)
    return due


def message(*order_ids: OrderId, to: PersonId = ANNA) -> ReminderMessage:
    """A message about these orders."""
    reminders = tuple(
        Reminder(order_id=number, name="mail", wait=Wait.ISSUE, since=NOON, number=1, on=(BERT,))
        for number in order_ids
    )
    return ReminderMessage(to=to, reminders=reminders)


def test_a_placed_order_is_due_when_its_change_says(store: Store) -> None:
    """Not before; what for and since when is known."""
    order = waiting_order(store)

    assert () == store.reminders.due(SOON - timedelta(seconds=1), horizon=FAR)
    expected = Due(order_id=order.id, wait=Wait.ISSUE, since=NOON, given=0, due_at=SOON)
    assert expected == due_now(store)
    assert {order.id: expected} == store.reminders.waiting((order.id, OrderId(999)))


def test_a_wait_that_goes_on_keeps_its_moment(store: Store) -> None:
    """A yes of several puts nothing off; another wait starts anew; none ends it."""
    order = waiting_order(store)
    endorsed = replace(change(order), due_at=LATER)
    store.orders.save(endorsed)
    assert SOON == due_now(store).due_at

    ready = replace(change(endorsed.order, state=State.CSR_READY, waits_since=LATER), due_at=LATER)
    store.orders.save(ready)
    [due] = store.reminders.due(LATER, horizon=FAR)
    assert (Wait.SUBMIT, LATER, 0) == (due.wait, due.since, due.given)

    store.orders.save(change(ready.order, state=State.CANCELLED, waits_since=None))
    assert {} == store.reminders.waiting((order.id,))


def test_what_was_owed_ends_with_the_wait(store: Store) -> None:
    """Nobody is told of what is decided meanwhile."""
    order = waiting_order(store)
    store.reminders.give(due_now(store), (ANNA, BERT), LATER)
    store.orders.save(change(order, state=State.REJECTED, waits_since=None))

    assert () == store.reminders.owed(SOON, gap=GAP)


def test_a_change_that_fails_moves_no_moment(store: Store) -> None:
    """The moment belongs to the change's own transaction."""
    order = waiting_order(store)
    store.starts.fail = True
    with pytest.raises(EngineDown):
        store.orders.save(change(order, LINE, state=State.REJECTED, waits_since=None))

    assert SOON == due_now(store).due_at


def test_a_moment_is_taken_once(store: Store) -> None:
    """The second who saw it writes nothing."""
    order = waiting_order(store)
    due = due_now(store)

    assert [True, False] == [store.reminders.give(due, (ANNA,), LATER) for _ in range(2)]
    assert (Debt(person=ANNA, order_id=order.id, number=1),) == store.reminders.debts(ANNA)
    assert () == store.reminders.due(SOON, horizon=FAR)
    assert 1 == store.reminders.waiting((order.id,))[order.id].given


def test_a_moment_that_lies_too_far_ahead_is_shown(store: Store) -> None:
    """A clock that had jumped ahead set it; it can be set again, once."""
    waiting_order(store)
    due = due_now(store)
    store.reminders.give(due, (), NOON + timedelta(days=400))
    [wrong] = store.reminders.due(SOON, horizon=FAR)

    anew = replace(wrong, given=0, due_at=LATER)
    assert [True, False] == [store.reminders.set_again(wrong, anew) for _ in range(2)]
    assert () == store.reminders.due(SOON, horizon=FAR)
    assert [True, False] == [store.reminders.set_again(anew, None) for _ in range(2)]


def test_debts_are_settled_once_with_message_and_entries(store: Store) -> None:
    """One message for all orders, an entry each; a second caller writes nothing."""
    orders = [waiting_order(store, key) for key in ("a", "b")]
    for due in store.reminders.due(SOON, horizon=FAR):
        store.reminders.give(due, (ANNA, BERT), LATER)
    ids = tuple(order.id for order in orders)
    debts = store.reminders.debts(ANNA)
    entries = tuple(entry(number, "reminded") for number in ids)
    told = message(*ids)

    answers = [store.reminders.settle(debts, told, entries, at=SOON, gap=GAP) for _ in range(2)]

    assert [True, False] == answers
    assert ["reminded", "reminded"] == [e.what for e in store.audit.entries()][2:]
    [row_id] = store.outbox.waiting(ids[0])
    row = store.outbox.begin(row_id)
    assert isinstance(row, OutboxRow)
    assert told == row.message
    assert [(ids[0], row_id)] == store.starts.deliveries
    assert (BERT,) == store.reminders.owed(SOON, gap=GAP)


def test_a_person_is_told_once_within_the_gap(store: Store) -> None:
    """What falls due right after a message waits; a moment that is still to come does not silence anybody."""
    orders = [waiting_order(store, key) for key in ("a", "b")]
    first, second = store.reminders.due(SOON, horizon=FAR)
    store.reminders.give(first, (ANNA,), LATER)
    store.reminders.settle(
        store.reminders.debts(ANNA), message(orders[0].id), (entry(orders[0].id),), at=SOON, gap=GAP
    )
    store.reminders.give(second, (ANNA,), LATER)
    debts, told = store.reminders.debts(ANNA), message(orders[1].id)

    assert () == store.reminders.owed(SOON + GAP / 2, gap=GAP)
    assert not store.reminders.settle(debts, told, (), at=SOON + GAP / 2, gap=GAP)
    assert (ANNA,) == store.reminders.owed(SOON + GAP, gap=GAP)
    assert (ANNA,) == store.reminders.owed(NOON, gap=GAP)
    assert store.reminders.settle(debts, told, (), at=SOON + GAP, gap=GAP)


def test_a_debt_that_changed_is_not_settled_by_who_saw_the_one_before(store: Store) -> None:
    """All or none: the next look reads them again."""
    orders = [waiting_order(store, key) for key in ("a", "b")]
    for due in store.reminders.due(SOON, horizon=FAR):
        store.reminders.give(due, (ANNA,), SOON)
    seen = store.reminders.debts(ANNA)
    again = store.reminders.waiting((orders[1].id,))[orders[1].id]
    store.reminders.give(again, (ANNA,), LATER)

    told = message(orders[0].id, orders[1].id)
    assert not store.reminders.settle(seen, told, (entry(orders[0].id),), at=SOON, gap=GAP)
    assert [1, 2] == [debt.number for debt in store.reminders.debts(ANNA)]
    assert 2 == len(store.audit.entries())


def test_a_message_whose_delivery_cannot_start_is_not_settled(store: Store) -> None:
    """Nothing of it exists then, and the debt stands."""
    order = waiting_order(store)
    store.reminders.give(due_now(store), (ANNA,), LATER)
    debts = store.reminders.debts(ANNA)
    store.starts.fail = True

    with pytest.raises(EngineDown):
        store.reminders.settle(debts, message(order.id), (entry(order.id),), at=SOON, gap=GAP)

    assert debts == store.reminders.debts(ANNA)
    assert 1 == len(store.audit.entries())


def test_debts_can_be_dropped_without_a_word(store: Store) -> None:
    """For somebody who has done their part, or whose account is closed."""
    waiting_order(store)
    store.reminders.give(due_now(store), (ANNA,), LATER)

    assert store.reminders.settle(store.reminders.debts(ANNA), None, (), at=SOON, gap=GAP)
    assert () == store.reminders.owed(SOON, gap=GAP)
    assert [] == store.starts.deliveries
