"""Finding hosts, people and vendors of the site."""

import pytest

from bot.domain.approvals import Role
from bot.domain.faults import OrderUnknown
from bot.domain.ids import HostName, OrderId, VendorName
from tests.unit.domain.samples import ANNE, BOSS, EX01, MAX, MIA, STRANGER, TOY, site


@pytest.mark.parametrize(
    ("name", "found"), [("ex01", EX01), ("EX01", EX01), ("EX0", None), ("", None)]
)
def test_a_host_is_found_whatever_the_case(name: str, found: str | None) -> None:
    """Windows names know no case; half a name is no name."""
    host = site().host(HostName(name))

    assert found == (host.name if host else None)


def test_a_vendor_is_found_by_its_short_name_only() -> None:
    """Another name is nobody."""
    assert "Toy Trust" == getattr(site().vendor(TOY), "title", None)
    assert site().vendor(VendorName("Toy Trust")) is None


def test_a_stranger_has_no_role() -> None:
    """Roles are given in the file and nowhere else."""
    assert frozenset() == site().roles_of(STRANGER)
    assert {Role.AUDITOR} == site().roles_of(ANNE)


def test_keepers_come_in_the_order_of_the_file() -> None:
    """People are named in the order in which somebody wrote them down."""
    assert [MAX, MIA, BOSS] == [person.id for person in site().keepers(Role.APPROVER)]


def test_an_unknown_order_is_refused_with_its_number() -> None:
    """The person reads which number they mistyped and where the right ones are."""
    refused = OrderUnknown(OrderId(99))

    assert "order-unknown" == refused.code
    assert "There is no order 99. Nothing was changed. `/cert list` shows the open ones." == str(
        refused
    )
