"""DNS names and distinguished names, as Exchange reads and prints them. Pure text."""

import re
from collections.abc import Iterator
from typing import Any, Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from sandbox.exchange.engine.errors import CmdletFailure

_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DNS_NAME: Final = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})*")

# Windows' short names for attribute types; S and E are its own spellings.
_TYPES: Final[dict[str, x509.ObjectIdentifier]] = {
    "CN": NameOID.COMMON_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "L": NameOID.LOCALITY_NAME,
    "S": NameOID.STATE_OR_PROVINCE_NAME,
    "C": NameOID.COUNTRY_NAME,
    "E": NameOID.EMAIL_ADDRESS,
    "DC": NameOID.DOMAIN_COMPONENT,
    "STREET": NameOID.STREET_ADDRESS,
    "SERIALNUMBER": NameOID.SERIAL_NUMBER,
    "T": NameOID.TITLE,
    "G": NameOID.GIVEN_NAME,
    "SN": NameOID.SURNAME,
}
_SPELLINGS: Final = {oid: short for short, oid in _TYPES.items()}
_ALIASES: Final = {"ST": "S", "EMAIL": "E", "EMAILADDRESS": "E"}
_NEEDS_QUOTES: Final = re.compile(r'[,;+"=<>#\n]|^\s|\s$')
_PAIR: Final = re.compile(
    r'\s*(?P<type>[A-Za-z]+)\s*=\s*(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<plain>[^,;+"]*))\s*(?:[,;]|$)'
)


def is_dns_name(text: str) -> bool:
    """True for a host name of letters, digits and hyphens, `*.` allowed in front; 255 characters at most."""
    return len(text) <= 255 and _DNS_NAME.fullmatch(text) is not None


def is_wildcard(name: str) -> bool:
    """True for `*.something`."""
    return name.startswith("*.")


def name_covers(name: str, wanted: str) -> bool:
    """True when a certificate's name stands for `wanted`; a wildcard covers one label."""
    name, wanted = name.lower(), wanted.lower()
    if name == wanted:
        return True
    _, dot, rest = wanted.partition(".")
    return is_wildcard(name) and bool(dot) and name[2:] == rest


def parse_subject(text: str) -> x509.Name:
    """
    The name for a -SubjectName string; the DER order is the reverse of the string's.

    Raises:
        CmdletFailure: the string is no distinguished name.
    """
    pairs = list(_pairs(text))
    try:
        return x509.Name([_attribute(kind, value) for kind, value in reversed(pairs)])
    except ValueError as bad:
        raise _bad_subject(text) from bad


def show_name(name: x509.Name) -> str:
    """The name as .NET prints it: last DER element first, `S=` for the state, quotes where needed."""
    parts = [
        "+".join(_show_attribute(attribute) for attribute in rdn) for rdn in reversed(name.rdns)
    ]
    return ", ".join(parts)


def common_name(name: x509.Name) -> str | None:
    """The first CN, or None."""
    values = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(values[0].value) if values else None


def certificate_names(certificate: x509.Certificate) -> list[str]:
    """CertificateDomains: the CN when it looks like DNS, then the SAN's DNS names, without repeats."""
    cn = common_name(certificate.subject)
    found = [cn] if cn and is_dns_name(cn) else []
    seen: dict[str, str] = {}
    for name in [*found, *_alternative_names(certificate)]:
        seen.setdefault(name.lower(), name)
    return list(seen.values())


def _alternative_names(certificate: x509.Certificate) -> list[str]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return list(extension.value.get_values_for_type(x509.DNSName))


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(text.rstrip()):
        match = _PAIR.match(text, position)
        if match is None or match.end() == position:
            raise _bad_subject(text)
        quoted = match["quoted"]
        value = quoted.replace('""', '"') if quoted is not None else match["plain"].strip()
        yield match["type"].upper(), value
        position = match.end()


def _attribute(kind: str, value: str) -> x509.NameAttribute[str]:
    oid = _TYPES.get(_ALIASES.get(kind, kind))
    if oid is None or not value:
        raise ValueError(kind)
    return x509.NameAttribute(oid, value)


def _bad_subject(text: str) -> CmdletFailure:
    return CmdletFailure(
        f"Cannot convert value {text[:80]!r} to type "
        '"System.Security.Cryptography.X509Certificates.X500DistinguishedName". '
        'Error: "The string contains an invalid X500 name attribute key, oid, value or delimiter."',
        "InvalidArgument",
        rpc=False,
        error_id="ParameterArgumentTransformationError,New-ExchangeCertificate",
    )


def _show_attribute(attribute: x509.NameAttribute[Any]) -> str:
    kind = _SPELLINGS.get(attribute.oid, f"OID.{attribute.oid.dotted_string}")
    value = str(attribute.value)
    if _NEEDS_QUOTES.search(value):
        value = '"' + value.replace('"', '""') + '"'
    return f"{kind}={value}"
