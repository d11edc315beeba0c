"""The faults of WS-Management worth having: code, side, subcode and text in one table (reference section 6)."""

from dataclasses import dataclass, replace
from typing import Final, Literal

_DETAIL: Final = "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault as it goes on the wire; the code is decimal there."""

    code: int
    subcode: str
    text: str
    side: Literal["Sender", "Receiver"] = "Receiver"
    detail: str = ""
    status: int = 500


class WsmanFault(Exception):
    """A fault on its way to the client; `as_wmi` writes it as MSFT_WmiError, whatever the host usually does."""

    def __init__(self, fault: Fault, *, as_wmi: bool = False) -> None:
        super().__init__(fault.text)
        self.fault = fault
        self.as_wmi = as_wmi


TIMED_OUT: Final = 2150858793
UNKNOWN_SHELL: Final = 2150858843
INVALID_RESOURCE: Final = 2150858811
INVALID_HEADER: Final = 2150858767
MAX_SHELLS: Final = 2150859173
MAX_OPERATIONS: Final = 2150859174
COMMAND_EXISTS: Final = 2150859222
SHELL_EXISTS: Final = 2150859223
ACCESS_DENIED: Final = 5
INVALID_PARAMETER: Final = 87
ABORTED: Final = 995
RPC_FAILED: Final = 1726
NOT_ENOUGH_QUOTA: Final = 1816
QUOTA_USER: Final = 2150859175
MAX_USERS: Final = 2150859179
TOO_LARGE: Final = 2150858824
QUOTA_CODES: Final = frozenset(
    {
        MAX_SHELLS,
        MAX_OPERATIONS,
        QUOTA_USER,
        2150859176,
        MAX_USERS,
        2150859236,
        2150859240,
        2150859241,
    }
)
"""The codes a host may as well give in the form of MSFT_WmiError."""


_FAULTS: Final = (
    Fault(
        code=TIMED_OUT,
        subcode="w:TimedOut",
        text="The WS-Management service cannot complete the operation within the time specified in "
        "OperationTimeout.",
    ),
    Fault(
        code=UNKNOWN_SHELL,
        subcode="w:InvalidSelectors",
        side="Sender",
        detail=_DETAIL + "UnexpectedSelectors",
        text="The request for the Windows Remote Shell failed because the shell was not found on the "
        "server, or the command identifier does not exist.",
    ),
    Fault(
        code=INVALID_RESOURCE,
        subcode="a:DestinationUnreachable",
        side="Sender",
        detail=_DETAIL + "InvalidResourceURI",
        text="The WS-Management service cannot process the request. The resource URI was not found "
        "in the WS-Management catalog.",
    ),
    Fault(
        code=INVALID_HEADER,
        subcode="a:InvalidMessageInformationHeader",
        side="Sender",
        text="The WS-Management service cannot process the request because it contains one or more "
        "invalid SOAP headers.",
    ),
    Fault(
        code=2150858815,
        subcode="w:QuotaLimit",
        side="Sender",
        text="The WS-Management service is busy servicing other requests. Retry later.",
    ),
    Fault(
        code=MAX_SHELLS,
        subcode="w:QuotaLimit",
        side="Sender",
        text="This user is allowed a maximum number of {limit} concurrent shells, which has been exceeded.",
    ),
    Fault(
        code=2150859236,
        subcode="w:QuotaLimit",
        side="Sender",
        text="The maximum number of concurrent shells for this plug-in has been exceeded.",
    ),
    Fault(
        code=2150859240,
        subcode="w:QuotaLimit",
        side="Sender",
        text="The maximum number of concurrent operations for this plug-in has been exceeded.",
    ),
    Fault(
        code=2150859241,
        subcode="w:QuotaLimit",
        side="Sender",
        text="The maximum number of concurrent commands per shell has been exceeded.",
    ),
    Fault(
        code=MAX_OPERATIONS,
        subcode="w:QuotaLimit",
        side="Sender",
        text="This user has exceeded the maximum number of {limit} concurrent operations.",
    ),
    Fault(
        code=QUOTA_USER,
        subcode="w:QuotaLimit",
        side="Sender",
        text="The user load quota has been exceeded. Send future requests at a slower rate.",
    ),
    Fault(
        code=2150859176,
        subcode="w:QuotaLimit",
        side="Sender",
        text="The system load quota has been exceeded. Send future requests at a slower rate.",
    ),
    Fault(
        code=MAX_USERS,
        subcode="w:QuotaLimit",
        side="Sender",
        text="The maximum number of users executing shell operations has been exceeded.",
    ),
    Fault(
        code=2150859180,
        subcode="w:InternalError",
        text="The WinRM service is configured to not accept any remote shell requests.",
    ),
    Fault(
        code=COMMAND_EXISTS,
        subcode="w:InvalidParameter",
        side="Sender",
        text="A command already exists with the command ID specified by the client.",
    ),
    Fault(
        code=SHELL_EXISTS,
        subcode="w:InvalidParameter",
        side="Sender",
        text="A shell already exists with the shell ID specified by the client.",
    ),
    Fault(
        code=TOO_LARGE,
        subcode="w:EncodingLimit",
        side="Sender",
        text="The response that the WS-Management service computed exceeds the maximum envelope size.",
    ),
    Fault(code=ACCESS_DENIED, subcode="w:AccessDenied", side="Sender", text="Access is denied."),
    Fault(code=2147942405, subcode="w:AccessDenied", side="Sender", text="Access is denied."),
    Fault(code=INVALID_PARAMETER, subcode="w:InternalError", text="The parameter is incorrect."),
    Fault(code=170, subcode="w:InternalError", text="The requested resource is in use."),
    Fault(
        code=ABORTED,
        subcode="w:InternalError",
        text="The I/O operation has been aborted because of either a thread exit or an application "
        "request.",
    ),
    Fault(code=RPC_FAILED, subcode="w:InternalError", text="The remote procedure call failed."),
    Fault(
        code=NOT_ENOUGH_QUOTA,
        subcode="w:InternalError",
        text="Not enough quota is available to process this command.",
    ),
    Fault(code=3221225477, subcode="w:InternalError", text="The provider has crashed."),
)
_BY_CODE: Final = {fault.code: fault for fault in _FAULTS}


def fault_of(code: int, *, limit: int = 0) -> Fault:
    """The fault with this code; a code without a line of its own is an internal error."""
    found = _BY_CODE.get(code)
    if found is None:
        return Fault(code=code, subcode="w:InternalError", text=f"Error number {code}.")
    return replace(found, text=found.text.replace("{limit}", str(limit)))


def failure(code: int, *, limit: int = 0) -> WsmanFault:
    """The same, to raise."""
    return WsmanFault(fault_of(code, limit=limit))
