"""
Real TLS handshakes with a host's services, and what they prove.

The path and the name are checked by OpenSSL against given anchors alone, without any intermediate of
ours, so that a host that sends too little is seen. No network fault raises here: it is a value.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from bot.certs.findings import BadMaterial, show
from bot.certs.judge import IssuedCertificate
from bot.certs.leaf import LeafFacts, read_leaf
from bot.certs.names import DnsName
from bot.certs.prints import Fingerprint, fingerprint_of
from bot.domain.ids import HostName
from bot.domain.plan import Handshake, Service
from bot.watch.dialogue import Starttls, Talk, TalkFault, ask_for_tls

PortName = Literal["https", "smtp", "submission", "imap", "imaps", "pop", "pops"]

_PORTS_OF: Final[Mapping[Service, tuple[PortName, ...]]] = {
    Service.IIS: ("https",),
    Service.SMTP: ("smtp", "submission"),
    Service.IMAP: ("imap", "imaps"),
    Service.POP: ("pop", "pops"),
    Service.UM: (),
}
_STARTTLS: Final[Mapping[PortName, Starttls]] = {
    "smtp": "smtp",
    "submission": "smtp",
    "imap": "imap",
    "pop": "pop3",
}
_SHOWN_AS: Final[Mapping[PortName, str]] = {"submission": "smtp", "imaps": "imap", "pops": "pop"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeTarget:
    """
    Where a host's services listen.

    Args:
        address: what is dialled: a name or an IP address.
        ports: the ports that must answer, by name; one that is not listed is not probed.
    """

    host: HostName
    address: str
    ports: Mapping[str, int]


class TlsProber:
    """
    `ports.Prober` by real handshakes.

    Args:
        targets: one for each host of the configuration; a host without one gets no handshake.
        anchors_pem: the roots that clients of this site trust.
        timeout_s: for one handshake as a whole.
    """

    def __init__(
        self,
        targets: Sequence[ProbeTarget],
        anchors_pem: str,
        *,
        timeout_s: float = 10.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._targets = {target.host.lower(): target for target in targets}
        self._anchors_pem = anchors_pem
        self._timeout_s = timeout_s
        self._monotonic = monotonic

    def probe(
        self, host: HostName, certificate: IssuedCertificate, services: tuple[Service, ...]
    ) -> tuple[Handshake, ...]:
        """One handshake with each listed port that the services name."""
        target = self._targets.get(host.lower())
        if target is None:
            return ()
        return tuple(
            probe_address(
                target.address,
                target.ports[port],
                starttls=_STARTTLS.get(port),
                name=probed_name(certificate.facts.names),
                anchors_pem=self._anchors_pem,
                expected=certificate.facts.sha256,
                service=_SHOWN_AS.get(port, port),
                timeout_s=self._timeout_s,
                monotonic=self._monotonic,
            )
            for port in _ports_for(services)
            if port in target.ports
        )


def probe_address(
    address: str,
    port: int,
    *,
    starttls: Starttls | None,
    name: DnsName,
    anchors_pem: str,
    expected: Fingerprint | None = None,
    service: str = "",
    timeout_s: float = 10.0,
    monotonic: Callable[[], float] = time.monotonic,
) -> Handshake:
    """
    Make one handshake and say what it proves.

    Args:
        name: what a client would look for in the certificate; sent as SNI.
        anchors_pem: the only roots that count.
        expected: the leaf that must be shown; None takes any leaf that is good for the name.
        service: how the result is called; by default the protocol.

    Returns:
        A value, whatever the network did.
    """
    dialled = _Dialled(
        address=address, port=port, starttls=starttls, name=name, deadline=monotonic() + timeout_s
    )
    title = service or (starttls or "https").replace("pop3", "pop")
    try:
        seen = _look(dialled, anchors_pem, monotonic)
    except (OSError, TalkFault, UnicodeError) as fault:
        return Handshake(
            service=title,
            address=f"{address}:{port}",
            sha256=None,
            proven=False,
            detail=f"No handshake with {address}:{port}: {_reason(fault)}.",
        )
    return Handshake(
        service=title,
        address=f"{address}:{port}",
        sha256=fingerprint_of(seen.leaf_der) if seen.leaf_der else None,
        proven=bool(seen.leaf_der) and not seen.fault and _is_expected(seen, expected),
        detail=_detail(seen, name, expected),
    )


def probed_name(names: Sequence[DnsName]) -> DnsName:
    """The name a client would use: the first one; below a wildcard any name will do."""
    plain = [name for name in names if not name.startswith("*.")]
    if plain:
        return plain[0]
    return DnsName(f"probe{names[0][1:]}") if names else DnsName("")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dialled:
    address: str
    port: int
    starttls: Starttls | None
    name: DnsName
    deadline: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What was shown; ``fault`` is why OpenSSL does not accept it, empty when it does."""

    leaf_der: bytes
    version: str
    fault: str = ""


