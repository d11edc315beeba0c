"""What a delivered certificate is measured against."""

import pytest

from bot.certs.csr import parse_csr
from bot.certs.judge import SeenSerial
from bot.certs.names import DnsName
from bot.certs.prints import Fingerprint
from bot.domain.ids import OrderId
from bot.domain.order import CertificateOrder
from bot.domain.states import State
from bot.workflow.expected import DELIVERED, ON_HOSTS, earlier_orders, expectation_for
from tests.unit.domain.samples import certificate, order, site, wish
from tests.unit.workflow.house import House
from tests.unit.workflow.requests import csr_for

OTHER = Fingerprint("77" * 32)


def earlier(state: State = State.INSTALLED, number: int = 3) -> CertificateOrder:
    """Another order that delivered a certificate."""
    issued = certificate(sha256=OTHER, serial_hex="abc", spki_sha256="ee" * 32)
    return order(state, id=OrderId(number), certificate=issued)


def test_the_measure_is_the_order_and_its_csr() -> None:
    """Key of the CSR, names of the order, issuers of the vendor, days of the policy; never the upload."""
    given = order(csr_pem=csr_for(wish()))

    expectation = expectation_for(given, site())

    assert parse_csr(given.csr_pem).spki_der == expectation.spki_der
    assert (given.wish.names, ("Toy Trust, Inc.",), 7) == (
        expectation.names, expectation.issuers, expectation.minimum_days,
    )  # fmt: skip
    assert not expectation.allow_wildcards
    assert expectation.replaces is None


def test_a_wildcard_is_allowed_where_it_was_ordered() -> None:
    """And only there."""
    star = wish(names=(DnsName("*.example.com"),))

    assert expectation_for(order(wish=star, csr_pem=csr_for(wish())), site()).allow_wildcards


@pytest.mark.parametrize("state", sorted(DELIVERED))
def test_what_is_on_hosts_is_no_news(state: State) -> None:
    """A certificate of another order counts as installed where its order says so; its serial counts always."""
    given = order(csr_pem=csr_for(wish()))

    expectation = expectation_for(given, site(), [earlier(state)])

    assert ({OTHER} if state in ON_HOSTS else set()) == expectation.installed
    assert {
        SeenSerial(issuer=certificate().facts.issuer, serial_hex="abc", spki_sha256="ee" * 32)
    } == expectation.known_serials


def test_a_renewal_is_measured_against_what_it_renews() -> None:
    """The certificate of the renewed order is the one in place."""
    given = order(csr_pem=csr_for(wish()), wish=wish(renews=OrderId(3)))
    facts = expectation_for(given, site(), [earlier(number=2), earlier()]).replaces

    assert facts is not None
    assert OTHER == facts.sha256


def test_an_order_is_not_measured_against_itself() -> None:
    """Else its own certificate would be known already when it is judged once more."""
    house = House()
    own = house.put(order(State.INSTALLING, certificate=certificate()))
    house.put(earlier())
    house.put(order(State.PLACED, id=OrderId(4)))

    assert [OrderId(3)] == [other.id for other in earlier_orders(house.orders, own)]


def test_the_renewed_order_is_read_however_old_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """More orders came since than are looked at."""
    monkeypatch.setattr("bot.workflow.expected.EARLIER_READ", 1)
    house = House()
    own = order(State.CHECKING, id=OrderId(9), wish=wish(renews=OrderId(3)))
    for one in (own, earlier(), earlier(number=8)):
        house.put(one)

    assert {OrderId(3), OrderId(8)} == {other.id for other in earlier_orders(house.orders, own)}
