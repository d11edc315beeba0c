"""
What every test may use: a closed network, and databases of both kinds.

`database_url` runs a test twice, on SQLite and on PostgreSQL, each time on a fresh migrated database.
"""

import os
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests import network
from tests.postgres import cluster

_NUMBERS = count(1)
_TEMPLATE = "certdesk_template"


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
    """The name of a migrated database to copy from."""
    from bot.store.migration import migrate

    migrate(postgres.create(_TEMPLATE))
    return _TEMPLATE


@pytest.fixture
def postgres_url(postgres: cluster.Cluster, migrated_postgres: str) -> Iterator[str]:
    """The URL of a migrated PostgreSQL database of its own."""
    url = postgres.create(f"certdesk_{next(_NUMBERS)}", template=migrated_postgres)
    yield url
    postgres.drop(url)


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


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a migrated database: the test runs once on each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url
