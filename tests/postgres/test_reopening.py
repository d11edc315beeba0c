"""A restored database among what happened since: nothing is posted twice, and no number of an order is given twice."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from slack_sdk import WebClient
from sqlalchemy import text

from bot.domain.audit import AuditEntry
from bot.domain.ids import SYSTEM, OrderId
from bot.domain.states import State
from bot.opening import lock_single_process
from bot.store.audit import SqlAudit
from bot.store.migration import migrate
from bot.store.moving import move_rows
from bot.vendors.desk import GuidedDesk
from bot.workflow.delivery_job import DeliveryJob
from bot.workflow.engine import Engine
from bot.workflow.late_reminders import LateReminders
from handlers.notifier import SlackNotifier
from sandbox.slack.server import SlackWorkspace
from tests.contract.samples import STATUS, change, place
from tests.contract.stores import Store, sql_store
from tests.fakes.people import FakePeople
from tests.postgres import cluster
from tests.postgres.everything import fill
from tests.postgres.test_move import opened
from tests.postgres.test_restore import pg_program, vacuum_into
from tests.unit.cli.front_door import FrontDoor
from tests.unit.domain import samples
from tests.unit.workflow.plain_run import PlainRun


@pytest.fixture
def reopen(certdesk: FrontDoor, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """The verb on a database; its answer."""

    def run(url: str, *more: object, code: int = 0) -> dict[str, Any]:
        monkeypatch.setenv("CERTDESK_DATABASE_URL", url)
        told = certdesk("reopen", "--json", *more)
        assert code == told.code, told.err
        answer: dict[str, Any] = json.loads(told.out)
        return answer

    return run


def restored_entry(url: str) -> AuditEntry:
    """The last entry of the audit, which verifies."""
    with opened(url) as engine:
        audit = SqlAudit(engine)
        assert audit.broken_at() is None
        return audit.entries()[-1]


@pytest.fixture
def backup(
    request: pytest.FixtureRequest, database_url: str, tmp_path: Path
) -> Iterator[Callable[[], str]]:
    """Take a backup of the database; the address of another one it was restored to."""
    if database_url.startswith("sqlite"):

        def vacuum() -> str:
            source = Path(database_url.removeprefix("sqlite:///"))
            vacuum_into(source, tmp_path / "restored.db")
            return f"sqlite:///{tmp_path / 'restored.db'}"

        yield vacuum
        return
    postgres: cluster.Cluster = request.getfixturevalue("postgres")
    restored = postgres.create("certdesk_reopened")

    def dump() -> str:
        file = str(tmp_path / "dump")
        pg_program("pg_dump", database_url, "--format=custom", "--file", file)
        pg_program("pg_restore", restored, "--exit-on-error", "--no-owner", "--single-transaction", file)  # fmt: skip
        return restored

    try:
        yield dump
    finally:
        postgres.drop(restored)


@contextmanager
def channel(client: WebClient, store: Store, home: str, approvals: str) -> Iterator[DeliveryJob]:
    """The delivery of a store's messages to a workspace."""
    site = replace(samples.site(), approvals_channel=approvals)
    notifier = SlackNotifier(client, store.outbox, store.pace, site, GuidedDesk(site))
    late = LateReminders(store.orders, FakePeople(), site, store.clock)
    yield DeliveryJob(store.orders, store.outbox, notifier, late, store.clock)


async def test_messages_posted_after_the_backup_are_found_and_not_posted_twice(
    database_url: str, backup: Callable[[], str], reopen: Callable[..., dict[str, Any]]
) -> None:
    """Backup, then delivery, then restore and the verb: each message stands in its channel once, and the card is known."""
    workspace = SlackWorkspace()
    at = await workspace.start()
    home, approvals = at["channels"]["cert-requests"], at["channels"]["cert-approvals"]

    def rows(client: WebClient) -> list[str]:
        told = [
            (one.get("metadata") or {}).get("event_payload", {})
            for where in (home, approvals)
            for one in client.conversations_history(channel=where, include_all_metadata=True)[
                "messages"
            ]
        ]
        return sorted(one["row"] for one in told if "row" in one)

    def play() -> tuple[list[str], list[str]]:
        client = WebClient(token=at["bot_token"], base_url=at["api_url"], timeout=60)
        site = replace(samples.site(), approvals_channel=approvals)
        with sql_store(database_url) as store:
            engine = Engine(store.orders, site, store.clock)
            order = engine.place(samples.wish(), by=samples.RITA, home=home, key="f1")
            restored = backup()
            with channel(client, store, home, approvals) as job:
                job.run(PlainRun(store.clock), order.id)
        before = rows(client)
        reopen(restored)
        with sql_store(restored) as store:
            with channel(client, store, home, approvals) as job:
                job.run(PlainRun(store.clock), order.id)
            assert store.outbox.waiting(order.id) == ()
            assert store.outbox.card_at(order.id, STATUS.card) is not None
        return before, rows(client)

    try:
        before, after = await asyncio.to_thread(play)
    finally:
        await workspace.stop()
    assert before
    assert after == before


def test_every_waiting_message_counts_an_attempt_and_no_other(
    database_url: str, reopen: Callable[..., dict[str, Any]]
) -> None:
    """What was delivered stays as it was."""
    with sql_store(database_url) as store:
        fill(store)
    look = text("SELECT id, attempt, delivered FROM outbox ORDER BY number")
    with opened(database_url) as engine, engine.connect() as connection:
        before = connection.execute(look).all()

    answer = reopen(database_url)

    with opened(database_url) as engine, engine.connect() as connection:
        after = connection.execute(look).all()
    assert [(i, a + (not d), d) for i, a, d in before] == [tuple(row) for row in after]
    assert answer["messages"] == sum(not row.delivered for row in before) > 0


