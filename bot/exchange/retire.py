"""
Taking a certificate out of service for good; refused while anything may still use it.

Exchange itself refuses less than is needed (exchange.md 2.5): IIS bindings, POP, IMAP and receive
connectors are checked here.
"""

from collections.abc import Iterator

from bot.certs.judge import IssuedCertificate
from bot.domain.faults import FaultKind, HostFault
from bot.domain.order import CertificateOrder
from bot.domain.plan import HostCertificate, Operation, Service, Snapshot
from bot.exchange import operations
from bot.exchange.distinguished import names_certificate

_BY_NAME = frozenset({Service.POP, Service.IMAP})


def plan_retirement(
    order: CertificateOrder,
    certificate: IssuedCertificate,
    snapshots: tuple[Snapshot, ...],
) -> tuple[Operation, ...]:
    """
    Plan the removals, one for each host that still holds the certificate.

    Raises:
        HostFault: UNSUPPORTED, with every use that was found on the first host that has one.
    """
    hosts = {host.lower() for host in order.wish.hosts}
    holders = [
        (snapshot, held)
        for snapshot in snapshots
        if snapshot.host.lower() in hosts
        and (held := snapshot.certificate(certificate.facts.thumbprint)) is not None
    ]
    for snapshot, held in holders:
        _check_unused(snapshot, held)
    return tuple(
        operations.remove_certificate(snapshot.host, held.thumbprint) for snapshot, held in holders
    )


def _check_unused(snapshot: Snapshot, held: HostCertificate) -> None:
    uses = tuple(_uses(snapshot, held))
    if uses:
        raise HostFault(
            FaultKind.UNSUPPORTED,
            snapshot.host,
            f"{snapshot.host}: the certificate is still used: {'; '.join(uses)}. Nothing was removed. "
            "Move these to the new certificate first, then retire it again.",
            executed="no",
            code="still-used",
        )


def _uses(snapshot: Snapshot, held: HostCertificate) -> Iterator[str]:
    if snapshot.default_smtp == held.thumbprint:
        yield "it is the default SMTP certificate"
    if Service.IIS in held.services:
        yield "a web site is bound to it"
    if Service.UM in held.services:
        yield "UM uses it"
    if not _has_follower(snapshot, held):
        served = [service for service in held.services if service in _BY_NAME or service == "SMTP"]
        if served:
            yield f"no newer certificate serves {', '.join(served)}"
    for connector in snapshot.connectors:
        if names_certificate(connector, issuer=held.issuer, subject=held.subject):
            yield f"the {connector.direction} connector {connector.name[:80]!r} names it"


def _has_follower(snapshot: Snapshot, held: HostCertificate) -> bool:
    """
    Say whether a newer certificate shows all the services that cannot be taken off the old one.

    POP, IMAP and SMTP go on being shown on an old certificate with the same names, so being shown
    is no proof of use; that a newer one serves them too is.
    """
    wanted = {service for service in held.services if service in _BY_NAME or service == "SMTP"}
    return any(
        wanted <= set(other.services)
        for other in snapshot.certificates
        if other.thumbprint != held.thumbprint and other.not_before > held.not_before
    )
