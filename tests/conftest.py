"""
What every test may use: a closed network, and databases of both kinds.

`database_url` runs a test twice, on SQLite and on PostgreSQL, each time migrated and empty; `sql` gives
the store over it, and `store` adds the store in memory. The imports of the store stay inside: most tests do
without it.
"""

import os
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests import network
from tests.postgres import cluster

if TYPE_CHECKING:
    from tests.contract.stores import Store

# A busy machine is no fault of the code: no property has a stopwatch.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

_NUMBERS = count(1)
_DATABASES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]

_LONGEST_FIRST = ("story", "browser", "contract")
"""Folders in the order in which their files are dealt out."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Put the longest files first, whatever the shuffle within a folder.

    A file goes to one process whole; a story that came last would be waited for by all the others.
    """
    rank = {folder: place for place, folder in enumerate(_LONGEST_FIRST)}
    items.sort(key=lambda item: rank.get(item.path.parent.name, len(rank)))


@pytest.fixture(autouse=True, scope="session")
def closed_network() -> Iterator[None]:
    """Nothing leaves this machine: only loopback and Unix sockets can be dialled."""
    with network.closed():
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[cluster.Cluster]:
    """A private PostgreSQL server; without its programs a visible skip, under CI a failure."""
    try:
        with cluster.running() as server:
            yield server
    except cluster.NoPostgres as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture
def empty_postgres_url(postgres: cluster.Cluster) -> Iterator[str]:
    """The URL of an empty database of its own."""
    url = postgres.create(f"certdesk_{next(_NUMBERS)}")
    yield url
    postgres.drop(url)


@pytest.fixture(scope="session")
def migrated_postgres(postgres: cluster.Cluster) -> str:
    """The URL of a migrated database that tests use one after the other."""
    from bot.store.migration import migrate

    url = postgres.create("certdesk")
    migrate(url)
    return url


@pytest.fixture
def postgres_url(migrated_postgres: str) -> Iterator[str]:
    """The URL of a migrated PostgreSQL database with nothing in it; wiped afterwards."""
    from tests.postgres.wipe import wipe

    yield migrated_postgres
    wipe(migrated_postgres)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy from."""
    from bot.store.migration import migrate

    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """The URL of a migrated SQLite file of its own."""
    return f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'certdesk.db')}"


@pytest.fixture(params=_DATABASES)
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a migrated database: the test runs once on each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def sql(database_url: str) -> Iterator["Store"]:
    """The store over a database of its own, on each kind."""
    from tests.contract.stores import sql_store

    with sql_store(database_url) as opened:
        yield opened


@pytest.fixture(params=["memory", *_DATABASES])
def store(request: pytest.FixtureRequest) -> Iterator["Store"]:
    """Every store there is: in memory, on SQLite, on PostgreSQL."""
    from tests.contract.stores import fake_store, sql_store

    if request.param == "memory":
        yield fake_store()
        return
    with sql_store(request.getfixturevalue(f"{request.param}_url")) as opened:
        yield opened
