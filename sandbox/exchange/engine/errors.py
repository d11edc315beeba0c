"""
A cmdlet's errors: texts, categories and ids of the real ones (reference: Exchange error catalogue).

Wordings that nobody has seen on a real host are listed in sandbox/exchange/guesses.py.
"""

from dataclasses import dataclass
from typing import Final

NON_INTERACTIVE: Final = (
    "Windows PowerShell is in NonInteractive mode. Read and Prompt functionality is not available."
)
NO_HOST: Final = (
    "A command that prompts the user failed because the host program or the command type does not support "
    "user interaction. The host was attempting to request confirmation with the following message: "
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRecord:
    """What reaches the caller: message, CategoryInfo.Category, FullyQualifiedErrorId."""

    message: str
    category: str
    error_id: str


class CmdletFailure(Exception):
    """A terminating error on its way out of a cmdlet; the engine adds envelope and id."""

    def __init__(
        self, text: str, category: str = "InvalidArgument", *, rpc: bool = True, error_id: str = ""
    ) -> None:
        super().__init__(text)
        self.text = text
        self.category = category
        self.rpc = rpc
        self.error_id = error_id


def not_found(thumbprint: str, category: str) -> CmdletFailure:
    """Errors 1 and 2."""
    return CmdletFailure(f"The certificate with thumbprint {thumbprint} was not found.", category)


def not_valid(thumbprint: str, reason: str) -> CmdletFailure:
    """Errors 3 to 6: in the store, but Exchange cannot use it."""
    return CmdletFailure(
        f"The certificate with thumbprint {thumbprint} was found but is not valid for use with "
        f"Exchange Server (reason: {reason}).",
        "NotSpecified",
    )


def already_there(thumbprint: str) -> CmdletFailure:
    """Error 7."""
    return CmdletFailure(
        f"Cannot import certificate. A certificate with the thumbprint {thumbprint} already exists.",
        "WriteError",
    )


def unreadable_source() -> CmdletFailure:
    """Error 8."""
    return CmdletFailure(
        "The source data cannot be imported or the wrong password was specified.", "ReadError"
    )


def not_base64() -> CmdletFailure:
    """Error 9."""
    return CmdletFailure(
        "The source data is corrupted or not properly Base64 encoded.", "ReadError"
    )


def not_exportable() -> CmdletFailure:
    """Error 12."""
    return CmdletFailure(
        "The private key couldn't be exported as PKCS-12. It either couldn't be accessed or isn't exportable."
    )


def prompt_without_person() -> CmdletFailure:
    """Error 28: a question, and nobody to answer it."""
    return CmdletFailure(
        NON_INTERACTIVE, "InvalidOperation", rpc=False, error_id="InvalidOperation"
    )


def unknown_parameter(name: str, cmdlet: str) -> CmdletFailure:
    """Error 34: the dialect of another version."""
    return CmdletFailure(
        f"A parameter cannot be found that matches parameter name '{name}'.",
        rpc=False,
        error_id=f"NamedParameterNotFound,{cmdlet}",
    )


def missing_parameter(name: str, cmdlet: str) -> CmdletFailure:
    """A mandatory parameter was not given, and nobody can be asked for it."""
    return CmdletFailure(
        "Cannot process command because of one or more missing mandatory parameters: " + name + ".",
        rpc=False,
        error_id=f"MissingMandatoryParameter,{cmdlet}",
    )


def unconvertible(name: str, value: object, wanted: str, cmdlet: str) -> CmdletFailure:
    """The argument has the wrong type; the value itself is not repeated when it may be secret."""
    return CmdletFailure(
        f"Cannot process argument transformation on parameter '{name}'. "
        f'Cannot convert value to type "{wanted}" (got {type(value).__name__}).',
        "InvalidData",
        rpc=False,
        error_id=f"ParameterArgumentTransformationError,{cmdlet}",
    )


def unknown_service(value: str, names: str, cmdlet: str) -> CmdletFailure:
    """Error 35."""
    return CmdletFailure(
        f"Cannot bind parameter 'Services'. Cannot convert value \"{value}\" to type "
        '"Microsoft.Exchange.Management.SystemConfigurationTasks.AllowedServices" due to invalid '
        f"enumeration values. Specify one of the following enumeration values and try again. "
        f'The possible enumeration values are "{names}".',
        rpc=False,
        error_id=f"CannotConvertArgumentNoMessage,{cmdlet}",
    )


def unknown_command(name: str) -> CmdletFailure:
    """Error 36."""
    return CmdletFailure(
        f"The term '{name}' is not recognized as the name of a cmdlet, function, script file, or "
        "operable program. Check the spelling of the name, or if a path was included, verify that "
        "the path is correct and try again.",
        "ObjectNotFound",
        rpc=False,
        error_id="CommandNotFoundException",
    )


def no_such_object(identity: str, domain: str) -> CmdletFailure:
    """Active Directory knows nothing of this name."""
    return CmdletFailure(
        f"The operation couldn't be performed because object '{identity[:120]}' couldn't be found "
        f"on 'dc01.{domain}'.",
        "NotSpecified",
        rpc=False,
    )


def operation_failed(server: str, text: str) -> CmdletFailure:
    """Errors 24 to 26: the service host met an exception of its own."""
    return CmdletFailure(
        f"The Exchange Certificate operation has failed with an exception on server {server}. "
        f"The error message is: {text}",
        "InvalidOperation",
        rpc=False,
    )


def rpc_down(server: str) -> CmdletFailure:
    """Error 27: MSExchangeServiceHost is stopped."""
    return CmdletFailure(
        f"Could not connect to the Exchange Certificate service on server {server}: "
        "There are no more endpoints available from the endpoint mapper. (0x6D9)",
        "ResourceUnavailable",
        rpc=False,
    )
