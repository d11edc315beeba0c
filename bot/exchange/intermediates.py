"""
An intermediate that an installation added, taken out again: only where nothing on the host needs it any more.

Names decide what is needed, as Windows itself looks for an issuer by its name: whoever shares one keeps it. Nothing
here ever touches the Root store, and the runner refuses every store but CA.
"""

import base64
import binascii
from dataclasses import dataclass

from cryptography import x509

from bot.certs.findings import show
from bot.certs.judge import IssuedCertificate
from bot.certs.prints import Thumbprint, thumbprint_of
from bot.domain.plan import (
    Caution,
    Connector,
    HostCertificate,
    Observation,
    Operation,
    Receipt,
    Service,
)
from bot.exchange import cmdlets
from bot.exchange.connectors import connectors_of
from bot.exchange.naming import is_same_pair
from bot.exchange.served import covers
from bot.exchange.session import Runner
from bot.exchange.snapshot import HostFacts, default_smtp, shown_certificates
from bot.exchange.talk import run_one, run_rows, unreadable

_SERVED = (Service.IIS, Service.POP, Service.IMAP, Service.UM)
"""Services whose showing means that the certificate may be served; SMTP is shown for ever (exchange.md 4.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    """A certificate of a store, as far as chains go: names are DER."""

    thumbprint: Thumbprint
    title: str
    subject: bytes
    issuer: bytes


def see_removed(
    runner: Runner, facts: HostFacts, operation: Operation, certificate: IssuedCertificate
) -> Observation:
    """Look whether the intermediate is gone, or has to stay."""
    stored = _store(runner, "CA")
    if all(one.thumbprint != operation.thumbprint for one in stored):
        return Observation(done=True, seen="the intermediate is gone")
    why = _why_kept(runner, facts, operation, certificate, stored)
    if why:
        return Observation(done=True, seen=f"the intermediate stays: {why}")
    return Observation(done=False, seen="the intermediate is still in the CA store")


def remove_intermediate(
    runner: Runner, facts: HostFacts, operation: Operation, certificate: IssuedCertificate
) -> Receipt:
    """Take the intermediate out, unless something still needs it; then it stays, and people are told why."""
    why = _why_kept(runner, facts, operation, certificate, _store(runner, "CA"))
    if why:
        meaning = (
            f"The intermediate {operation.thumbprint}, which this order added, stays in the CA store: {why}. "
            "Remove it by hand when nothing needs it any more."
        )
        return Receipt(warnings=(Caution(meaning=meaning),), seen=f"stays: {why}")
    row = run_one(runner, cmdlets.remove_intermediate(operation.thumbprint), width=2)
    return Receipt(seen="removed" if row[1] == "1" else "was not there any more")


def _why_kept(
    runner: Runner,
    facts: HostFacts,
    operation: Operation,
    certificate: IssuedCertificate,
    stored: tuple[_Stored, ...],
) -> str:
    """What on the host needs the intermediate; empty when nothing does."""
    ours = next((one for one in stored if one.thumbprint == operation.thumbprint), None)
    if ours is None:
        return ""
    new = certificate.facts.thumbprint
    others = [
        one
        for one in (*_store(runner, "My"), *stored)
        if one.thumbprint not in {new, ours.thumbprint}
    ]
    below = next((one for one in others if one.issuer == ours.subject != one.subject), None)
    if below is not None:
        return f"{show(below.title)} ({below.thumbprint[:8]}…) is issued by it"
    return _why_served(runner, facts, certificate)


def _why_served(runner: Runner, facts: HostFacts, certificate: IssuedCertificate) -> str:
    """Whether clients may still be shown the order's certificate: it stays in the store, and SMTP on it."""
    new = certificate.facts.thumbprint
    held = next((one for one in shown_certificates(runner) if one.thumbprint == new), None)
    if held is None:
        return ""
    served = [service for service in _SERVED if service in held.services]
    if served:
        return f"the certificate of this order still shows {' and '.join(served)}"
    if default_smtp(runner, facts) == new:
        return "the certificate of this order is still the default SMTP certificate"
    chosen = [one for one in connectors_of(runner, facts.machine) if _chooses(one, held)]
    if chosen and Service.SMTP in held.services:
        return (
            f"transport may still show the certificate of this order on the connector {show(chosen[0].name)}, "
            "whose name it holds"
        )
    return ""


def _chooses(connector: Connector, held: HostCertificate) -> bool:
    if connector.tls_certificate_name:
        pair = f"<I>{held.issuer}<S>{held.subject}"
        return is_same_pair(connector.tls_certificate_name, pair)
    return any(covers(name, connector.fqdn) for name in held.names)


def _store(runner: Runner, name: str) -> tuple[_Stored, ...]:
    call = cmdlets.list_store(name)
    found = []
    for row in run_rows(runner, call, width=4):
        try:
            der = base64.b64decode(row[1] or "", validate=True)
            one = x509.load_der_x509_certificate(der)
            names = one.subject.public_bytes(), one.issuer.public_bytes()
        except (binascii.Error, ValueError) as fault:
            raise unreadable(runner.host, call, "a certificate is not readable") from fault
        found.append(
            _Stored(
                thumbprint=thumbprint_of(der),
                title=one.subject.rfc4514_string(),
                subject=names[0],
                issuer=names[1],
            )
        )
    return tuple(found)
