"""A process that stood still inside a transaction until the server ended it: nothing was written, and it goes on (ADR 19)."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from bot.domain.faults import DatabaseAway
from bot.domain.order import CertificateOrder
from bot.domain.states import State, Work
from bot.store.audit import SqlAudit
from bot.store.database import is_away, open_database, reading, writing
from bot.store.orders import SqlOrders
from bot.workflow.outcome import Done, Run
from tests.contract.engine_room import open_room, order_on, wait_for
from tests.contract.samples import change, place
from tests.postgres.standing_still import sessions, stand_still


@pytest.fixture
def still(postgres_url: str) -> Iterator[Engine]:
    """The way to the database of who stands still."""
    engine = open_database(postgres_url)
    yield engine
    engine.dispose()


@pytest.fixture
def watcher(postgres_url: str) -> Iterator[Engine]:
    """Who looks on, and never stands still."""
    engine = open_database(postgres_url)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("way", [writing, reading])
def test_the_next_statement_is_told_that_the_database_was_away(
    still: Engine, watcher: Engine, way: Any
) -> None:
    """It says so with SQLSTATE 25P03, on a connection that is closed by then."""

    def wake_up() -> None:
        with way(still) as session:
            stand_still(session.connection(), watcher)
            session.connection().execute(text("SELECT 1"))

    with pytest.raises(DatabaseAway) as told:
        wake_up()

    assert is_away(told.value)
    assert is_away(told.value.__cause__ or ValueError())


def test_a_change_that_stood_still_before_its_end_can_be_made_again(
    still: Engine, watcher: Engine
) -> None:
    """The end of the transaction tells it as well; the order and its audit are as they were, and the same change goes through."""
    asleep: list[CertificateOrder] = []

    def start(session: Any, _work: Work, order: CertificateOrder) -> None:
        if not asleep:
            asleep.append(order)
            stand_still(session.connection(), watcher)

    orders = SqlOrders(still, start, lambda *_: None)
    told = change(place(orders), work=Work.MAKE_CSR, state=State.APPROVED)
    with pytest.raises(DatabaseAway):
        orders.save(told)
    assert State.PLACED is orders.load(told.order.id).state

    assert orders.save(told)
    assert [told.order] == asleep


def test_a_step_that_stood_still_is_run_again(tmp_path: Path, empty_postgres_url: str) -> None:
    """The worker wakes up, waits a moment and does the step anew; nobody is told that the order failed."""
    woken = threading.Event()
    with open_room(tmp_path, empty_postgres_url) as room:
        room.is_away = is_away
        watcher = open_database(empty_postgres_url)

        def write() -> Done:
            with writing(room.database) as session:
                if not woken.is_set():
                    stand_still(session.connection(), watcher)
                    woken.set()
                session.connection().execute(text("UPDATE audit_head SET number = number"))
            return room.say("written")

        def job(run: Run, *_: object) -> None:
            run.step("one", write)

        room.job = job
        room.enqueue(Work.INSTALL, order_on("EX01"))
        with room.worker():
            wait_for(woken.is_set)
            wait_for(lambda: room.log)
            wait_for(lambda: room.gone)
        watcher.dispose()

    assert woken.is_set()
    assert ["written"] == room.log


def test_no_transaction_waits_for_the_reader_of_an_export(still: Engine, watcher: Engine) -> None:
    """Somebody pages through it and stops to read: the server would end it, as if the chain ended there."""
    orders = SqlOrders(still, lambda *_: None, lambda *_: None)
    for key in ("a", "b", "c"):
        place(orders, key)
    links = SqlAudit(still).links()
    first = next(links)
    while_it_is_read = set(sessions(watcher).values())

    assert {"idle"} == while_it_is_read
    assert [1, 2, 3] == [first.number, *(link.number for link in links)]
