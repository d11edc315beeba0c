"""What only two at once can get wrong: whoever is first wins, and nobody's change is lost or forked."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from bot.domain.approvals import Approval, Gate
from bot.domain.ids import HostName, OrderId
from bot.domain.intent import Intent
from bot.domain.leases import Holder, Lease
from bot.domain.order import CertificateOrder
from bot.domain.states import State, Work
from bot.store import approvals
from bot.store.database import reading
from bot.store.orders import SqlOrders
from bot.store.tables import OrderRecord
from tests.contract.samples import (
    BERT,
    LINE,
    NOON,
    STATUS,
    change,
    draft,
    entry,
    place,
    placed,
    step,
)
from tests.contract.stores import Store, sql_store

ROUNDS = 8


def together(*jobs: Callable[[], Any]) -> list[Any]:
    """Run jobs in threads released by one barrier; what each returned or raised."""
    barrier = Barrier(len(jobs))
    results: list[Any] = [None] * len(jobs)

    def run(place_of: int, job: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            results[place_of] = job()
        except Exception as fault:  # noqa: BLE001  # a result like another, for the test to judge
            results[place_of] = fault

    threads = [Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_two_decisions_in_the_same_moment_are_one(sql: Store) -> None:
    """One True, one False, one entry, one work: round after round."""
    for number in range(ROUNDS):
        order = place(sql.orders, f"form-{number}")
        yes = change(order, LINE, state=State.APPROVED, work=Work.MAKE_CSR)
        no = change(order, LINE, state=State.REJECTED)

        answers = together(partial(sql.orders.save, yes), partial(sql.orders.save, no))

        assert sorted(answers) == [False, True]
        winner = yes if answers[0] else no
        assert sql.orders.load(order.id) == winner.order
        assert len(sql.audit.entries(order.id)) == 2
    assert sql.audit.broken_at() is None


def test_form_that_arrives_twice_in_the_same_moment_is_one_order(sql: Store) -> None:
    """Both get the same order, and there is one entry and one message."""
    for number in range(ROUNDS):
        key = f"form-{number}"
        orders = together(*[partial(place, sql.orders, key)] * 3)

        assert len({order.id for order in orders}) == 1
        assert len(sql.audit.entries(orders[0].id)) == 1
        assert len(sql.outbox.waiting(orders[0].id)) == 1


def test_chain_does_not_fork(sql: Store) -> None:
    """Changes of many orders at once leave one chain, whole, with every entry."""
    orders = [place(sql.orders, f"form-{number}") for number in range(6)]

    def work(order: CertificateOrder) -> None:
        for _ in range(4):
            done = change(order)
            assert sql.orders.save(done)
            order = done.order

    assert together(*[partial(work, order) for order in orders]) == [None] * 6
    assert len(sql.audit.entries()) == 30
    assert sql.audit.broken_at() is None


def test_steps_noted_at_once_share_no_message_id(sql: Store) -> None:
    """Two hosts of one order report in the same moment; both messages wait."""
    order = place(sql.orders)
    notes = [lambda: sql.orders.note_step(step(), order.id, entry(order.id), (LINE,))] * 4

    assert together(*notes) == [None] * 4
    assert len(sql.outbox.waiting(order.id)) == 5


def test_operation_begun_twice_at_once_is_begun_by_one(sql: Store) -> None:
    """Two runs that saw the same attempt: one of them may act, the other is told so."""
    lease = sql.leases.take(HostName("EX01"), Holder(worker="w1", order_id=OrderId(1), version=2))
    assert isinstance(lease, Lease)
    for number in range(ROUNDS):
        begin = partial(
            sql.journal.intend,
            f"1/EX01/{number}",
            attempt=1,
            deadline=NOON,
            was_done=False,
            lease=lease,
        )
        answers = together(begin, begin)

        assert [Intent, type(None)] == sorted(map(type, answers), key=lambda kind: kind.__name__)


def test_deliveries_begun_at_once_are_counted_one_by_one(sql: Store) -> None:
    """Only one of them may believe that nothing was posted yet."""
    place(sql.orders)
    begin = partial(sql.outbox.begin, "1:1:1")
    rows = [row for _ in range(ROUNDS) for row in together(begin, begin, begin)]

    assert sorted(row.attempt for row in rows) == list(range(ROUNDS * 3))


def test_delivery_that_begins_during_a_change_draws_the_new_order(sql: Store) -> None:
    """The waiting card is not added again, so whoever takes it must see the change."""
    assert sql.engine is not None
    order = place(sql.orders)
    seen: list[int] = []

    def deliver() -> None:
        assert sql.outbox.begin("1:1:1") is not None
        seen.append(sql.orders.load(order.id).version)

    delivery = Thread(target=deliver)

    def start_work(_session: object, _work: Work, _order: CertificateOrder) -> None:
        delivery.start()
        delivery.join(0.3)  # it must still be waiting for us when this is over

    def start_delivery(_session: object, _order_id: OrderId, _row_id: str) -> None:
        pytest.fail("the card was added again")

    orders = SqlOrders(sql.engine, start_work, start_delivery)
    orders.save(change(order, STATUS, state=State.APPROVED, work=Work.MAKE_CSR))
    delivery.join()

    assert seen == [2]


def test_change_during_a_begin_adds_the_card_again(postgres_url: str) -> None:
    """A delivery that has begun but not committed yet may draw the old order: the card needs a new row."""
    with sql_store(postgres_url) as store:
        assert store.engine is not None
        order = place(store.orders)
        saving = Thread(target=lambda: store.orders.save(change(order, STATUS)))
        with store.engine.begin() as connection:
            connection.execute(text("UPDATE outbox SET attempt = 1 WHERE id = '1:1:1'"))
            saving.start()
            saving.join(0.3)  # it must be waiting for this transaction
            assert saving.is_alive()
        saving.join()

        assert store.outbox.waiting(order.id) == ("1:1:1", "1:2:1")


def test_look_sees_one_moment(sql: Store) -> None:
    """An order read in two statements is never half old and half new."""
    assert sql.engine is not None
    order = place(sql.orders)
    yes = Approval(gate=Gate.ISSUE, by=BERT, at=NOON, yes=True)

    with reading(sql.engine) as session:
        session.exec(select(OrderRecord)).all()
        assert together(lambda: sql.orders.save(change(order, approvals=(yes,)))) == [True]

        assert approvals.read(session, [order.id])[order.id] == ()


def test_look_does_not_wait_for_a_change(sql: Store) -> None:
    """While a change is being written, everybody reads the order of before."""
    assert sql.engine is not None
    order = place(sql.orders)
    seen: list[int] = []

    def start_work(_session: object, _work: Work, _order: CertificateOrder) -> None:
        seen.extend(together(lambda: sql.orders.load(order.id).version))

    orders = SqlOrders(sql.engine, start_work, lambda *_: None)
    orders.save(change(order, work=Work.MAKE_CSR))

    assert seen == [1]


def test_writing_through_a_look_is_refused(postgres_url: str) -> None:
    """A look that would change something is a fault of ours; PostgreSQL says so."""
    with (
        sql_store(postgres_url) as store,
        pytest.raises(DBAPIError, match="read-only"),
        reading(store.engine) as session,  # type: ignore[arg-type]  # an SQL store has its engine
    ):
        session.connection().execute(text("UPDATE orders SET state = 'x'"))


def test_number_is_not_taken_twice_after_a_failed_placing(sql: Store) -> None:
    """A placing that failed leaves at most a gap, never a wrong order under its number."""

    def fail(order: CertificateOrder) -> Any:
        raise LookupError(order.id)

    with pytest.raises(LookupError):
        sql.orders.place(draft("a"), NOON, fail)
    order = sql.orders.place(replace(draft("b"), home="C9"), NOON, placed)

    assert sql.orders.load(order.id).home == "C9"
    assert place(sql.orders, "a").id != order.id


def test_a_process_that_stands_still_loses_its_locks_before_others_give_up(
    postgres_url: str,
) -> None:
    """The audit's head is locked by every change; a worker frozen in the middle of one must not stop them all."""
    with sql_store(postgres_url) as store:
        assert store.engine is not None
        with store.engine.connect() as connection:
            ask = text(
                "SELECT name, setting::int FROM pg_settings WHERE name IN "
                "('lock_timeout', 'idle_in_transaction_session_timeout')"
            )
            limits = {name: int(value) for name, value in connection.execute(ask)}

    assert 0 < 2 * limits["idle_in_transaction_session_timeout"] <= limits["lock_timeout"]
