"""Which cmdlets and parameters exist on which build, and of what type. One table; binding follows it."""

from collections.abc import Callable, Mapping
from typing import Final, Literal

from sandbox.exchange.engine.errors import (
    missing_parameter,
    unconvertible,
    unknown_command,
    unknown_parameter,
)
from sandbox.exchange.engine.values import Argument, Arguments, SecureString
from sandbox.exchange.profile import Build

Kind = Literal["text", "number", "boolean", "switch", "bytes", "list", "secret"]
Exists = Callable[[Build], bool]


def _always(_: Build) -> bool:
    return True


def _only_2007(build: Build) -> bool:
    return build[0] == 8


def _since_2010(build: Build) -> bool:
    return build[0] >= 14


def _since_2013(build: Build) -> bool:
    return build[0] >= 15


def _since_2010_sp2(build: Build) -> bool:
    return build >= (14, 2, 0, 0)


def _before_2013(build: Build) -> bool:
    return build[0] < 15


def _with_file_paths(build: Build) -> bool:
    """UNC paths were taken out by the 2022 H1 updates: 2016 CU23 (15.1.2507), 2019 CU12 (15.2.1118)."""
    last = {0: 1 << 16, 1: 2507, 2: 1118}
    return build[0] == 15 and build[2] < last.get(build[1], 0)


Parameters = Mapping[str, tuple[Kind, Exists]]

_COMMON: Final[Parameters] = {
    "DomainController": ("text", _always),
    "ErrorAction": ("text", _always),
    "WarningAction": ("text", _always),
}
_CHANGING: Final[Parameters] = {
    **_COMMON,
    "WhatIf": ("switch", _always),
    "Confirm": ("boolean", _always),
}
_ONE: Final[Parameters] = {
    "Thumbprint": ("text", _always),
    "Identity": ("text", _since_2013),
    "Server": ("text", _since_2010),
}
_IDENTITY: Final[Parameters] = {"Identity": ("text", _always)}
_MAIL: Final[Parameters] = {"Server": ("text", _always)}
_CONNECTOR: Final[Parameters] = {
    **_CHANGING,
    **_IDENTITY,
    "Fqdn": ("text", _always),
    "TlsCertificateName": ("text", _since_2010),
}

CMDLETS: Final[Mapping[str, tuple[Exists, Parameters]]] = {
    "New-ExchangeCertificate": (
        _always,
        {
            **_CHANGING,
            "GenerateRequest": ("switch", _always),
            "Path": ("text", _only_2007),
            "RequestFile": ("text", _with_file_paths),
            "BinaryEncoded": ("switch", _always),
            "SubjectName": ("text", _always),
            "DomainName": ("list", _always),
            "IncludeAcceptedDomains": ("switch", _always),
            "IncludeAutoDiscover": ("switch", _always),
            "IncludeServerFQDN": ("switch", _since_2010),
            "IncludeServerNetBIOSName": ("switch", _since_2010),
            "KeySize": ("number", _always),
            "PrivateKeyExportable": ("boolean", _always),
            "FriendlyName": ("text", _always),
            "Services": ("text", _always),
            "SubjectKeyIdentifier": ("text", _since_2010),
            "Server": ("text", _since_2010),
            "Force": ("switch", _always),
        },
    ),
    "Import-ExchangeCertificate": (
        _always,
        {
            **_CHANGING,
            "Path": ("text", _only_2007),
            "FileData": ("bytes", _since_2010),
            "FileName": ("text", _with_file_paths),
            "Password": ("secret", _always),
            "PrivateKeyExportable": ("boolean", _since_2010),
            "FriendlyName": ("text", _always),
            "Server": ("text", _since_2010),
        },
    ),
    "Enable-ExchangeCertificate": (
        _always,
        {
            **_CHANGING,
            **_ONE,
            "Services": ("text", _always),
            "Force": ("switch", _always),
            "DoNotRequireSsl": ("switch", _since_2010),
            "NetworkServiceAllowed": ("switch", _since_2010),
        },
    ),
    "Get-ExchangeCertificate": (_always, {**_COMMON, **_ONE, "DomainName": ("list", _always)}),
    "Remove-ExchangeCertificate": (_always, {**_CHANGING, **_ONE}),
    "Export-ExchangeCertificate": (
        _always,
        {
            **_CHANGING,
            **_ONE,
            "Password": ("secret", _always),
            "BinaryEncoded": ("switch", _always),
            "Path": ("text", _only_2007),
            "FileName": ("text", _with_file_paths),
        },
    ),
    "Get-ExchangeServer": (_always, {**_COMMON, **_IDENTITY}),
    "Get-TransportService": (_since_2013, {**_COMMON, **_IDENTITY}),
    "Get-TransportServer": (_before_2013, {**_COMMON, **_IDENTITY}),
    "Get-SendConnector": (_always, {**_COMMON, **_IDENTITY}),
    "Set-SendConnector": (_always, _CONNECTOR),
    "Get-ReceiveConnector": (_always, {**_COMMON, **_IDENTITY, "Server": ("text", _always)}),
    "Set-ReceiveConnector": (_always, _CONNECTOR),
    "Get-PopSettings": (_always, {**_COMMON, **_MAIL}),
    "Set-PopSettings": (_always, {**_CHANGING, **_MAIL, "X509CertificateName": ("text", _always)}),
    "Get-ImapSettings": (_always, {**_COMMON, **_MAIL}),
    "Set-ImapSettings": (_always, {**_CHANGING, **_MAIL, "X509CertificateName": ("text", _always)}),
    "Get-AuthConfig": (_since_2013, _COMMON),
    "Get-EdgeSubscription": (_always, {**_COMMON, **_IDENTITY}),
    "Get-HybridConfiguration": (_since_2010_sp2, _COMMON),
}
NOT_ON_EDGE: Final = frozenset(
    name for name in CMDLETS if name.endswith(("PopSettings", "ImapSettings"))
) | {"Get-AuthConfig", "Get-EdgeSubscription", "Get-HybridConfiguration"}
"""An Edge Transport server has no mailboxes and no part in the organisation's directory."""

