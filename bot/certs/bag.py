"""
The bag of certificates an upload amounts to: each of them once, the rest as findings.

Counts and keeps; reading bytes of all shapes is done in `material.py`.
"""

from dataclasses import dataclass, field, replace

from bot.certs import rules
from bot.certs.certificate import Certificate, Unreadable, read_certificate
from bot.certs.findings import Finding, refuse, show
from bot.certs.prints import Fingerprint, fingerprint_of
from bot.certs.shapes import Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Bag:
    """
    What an upload held: different certificates sorted by fingerprint (none when there were too many), findings about the rest.

    `unreadable` are whole certificates of an old or broken make that no library reads: (where, SHA-256, why).
    """

    certificates: tuple[Certificate, ...]
    findings: tuple[Finding, ...]
    unreadable: tuple[tuple[str, Fingerprint, str], ...]

    @property
    def is_usable(self) -> bool:
        """Say whether there is anything to judge."""
        return bool(self.certificates)


@dataclass(slots=True)
class Collector:
    """The bag while it fills; it stops taking when it is full."""

    found: dict[Fingerprint, Certificate] = field(default_factory=dict)
    findings: dict[tuple[str, str, str], Finding] = field(default_factory=dict)
    damages: set[tuple[str, str]] = field(default_factory=set)
    unreadable: dict[Fingerprint, tuple[str, Fingerprint, str]] = field(default_factory=dict)
    others: set[Shape] = field(default_factory=set)
    size: int = 0
    pieces: int = 0

    @property
    def is_full(self) -> bool:
        """Say whether there is more than any honest upload holds."""
        return (
            len(self.found) + len(self.unreadable) > rules.CERTIFICATE_LIMIT
            or self.size > rules.CERTIFICATE_TOTAL_LIMIT
            or self.pieces > rules.PIECE_LIMIT
        )

    @property
    def is_untouched(self) -> bool:
        """Say whether nothing at all was recognised."""
        return not (self.found or self.findings or self.unreadable or self.others)

    def add(self, der: bytes, where: str) -> None:
        """Read one certificate unless it is known; at equal certificates the first label in order of text stays."""
        self.pieces += 1
        fingerprint = fingerprint_of(der)
        if (known := self.found.get(fingerprint)) is not None:
            # The label must not depend on the order of the files.
            self.found[fingerprint] = replace(known, where=min(known.where, where))
            return
        if fingerprint in self.unreadable or self.is_full:
            return
        self.size += len(der)
        try:
            self.found[fingerprint] = read_certificate(der, where=where)
        except Unreadable as fault:
            self.unreadable[fingerprint] = (where, fingerprint, str(fault))

    def refuse(self, code: str, where: str, message: str) -> None:
        """Note a finding, once."""
        self.findings.setdefault((code, where, message), refuse(code, where, message))

    def damaged(self, where: str, why: str) -> None:
        """Note a certificate that is no longer whole."""
        # Thousands of damaged blocks in one file are one finding, and must cost no more.
        if (where, why) not in self.damages:
            self.damages.add((where, why))
            self.refuse(
                "parse_error",
                where,
                f"A certificate in {show(where)} is damaged: {why}. It was not used. Download the bundle again.",
            )

    def bag(self, where: str) -> Bag:
        """Close the bag."""
        if self.is_full:
            self.refuse(
                "too_many_certs",
                where,
                f"{show(where)} holds more than {rules.CERTIFICATE_LIMIT} different certificates, or more than "
                f"{rules.CERTIFICATE_TOTAL_LIMIT // rules.KIB} KiB of them, or too many copies. Nothing was used. "
                "Upload only the bundle of this order.",
            )
        elif not self.found and not self.findings:
            self.refuse("no_certificate", where, self._nothing_found(where))
        usable = {} if self.is_full else self.found
        return Bag(
            certificates=tuple(usable[print_] for print_ in sorted(usable)),
            findings=tuple(
                sorted(self.findings.values(), key=lambda finding: (finding.code, finding.where))
            ),
            unreadable=tuple(self.unreadable[print_] for print_ in sorted(self.unreadable)),
        )

    def _nothing_found(self, where: str) -> str:
        if "csr" in self.others:
            return (
                f"{show(where)} holds a certificate request, not a certificate. Nothing was used. "
                "Send the request to the vendor and upload what the vendor issues."
            )
        return (
            f"{show(where)} holds no certificate that can be read. Nothing was used. "
            "Upload the zip the vendor offers for download, or paste the text with its BEGIN and END lines."
        )

    def refuse_key(self, where: str, kind: str) -> None:
        """Note a private key; not a byte of it is kept or repeated."""
        self.refuse(
            "private_key_present",
            where,
            f"{show(where)} holds {kind}. Nothing was used, and the key must count as known to others now. "
            "The key of this order never leaves the Exchange host: upload only certificates. "
            "If the key belongs to anything in use, replace it and delete this message.",
        )

    def refuse_keystore(self, where: str, kind: str) -> None:
        """Note a container for keys; it is never opened."""
        self.refuse(
            "pkcs12_refused",
            where,
            f"{show(where)} is {kind}, a container for private keys. Nothing was used. "
            "Upload the certificate the vendor issued for our request: the vendor's zip, PEM, DER or PKCS7 (.p7b).",
        )
