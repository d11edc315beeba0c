"""Taking a certificate out of service for good; refused while anything may still use it."""

from bot.certs.judge import IssuedCertificate
from bot.domain.faults import FaultKind, HostFault
from bot.domain.order import CertificateOrder
from bot.domain.plan import HostCertificate, Operation, Snapshot
from bot.exchange import operations
from bot.exchange.untouchable import check_operations
from bot.exchange.uses import uses_of


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
    return tuple(_removal(snapshot, held) for snapshot, held in holders)


def _removal(snapshot: Snapshot, held: HostCertificate) -> Operation:
    removal = operations.remove_certificate(snapshot.host, held.thumbprint)
    check_operations(snapshot, (removal,))
    return removal


def _check_unused(snapshot: Snapshot, held: HostCertificate) -> None:
    uses = tuple(uses_of(snapshot, held))
    if not uses:
        return
    advice = " ".join(dict.fromkeys(use.advice for use in uses))
    raise HostFault(
        FaultKind.UNSUPPORTED,
        snapshot.host,
        f"{snapshot.host}: the certificate is still used: {'; '.join(use.what for use in uses)}. "
        f"Nothing was removed. {advice} Then retire it again.",
        executed="no",
        code="still-used",
    )
