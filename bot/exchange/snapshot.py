"""
What is on a host at one moment; reads, never changes.

Everything about a certificate itself comes from its DER; the host's columns only add what the DER
cannot know: services, status, friendly name, key.
"""

import base64
import binascii
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.certs.findings import BadMaterial
from bot.certs.judge import read_leaf
from bot.certs.prints import (
    Fingerprint,
    Thumbprint,
    fingerprint_of,
    parse_thumbprint,
    thumbprint_of,
)
from bot.domain.faults import FaultKind, HostFault
from bot.domain.ids import HostName
from bot.domain.plan import HostCertificate, Service, Snapshot
from bot.domain.surroundings import PendingCertificate
from bot.exchange import cmdlets
from bot.exchange.access import HostAccess
from bot.exchange.around import look_around, readings_around
from bot.exchange.call import Call
from bot.exchange.connectors import connectors_of
from bot.exchange.dialect import Dialect, UnknownVersion, dialect_of_build
from bot.exchange.session import Runner
from bot.exchange.talk import Row, look_ahead, run_one, run_rows, unreadable

_PENDING = "PendingRequest"
_NUMBER = re.compile(r"\d+")
_SITE = re.compile(r"/W3SVC/(\d+)$", re.IGNORECASE)
_FRONT_END = "/W3SVC/1"
"""The Default Web Site in ``IISServices``; the back end is site 2 (exchange.md 4.2)."""

BACK_END = "IIS (back end)"
"""How a certificate is shown that only the site on 444 uses; Exchange's column says plain IIS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """
    Who the host is, learned when it was met.

    Args:
        now: the host's own clock.
        by_endpoint: its cmdlets run at Exchange's own endpoint, where questions can be answered.
        roles: its server roles where they were told; empty where they were not.
    """

    host: HostName
    machine: str
    fqdn: str
    now: datetime
    build: str
    dialect: Dialect
    by_endpoint: bool = False
    roles: str = ""


def meet_host(runner: Runner, access: HostAccess) -> HostFacts:
    """
    Say hello and load the cmdlets.

    Raises:
        HostFault: of the wire or of loading; UNSUPPORTED for a build CertDesk does not know.
    """
    call = cmdlets.hello()
    if not access.by_endpoint and access.shell == "snapin":
        look_ahead(runner, (call, cmdlets.connect(access.shell, "")))
    _, machine, fqdn, _, now, _ = (*run_one(runner, call, width=6),)[:6]
    build, roles = _build(runner, access, machine or "", fqdn or "")
    try:
        dialect = dialect_of_build(build)
    except UnknownVersion as fault:
        raise HostFault(
            FaultKind.UNSUPPORTED,
            runner.host,
            f"{runner.host}: {fault} Nothing was done.",
            executed="no",
            code="unknown-build",
        ) from fault
    return HostFacts(
        host=runner.host,
        machine=machine or "",
        fqdn=fqdn or "",
        now=_moment(runner.host, call, now),
        build=build,
        dialect=dialect,
        by_endpoint=access.by_endpoint,
        roles=roles,
    )


def take_snapshot(runner: Runner, facts: HostFacts, *, now: datetime) -> Snapshot:
    """
    Read certificates, default SMTP certificate, intermediates, roots and connectors, and what else uses them.

    Raises:
        HostFault: as the calls do; what `look_around` could not read is no fault and stands in ``unread``.
    """
    look_ahead(
        runner,
        (
            cmdlets.get_certificates(),
            *readings_around(facts.dialect, facts.machine, roles=facts.roles),
            cmdlets.list_store("My"),
            cmdlets.get_default_smtp(facts.dialect, facts.machine),
            cmdlets.list_store("CA"),
            cmdlets.list_store("Root"),
            cmdlets.get_send_connectors(),
            cmdlets.get_receive_connectors(facts.machine),
        ),
    )
    shown, pending = _listed(runner)
    around = look_around(runner, facts.dialect, facts.machine, roles=facts.roles)
    return Snapshot(
        host=facts.host,
        taken_at=now,
        build=facts.build,
        fqdn=facts.fqdn,
        certificates=_with_unshown(runner, shown),
        default_smtp=default_smtp(runner, facts),
        intermediates=store_thumbprints(runner, "CA"),
        roots=store_thumbprints(runner, "Root"),
        connectors=connectors_of(runner, facts.machine),
        clock_skew_s=(facts.now - now).total_seconds(),
        pending=pending,
        web=around.web,
        mail_names=around.mail_names,
        auth=around.auth,
        edge_subscriptions=around.edge_subscriptions,
        hybrid=around.hybrid,
        roles=around.roles,
        unread=tuple(around.unread),
    )


def shown_certificates(runner: Runner) -> tuple[HostCertificate, ...]:
    """The certificates Exchange shows; pending requests are left out."""
    return _listed(runner)[0]


def default_smtp(runner: Runner, facts: HostFacts) -> Thumbprint | None:
    """The default SMTP certificate's handle; None when there is none."""
    call = cmdlets.get_default_smtp(facts.dialect, facts.machine)
    text = run_one(runner, call)[0] or ""
    return _thumbprint(runner.host, call, text) if text.strip() else None