def test_no_number_of_the_lost_time_is_given_again(
    database_url: str, reopen: Callable[..., dict[str, Any]]
) -> None:
    """The next order is far past the backup, also when the verb is run again; the audit says what was done."""
    with sql_store(database_url) as store:
        before = [place(store.orders, key) for key in "ab"][-1]

    assert reopen(database_url)["next_order"] > before.id + 1000
    entry = restored_entry(database_url)
    assert (SYSTEM, "restored") == (entry.by, entry.what)
    assert (entry.by_name or "").startswith("command line on ")
    assert entry.facts["numbers_passed_over"].endswith(f" to {entry.order_id}")
    assert entry.facts["messages_to_look_for"] == "2"
    with sql_store(database_url) as store:
        after = [place(store.orders, key) for key in "cd"]
        assert [entry.order_id + 1, entry.order_id + 2] == [order.id for order in after]

    again = reopen(database_url, "--skip", "5")
    assert after[-1].id + 5 < again["next_order"] <= after[-1].id + 7
    with sql_store(database_url) as store:
        assert place(store.orders, "e").id == again["next_order"]


def test_empty_database_passes_over_numbers_too(
    database_url: str, reopen: Callable[..., dict[str, Any]]
) -> None:
    """A backup of the first day has no order in it, and the days after had some."""
    numbered = reopen(database_url, "--skip", "20")["next_order"]

    assert numbered >= 21
    with sql_store(database_url) as store:
        assert place(store.orders).id == numbered


@pytest.mark.parametrize("start", ["sqlite", "postgres"])
def test_move_keeps_the_numbers_that_were_passed_over(
    start: str, sqlite_url: str, postgres_url: str, reopen: Callable[..., dict[str, Any]]
) -> None:
    """Whichever way it goes, the next order gets the number the verb told of."""
    source, target = sqlite_url, postgres_url
    if start == "postgres":
        source, target = target, source
    numbered = reopen(source)["next_order"]
    with opened(source) as here, opened(target) as there:
        move_rows(here, there)

    with sql_store(target) as store:
        assert place(store.orders).id == numbered


@pytest.mark.parametrize("skip", ["0", "-5", "1000001", "many"])
def test_skip_that_makes_no_sense_is_wrong_use(
    certdesk: FrontDoor, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, skip: str
) -> None:
    """Exit 2, and nothing is changed."""
    monkeypatch.setenv("CERTDESK_DATABASE_URL", sqlite_url)

    assert 2 == certdesk("reopen", "--skip", skip).code
    with sql_store(sqlite_url) as store:
        assert store.audit.entries() == ()


def test_there_are_only_so_many_numbers(
    sqlite_url: str, reopen: Callable[..., dict[str, Any]]
) -> None:
    """What no database could count to is refused, and the message keeps its attempts."""
    with sql_store(sqlite_url) as store:
        order = place(store.orders)
    with opened(sqlite_url) as engine, engine.begin() as connection:
        connection.execute(text("UPDATE outbox SET order_id = 1"))
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        connection.execute(text("UPDATE orders SET id = 2147483000"))
        connection.execute(text("UPDATE outbox SET order_id = 2147483000"))
        connection.execute(text("UPDATE due SET order_id = 2147483000"))

    [reason] = reopen(sqlite_url, code=1)["reasons"]

    assert "no 1000 numbers" in reason
    with sql_store(sqlite_url) as store:
        assert len(store.audit.entries()) == 1
        assert store.outbox.waiting(OrderId(2147483000)) == (f"{order.id}:1:1",)


def test_older_form_is_migrated_first(
    sqlite_url: str, reopen: Callable[..., dict[str, Any]]
) -> None:
    """Exit 1 with the verb that has to come before; afterwards it goes."""
    with opened(sqlite_url) as engine, engine.begin() as connection:
        now = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))

    assert "certdesk migrate" in reopen(sqlite_url, code=1)["reasons"][0]

    with opened(sqlite_url) as engine, engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :now"), {"now": now})
    migrate(sqlite_url)
    assert reopen(sqlite_url)["ok"]


def test_process_that_serves_the_database_is_stopped_first(
    certdesk: FrontDoor,
    sqlite_url: str,
    postgres_url: str,
    reopen: Callable[..., dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On SQLite its lock tells, on PostgreSQL its connections; nothing is changed."""
    with opened(postgres_url) as other, other.connect():
        [reason] = reopen(postgres_url, code=1)["reasons"]
    assert "connection(s) of CertDesk are open, so nothing was changed" in reason

    monkeypatch.setenv("CERTDESK_DATABASE_URL", sqlite_url)
    with lock_single_process(sqlite_url) as lock:  # type: ignore[union-attr]  # it is SQLite
        assert lock is not None
        assert 2 == certdesk("reopen").code
    for url in (sqlite_url, postgres_url):
        with sql_store(url) as store:
            assert store.audit.entries() == ()


def test_people_are_told_in_two_lines(
    certdesk: FrontDoor, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What will happen to messages, and which number comes next."""
    with sql_store(sqlite_url) as store:
        order = place(store.orders)
        assert store.orders.save(change(order, state=State.CANCELLED))
    monkeypatch.setenv("CERTDESK_DATABASE_URL", sqlite_url)
    told = certdesk("reopen")

    assert told.out.splitlines() == [
        "1 waiting message(s) will be looked for in chat before they are posted.",
        "The next order gets number 1002. The audit says that a restore took place.",
    ]
