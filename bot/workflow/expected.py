"""What a delivered certificate is measured against: the approved order, its CSR, and what earlier orders delivered."""

from collections.abc import Sequence

from bot.certs.csr import parse_csr
from bot.certs.judge import Expectation, LeafFacts, SeenSerial
from bot.domain.order import CertificateOrder
from bot.domain.site import Site
from bot.domain.states import State
from bot.ports import Orders

ON_HOSTS = frozenset(
    {State.INSTALLING, State.INSTALLED, State.ROLLING_BACK, State.SUPERSEDED, State.RETIRING}
)
"""States in which a certificate is, or may be, in the hosts' stores."""

DELIVERED = ON_HOSTS | {
    State.PROVEN, State.FAILED, State.ROLLED_BACK, State.CANCELLED, State.RETIRED
}  # fmt: skip
"""States in which an order may hold a certificate."""

EARLIER_READ = 1000
"""How many of the latest orders are looked at for serial numbers and certificates seen before."""


def expectation_for(
    order: CertificateOrder, site: Site, earlier: Sequence[CertificateOrder] = ()
) -> Expectation:
    """
    What the order approved.

    Args:
        earlier: other orders; the certificates they delivered are not delivered again.
    """
    vendor = site.vendor(order.wish.vendor)
    others = [(other, other.certificate.facts) for other in earlier if other.certificate]
    return Expectation(
        spki_der=parse_csr(order.csr_pem).spki_der,
        names=order.wish.names,
        issuers=vendor.issuers if vendor else (),
        minimum_days=site.policy.minimum_days,
        allow_wildcards=any(name.startswith("*.") for name in order.wish.names),
        replaces=next((facts for other, facts in others if other.id == order.wish.renews), None),
        installed=frozenset(facts.sha256 for other, facts in others if other.state in ON_HOSTS),
        known_serials=frozenset(_seen(facts) for _, facts in others if facts.spki_sha256),
    )


def earlier_orders(orders: Orders, order: CertificateOrder) -> tuple[CertificateOrder, ...]:
    """The latest orders that delivered a certificate, without this one; the renewed one is always among them."""
    latest = orders.in_states(DELIVERED, limit=EARLIER_READ)
    others = {other.id: other for other in latest if other.id != order.id}
    if order.wish.renews is not None and order.wish.renews not in others:
        others[order.wish.renews] = orders.load(order.wish.renews)
    return tuple(others.values())


def _seen(facts: LeafFacts) -> SeenSerial:
    return SeenSerial(
        issuer=facts.issuer, serial_hex=facts.serial_hex, spki_sha256=facts.spki_sha256
    )
