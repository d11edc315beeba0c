"""
Bytes of an upload to a bag of certificates: every shape in, by content alone, whatever the names and extensions say.

Order and duplicates mean nothing in a bag. Nothing is trusted here, and nothing that is secret is ever repeated.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Final

from bot.certs import der as asn1
from bot.certs import pem, rules
from bot.certs.archive import PackedFile, is_archive, open_archive
from bot.certs.certificate import Certificate, Unreadable, read_certificate
from bot.certs.findings import BadMaterial, Finding, refuse, show
from bot.certs.pkcs7 import certificates_in
from bot.certs.prints import Fingerprint, fingerprint_of
from bot.certs.shapes import (
    KEY_FILE_MAGICS,
    KEYSTORE_MAGICS,
    OTHER_MAGICS,
    Shape,
    magic_of,
    shape_of,
)

_CERTIFICATE_LABELS: Final = frozenset(
    {
        "CERTIFICATE",
        "X509 CERTIFICATE",
        "TRUSTED CERTIFICATE",
        "PKCS7",
        "CMS",
        "PKCS #7 SIGNED DATA",
    }
)
_TRAILING: Final = b"\x00\x1a\r\n\t "
_CUT_CERTIFICATE: Final = re.compile(
    rb"\x30(?:\x81.|\x82..|\x83...)(?:\x30[\x81-\x83]|\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07)",
    re.DOTALL,
)
"""A long sequence that begins with a long sequence (a certificate) or with the name of PKCS7."""


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


def open_bundle(data: bytes, *, filename: str) -> Bag:
    """
    Take an upload apart: zip (one nested level), PEM, DER, PKCS7, pasted text.

    Args:
        data: the bytes as uploaded.
        filename: a label for sentences; nothing is concluded from it.

    Raises:
        BadMaterial: too_big, not_recognised or a zip code, when nothing can be taken apart. Other findings (a private key, a
            damaged file, no certificate at all) are in the bag.
    """
    where = filename or "upload"
    reading = _Reading()
    for file in _files_of(data, where):
        if not reading.is_full:
            _read_file(file, reading)
    if reading.is_untouched and not is_archive(data) and not pem.is_text(pem.to_text(data)):
        raise _stopped("not_recognised", where, "is neither a zip nor a certificate nor text")
    return reading.bag(where)


@dataclass(slots=True)
class _Reading:
    """The bag while it fills."""

    found: dict[Fingerprint, Certificate] = field(default_factory=dict)
    findings: dict[tuple[str, str, str], Finding] = field(default_factory=dict)
    damages: set[tuple[str, str]] = field(default_factory=set)
    unreadable: dict[Fingerprint, tuple[str, Fingerprint, str]] = field(default_factory=dict)
    others: set[Shape] = field(default_factory=set)
    size: int = 0
    pieces: int = 0

    @property
    def is_full(self) -> bool:
        return (
            len(self.found) + len(self.unreadable) > rules.CERTIFICATE_LIMIT
            or self.size > rules.CERTIFICATE_TOTAL_LIMIT
            or self.pieces > rules.PIECE_LIMIT
        )

    @property
    def is_untouched(self) -> bool:
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
        self.findings.setdefault((code, where, message), refuse(code, where, message))

    def damaged(self, where: str, why: str) -> None:
        # Thousands of damaged blocks in one file are one finding, and must cost no more.
        if (where, why) not in self.damages:
            self.damages.add((where, why))
            self.refuse(
                "parse_error",
                where,
                f"A certificate in {show(where)} is damaged: {why}. It was not used. Download the bundle again.",
            )

    def bag(self, where: str) -> Bag:
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


def _files_of(data: bytes, where: str) -> tuple[PackedFile, ...]:
    archive = is_archive(data)
    largest = rules.UPLOAD_LIMIT if archive else rules.FILE_LIMIT
    if len(data) > largest:
        raise _stopped(
            "too_big",
            where,
            f"has {len(data) // rules.KIB} KiB, and {largest // rules.KIB} KiB are allowed",
        )
    if archive:
        return open_archive(data, where=where)
    if not data.strip(_TRAILING):
        raise _stopped("not_recognised", where, "is empty")
    if kind := magic_of(data, OTHER_MAGICS):
        raise _stopped("not_recognised", where, f"is {kind}")
    return (PackedFile(where=where, data=data),)


def _stopped(code: str, where: str, what: str) -> BadMaterial:
    return BadMaterial(
        (
            refuse(
                code,
                where,
                f"{show(where)} {what}. Nothing was read. Upload the vendor's zip, or a certificate as PEM, DER or PKCS7.",
            ),
        )
    )


def _read_file(file: PackedFile, reading: _Reading) -> None:
    if kind := magic_of(file.data, KEYSTORE_MAGICS):
        _refuse_keystore(file.where, kind, reading)
    elif kind := magic_of(file.data, KEY_FILE_MAGICS):
        _refuse_key(file.where, kind, reading)
    elif not _read_der(file.data, file.where, reading):
        _read_text(file, reading)


def _read_text(file: PackedFile, reading: _Reading) -> None:
    text = pem.to_text(file.data)
    block = None
    for block in pem.blocks_of(text):
        _read_block(block, file.where, reading)
        if reading.is_full:
            return
    if pem.has_loose_key(text):
        _refuse_key(file.where, "a private key", reading)
    if block is None and (data := pem.bare_base64(text)) is not None:
        _read_der(data, file.where, reading)


def _read_block(block: pem.Block, where: str, reading: _Reading) -> None:
    reading.pieces += 1
    if "PRIVATE KEY" in block.label:
        if block.has_body:
            _refuse_key(where, "a private key", reading)
        return
    known = block.data is not None and _read_der(block.data, where, reading)
    if not known and block.label in _CERTIFICATE_LABELS:
        why = "its text is cut short or changed" if block.data is None else "its content is not DER"
        reading.damaged(where, why)


def _read_der(data: bytes, where: str, reading: _Reading) -> bool:
    """Read elements that stand back to back; say whether any of them was of a known shape."""
    known = False
    at = 0
    while at < len(data) and not reading.is_full:
        try:
            element = asn1.first_element(data, at=at)
        except asn1.BadDer:
            return _note_cut(data[at:], where, reading) or known
        shape = shape_of(element.whole)
        if shape == "unknown":
            return known
        _take(shape, element.whole, where, reading)
        known = True
        at += len(element.whole)
    return known


def _take(shape: Shape, der: bytes, where: str, reading: _Reading) -> None:
    reading.pieces += 1
    match shape:
        case "certificate":
            reading.add(der, where)
        case "pkcs7":
            reading.others.add(shape)
            _take_pkcs7(der, where, reading)
        case "pkcs12":
            _refuse_keystore(where, "a PFX (PKCS#12)", reading)
        case "private_key":
            _refuse_key(where, "a private key", reading)
        case _:
            reading.others.add(shape)


def _take_pkcs7(der: bytes, where: str, reading: _Reading) -> None:
    try:
        for certificate in certificates_in(der):
            reading.add(certificate, where)
            if reading.is_full:
                return
    except asn1.BadDer as fault:
        reading.damaged(where, f"the PKCS7 structure is broken ({fault})")


def _note_cut(rest: bytes, where: str, reading: _Reading) -> bool:
    """What begins as a certificate or a PKCS7 and is shorter than it says was one once."""
    if not _CUT_CERTIFICATE.match(rest):
        return False
    reading.damaged(where, "it is cut short")
    return True


def _refuse_key(where: str, kind: str, reading: _Reading) -> None:
    reading.refuse(
        "private_key_present",
        where,
        f"{show(where)} holds {kind}. Nothing was used, and the key must count as known to others now. "
        "The key of this order never leaves the Exchange host: upload only certificates. "
        "If the key belongs to anything in use, replace it and delete this message.",
    )


def _refuse_keystore(where: str, kind: str, reading: _Reading) -> None:
    reading.refuse(
        "pkcs12_refused",
        where,
        f"{show(where)} is {kind}, a container for private keys. Nothing was used. "
        "Upload the certificate the vendor issued for our request: the vendor's zip, PEM, DER or PKCS7 (.p7b).",
    )
