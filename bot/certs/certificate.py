"""
One certificate, read once and completely, so that nothing later in the house meets a parse error.

Reads; does not judge. Everything that can fail fails in `read_certificate`.
"""

import hashlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final, TypeVar

from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID

from bot.certs import der as asn1
from bot.certs import rules
from bot.certs.keys import KeyFacts, key_facts, spki_of
from bot.certs.prints import Fingerprint, fingerprint_of

# Critical extensions whose meaning the judge or the path verifier checks (RFC 5280 4.2).
_UNDERSTOOD: Final = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.NAME_CONSTRAINTS,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.PRECERT_POISON,
    }
)
_ValueT = TypeVar("_ValueT", bound=x509.ExtensionType)
_Extensions = dict[x509.ObjectIdentifier, x509.Extension[x509.ExtensionType]]
_SIGNED_PARTS: Final = 6
"""Serial, algorithm, issuer, validity, subject, key (RFC 5280 4.1), the version aside."""
_KEY_USAGES: Final = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)


class Unreadable(ValueError):
    """Bytes in the shape of a certificate that cannot be read to the end; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """
    Everything the judge asks of a certificate, already read.

    `where` is the file it came from; names of subject and issuer are RFC 4514 text for people and DER for comparing;
    `dns_names` are as written; `other_names` are SAN entries that are no DNS names; `usages` are dotted OIDs, None
    where the extension is missing; `key_id` is the SHA-1 of the public key (RFC 5280 4.2.1.2 method 1), computed here.
    """

    where: str
    der: bytes
    sha256: Fingerprint
    x509: x509.Certificate
    subject: str
    subject_der: bytes
    issuer: str
    issuer_der: bytes
    common_names: tuple[str, ...]
    issuer_common_names: tuple[str, ...]
    issuer_organisations: tuple[str, ...]
    serial: int
    not_before: datetime
    not_after: datetime
    spki_der: bytes
    key: KeyFacts
    key_id: bytes
    claimed_key_id: bytes | None
    issuer_key_id: bytes | None
    signature_hash: str
    dns_names: tuple[str, ...]
    other_names: tuple[str, ...]
    is_ca: bool
    path_length: int | None
    signs_certificates: bool
    key_usages: frozenset[str] | None
    usages: tuple[str, ...] | None
    is_precertificate: bool
    unknown_critical: tuple[str, ...]
    sct_count: int

    @property
    def title(self) -> str:
        """Return what a sentence calls it: the common name, or the whole subject where there is none."""
        return self.common_names[0] if self.common_names else self.subject

    @property
    def issuer_title(self) -> str:
        """Return what a sentence calls the issuer."""
        return self.issuer_common_names[0] if self.issuer_common_names else self.issuer

    @property
    def is_self_issued(self) -> bool:
        """Say whether subject and issuer are the same name; a root is, and so is a key rollover."""
        return self.subject_der == self.issuer_der

    @property
    def is_self_signed(self) -> bool:
        """
        Say whether this is a root or a copy of one, by its own claim.

        A key rollover (same name, signed by the older key) is not: the key identifier of its issuer is another one.
        """
        own = {None, self.key_id, self.claimed_key_id}
        return self.is_self_issued and self.issuer_key_id in own


def read_certificate(data: bytes, *, where: str) -> Certificate:
    """
    Read one DER certificate to the end: names, key, dates, every extension.

    Raises:
        Unreadable: for whatever the bytes did. Libraries report bad certificates with many exceptions, some only when an
            attribute is read, so all of them are caught here and nowhere else.
    """
    serial = _check_form(data)
    try:
        with _quiet():
            return _read(x509.load_der_x509_certificate(data), data, where, serial=serial)
    except Exception as fault:
        raise Unreadable(_reason(fault)) from fault


def load_quietly(data: bytes) -> x509.Certificate:
    """Return the library's own view of a certificate, unchecked. Raises whatever the library raises."""
    with _quiet():
        return x509.load_der_x509_certificate(data)


