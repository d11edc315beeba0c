"""
The error catalogue by number: text, category and id of each row, to be met on demand (reference: catalogue).

What the engine itself raises stands in errors.py and in the cmdlets; here every row can be had without its cause.
Wordings nobody has seen are listed in sandbox/exchange/guesses.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sandbox.exchange.engine.errors import NO_HOST, NON_INTERACTIVE, CmdletFailure

_FAILED: Final = (
    "The Exchange Certificate operation has failed with an exception on server {server}. "
    "The error message is: "
)
_UNFIT: Final = (
    "The certificate with thumbprint {thumbprint} was found but is not valid for use with Exchange "
    "Server (reason: {reason})."
)
_NOT_A_NAME: Final = (
    "This certificate with thumbprint {thumbprint} and subject '*.contoso.com' cannot used for {service} "
    "SSL/TLS connections because the subject is not a Fully Qualified Domain Name (FQDN). Use command "
    "Set-{service}Settings to set X509CertificateName to the FQDN of the service."
)
_OTHER_WINS: Final = (
    "This certificate will not be used for external TLS connections with an FQDN of 'mail.contoso.com' "
    "because the {kind} certificate with thumbprint '{thumbprint}' takes precedence. The following "
    "connectors match that FQDN: Default Frontend {server}."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    One row. The text takes {thumbprint}, {server} and {cmdlet}.

    Args:
        rpc: comes with the envelope of an RPC error.
        error_id: empty: Exchange's own id of the cmdlet's class.
        warns: the cmdlet runs, and says this as a warning.
    """

    text: str
    category: str = "InvalidArgument"
    rpc: bool = True
    error_id: str = ""
    warns: bool = False


CMDLET_ROWS: Final[Mapping[int, Row]] = {
    1: Row(
        text="The certificate with thumbprint {thumbprint} was not found.", category="NotSpecified"
    ),
    2: Row(
        text="The certificate with thumbprint {thumbprint} was not found.",
        category="ObjectNotFound",
    ),
    3: Row(text=_UNFIT.replace("{reason}", "PrivateKeyMissing"), category="NotSpecified"),
    4: Row(text=_UNFIT.replace("{reason}", "KeyAlgorithmUnsupported"), category="NotSpecified"),
    5: Row(
        text=_UNFIT.replace("{reason}", "PkixKpServerAuthNotFoundInEnhancedKeyUsage"),
        category="NotSpecified",
    ),
    6: Row(text=_UNFIT.replace("{reason}", "PrivateKeyNotAccessible"), category="NotSpecified"),
    7: Row(
        text="Cannot import certificate. A certificate with the thumbprint {thumbprint} already exists.",
        category="WriteError",
    ),
    8: Row(
        text="The source data cannot be imported or the wrong password was specified.",
        category="ReadError",
    ),
    9: Row(
        text="The source data is corrupted or not properly Base64 encoded.", category="ReadError"
    ),
    10: Row(
        text="The certificate cannot be imported because its root certificate is not trusted.",
        category="ReadError",
    ),
    11: Row(text="You must specify a value for either the FileData or Instance parameter."),
    12: Row(
        text="The private key couldn't be exported as PKCS-12. It either couldn't be accessed or isn't "
        "exportable."
    ),
    13: Row(
        text="The internal transport certificate cannot be removed because that would cause the Microsoft "
        "Exchange Transport service to stop. To replace the internal transport certificate, create a new "
        "certificate. The new certificate will automatically become the internal transport certificate. "
        "You can then remove the existing certificate."
    ),
    14: Row(
        text="These certificates are tagged with following Send Connectors : To the Internet. Removing and "
        "replacing certificates from Send Connector would break the mail flow. If you still want to "
        "proceed then replace or remove these certificates from Send Connector and then try this command."
    ),
    15: Row(text="The federation certificate cannot be removed: it is in use."),
    16: Row(text=_NOT_A_NAME.replace("{service}", "POP"), warns=True),
    17: Row(text=_NOT_A_NAME.replace("{service}", "IMAP"), warns=True),
    18: Row(
        text="Insufficient rights to grant Network Service access to the certificate with thumbprint "
        "{thumbprint}.",
        category="NotSpecified",
    ),
    19: Row(text=_OTHER_WINS.replace("{kind}", "CA-signed"), warns=True),
    20: Row(text=_OTHER_WINS.replace("{kind}", "self-signed"), warns=True),
    21: Row(text="The requested service is not installed on this server."),
    22: Row(text="The UM service starts in TCP mode.", category="NotSpecified"),
    23: Row(
        text="The internal transport certificate is damaged or missing in Active Directory. Edge "
        "subscriptions must be recreated.",
        category="ObjectNotFound",
    ),
    24: Row(text=_FAILED + "Access is denied.", category="InvalidOperation", rpc=False),
    25: Row(text=_FAILED + "Unknown error (0xe0434352)", category="InvalidOperation", rpc=False),
    26: Row(
        text="The Exchange Certificate operation has failed with an exception.  The error message is: "
        "Unknown error (0xe0434f4d)",
        category="InvalidOperation",
        rpc=False,
    ),
    27: Row(
        text="Could not connect to the Exchange Certificate service on server {server}: There are no more "
        "endpoints available from the endpoint mapper. (0x6D9)",
        category="ResourceUnavailable",
        rpc=False,
    ),
    28: Row(
        text=NON_INTERACTIVE, category="InvalidOperation", rpc=False, error_id="InvalidOperation"
    ),
    29: Row(
        text=NO_HOST + "Overwrite the existing default SMTP certificate?",
        category="NotSpecified",
        rpc=False,
        error_id="HostFunctionNotImplemented",
    ),
    30: Row(
        text="The syntax is not supported by this runspace. This can occur if the runspace is in "
        "no-language mode.",
        category="ParserError",
        rpc=False,
        error_id="ScriptsNotAllowed",
    ),
    34: Row(
        text="A parameter cannot be found that matches parameter name 'RequestFile'.",
        rpc=False,
        error_id="NamedParameterNotFound,{cmdlet}",
    ),
    35: Row(
        text="Cannot bind parameter 'Services'. Cannot convert value \"UC\" to type "
        '"Microsoft.Exchange.Management.SystemConfigurationTasks.AllowedServices" due to invalid '
        "enumeration values. Specify one of the following enumeration values and try again. The possible "
        'enumeration values are "None, IMAP, POP, UM, IIS, SMTP".',
        rpc=False,
        error_id="CannotConvertArgumentNoMessage,{cmdlet}",
    ),
    36: Row(
        text="The term '{cmdlet}' is not recognized as the name of a cmdlet, function, script file, or "
        "operable program. Check the spelling of the name, or if a path was included, verify that the "
        "path is correct and try again.",
        category="ObjectNotFound",
        rpc=False,
        error_id="CommandNotFoundException",
    ),
    37: Row(
        text="The Windows PowerShell snap-in 'Microsoft.Exchange.Management.PowerShell.E2010' is not "
        "installed on this machine.",
        rpc=False,
        error_id="AddPSSnapInRead,Microsoft.PowerShell.Commands.AddPSSnapinCommand",
    ),
    38: Row(text="The friendly name must be fewer than 64 characters long."),
    39: Row(text="The request file 'C:\\csr.req' is not valid: it exists already."),
    40: Row(
        text="The certificate '<I>CN=CA<S>CN=mail' is not enabled for the SMTP protocol on this server.",
        rpc=False,
    ),
    42: Row(
        text="CertUtil: -addstore command FAILED: 0x80070005 (WIN32: 5)\nCertUtil: Access is denied.",
        category="NotSpecified",
        rpc=False,
        error_id="NativeCommandError",
    ),
    43: Row(
        text="Active Directory operation failed on . This error is not retriable. Additional information: "
        "The supplied credential is invalid. (0x8009030C)",
        category="NotSpecified",
        rpc=False,
    ),
}
"""What a cmdlet or an operation can meet."""

