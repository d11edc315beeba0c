"""What the suites over every implementation of `ports.ExchangeHosts` share."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from tests.contract.exchange_steps import Settled, settle
from tests.contract.exchange_worlds import BACKENDS, Backend, World, open_world
from tests.unit.exchange.samples import Authority


@pytest.fixture(scope="module")
def vendor() -> Authority:
    """Who signs; its root is trusted by every host here."""
    return Authority()


@pytest.fixture(params=BACKENDS, ids=lambda backend: backend.title)
def world(request: pytest.FixtureRequest, vendor: Authority, tmp_path: Path) -> Iterator[World]:
    """Every implementation there is, each fresh."""
    with ExitStack() as stack:
        yield open_world(request.param, vendor, tmp_path, stack)


@pytest.fixture(scope="module")
def settled_worlds(
    vendor: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Backend], Settled]]:
    """Opens each backend once, when the first test asks for it, whatever order the tests come in."""
    with ExitStack() as stack:

        @cache
        def settled_on(backend: Backend) -> Settled:
            folder = tmp_path_factory.mktemp("settled")
            return settle(open_world(backend, vendor, folder, stack), vendor)

        yield settled_on


@pytest.fixture(params=BACKENDS, ids=lambda backend: backend.title)
def settled(
    request: pytest.FixtureRequest, settled_worlds: Callable[[Backend], Settled]
) -> Settled:
    """Every implementation once more, installed on; one for all tests that only look."""
    return settled_worlds(request.param)