_MANDATORY: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "Enable-ExchangeCertificate": (("Thumbprint", "Identity"), ("Services",)),
    "Remove-ExchangeCertificate": (("Thumbprint", "Identity"),),
    "Export-ExchangeCertificate": (("Thumbprint", "Identity"), ("Password",)),
    "Set-SendConnector": (("Identity",),),
    "Set-ReceiveConnector": (("Identity",),),
}
_NULLABLE: Final = frozenset({"TlsCertificateName"})
_CLR_TYPES: Final[Mapping[Kind, str]] = {
    "text": "System.String",
    "number": "System.Int32",
    "boolean": "System.Boolean",
    "switch": "System.Management.Automation.SwitchParameter",
    "bytes": "System.Byte[]",
    "list": "Microsoft.Exchange.Data.MultiValuedProperty`1",
    "secret": "System.Security.SecureString",
}


def parameters_of(cmdlet: str, build: Build) -> dict[str, Kind]:
    """
    The parameters a cmdlet has on this build, with their types.

    Raises:
        CmdletFailure: error 36; the cmdlet does not exist on this build.
    """
    exists, parameters = CMDLETS.get(cmdlet, (_never, {}))
    if not exists(build):
        raise unknown_command(cmdlet)
    return {name: kind for name, (kind, there) in parameters.items() if there(build)}


def proper_name(cmdlet: str) -> str:
    """The cmdlet's own spelling; PowerShell does not mind the case."""
    return next((name for name in CMDLETS if name.lower() == cmdlet.lower()), cmdlet)


def bind(cmdlet: str, arguments: Arguments, build: Build) -> dict[str, Argument]:
    """
    The arguments under their parameters' spelling and of their parameters' type.

    Raises:
        CmdletFailure: unknown parameter (error 34), wrong type, mandatory parameter missing.
    """
    known = {name.lower(): (name, kind) for name, kind in parameters_of(cmdlet, build).items()}
    bound: dict[str, Argument] = {}
    for given, value in arguments.items():
        if given.lower() not in known:
            raise unknown_parameter(given, cmdlet)
        name, kind = known[given.lower()]
        bound[name] = _convert(value, kind=kind, name=name, cmdlet=cmdlet)
    _check_mandatory(cmdlet, bound)
    return bound


def _check_mandatory(cmdlet: str, bound: Mapping[str, Argument]) -> None:
    for alternatives in _MANDATORY.get(cmdlet, ()):
        if not any(bound.get(name) for name in alternatives):
            raise missing_parameter(alternatives[0], cmdlet)


def _convert(value: Argument, *, kind: Kind, name: str, cmdlet: str) -> Argument:
    match kind, value:
        case (("switch" | "boolean"), bool()) | ("bytes", bytes()) | ("secret", SecureString()):
            return value
        case ("text", str()) | ("list", list()):
            return value
        case "text", True if name in _NULLABLE:
            # A parameter without a value is $null where the type takes one; only the session can send it.
            return ""
        case "list", str():
            return [value]
        case "text", list():
            return ",".join(value)
        case "number", int() if not isinstance(value, bool):
            return value
        case "number", str() if value.isdecimal():
            return int(value)
        case _:
            raise unconvertible(name, value, _CLR_TYPES[kind], cmdlet)


def _never(_: Build) -> bool:
    return False
