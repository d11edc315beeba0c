"""Fixtures of the judge's tests: one toy vendor and what an order expects of it."""

import pytest

from bot.certs.judge import Expectation
from bot.certs.names import DnsName
from tests.unit.certs.toyca import NAMES, ToyVendor, spki, toy_vendor


@pytest.fixture(scope="session")
def vendor() -> ToyVendor:
    """Return the toy vendor of the run."""
    return toy_vendor()


@pytest.fixture(scope="session")
def expectation(vendor: ToyVendor) -> Expectation:
    """Return what the order of these tests approved."""
    return Expectation(
        spki_der=spki(vendor.leaf_plan.private), names=tuple(DnsName(name) for name in NAMES)
    )
