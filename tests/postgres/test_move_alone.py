"""What happens at the source of a move while it lasts: no time-out ends it, nobody writes there, nobody slips in."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from bot.domain.faults import DatabaseAway
from bot.store.migration import migrate
from bot.store.moving import CannotMove, check_source, move_rows
from tests.contract.samples import place
from tests.contract.stores import sql_store
from tests.postgres.everything import fill
from tests.postgres.test_move import count, opened


@pytest.fixture
def target_url(tmp_path: Path) -> str:
    """An empty file of this release."""
    url = f"sqlite:///{tmp_path / 'target.db'}"
    migrate(url)
    return url


@pytest.fixture
def target(target_url: str) -> Iterator[Engine]:
    """The way to it."""
    with opened(target_url) as engine:
        yield engine


@pytest.fixture
def source(postgres_url: str) -> Iterator[Engine]:
    """A filled database on a server."""
    with sql_store(postgres_url) as store:
        fill(store)
    with opened(postgres_url) as engine:
        yield engine


@pytest.fixture
def aside(postgres: Any) -> Iterator[Engine]:
    """A connection to the server that does not count as somebody at the source."""
    with opened(postgres.address.render_as_string(hide_password=False)) as engine:
        yield engine


def before_it_is_kept(target: Engine, what: Callable[[], object]) -> None:
    """Do something when everything is compared and the target is about to commit."""
    event.listen(target, "commit", lambda _connection: what())


def while_it_copies(target: Engine, what: Callable[[], object]) -> None:
    """Do something when the first order is written to the target."""
    calls: list[object] = []

    def look(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT INTO orders") and not calls:
            calls.append(statement)
            what()

    event.listen(target, "before_cursor_execute", look)


def limit(connection: Connection) -> str:
    """How long this session may stand still in its transaction."""
    driver: Any = connection.connection.driver_connection
    return str(driver.execute("SHOW idle_in_transaction_session_timeout").fetchone()[0])


def test_the_source_of_a_move_may_stand_still_as_long_as_the_move_takes(
    source: Engine, target: Engine
) -> None:
    """A big audit is verified on the target meanwhile: the server does not end the source's session over it."""
    begun: list[Connection] = []
    seen: list[str] = []
    event.listen(source, "begin", begun.append)
    before_it_is_kept(target, lambda: seen.append(limit(begun[-1])))
    moved = {one.table: one.rows for one in move_rows(source, target).tables}

    assert ["0"] == seen
    assert 2 == moved["orders"]


def test_so_may_its_target(source: Engine, empty_postgres_url: str) -> None:
    """A source that is slow to read from keeps the target waiting."""
    seen: list[str] = []
    migrate(empty_postgres_url)
    with opened(empty_postgres_url) as target:
        event.listen(target, "commit", lambda connection: seen.append(limit(connection)))
        move_rows(source, target)

    assert ["0"] == seen


def test_nobody_writes_at_the_source_until_the_target_has_everything(
    source: Engine, target: Engine, postgres_url: str
) -> None:
    """Even a process that was started in the last moment waits, and gives up in the end; readers do not wait."""
    told: list[str] = []

    def start() -> None:
        with sql_store(postgres_url) as late:
            assert late.engine is not None
            event.listen(late.engine, "connect", _give_up_soon)
            assert late.audit.entries()
            with pytest.raises(DatabaseAway):
                place(late.orders, "late")
            told.append("waited in vain")

    before_it_is_kept(target, start)
    moved = {one.table: one.rows for one in move_rows(source, target).tables}

    assert ["waited in vain"] == told
    assert moved["orders"] == count(postgres_url, "orders")


def _give_up_soon(connection: Any, _record: object) -> None:
    connection.execute("SET lock_timeout = 50")
    connection.commit()


def test_who_comes_during_a_move_takes_it_back(
    source: Engine, target: Engine, target_url: str, postgres_url: str
) -> None:
    """A bot that was started on the source would go on there after the move: nothing is kept on the target."""
    check_source(source)
    with opened(postgres_url) as bot:
        while_it_copies(target, bot.connect)
        with pytest.raises(CannotMove, match="were opened on the source during the move"):
            move_rows(source, target)

    assert 0 == count(target_url, "orders")


def test_who_is_in_the_middle_of_a_change_holds_the_move(
    source: Engine, target: Engine, postgres_url: str
) -> None:
    """The lock on the source is waited for, and then refused with a sentence."""
    event.listen(source, "connect", _give_up_soon)
    with opened(postgres_url) as other, other.begin() as change:
        change.execute(text("UPDATE orders SET detail = detail"))
        with pytest.raises(CannotMove, match="in the middle of a change at the source"):
            move_rows(source, target)


@pytest.mark.parametrize(
    ("moment", "arrives"), [(before_it_is_kept, True), (while_it_copies, False)]
)
def test_a_source_that_goes_away_is_a_failure_only_before_the_target_has_everything(
    source: Engine, target: Engine, target_url: str, aside: Engine, moment: Any, arrives: bool
) -> None:
    """Nobody is told that nothing was kept when everything was, or the other way round."""

    def end() -> None:
        with aside.begin() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name "
                    "AND application_name = 'certdesk'"
                ),
                {"name": source.url.database},
            )

    moment(target, end)
    if arrives:
        assert move_rows(source, target).tables
    else:
        with pytest.raises(DatabaseAway):
            move_rows(source, target)

    assert (2 if arrives else 0) == count(target_url, "orders")