def store_thumbprints(runner: Runner, store: str) -> tuple[Thumbprint, ...]:
    """Handles of everything in one of the machine's stores."""
    call = cmdlets.list_store(store)
    rows = run_rows(runner, call, width=4)
    return tuple(_thumbprint(runner.host, call, row[0]) for row in rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A certificate in the machine's own store, and whether its private key is there."""

    thumbprint: Thumbprint
    sha256: Fingerprint
    has_key: bool


def own_store(runner: Runner) -> tuple[Held, ...]:
    """Everything in the machine's own store, also what Exchange hides."""
    call = cmdlets.list_store("My")
    rows = run_rows(runner, call, width=4)
    return tuple(_held(runner.host, call, row) for row in rows)


def find_held(runner: Runner, sha256: Fingerprint) -> Held | None:
    """Find a certificate in the machine's own store by its fingerprint, which is proof, unlike the handle."""
    return next((held for held in own_store(runner) if held.sha256 == sha256), None)


def _build(runner: Runner, access: HostAccess, machine: str, fqdn: str) -> tuple[str, str]:
    """
    Load the cmdlets and learn the build, and the roles where they come with it.

    The endpoint has them loaded and says the build as ``Version 15.2 (Build 1118.7)``.
    """
    if not access.by_endpoint:
        return run_one(runner, cmdlets.connect(access.shell, fqdn))[0] or "", ""
    version, roles = run_one(runner, cmdlets.get_server(machine), width=2)[:2]
    return ".".join(_NUMBER.findall(version or "")), roles or ""


def _listed(
    runner: Runner,
) -> tuple[tuple[HostCertificate, ...], tuple[PendingCertificate, ...]]:
    """What Exchange lists, told apart: certificates, and requests that wait for theirs."""
    call = cmdlets.get_certificates()
    rows = run_rows(runner, call, width=len(cmdlets.CERTIFICATE))
    return (
        tuple(_certificate(runner.host, call, row) for row in rows if row[3] != _PENDING),
        tuple(_pending(runner.host, call, row) for row in rows if row[3] == _PENDING),
    )


def _pending(host: HostName, call: Call, row: Row) -> PendingCertificate:
    """A request as it is shown; the certificate that stands in for its own has its key and moment, if it can be read."""
    try:
        stand_in = read_leaf(base64.b64decode(row[1] or "", validate=True))
    except (binascii.Error, BadMaterial):
        stand_in = None
    return PendingCertificate(
        thumbprint=_thumbprint(host, call, row[0]),
        friendly_name=row[4] or "",
        subject=row[6] or "",
        not_before=stand_in.not_before if stand_in else None,
        key_sha256=stand_in.spki_sha256 if stand_in else "",
    )


def _with_unshown(
    runner: Runner, shown: tuple[HostCertificate, ...]
) -> tuple[HostCertificate, ...]:
    """Add what the store holds and Exchange hides, a certificate without its key above all."""
    known = {certificate.thumbprint for certificate in shown}
    call = cmdlets.list_store("My")
    hidden = []
    for thumbprint, raw, has_key, friendly in run_rows(runner, call, width=4):
        if _thumbprint(runner.host, call, thumbprint) in known:
            continue
        row = (thumbprint, raw, None, "", friendly, has_key, None, None, None, None)
        hidden.append(replace(_certificate(runner.host, call, row), status="NotShown"))
    return (*shown, *hidden)


def _certificate(host: HostName, call: Call, row: Row) -> HostCertificate:
    _, raw, services, status, friendly, has_key, subject, issuer, sites, root_kind = row[:10]
    try:
        der = base64.b64decode(raw or "", validate=True)
        facts = read_leaf(der)
    except (binascii.Error, BadMaterial) as fault:
        raise unreadable(host, call, "a certificate is not readable") from fault
    return HostCertificate(
        thumbprint=thumbprint_of(der),
        sha256=facts.sha256,
        subject=subject or facts.subject,
        issuer=issuer or facts.issuer,
        names=facts.names,
        not_before=facts.not_before,
        not_after=facts.not_after,
        services=_services(services, sites),
        status=status or "",
        friendly_name=friendly or "",
        has_private_key=has_key == "1",
        sites=_sites(sites),
        root_kind=root_kind or None,
    )


def _thumbprint(host: HostName, call: Call, text: str | None) -> Thumbprint:
    try:
        return parse_thumbprint(text or "")
    except ValueError as fault:
        raise unreadable(host, call, "a thumbprint is not readable") from fault


def _held(host: HostName, call: Call, row: Row) -> Held:
    try:
        der = base64.b64decode(row[1] or "", validate=True)
    except binascii.Error as fault:
        raise unreadable(host, call, "a certificate is not base64") from fault
    return Held(thumbprint=thumbprint_of(der), sha256=fingerprint_of(der), has_key=row[2] == "1")


def _sites(text: str | None) -> tuple[int, ...] | None:
    """``IIS://EX01/W3SVC/2`` a line; None when the host said nothing."""
    if not (text or "").strip():
        return None
    numbers = (_SITE.search(line.strip()) for line in (text or "").splitlines())
    return tuple(int(found.group(1)) for found in numbers if found)


def _services(text: str | None, sites: str | None) -> tuple[str, ...]:
    """
    The services as they are shown, but IIS told apart by site where the host says which.

    The self-signed certificate of the back end shows IIS for ever: taken at its word it would hide that
    the front end is served by none of ours (exchange.md 4.3).
    """
    words = [word.strip() for word in (text or "").split(",")]
    is_back_end = bool(sites) and not any(
        site.strip().upper().endswith(_FRONT_END) for site in (sites or "").splitlines()
    )
    return tuple(
        BACK_END if word == Service.IIS and is_back_end else word
        for word in words
        if word and word != "None"
    )


def _moment(host: HostName, call: Call, text: str | None) -> datetime:
    try:
        return datetime.strptime(text or "", "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as fault:
        raise unreadable(host, call, "its clock is not readable") from fault