def _ports_for(services: Sequence[Service]) -> Iterator[PortName]:
    for service in services:
        yield from _PORTS_OF[service]


def _look(dialled: _Dialled, anchors_pem: str, monotonic: Callable[[], float]) -> _Seen:
    """Shake hands strictly; when the certificate is not accepted, once more to see which one it is."""
    strict = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if anchors_pem.strip():
        strict.load_verify_locations(cadata=anchors_pem)
    try:
        return _shake(dialled, strict, monotonic)
    except ssl.SSLCertVerificationError as refused:
        fault = refused.verify_message or "it is not accepted"
    lenient = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    lenient.check_hostname = False
    lenient.verify_mode = ssl.CERT_NONE
    shown = _shake(dialled, lenient, monotonic)
    return _Seen(leaf_der=shown.leaf_der, version=shown.version, fault=fault)


def _shake(dialled: _Dialled, context: ssl.SSLContext, monotonic: Callable[[], float]) -> _Seen:
    left = dialled.deadline - monotonic()
    if left <= 0:
        raise TimeoutError("the deadline has passed")
    with socket.create_connection((dialled.address, dialled.port), timeout=left) as plain:
        if dialled.starttls is not None:
            talk = Talk(plain, deadline=dialled.deadline, monotonic=monotonic)
            ask_for_tls(talk, dialled.starttls)
        plain.settimeout(max(dialled.deadline - monotonic(), 0.1))
        with context.wrap_socket(plain, server_hostname=dialled.name or dialled.address) as secure:
            return _Seen(
                leaf_der=secure.getpeercert(binary_form=True) or b"",
                version=secure.version() or "",
            )


def _is_expected(seen: _Seen, expected: Fingerprint | None) -> bool:
    return expected is None or fingerprint_of(seen.leaf_der) == expected


def _detail(seen: _Seen, name: DnsName, expected: Fingerprint | None) -> str:
    leaf = _leaf(seen.leaf_der)
    label = f"{show(leaf.subject)}, until {leaf.not_after:%Y-%m-%d}" if leaf else "no certificate"
    if not _is_expected(seen, expected):
        return f"Shows another certificate: {label}."
    if seen.fault:
        return f"Shows {label}, but clients would refuse it for {show(name)}: {_plain(seen.fault)}."
    return f"Shows {label}, good for {show(name)}, over {seen.version}."


def _leaf(der: bytes) -> LeafFacts | None:
    try:
        return read_leaf(der)
    except BadMaterial:
        return None


def _plain(fault: str) -> str:
    """OpenSSL's words, with the one that people misread put plainly."""
    if "unable to get local issuer certificate" in fault:
        return f"{fault} (the host does not send its intermediate, or the root is not among the anchors)"
    return fault[:200]


def _reason(fault: Exception) -> str:
    match fault:
        case TimeoutError():
            return "no answer in time"
        case ConnectionRefusedError():
            return "nobody listens there"
        case socket.gaierror():
            return "the name does not resolve"
        case ssl.SSLError():
            return f"TLS failed ({str(fault.reason or 'no common version or cipher')[:80]})"
        case TalkFault():
            return str(fault)
        case _:
            return f"the connection broke ({type(fault).__name__})"