SESSION_ROWS: Final[Mapping[int, str]] = {
    31: "[Server={server}] [FailureCategory=AuthZ-CmdletAccessDeniedException] The user "
    '"contoso.com/Users/bot" isn\'t assigned to any management roles.',
    32: "Failed to connect to an Exchange server in the current site.",
    33: "The WS-Management service cannot process the request. The resource URI "
    "(http://schemas.microsoft.com/powershell/Microsoft.Exchange) was not found in the WS-Management catalog.",
    41: "This user is allowed a maximum of 18 concurrent shells, which has been exceeded. Close existing "
    "shells or raise the quota for this user.",
}
"""What opening a session can meet, as the text of a fault."""


def failure_of(number: int, *, cmdlet: str, thumbprint: str, server: str) -> CmdletFailure:
    """The error of a row, for one cmdlet on one server."""
    row = CMDLET_ROWS[number]
    return CmdletFailure(
        _filled(row.text, cmdlet, thumbprint, server),
        row.category,
        rpc=row.rpc,
        error_id=row.error_id.replace("{cmdlet}", cmdlet),
    )


def warning_of(number: int, *, cmdlet: str, thumbprint: str, server: str) -> str:
    """The warning of a row; empty when the row is an error."""
    row = CMDLET_ROWS[number]
    return _filled(row.text, cmdlet, thumbprint, server) if row.warns else ""


def session_text(number: int, server: str) -> str:
    """The text of a row that keeps a session from being opened."""
    return SESSION_ROWS[number].replace("{server}", server)


def _filled(text: str, cmdlet: str, thumbprint: str, server: str) -> str:
    filled = text.replace("{thumbprint}", thumbprint or "0" * 40)
    return filled.replace("{server}", server).replace("{cmdlet}", cmdlet)
