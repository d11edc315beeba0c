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
from bot.exchange.snapshot import BACK_END

_SHOWN_FOR_EVER = frozenset({Service.SMTP, Service.POP, Service.IMAP})
_OAUTH = "CN=Microsoft Exchange Server Auth Certificate"


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
    if Service.IIS in held.services or BACK_END in held.services:
        yield "a web site is bound to it"
    if Service.UM in held.services:
        yield "UM uses it"
    for service in held.services:
        if service in _SHOWN_FOR_EVER and not _has_other(snapshot, held, service):
            yield f"no other certificate serves {service}"
    for connector in snapshot.connectors:
        if names_certificate(connector, issuer=held.issuer, subject=held.subject):
            yield f"the {connector.direction} connector {connector.name[:80]!r} names it"


def _has_other(snapshot: Snapshot, held: HostCertificate, service: str) -> bool:
    """
    Say whether another certificate that is valid serves the service as well.

    SMTP, POP and IMAP go on being shown on a certificate once enabled, so being shown is no proof of
    use; being the only one is. The one for OAuth shows SMTP and never serves it (exchange.md 7 trap 8).
    """
    return any(
        service in other.services
        and other.thumbprint != held.thumbprint
        and other.not_after > snapshot.taken_at
        and _OAUTH not in other.subject
        for other in snapshot.certificates
    )
