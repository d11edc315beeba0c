"""
Two transactions that need the same rows take them in one order: one waits for the other, and never each for the other.

PostgreSQL ends one of two that wait for each other. A third transaction holds what both need until both wait for it, so
that the worst moment comes each time.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Engine, text

from bot.chase_ports import Debt
from bot.domain.ids import HostName, OrderId
from bot.domain.leases import Holder, Lease
from bot.domain.messages import Reminder, ReminderMessage
from bot.domain.order import CertificateOrder
from bot.domain.sealed import Bond, KeptSecret, Purpose, SealedSecret
from bot.domain.waiting import Wait
from tests.contract.samples import BERT, NOON, STATUS, change, entry, place, step
from tests.contract.stores import Store, sql_store

ROUNDS = 5
HEAD = "SELECT 1 FROM audit_head FOR UPDATE"
HOSTS = "SELECT 1 FROM host_leases FOR UPDATE"
WAITING = text(
    "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted AND pid IN "
    "(SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
)


@pytest.fixture
def pg(postgres_url: str) -> Iterator[Store]:
    """The real store on PostgreSQL."""
    with sql_store(postgres_url) as store:
        yield store


def engine_of(store: Store) -> Engine:
    """Its way to the database."""
    assert store.engine is not None
    return store.engine


@contextmanager
def held(store: Store, what: str) -> Iterator[Callable[[int], None]]:
    """Hold a lock until the end of the block; the block is given a wait for so many others that want one."""
    engine = engine_of(store)
    with engine.begin() as holding:
        holding.execute(text(what))

        def wait_for(others: int) -> None:
            while True:
                with engine.connect() as looking:
                    if looking.execute(WAITING).scalar_one() >= others:
                        return

        yield wait_for


def behind(store: Store, what: str, *jobs: Callable[[], Any]) -> list[Any]:
    """Start jobs one after the other, each when the ones before wait for this lock; what came of each."""
    results: list[Any] = [None] * len(jobs)

    def run(number: int) -> None:
        try:
            results[number] = jobs[number]()
        except Exception as fault:  # noqa: BLE001  # a result like another, for the test to judge
            results[number] = fault

    threads = [Thread(target=run, args=(number,)) for number in range(len(jobs))]
    with held(store, what) as wait_for:
        for number, thread in enumerate(threads, start=1):
            thread.start()
            wait_for(number)
    for thread in threads:
        thread.join()
    return results


def secret(store: Store, order: CertificateOrder) -> KeptSecret:
    """A key that is kept for an order."""
    bond = Bond(order_id=order.id, purpose=Purpose.PRIVATE_KEY, round=1)
    sealed = SealedSecret(
        bond=bond, key_id="ab", sealed=b"x" * 40, made_at=NOON, dies_at=NOON + timedelta(days=9)
    )
    assert store.orders.save(replace(change(order), keeps=sealed))
    [kept] = [one for one in store.secrets.kept() if one.secret.bond == bond]
    return kept


USES: dict[str, Callable[[Store, KeptSecret], object]] = {
    "take": lambda s, k: s.secrets.take(k.secret.bond, entry(k.secret.bond.order_id, "key_used")),
    "wipe": lambda s, k: s.secrets.wipe(k.id, entry(k.secret.bond.order_id, "key_deleted")),
    "reseal": lambda s, k: s.secrets.reseal(
        k, b"y" * 40, "cd", entry(k.secret.bond.order_id, "key_resealed")
    ),
}


@pytest.mark.parametrize("use", list(USES))
@pytest.mark.parametrize("first", ["change", "use"])
def test_a_change_that_forgets_a_secret_and_whoever_uses_it(
    pg: Store, use: str, first: str
) -> None:
    """Neither breaks off: the one is before the other, and the secret is gone afterwards."""
    for number in range(ROUNDS):
        order = place(pg.orders, f"form-{number}")
        kept = secret(pg, order)
        after = pg.orders.load(order.id)
        told = replace(change(after), forgets=entry(order.id, "key_deleted"))
        jobs: list[Callable[[], Any]] = [
            partial(pg.orders.save, told),
            partial(USES[use], pg, kept),
        ]
        results = behind(pg, HEAD, *(jobs if first == "change" else jobs[::-1]))

        assert [] == [one for one in results if isinstance(one, Exception)]
        assert pg.secrets.find(kept.secret.bond) is None
    assert pg.audit.broken_at() is None


@pytest.mark.parametrize("first", ["step", "settling"])
def test_a_step_that_is_noted_and_a_reminder_that_is_told(pg: Store, first: str) -> None:
    """Both are about one order, and each writes audit and messages."""
    for number in range(ROUNDS):
        order = place(pg.orders, f"form-{number}")
        at = NOON + timedelta(days=number)
        with engine_of(pg).begin() as connection:
            owed = text("INSERT INTO debts (person, order_id, number) VALUES (:who, :order, 1)")
            connection.execute(owed, {"who": BERT, "order": order.id})
        reminder = Reminder(
            order_id=order.id, name="m", wait=Wait.ISSUE, since=NOON, number=1, acts=True, on=(),
            ends_at=None, reuse_ends_at=None,
        )  # fmt: skip
        settle = partial(
            pg.reminders.settle,
            (Debt(person=BERT, order_id=order.id, number=1),),
            ReminderMessage(to=BERT, reminders=(reminder,)),
            (entry(order.id, "reminded"),),
            at=at,
            gap=timedelta(hours=4),
        )
        note = partial(pg.orders.note_step, step(), order.id, entry(order.id, "import"), (STATUS,))
        jobs: list[Callable[[], Any]] = [note, settle] if first == "step" else [settle, note]
        results = behind(pg, HEAD, *jobs)

        assert [None, True] == (results if first == "step" else results[::-1])


@pytest.mark.parametrize("first", ["change", "giving up"])
def test_a_change_and_a_message_that_is_given_up(pg: Store, first: str) -> None:
    """The one writes the card that the other one ends, and both write the audit."""
    for number in range(ROUNDS):
        order = place(pg.orders, f"form-{number}")
        row_id = f"{order.id}:1:1"
        save = partial(pg.orders.save, change(pg.orders.load(order.id), STATUS))
        give_up = partial(pg.outbox.give_up, row_id, entry(order.id, "message_given_up"))
        jobs: list[Callable[[], Any]] = [save, give_up] if first == "change" else [give_up, save]
        results = behind(pg, HEAD, *jobs)

        assert [True, None] == (results if first == "change" else results[::-1])
        assert row_id not in pg.outbox.waiting(order.id)
    assert pg.audit.broken_at() is None


def test_two_runs_that_change_hosts_crosswise(pg: Store) -> None:
    """Each lets go of the host that the other one wants; both get an answer, round after round."""
    one, other = HostName("EX01"), HostName("EX02")
    for number in range(4 * ROUNDS):
        first = Holder(worker="w1", order_id=OrderId(1), version=number)
        second = Holder(worker="w2", order_id=OrderId(2), version=number)
        assert isinstance(pg.leases.take(one, first), Lease)
        assert isinstance(pg.leases.take(other, second), Lease)
        cross = partial(pg.leases.take, other, first), partial(pg.leases.take, one, second)
        results = behind(pg, HOSTS, *cross)
        pg.leases.release(first)
        pg.leases.release(second)

        assert [] == [found for found in results if isinstance(found, Exception)]
