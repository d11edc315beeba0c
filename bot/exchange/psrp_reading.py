"""
Objects and errors as Exchange's endpoint hands them over, in the form all of this room reads. Pure.

Every value becomes the text the runner would have written (docs/runner.md), so that one reader serves both doors.
"""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from bot.exchange.call import Call, RemoteError, Reply

_MOMENTS: Final = frozenset({"NotBefore", "NotAfter"})
"""Properties that are moments; they come as text with the server's offset."""

_CATEGORIES: Final = (
    "NotSpecified",
    "OpenError",
    "CloseError",
    "DeviceError",
    "DeadlockDetected",
    "InvalidArgument",
    "InvalidData",
    "InvalidOperation",
    "InvalidResult",
    "InvalidType",
    "MetadataError",
    "NotImplemented",
    "NotInstalled",
    "ObjectNotFound",
    "OperationStopped",
    "OperationTimeout",
    "SyntaxError",
    "ParserError",
    "PermissionDenied",
    "ResourceBusy",
    "ResourceExists",
    "ResourceUnavailable",
    "ReadError",
    "WriteError",
    "FromStdErr",
    "SecurityError",
    "ProtocolError",
    "ConnectionError",
    "AuthenticationError",
    "LimitsExceeded",
    "QuotaExceeded",
    "NotEnabled",
)
"""``ErrorCategory`` by its number, which is all that travels."""


class ErrorThing(Protocol):
    """An error record that was taken apart on its way."""

    exception: Any
    category: int | None
    fq_error: str | None


class Streams(Protocol):
    """What a pipeline wrote beside its output."""

    @property
    def warning(self) -> Sequence[Any]:
        """Warnings, each with its message."""
        ...

    @property
    def error(self) -> Sequence[Any]:
        """Error records."""
        ...


def read_reply(call: Call, output: Sequence[Any], streams: Streams) -> Reply:
    """
    Everything a pipeline answered to one call.

    A cmdlet that failed does not mark its pipeline as failed: the stream of errors alone tells (winrm.md 7 point 4).
    """
    return Reply(
        objects=tuple(read_row(thing, call.wants) for thing in output) if call.wants else (),
        warnings=tuple(str(record.message) for record in streams.warning),
        errors=tuple(read_error(record) for record in streams.error),
    )


def read_row(thing: Any, wants: Sequence[str]) -> tuple[str | None, ...]:
    """The wanted properties of one output object; ``.`` is the object itself, a property it lacks is None."""
    found = {name.lower(): value for name, value in properties_of(thing).items()}
    return tuple(
        read_value(thing) if want == "." else _read(want, found.get(want.lower())) for want in wants
    )


def read_value(value: Any) -> str | None:
    """One value as text: bytes in base64, a list one item a line, an enum by its names."""
    match value:
        case None:
            return None
        case bool():
            return "1" if value else "0"
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case list() | tuple():
            return "\n".join(read_value(item) or "" for item in value)
        case str() | int():
            return str(value)
        case _:
            return str(getattr(value, "to_string", None) or "")


def read_error(record: ErrorThing) -> RemoteError:
    """An error in the words it would have had in a console."""
    message = properties_of(record.exception).get("Message") or str(record)
    number = record.category if isinstance(record.category, int) else 0
    known = 0 <= number < len(_CATEGORIES)
    return RemoteError(
        message=str(message),
        category=_CATEGORIES[number] if known else "",
        error_id=record.fq_error or "",
    )


def read_label(choice: Any) -> str:
    """The label of one choice of a question; ``&`` marks its key."""
    found = {name.lower(): value for name, value in properties_of(choice).items()}
    return str(found.get("label", ""))


def properties_of(thing: Any) -> dict[str, Any]:
    """All properties of an object, whichever way they were added; none of a plain value."""
    return {
        **getattr(thing, "adapted_properties", {}),
        **getattr(thing, "extended_properties", {}),
    }


def _read(name: str, value: Any) -> str | None:
    if name in _MOMENTS and isinstance(value, str):
        return _utc(value)
    return read_value(value)


def _utc(text: str) -> str:
    """A moment in UTC; one without an offset cannot be placed and stays as it came."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    if moment.tzinfo is None:
        return text
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
