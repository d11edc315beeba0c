"""A store with something in every table, for what must lose nothing of it."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.approvals import Approval, Gate
from bot.domain.ids import OrderId
from bot.domain.leases import Holder, Lease
from bot.domain.messages import OutboxRow, Posted, Reminder, ReminderMessage
from bot.domain.pacing import POSTS
from bot.domain.plan import Caution
from bot.domain.sealed import Bond, Purpose, SealedSecret
from bot.domain.states import State
from tests.contract.samples import (
    ANNA,
    BERT,
    EX01,
    LINE,
    NOON,
    STATUS,
    change,
    entry,
    hand_in,
    place,
    step,
    upload,
)
from tests.contract.stores import Store


def fill(store: Store) -> None:
    """Something in every table: decisions, steps with warnings, messages, files, sealed keys, a lease, intents, a pace."""
    first, second = place(store.orders, "a"), place(store.orders, "b")
    yes = Approval(gate=Gate.ISSUE, by=BERT, at=NOON, yes=True, reason="ä \u202e", subject="")
    bond = Bond(order_id=first.id, purpose=Purpose.PRIVATE_KEY, round=1)
    kept = SealedSecret(bond=bond, key_id="k", sealed=bytes(range(256)), made_at=NOON,
                        dies_at=NOON + timedelta(days=9))  # fmt: skip
    told = change(
        first, LINE, STATUS, state=State.SUBMITTED, approvals=(yes,), detail="\x00 \U0001f512"
    )
    assert store.orders.save(replace(told, keeps=kept))
    warned = replace(step(), warnings=(Caution(said="Careful.", meaning="Think."),))
    store.orders.note_step(warned, first.id, replace(told.entry, what="import"), (STATUS,))
    second = hand_in(store.orders, second, upload(second.id, data=bytes(range(256)) * 3))
    ready = change(second, state=State.CSR_READY, csr_pem="PEM", waits_since=NOON)
    assert store.orders.save(replace(ready, due_at=NOON))
    _remind(store, second.id)
    lease = store.leases.take(EX01, Holder(worker="w", order_id=first.id, version=2))
    assert isinstance(lease, Lease)
    store.journal.intend(
        "1/EX01/1", attempt=1, deadline=store.now(), was_done=False, lease=lease, begun="boot 1.000"
    )
    store.journal.hear("1/EX01/1", (Caution(said="Careful."),), attempt=1, lease=lease)
    store.journal.confirm("1/EX01/1", "in the store")
    row = store.outbox.waiting(first.id)[0]
    store.outbox.begin(row)
    store.outbox.delivered(row, Posted(channel="C1", ts="1.2"))
    put_off = store.outbox.begin(store.outbox.waiting(first.id)[0])
    assert isinstance(put_off, OutboxRow)
    store.outbox.put_off(put_off, 30, sent=True, slot="post:C1")
    store.pace.slot("post:C1", POSTS)


def _remind(store: Store, order_id: OrderId) -> None:
    """One person was told, another one is owed a word."""
    day = timedelta(days=1)
    [due] = store.reminders.due(NOON, horizon=day)
    assert store.reminders.give(due, (ANNA, BERT), NOON + day)
    reminder = Reminder(order_id=order_id, name="mail", wait=due.wait, since=NOON, number=1)
    message = ReminderMessage(to=ANNA, reminders=(reminder,))
    entries = (entry(order_id, "reminded"),)
    assert store.reminders.settle(store.reminders.debts(ANNA), message, entries, at=NOON, gap=day)
