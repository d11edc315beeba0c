"""Revocation without a network: everything is good but what the test takes back or hides."""

from bot.certs.findings import Finding, note, refuse, warn
from bot.certs.judge import IssuedCertificate
from bot.certs.prints import Fingerprint, fingerprint_of
from bot.domain.ids import VendorName


class FakeRevocation:
    """
    `ports.Revocation` in memory.

    Args:
        revoked: fingerprints of what was taken back, leaf or intermediate.
        silent: no issuer can be asked.
    """

    def __init__(
        self, revoked: frozenset[Fingerprint] = frozenset(), *, silent: bool = False
    ) -> None:
        self.revoked = revoked
        self.silent = silent
        self.asked: list[Fingerprint] = []

    def check(self, certificate: IssuedCertificate, *, vendor: VendorName) -> tuple[Finding, ...]:
        """Look it up."""
        line = [certificate.facts.sha256, *(fingerprint_of(der) for der in certificate.path)]
        self.asked.append(certificate.facts.sha256)
        if self.silent:
            return (warn("revocation_unknown", "revocation", "Nobody could be asked."),)
        bad = tuple(
            refuse("revoked", "revocation", f"{print_} was revoked. Nothing was installed.")
            for print_ in line
            if print_ in self.revoked
        )
        return bad or (note("not_revoked", "revocation", "Nothing was revoked."),)
