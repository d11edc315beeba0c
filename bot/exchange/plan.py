"""
From snapshots to a plan: which operations, in which order, which question, what was before.

Pure: reads nothing, asks nobody. What the operations do is written in `operations.py`, what people are
told beforehand in `forecast.py`.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from bot.certs.judge import IssuedCertificate
from bot.certs.prints import thumbprint_of
from bot.domain.faults import FaultKind, HostFault
from bot.domain.ids import HostName
from bot.domain.order import CertificateOrder
from bot.domain.plan import (
    Answer,
    CertificateLine,
    HostCertificate,
    HostPlan,
    InstallPlan,
    Operation,
    Service,
    SmtpQuestion,
    Snapshot,
    Step,
)
from bot.exchange import operations
from bot.exchange.dialect import Dialect, UnknownVersion, dialect_of_build
from bot.exchange.forecast import forecast_host
from bot.exchange.renaming import Fleet, after_renaming, plan_renaming
from bot.exchange.served import served_services
from bot.exchange.serving import serving_before
from bot.exchange.starttls import is_chosen_by_name
from bot.exchange.untouchable import check_operations, is_auth_thumbprint

_ASKED_BY_ITSELF = frozenset({Service.SMTP, Service.UM})


def plan_install(
    order: CertificateOrder,
    certificate: IssuedCertificate,
    snapshots: tuple[Snapshot, ...],
    *,
    words: Mapping[HostName, str],
    endpoints: Collection[HostName] = (),
) -> InstallPlan:
    """
    Plan the installation on the order's hosts, in their order.

    Args:
        words: the configuration's version word by host; a host that is another version is said so.
        endpoints: hosts whose cmdlets run at Exchange's own endpoint, where questions can be answered.

    Raises:
        HostFault: UNSUPPORTED, when a host cannot take the certificate as it stands.
    """
    found = {snapshot.host: snapshot for snapshot in snapshots}
    fleet = _fleet(order, certificate, snapshots)
    hosts = tuple(
        _plan_host(
            order,
            certificate,
            _snapshot_of(found, host),
            words.get(host, ""),
            by_endpoint=host in endpoints,
            fleet=fleet,
        )
        for host in order.wish.hosts
    )
    facts = certificate.facts
    return InstallPlan(
        order_id=order.id,
        thumbprint=facts.thumbprint,
        sha256=facts.sha256,
        subject=facts.subject,
        names=facts.names,
        not_after=facts.not_after,
        services=_served_anywhere(order, certificate, hosts),
        hosts=hosts,
    )


def dialect_for(snapshot: Snapshot) -> Dialect:
    """
    The dialect of the build that was seen.

    Raises:
        HostFault: UNSUPPORTED, for a build CertDesk does not know.
    """
    try:
        return dialect_of_build(snapshot.build)
    except UnknownVersion as fault:
        raise _refusal(snapshot.host, "unknown-build", f"{fault}") from fault


def _served_anywhere(
    order: CertificateOrder, certificate: IssuedCertificate, hosts: tuple[HostPlan, ...]
) -> tuple[Service, ...]:
    """What at least one host will serve: only that can be read back and proven."""
    served = {
        service
        for host in hosts
        for service in served_services(
            order.wish.services, certificate, dialect_of_build(host.build)
        )
    }
    return tuple(service for service in order.wish.services if service in served)


def _snapshot_of(found: Mapping[HostName, Snapshot], host: HostName) -> Snapshot:
    if host not in found:
        raise _refusal(host, "no-snapshot", "No snapshot of the host was taken.")
    return found[host]


def _plan_host(
    order: CertificateOrder,
    certificate: IssuedCertificate,
    snapshot: Snapshot,
    word: str,
    *,
    by_endpoint: bool,
    fleet: Fleet,
) -> HostPlan:
    dialect = dialect_for(snapshot)
    new = certificate.facts.thumbprint
    _check_edge(order, snapshot)
    services = served_services(order.wish.services, certificate, dialect)
    question = _question(certificate, snapshot, dialect) if Service.SMTP in services else None
    before = serving_before(snapshot, services, dialect, without=new)
    planned = (
        *_preparing(order, certificate, snapshot, dialect),
        *_enabling(certificate, snapshot, dialect, services),
        *_smtp(certificate, snapshot, services, question, by_endpoint=by_endpoint),
        *plan_renaming(certificate, snapshot, fleet),
    )
    check_operations(snapshot, planned)
    return HostPlan(
        host=snapshot.host,
        build=snapshot.build,
        operations=tuple(replace(one, build=snapshot.build) for one in planned),
        forecast=forecast_host(
            order.wish,
            certificate,
            snapshot,
            dialect,
            before=before,
            question=question,
            word=word,
            by_endpoint=by_endpoint,
            fleet=fleet,
        ),
        question=question,
        before=before,
        smtp_by_name=is_chosen_by_name(certificate, after_renaming(certificate, snapshot, fleet)),
    )


def _fleet(
    order: CertificateOrder, certificate: IssuedCertificate, snapshots: tuple[Snapshot, ...]
) -> Fleet:
    questions = [(one.host, _question(certificate, one, dialect_for(one))) for one in snapshots]
    keeping = tuple(host for host, asked in questions if asked is not None and not asked.current)
    return Fleet(wish=order.wish, snapshots=snapshots, keeping=keeping)


def _preparing(
    order: CertificateOrder,
    certificate: IssuedCertificate,
    snapshot: Snapshot,
    dialect: Dialect,
) -> tuple[Operation, ...]:
    """Intermediates first, so that the certificate is valid the moment it arrives (exchange.md 6.2)."""
    missing = tuple(
        operations.add_intermediate(snapshot.host, der)
        for der in certificate.path
        if thumbprint_of(der) not in snapshot.intermediates
    )
    held = snapshot.certificate(certificate.facts.thumbprint)
    if held is None:
        _check_key_can_travel(order, snapshot, dialect)
        return (*missing, _arriving(order, certificate, snapshot, dialect))
    if not held.has_private_key:
        raise _refusal(
            snapshot.host,
            "PrivateKeyMissing",
            "The certificate is in the host's store without its private key.",
            "Remove it there and restore the key (certutil -repairstore my <serial>), or ask the vendor for a re-key.",
        )
    return missing


def _arriving(
    order: CertificateOrder,
    certificate: IssuedCertificate,
    snapshot: Snapshot,
    dialect: Dialect,
) -> Operation:
    """How certificate and key get together here: the host made the key, another host did, or CertDesk did."""
    host, name = snapshot.host, f"CertDesk order {order.id}"
    if order.wish.local_key_days:
        return operations.import_pfx(host, certificate, dialect, friendly_name=name)
    source = order.wish.hosts[0]
    return operations.import_certificate(
        host, certificate, dialect, friendly_name=name, key_from=source if source != host else None
    )


def _check_key_can_travel(order: CertificateOrder, snapshot: Snapshot, dialect: Dialect) -> None:
    """The key is with CertDesk, or on the first host; from there it can only be carried when it is exportable."""
    if order.wish.local_key_days:
        if dialect.import_by == "path":
            raise _refusal(
                snapshot.host,
                "KeyCannotTravel",
                f"{dialect.title} imports a PFX from a file on its disk only, and CertDesk writes no key to a disk.",
                "Order anew and let the host make the key.",
            )
        return
    source = order.wish.hosts[0]
    if snapshot.host == source:
        return
    if dialect.import_by == "path":
        raise _refusal(
            snapshot.host,
            "KeyCannotTravel",
            f"The key was made on {source}, and CertDesk carries none to {dialect.title}.",
            "Order one certificate for this host alone.",
        )
    if not order.wish.exportable:
        raise _refusal(
            snapshot.host,
            "KeyNotExportable",
            f"The key was made on {source} as not exportable, so this host cannot get it.",
            "Order anew with an exportable key, or one certificate for each host.",
        )


def _check_edge(order: CertificateOrder, snapshot: Snapshot) -> None:
    """An Edge Transport server has SMTP alone; Exchange would refuse the rest half-way (exchange.md 8, row 21)."""
    others = [service for service in order.wish.services if service is not Service.SMTP]
    if snapshot.is_edge and others:
        raise _refusal(
            snapshot.host,
            "edge-serves-smtp-alone",
            f"This is an Edge Transport server, where only SMTP can be enabled, and the order asks for {', '.join(others)}.",
            "Order for this host alone, with SMTP as the only service.",
        )


def _enabling(
    certificate: IssuedCertificate,
    snapshot: Snapshot,
    dialect: Dialect,
    services: tuple[Service, ...],
) -> tuple[Operation, ...]:
    new = certificate.facts.thumbprint
    plain = tuple(service for service in services if service not in _ASKED_BY_ITSELF)
    groups = [plain] if plain else []
    if Service.UM in services:
        groups.append((Service.UM,))
    return tuple(operations.enable_services(snapshot.host, new, group, dialect) for group in groups)


def _smtp(
    certificate: IssuedCertificate,
    snapshot: Snapshot,
    services: tuple[Service, ...],
    question: SmtpQuestion | None,
    *,
    by_endpoint: bool,
) -> tuple[Operation, ...]:
    if Service.SMTP not in services:
        return ()
    host, new = snapshot.host, certificate.facts.thumbprint
    if question is None:
        return (operations.enable_smtp(host, new, only_if=None),)
    is_kept_by_force = not by_endpoint and question.current is not None
    if question.current is None or (
        is_kept_by_force and is_auth_thumbprint(snapshot, question.current.thumbprint)
    ):
        # The old default cannot be given back, or never may be: nothing is done for No, and the forecast says so.
        return (operations.enable_smtp(host, new, only_if=Answer.YES),)
    old = question.current.thumbprint
    if by_endpoint:
        return (
            operations.enable_smtp(host, new, only_if=Answer.YES, current_default=old),
            operations.enable_smtp_keeping_default(host, new, current_default=old),
        )
    return (
        operations.enable_smtp(host, new, only_if=Answer.YES),
        operations.enable_smtp(host, new, only_if=Answer.NO),
        operations.restore_smtp_default(host, old, step=Step.ENABLE, only_if=Answer.NO),
    )


def _question(
    certificate: IssuedCertificate, snapshot: Snapshot, dialect: Dialect
) -> SmtpQuestion | None:
    """Exchange asks nothing when there is no default or the new one already is it (exchange.md 3.1)."""
    facts = certificate.facts
    if snapshot.default_smtp in {None, facts.thumbprint}:
        return None
    held = snapshot.certificate(snapshot.default_smtp)
    new = CertificateLine(
        thumbprint=facts.thumbprint, subject=facts.subject, not_after=facts.not_after
    )
    default = dialect.smtp_default if held is not None else None
    return SmtpQuestion(current=_line(held), new=new, default=default)


def _line(held: HostCertificate | None) -> CertificateLine | None:
    if held is None:
        return None
    return CertificateLine(
        thumbprint=held.thumbprint, subject=held.subject, not_after=held.not_after
    )


def _refusal(host: HostName, code: str, happened: str, advice: str = "") -> HostFault:
    return HostFault(
        FaultKind.UNSUPPORTED,
        host,
        f"{host}: {happened} Nothing was changed. {advice or 'Correct it and plan again.'}",
        executed="no",
        code=code,
    )
