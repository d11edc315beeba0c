"""
Everything a certificate of a host is used for, as it was read: what removing it would break, and what to do first. Pure.

First what `Remove-ExchangeCertificate` refuses, in its order, then what it does not look at (exchange.md 2.5, 7 traps 1, 2 and 12).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bot.certs.findings import show
from bot.certs.names import DnsName
from bot.domain.plan import Connector, HostCertificate, Service, Snapshot
from bot.domain.surroundings import Fact
from bot.exchange.advice import FOR_ASSIGNED, FOR_CONNECTORS, FOR_DEFAULT
from bot.exchange.distinguished import name_parts, names_certificate
from bot.exchange.served import covers
from bot.exchange.snapshot import BACK_END
from bot.exchange.untouchable import is_auth

_FOR_SITES: Final = (
    "Bind another certificate there first; 444 wants the self-signed 'Microsoft Exchange' one."
)
_FOR_NAMES: Final = (
    "Install a certificate for that name first, or give the service the name of another one."
)
_FOR_AUTH: Final = (
    "It signs for the whole organisation; renew it by its own procedure (Set-AuthConfig)."
)
_FOR_HYBRID: Final = "Run the Hybrid Configuration Wizard with another certificate first."
_FOR_READING: Final = "Let CertDesk read them, or look and remove it by hand."


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One thing that needs the certificate, as part of a sentence, and the sentence on what to do first."""

    what: str
    advice: str


def uses_of(snapshot: Snapshot, held: HostCertificate) -> Iterator[Use]:
    """Every use that was found, Exchange's own refusals first and in their order; none means it may go."""
    if snapshot.default_smtp == held.thumbprint:
        yield Use(what="it is the default SMTP certificate", advice=FOR_DEFAULT)
    for service, title in _ASSIGNED.items():
        if service in held.services:
            yield Use(what=f"{title} uses it", advice=FOR_ASSIGNED)
    yield from _connectors(snapshot, held, "send")
    yield from _sites(snapshot, held)
    yield from _mail(snapshot, held)
    yield from _connectors(snapshot, held, "receive")
    yield from _starttls(snapshot, held)
    if is_auth(held, snapshot.auth):
        yield Use(what="it is the Auth certificate of the organisation", advice=_FOR_AUTH)
    if snapshot.hybrid and names_certificate(
        _pinned(snapshot.hybrid), issuer=held.issuer, subject=held.subject
    ):
        yield Use(what="the hybrid configuration names it", advice=_FOR_HYBRID)


_ASSIGNED: Final = {
    "UM": "UM",
    "UMCallRouter": "UM's call router",
    "Federation": "the federation trust",
}
"""By thumbprint, in the order in which Exchange refuses; words of the column Services."""


def _connectors(snapshot: Snapshot, held: HostCertificate, direction: str) -> Iterator[Use]:
    for connector in snapshot.connectors:
        if connector.direction == direction and names_certificate(
            connector, issuer=held.issuer, subject=held.subject
        ):
            twin = _has_twin(snapshot, held)
            also = " by the issuer and subject it shares with another certificate" if twin else ""
            yield Use(
                what=f"the {direction} connector {show(connector.name)} names it{also}",
                advice=FOR_CONNECTORS,
            )


def _sites(snapshot: Snapshot, held: HostCertificate) -> Iterator[Use]:
    """The real bindings where they are known, else Exchange's word on its own two sites."""
    if snapshot.web is not None:
        for binding in snapshot.web.bound_to(held.thumbprint):
            yield Use(what=f"{binding.title} is bound to it", advice=_FOR_SITES)
        return
    if Service.IIS in held.services or BACK_END in held.services:
        yield Use(what="a web site is bound to it", advice=_FOR_SITES)
    for unread in snapshot.unread:
        if unread.fact is Fact.WEB:
            yield Use(
                what=f"whether a web site is bound to it is not known, because {unread.why}",
                advice=_FOR_READING,
            )


def _mail(snapshot: Snapshot, held: HostCertificate) -> Iterator[Use]:
    """
    POP and IMAP go by a name, so it is used when it alone is good for that name.

    Exchange shows them for ever on whatever has the name once: being shown is no proof of use (exchange.md 4.3).
    """
    for service in (Service.POP, Service.IMAP):
        name = snapshot.mail_names.get(service)
        if name is None:
            if service in held.services and not _serves_too(snapshot, held, service):
                yield Use(what=f"no other certificate serves {service}", advice=_FOR_NAMES)
        elif _holds(held, name) and not _others_for(snapshot, held, name):
            yield Use(
                what=f"{service} goes by the name {show(name)}, and no other certificate serves {service} under it",
                advice=_FOR_NAMES,
            )


def _starttls(snapshot: Snapshot, held: HostCertificate) -> Iterator[Use]:
    """SMTP at all, and each receive connector whose name no other certificate of transport holds (event 12014)."""
    if Service.SMTP not in held.services:
        return
    if not _serves_too(snapshot, held, Service.SMTP):
        yield Use(what="no other certificate serves SMTP", advice=_FOR_NAMES)
        return
    for connector in snapshot.connectors:
        if connector.direction != "receive" or connector.tls_certificate_name:
            continue
        others = _others_for(snapshot, held, connector.fqdn, service=Service.SMTP)
        if _holds(held, connector.fqdn) and not others:
            yield Use(
                what=f"the receive connector {show(connector.name)} answers as {show(connector.fqdn)}, "
                "and no other certificate for SMTP holds that name",
                advice=_FOR_NAMES,
            )


def _serves_too(snapshot: Snapshot, held: HostCertificate, service: str) -> bool:
    return any(service in other.services for other in _valid_others(snapshot, held))


def _others_for(
    snapshot: Snapshot, held: HostCertificate, name: str, *, service: Service | None = None
) -> bool:
    return any(
        _holds(other, name) and (service is None or service in other.services)
        for other in _valid_others(snapshot, held)
    )


def _valid_others(snapshot: Snapshot, held: HostCertificate) -> Iterator[HostCertificate]:
    """Certificates that could take over: with their key, valid now, and none that is for OAuth (exchange.md 7 trap 8)."""
    for other in snapshot.certificates:
        is_valid = other.not_before <= snapshot.taken_at < other.not_after
        is_other = other.thumbprint != held.thumbprint and not is_auth(other, snapshot.auth)
        if is_other and is_valid and other.has_private_key:
            yield other


def _holds(held: HostCertificate, name: str) -> bool:
    """Whether a service that goes by this name may take it; single labels compare as they stand."""
    return bool(name) and any(covers(DnsName(own.lower()), name) for own in held.names)


def _has_twin(snapshot: Snapshot, held: HostCertificate) -> bool:
    pair = (name_parts(held.issuer), name_parts(held.subject))
    return any(
        (name_parts(other.issuer), name_parts(other.subject)) == pair
        for other in snapshot.certificates
        if other.thumbprint != held.thumbprint
    )


def _pinned(text: str) -> Connector:
    return Connector(direction="send", name="", fqdn="", tls_certificate_name=text)