@contextmanager
def _quiet() -> Iterator[None]:
    """
    Let the library read serial numbers of zero without a warning on every load.

    Six trusted roots, those of GoDaddy and Starfield among them, have it (against RFC 5280 4.1.2.2), as subject and as key identifier.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Parsed a serial number which wasn't positive")
        yield


def _read(cert: x509.Certificate, data: bytes, where: str, *, serial: int) -> Certificate:
    extensions = {extension.oid: extension for extension in cert.extensions}
    public_key = cert.public_key()
    spki = spki_of(public_key)
    alternatives = _value(
        extensions, ExtensionOID.SUBJECT_ALTERNATIVE_NAME, x509.SubjectAlternativeName
    )
    constraints = _value(extensions, ExtensionOID.BASIC_CONSTRAINTS, x509.BasicConstraints)
    key_usage = _value(extensions, ExtensionOID.KEY_USAGE, x509.KeyUsage)
    usages = _value(extensions, ExtensionOID.EXTENDED_KEY_USAGE, x509.ExtendedKeyUsage)
    own_id = _value(extensions, ExtensionOID.SUBJECT_KEY_IDENTIFIER, x509.SubjectKeyIdentifier)
    issuer_id = _value(
        extensions, ExtensionOID.AUTHORITY_KEY_IDENTIFIER, x509.AuthorityKeyIdentifier
    )
    return Certificate(
        where=where,
        der=data,
        sha256=fingerprint_of(data),
        x509=cert,
        subject=cert.subject.rfc4514_string(),
        subject_der=cert.subject.public_bytes(),
        issuer=cert.issuer.rfc4514_string(),
        issuer_der=cert.issuer.public_bytes(),
        common_names=_texts(cert.subject, NameOID.COMMON_NAME),
        issuer_common_names=_texts(cert.issuer, NameOID.COMMON_NAME),
        issuer_organisations=_texts(cert.issuer, NameOID.ORGANIZATION_NAME),
        serial=serial,
        not_before=cert.not_valid_before_utc,
        not_after=cert.not_valid_after_utc,
        spki_der=spki,
        key=key_facts(public_key, spki),
        key_id=_key_id(spki),
        claimed_key_id=None if own_id is None else own_id.digest,
        issuer_key_id=None if issuer_id is None else issuer_id.key_identifier,
        signature_hash=_signature_hash(cert),
        dns_names=_dns_names(alternatives),
        other_names=_other_names(alternatives),
        is_ca=constraints is not None and constraints.ca,
        path_length=None if constraints is None else constraints.path_length,
        signs_certificates=key_usage is None or key_usage.key_cert_sign,
        key_usages=_key_usages(key_usage),
        usages=None if usages is None else tuple(usage.dotted_string for usage in usages),
        is_precertificate=ExtensionOID.PRECERT_POISON in extensions,
        unknown_critical=tuple(
            oid.dotted_string
            for oid, extension in extensions.items()
            if extension.critical and oid not in _UNDERSTOOD
        ),
        sct_count=_sct_count(extensions),
    )


def _check_form(data: bytes) -> int:
    """
    Look at size, serial and names before the library does; return the serial, over which it would warn once more.

    A serial of zero and below is allowed to roots alone (RFC 5280 4.1.2.2 forbids it, and roots in use have it): they are never
    installed, only recognised. Enormous names are no ordinary way of being unreadable, and cost seconds to read.
    """
    if len(data) > rules.CERTIFICATE_SIZE_LIMIT:
        raise Unreadable(f"it is larger than {rules.CERTIFICATE_SIZE_LIMIT // rules.KIB} KiB")
    try:
        signed = asn1.first_element(asn1.first_element(data).content)
        parts = list(islice(asn1.elements(signed.content), _SIGNED_PARTS + 1))
    except asn1.BadDer as fault:
        raise Unreadable("it is cut short or not DER") from fault
    if parts and parts[0].tag == asn1.CONTEXT_0:
        parts = parts[1:]
    if len(parts) < _SIGNED_PARTS:
        raise Unreadable("parts of it are missing")
    written, _, issuer, _, subject, *_ = parts
    serial, is_root = (
        int.from_bytes(written.content, signed=True),
        issuer.content == subject.content,
    )
    if serial <= 0 and not is_root:
        raise Unreadable("its serial number is not positive")
    if max(len(issuer.content), len(subject.content)) > rules.NAME_SIZE_LIMIT:
        raise Unreadable("its names are longer than any honest ones")
    return serial


def _reason(fault: Exception) -> str:
    text = str(fault).strip().splitlines()
    return text[0] if text else type(fault).__name__


def _value(
    extensions: _Extensions, oid: x509.ObjectIdentifier, kind: type[_ValueT]
) -> _ValueT | None:
    extension = extensions.get(oid)
    return extension.value if extension is not None and isinstance(extension.value, kind) else None


def _texts(name: x509.Name, oid: x509.ObjectIdentifier) -> tuple[str, ...]:
    return tuple(str(part.value) for part in name.get_attributes_for_oid(oid))


def _key_id(spki: bytes) -> bytes:
    """SHA-1 of the bits of the key, without the count of unused bits (RFC 5280 4.2.1.2)."""
    *_, bits = asn1.elements(asn1.first_element(spki).content)
    return hashlib.sha1(bits.content[1:], usedforsecurity=False).digest()


def _signature_hash(cert: x509.Certificate) -> str:
    algorithm = cert.signature_hash_algorithm
    return "none" if algorithm is None else algorithm.name


def _dns_names(names: x509.SubjectAlternativeName | None) -> tuple[str, ...]:
    return () if names is None else tuple(names.get_values_for_type(x509.DNSName))


def _other_names(names: x509.SubjectAlternativeName | None) -> tuple[str, ...]:
    if names is None:
        return ()
    return tuple(
        f"{type(name).__name__} {name.value}"
        for name in names
        if not isinstance(name, x509.DNSName)
    )


def _key_usages(usage: x509.KeyUsage | None) -> frozenset[str] | None:
    if usage is None:
        return None
    return frozenset(name for name in _KEY_USAGES if getattr(usage, name))


def _sct_count(extensions: _Extensions) -> int:
    found = _value(
        extensions,
        ExtensionOID.PRECERT_SIGNED_CERTIFICATE_TIMESTAMPS,
        x509.PrecertificateSignedCertificateTimestamps,
    )
    return 0 if found is None else len(list(found))
