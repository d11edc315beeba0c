"""
Which connectors are made to name the new certificate, on which host of the order, and why others are left alone.

Pure. A receive connector belongs to its server and follows as soon as SMTP is enabled there. A send connector
belongs to the organisation and is used by all its source servers: it follows last of all, on the last host, when
every one of them has the certificate. Until then it names the old one, which all of them still hold.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from bot.certs.findings import show, show_all
from bot.certs.judge import IssuedCertificate
from bot.domain.ids import HostName
from bot.domain.order import Wish
from bot.domain.plan import (
    Answer,
    Connector,
    HostCertificate,
    Operation,
    Renaming,
    Service,
    Snapshot,
)
from bot.exchange import operations
from bot.exchange.connectors import server_name
from bot.exchange.distinguished import name_parts, names_certificate
from bot.exchange.frames import BadValue, check_text
from bot.exchange.phrases import label
from bot.exchange.preview import preview_naming

_HYBRID: Final = "outbound to office 365"
"""How the wizard names the send connector it makes (exchange.md 7 trap 6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """
    The order's hosts as they look together.

    Args:
        keeping: hosts whose SMTP stays as it is when somebody says No, for the old default could not be given back.
    """

    wish: Wish
    snapshots: tuple[Snapshot, ...]
    keeping: tuple[HostName, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """
    A connector that names a certificate the new one takes the place of.

    Args:
        why_not: a sentence why CertDesk leaves it alone; empty when it is changed on the host asked about.
        later: the host of the order on which it is changed instead; None when it is this one or none.
    """

    connector: Connector
    old: HostCertificate
    why_not: str = ""
    later: HostName | None = None


def followers(
    certificate: IssuedCertificate, snapshot: Snapshot, fleet: Fleet
) -> tuple[Follower, ...]:
    """Every connector of a host that names a certificate of before, and what becomes of it there."""
    return tuple(
        _follower(connector, old, snapshot, fleet)
        for connector in snapshot.connectors
        if (old := _named_old(connector, certificate, snapshot)) is not None
    )


def plan_renaming(
    certificate: IssuedCertificate, snapshot: Snapshot, fleet: Fleet
) -> tuple[Operation, ...]:
    """The operations that make connectors name the new certificate on this host; receive connectors first."""
    only_if = Answer.YES if snapshot.host in fleet.keeping else None
    changed = [f.connector for f in followers(certificate, snapshot, fleet) if _is_changed(f)]
    return tuple(
        operations.name_in_connector(
            snapshot.host, certificate.facts.thumbprint, renaming(connector), only_if=only_if
        )
        for connector in sorted(changed, key=lambda one: one.direction == "send")
    )


def after_renaming(certificate: IssuedCertificate, snapshot: Snapshot, fleet: Fleet) -> Snapshot:
    """The host as its connectors will be; for the question which certificate STARTTLS will show."""
    changed = {f.connector for f in followers(certificate, snapshot, fleet) if _is_changed(f)}
    pair = f"<I>{certificate.facts.issuer}<S>{certificate.facts.subject}"
    return replace(
        snapshot,
        connectors=tuple(
            replace(one, tls_certificate_name=pair) if one in changed else one
            for one in snapshot.connectors
        ),
    )


def forecast_connectors(
    certificate: IssuedCertificate, snapshot: Snapshot, fleet: Fleet
) -> Iterator[str]:
    """Sentences on every connector that names a certificate of before, or the new pair already."""
    facts = certificate.facts
    for connector in snapshot.connectors:
        if names_certificate(connector, issuer=facts.issuer, subject=facts.subject):
            yield _same_pair(connector)
    for follower in followers(certificate, snapshot, fleet):
        yield _told(follower, certificate, fleet)
    if any(c.name.lower().startswith(_HYBRID) for c in snapshot.connectors):
        yield _hybrid(fleet.wish)


def renaming(connector: Connector) -> Renaming:
    """The change of a connector, bound to what it names now."""
    return Renaming(
        direction=connector.direction,
        identity=connector.identity or connector.name,
        was=connector.tls_certificate_name,
    )


def _is_changed(follower: Follower) -> bool:
    return not follower.why_not and follower.later is None


def _follower(
    connector: Connector, old: HostCertificate, snapshot: Snapshot, fleet: Fleet
) -> Follower:
    last = _last_that_has(connector, fleet) if connector.direction == "send" else snapshot.host
    return Follower(
        connector=connector,
        old=old,
        why_not=_why_not(connector, fleet),
        later=None if last == snapshot.host else last,
    )


def _why_not(connector: Connector, fleet: Fleet) -> str:
    if not fleet.wish.connectors:
        return "The order leaves connectors alone."
    if Service.SMTP not in fleet.wish.services:
        return "SMTP is not among the services, and a connector can only name a certificate that is enabled for SMTP."
    try:
        check_text(renaming(connector).identity)
    except BadValue:
        return "Its name holds characters that cannot be sent."
    return _sources_lacking(connector, fleet) if connector.direction == "send" else ""


def _sources_lacking(connector: Connector, fleet: Fleet) -> str:
    """Why a send connector cannot follow: a source server without the certificate could send nothing with TLS."""
    if not connector.sources:
        return "The host did not say which servers send through it, and each of them needs the certificate."
    ours = {server_name(name) for one in fleet.snapshots for name in (one.fqdn, one.host)}
    foreign = [source for source in connector.sources if source not in ours]
    if foreign:
        return (
            f"It is also used by {show_all([source.upper() for source in foreign])}, which this order gives no "
            "certificate: mail from there would lose its TLS."
        )
    if fleet.keeping and len(fleet.wish.hosts) > 1:
        return f"With No, SMTP stays as it is on {', '.join(fleet.keeping)}, which may send through it."
    return ""


def _last_that_has(connector: Connector, fleet: Fleet) -> HostName:
    """The last host, in the order of work, that shows this very connector."""
    holders = [
        one.host
        for host in fleet.wish.hosts
        for one in fleet.snapshots
        if one.host == host and connector in one.connectors
    ]
    return holders[-1]


def _named_old(
    connector: Connector, certificate: IssuedCertificate, snapshot: Snapshot
) -> HostCertificate | None:
    """The certificate a connector names, when the new one takes its place: they share a name or the subject."""
    facts = certificate.facts
    if names_certificate(connector, issuer=facts.issuer, subject=facts.subject):
        return None
    for held in snapshot.certificates:
        if not names_certificate(connector, issuer=held.issuer, subject=held.subject):
            continue
        is_same_subject = name_parts(held.subject) == name_parts(facts.subject)
        if is_same_subject or set(held.names) & set(facts.names):
            return held
    return None


def _told(follower: Follower, certificate: IssuedCertificate, fleet: Fleet) -> str:
    names = f"The {_title(follower.connector)} names issuer and subject of {label(follower.old)}"
    if follower.why_not:
        return (
            f"{names}; its TLS fails once that one is gone. {follower.why_not} "
            f"After the installation run: {_by_hand(follower.connector, certificate)}"
        )
    if follower.later is not None:
        return (
            f"{names}; it belongs to the whole organisation and follows on {follower.later}, when every host of "
            "this order has the certificate."
        )
    when = "once SMTP is enabled"
    if follower.connector.direction == "send" and len(fleet.wish.hosts) > 1:
        when = "last of all, when every host of this order has the certificate enabled for SMTP"
    return f"{names}; it is made to name the new certificate {when}. A roll-back gives it back."


def _same_pair(connector: Connector) -> str:
    told = f"The {_title(connector)} names this issuer and subject already: nothing to update."
    if connector.direction == "receive":
        return f"{told} Of two valid certificates with this pair transport takes the newer one."
    return (
        f"{told} While it does, Exchange refuses to remove the old certificate, and the new one too: to retire the old "
        "one, clear TlsCertificateName, remove the certificate, set the name again and restart MSExchangeTransport."
    )


def _hybrid(wish: Wish) -> str:
    ours = (
        "CertDesk changes the connectors named above"
        if wish.connectors
        else "CertDesk leaves Outbound to Office 365 and Default Frontend alone"
    )
    return (
        "This organisation is joined to Exchange Online: all hybrid servers and Edge servers need the same certificate. "
        f"{ours}; HybridConfiguration goes on naming the old one until the Hybrid Configuration Wizard is run again "
        "with the new certificate. Run it after the installation."
    )


def _by_hand(connector: Connector, certificate: IssuedCertificate) -> str:
    try:
        return preview_naming(renaming(connector), certificate.facts.thumbprint)
    except BadValue:
        return f"Set-{connector.direction.title()}Connector by hand; its name cannot be quoted."


def _title(connector: Connector) -> str:
    return f"{connector.direction} connector {show(connector.name)}"
