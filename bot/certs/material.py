"""
Bytes of an upload to a bag of certificates: every shape in, by content alone, whatever the names and extensions say.

Order and duplicates mean nothing in a bag. Nothing is trusted here, and nothing that is secret is ever repeated.
"""

import re
from typing import Final

from bot.certs import der as asn1
from bot.certs import pem, rules
from bot.certs.archive import PackedFile, is_archive, open_archive
from bot.certs.bag import Bag, Collector
from bot.certs.findings import BadMaterial, refuse, show
from bot.certs.pkcs7 import certificates_in
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
    reading = Collector()
    for file in _files_of(data, where):
        if not reading.is_full:
            _read_file(file, reading)
    if reading.is_untouched and not is_archive(data) and not pem.is_text(pem.to_text(data)):
        raise _stopped("not_recognised", where, "is neither a zip nor a certificate nor text")
    return reading.bag(where)


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


def _read_file(file: PackedFile, reading: Collector) -> None:
    if kind := magic_of(file.data, KEYSTORE_MAGICS):
        reading.refuse_keystore(file.where, kind)
    elif kind := magic_of(file.data, KEY_FILE_MAGICS):
        reading.refuse_key(file.where, kind)
    elif not _read_der(file.data, file.where, reading):
        _read_text(file, reading)


def _read_text(file: PackedFile, reading: Collector) -> None:
    text = pem.to_text(file.data)
    block = None
    for block in pem.blocks_of(text):
        _read_block(block, file.where, reading)
        if reading.is_full:
            return
    if pem.has_loose_key(text):
        reading.refuse_key(file.where, "a private key")
    if block is None and (data := pem.bare_base64(text)) is not None:
        _read_der(data, file.where, reading)


def _read_block(block: pem.Block, where: str, reading: Collector) -> None:
    reading.pieces += 1
    if "PRIVATE KEY" in block.label:
        if block.has_body:
            reading.refuse_key(where, "a private key")
        return
    known = block.data is not None and _read_der(block.data, where, reading)
    if not known and block.label in _CERTIFICATE_LABELS:
        why = "its text is cut short or changed" if block.data is None else "its content is not DER"
        reading.damaged(where, why)


def _read_der(data: bytes, where: str, reading: Collector) -> bool:
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


def _take(shape: Shape, der: bytes, where: str, reading: Collector) -> None:
    reading.pieces += 1
    match shape:
        case "certificate":
            reading.add(der, where)
        case "pkcs7":
            reading.others.add(shape)
            _take_pkcs7(der, where, reading)
        case "pkcs12":
            reading.refuse_keystore(where, "a PFX (PKCS#12)")
        case "private_key":
            reading.refuse_key(where, "a private key")
        case _:
            reading.others.add(shape)


def _take_pkcs7(der: bytes, where: str, reading: Collector) -> None:
    try:
        for certificate in certificates_in(der):
            reading.add(certificate, where)
            if reading.is_full:
                return
    except asn1.BadDer as fault:
        reading.damaged(where, f"the PKCS7 structure is broken ({fault})")


def _note_cut(rest: bytes, where: str, reading: Collector) -> bool:
    """What begins as a certificate or a PKCS7 and is shorter than it says was one once."""
    if not _CUT_CERTIFICATE.match(rest):
        return False
    reading.damaged(where, "it is cut short")
    return True
