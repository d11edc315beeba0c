"""
What is worth seeing of a host beside its list of certificates, in lines for people: command line and Slack show the same.

Pure; a value may hold outside text, so whoever shows it must quote it for the place where it is shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.certs.prints import Thumbprint
from bot.domain.plan import HostCertificate, Service, Snapshot
from bot.domain.surroundings import WebBinding

_SOON: Final = timedelta(days=60)
_FRONT: Final = "443, Default Web Site"
_BACK: Final = "444, Exchange Back End"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostLine:
    """
    One fact of a host.

    Args:
        label: ours alone.
        value: may hold outside text.
        until: the last moment of a certificate the line is about; None elsewhere.
        warning: what is wrong with it, in our words; empty while all is well.
    """

    label: str
    value: str
    until: datetime | None = None
    warning: str = ""


def host_lines(snapshot: Snapshot) -> tuple[HostLine, ...]:
    """Everything that was read, the most important first; what could not be read comes last, with its reason."""
    return (
        _held("Default SMTP certificate", snapshot, snapshot.default_smtp),
        *_web(snapshot),
        *_mail(snapshot),
        *_auth(snapshot),
        *_organisation(snapshot),
        *(
            HostLine(label="Not read", value=f"{unread.fact}, because {unread.why}")
            for unread in snapshot.unread
        ),
    )


def marks_of(snapshot: Snapshot, held: HostCertificate) -> tuple[str, ...]:
    """What one certificate is to its host, in a few words each."""
    auth = snapshot.auth.all if snapshot.auth is not None else ()
    return (
        *(("default SMTP certificate",) if held.thumbprint == snapshot.default_smtp else ()),
        *(("Auth certificate",) if held.thumbprint in auth else ()),
        *(("expired",) if held.not_after < snapshot.taken_at else ()),
        *(() if held.has_private_key else ("no private key",)),
    )


def addresses_of(snapshot: Snapshot, held: HostCertificate) -> tuple[str, ...]:
    """Where the machine shows it by HTTPS; names of hosts may be among them."""
    bound = snapshot.web.bound_to(held.thumbprint) if snapshot.web is not None else ()
    return tuple(binding.address for binding in bound)


def _web(snapshot: Snapshot) -> Iterator[HostLine]:
    web = snapshot.web
    if web is None:
        return
    front, back = web.front_end, web.back_end
    if front is not None:
        yield _held(_FRONT, snapshot, front.thumbprint)
    if web.requires_ssl is not None:
        yield HostLine(label="Require SSL", value="on" if web.requires_ssl else "off")
    if back is not None:
        yield _held(_BACK, snapshot, back.thumbprint)
    for binding in web.bindings:
        is_told = binding in {front, back} or _is_like(binding, front)
        if not is_told:
            line = _held("HTTPS elsewhere", snapshot, binding.thumbprint)
            where = f"{binding.address} ({binding.name or 'no web site'})"
            yield replace(line, value=f"{where}: {line.value}")


def _is_like(binding: WebBinding, front: WebBinding | None) -> bool:
    """Another address of the same site with the same certificate is no news."""
    return front is not None and (binding.site, binding.thumbprint) == (
        front.site,
        front.thumbprint,
    )


def _mail(snapshot: Snapshot) -> Iterator[HostLine]:
    for service in (Service.POP, Service.IMAP):
        name = snapshot.mail_names.get(service)
        if name is not None:
            yield HostLine(
                label=f"{service} goes by",
                value=name,
                warning="" if name else "it has no name, so it finds no certificate",
            )


def _auth(snapshot: Snapshot) -> Iterator[HostLine]:
    auth = snapshot.auth
    if auth is None:
        return
    yield _held("Auth certificate", snapshot, auth.current)
    if auth.next is not None:
        yield _held("Auth certificate, next", snapshot, auth.next)


def _organisation(snapshot: Snapshot) -> Iterator[HostLine]:
    if snapshot.is_edge:
        yield HostLine(label="Role", value="Edge Transport server")
    if snapshot.edge_subscriptions:
        yield HostLine(
            label="Subscribed Edge servers", value=", ".join(snapshot.edge_subscriptions)
        )
    if snapshot.hybrid:
        yield HostLine(label="Hybrid configuration names", value=snapshot.hybrid)


def _held(label: str, snapshot: Snapshot, thumbprint: Thumbprint | None) -> HostLine:
    """A certificate by its subject and last day; what is wrong with it where something is."""
    if thumbprint is None:
        return HostLine(label=label, value="none", warning="there is no certificate")
    held = snapshot.certificate(thumbprint)
    if held is None:
        return HostLine(label=label, value=thumbprint, warning="it is not in the host's store")
    left = held.not_after - snapshot.taken_at
    warning = ""
    if left <= timedelta():
        warning = "it has expired"
    elif left <= _SOON:
        warning = f"it ends in {left.days} days"
    return HostLine(label=label, value=held.subject, until=held.not_after, warning=warning)
