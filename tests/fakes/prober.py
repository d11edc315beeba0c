"""Handshakes without a network: every service shows what it was told to, by default the right thing."""

from bot.certs.judge import IssuedCertificate
from bot.certs.prints import Fingerprint
from bot.domain.ids import HostName
from bot.domain.plan import Handshake, Service

_NAMES = {
    Service.IIS: "https",
    Service.SMTP: "smtp",
    Service.IMAP: "imap",
    Service.POP: "pop",
}


class FakeProber:
    """
    `ports.Prober` in memory.

    ``shown`` maps (host, service) to the leaf shown there, None for a closed port; what is not listed
    shows the expected certificate.
    """

    def __init__(self) -> None:
        self.shown: dict[tuple[str, str], Fingerprint | None] = {}

    def probe(
        self, host: HostName, certificate: IssuedCertificate, services: tuple[Service, ...]
    ) -> tuple[Handshake, ...]:
        """One handshake for each service that has a port."""
        return tuple(
            self._shake(host, _NAMES[service], certificate.facts.sha256)
            for service in services
            if service in _NAMES
        )

    def _shake(self, host: HostName, service: str, expected: Fingerprint) -> Handshake:
        seen = self.shown.get((host, service), expected)
        return Handshake(
            service=service,
            address=f"{host.lower()}:{service}",
            sha256=seen,
            proven=seen == expected,
            detail="Shows the certificate." if seen == expected else "Shows something else.",
        )
