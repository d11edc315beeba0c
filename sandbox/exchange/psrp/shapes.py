"""
Values as they cross the endpoint: arguments of a command in, objects of a cmdlet out.

A certificate comes as itself, which shows nothing but RawData and a text, or as what Select-Object made of it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from cryptography import x509
from psrpcore.types import (
    PSByteArray,
    PSCustomObject,
    PSDateTime,
    PSList,
    PSNoteProperty,
    PSObject,
    PSSecureString,
)

from sandbox.exchange.engine import values
from sandbox.exchange.engine.names import show_name
from sandbox.exchange.engine.stores import thumbprint_of

_TASKS: Final = "Microsoft.Exchange.Management.SystemConfigurationTasks."
_CERTIFICATE: Final = (
    _TASKS + "ExchangeCertificate",
    "System.Security.Cryptography.X509Certificates.X509Certificate2",
    "System.Security.Cryptography.X509Certificates.X509Certificate",
    "System.Object",
)
_ENUMS: Final[Mapping[str, str]] = {
    "Services": _TASKS + "AllowedServices",
    "Status": _TASKS + "CertificateStatus",
    "RootCAType": _TASKS + "CertificateAuthorityType",
}


class NotAnArgument(Exception):
    """The value is of a type no cmdlet here takes."""


def argument(value: Any) -> values.Argument:
    """
    One argument as the engine takes it; a parameter without a value is a switch that is present.

    Raises:
        NotAnArgument: anything but text, number, boolean, bytes, a list of texts or a SecureString.
    """
    match value:
        case None:
            return True
        case bool():
            return bool(value)
        case PSSecureString():
            return values.SecureString(str(value.decrypt()))
        case int():
            return int(value)
        case str():
            return str(value)
        case bytes() | bytearray():
            return bytes(value)
        case list():
            return [str(item) for item in value]
        case _:
            raise NotAnArgument(type(value).__name__)


def shown(thing: values.PSObject, fqdn: str) -> Any:
    """An output object as the session hands it on when nothing is selected: see reference 4.5."""
    if not thing.properties:
        return thing.text
    raw = thing.properties.get("RawData")
    if not isinstance(raw, bytes):
        return selected(thing, thing.properties)
    whole = PSObject()
    whole.PSObject.type_names = list(_CERTIFICATE)
    whole.PSObject.adapted_properties.append(PSNoteProperty("RawData", PSByteArray(raw)))
    for name, value in (("PSComputerName", fqdn), ("PSShowComputerName", False)):
        whole.PSObject.extended_properties.append(PSNoteProperty(name, value))
    whole.PSObject.to_string = _blocks(x509.load_der_x509_certificate(raw))
    return whole


def selected(thing: values.PSObject, wanted: Iterable[str]) -> PSCustomObject:
    """What Select-Object makes of an object: the properties asked for, null for those it does not have."""
    found = {name.lower(): (name, value) for name, value in thing.properties.items()}
    picked = {}
    for name in wanted:
        own, value = found.get(name.lower(), (name, None))
        picked[name] = _property(own, value)
    made = PSCustomObject(**picked)
    made.PSObject.type_names = ["Selected." + _CERTIFICATE[0], *made.PSObject.type_names]
    return made


def _property(name: str, value: values.Property) -> Any:
    match value:
        case str() if name in _ENUMS:
            return _enum(_ENUMS[name], value)
        case bytes():
            return PSByteArray(value)
        case list():
            return PSList(value)
        case datetime():
            return PSDateTime.fromtimestamp(value.timestamp(), tz=value.tzinfo)
        case _:
            return value


def _enum(type_name: str, text: str) -> PSObject:
    made = PSObject()
    made.PSObject.type_names = [type_name, "System.Enum", "System.ValueType", "System.Object"]
    made.PSObject.to_string = text
    return made


def _blocks(certificate: x509.Certificate) -> str:
    """The text of a certificate; its dates are in the server's own time and calendar, so nobody may read them."""
    facts = (
        ("Subject", show_name(certificate.subject)),
        ("Issuer", show_name(certificate.issuer)),
        ("Serial Number", f"{certificate.serial_number:X}"),
        ("Not Before", f"{certificate.not_valid_before_utc:%m/%d/%Y %I:%M:%S %p}"),
        ("Not After", f"{certificate.not_valid_after_utc:%m/%d/%Y %I:%M:%S %p}"),
        ("Thumbprint", thumbprint_of(certificate)),
    )
    return "".join(f"[{name}]\r\n  {value}\r\n\r\n" for name, value in facts)
