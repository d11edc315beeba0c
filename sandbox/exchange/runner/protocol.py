"""Lines of the runner's protocol: requests read, answers framed (docs/runner.md). No host here."""

import base64
import binascii
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sandbox.exchange.engine.errors import ErrorRecord
from sandbox.exchange.engine.values import Argument, Property, SecureString

_ID: Final = re.compile(r"\d{1,9}")
_NONCE: Final = re.compile(r"[0-9a-f]{32}")


class BadLine(Exception):
    """The line is no request; the runner cannot even say whom it would answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerRequest:
    """One request: what to do, with what, and which properties of the outcome are wanted."""

    id: int
    nonce: str
    op: str
    name: str
    arguments: Mapping[str, Argument]
    wanted: Sequence[str]
    is_held: bool = False

    def text(self, parameter: str) -> str:
        """A text argument, empty when it was not given as text."""
        value = self.arguments.get(parameter, "")
        return value if isinstance(value, str) else ""

    def data(self, parameter: str) -> bytes:
        """A byte argument, empty when it was not given as bytes."""
        value = self.arguments.get(parameter, b"")
        return value if isinstance(value, bytes) else b""


def parse_line(line: bytes) -> RunnerRequest:
    """
    The request on one line: base64 of UTF-8 XML.

    Raises:
        BadLine: not base64, not XML, or without a proper id and nonce.
    """
    try:
        document = base64.b64decode(line, validate=True)
        if b"<!" in document:
            raise BadLine("declarations are refused")
        root = ET.fromstring(document)
        arguments = {p.get("n", ""): _argument(p) for p in root.iter("p")}
    except (binascii.Error, ET.ParseError, ValueError) as bad:
        raise BadLine(str(bad)) from bad
    number, nonce = root.get("id", ""), root.get("nonce", "")
    if not _ID.fullmatch(number) or not _NONCE.fullmatch(nonce):
        raise BadLine("id or nonce")
    return RunnerRequest(
        id=int(number),
        nonce=nonce,
        op=root.get("op", ""),
        name=root.get("name", ""),
        arguments=arguments,
        wanted=[o.text or "" for o in root.iter("o")],
        is_held=root.get("hold") == "1",
    )


class Answer:
    """The lines of one answer, in the order in which they are written."""

    def __init__(self, request: RunnerRequest) -> None:
        self._head = f"CD1 {request.nonce} {request.id} "
        self._lines: list[str] = []

    def put_object(self, fields: Sequence[Property]) -> None:
        self._put("O", [_show(field) for field in fields])

    def put_warning(self, text: str) -> None:
        self._put("W", [text])

    def put_error(self, error: ErrorRecord) -> None:
        self._put("E", [error.message, error.category, error.error_id])

    def end(self) -> bytes:
        """The whole answer with its closing line, CR LF as Windows writes it."""
        return "".join(f"{line}\r\n" for line in [*self._lines, self._head + "."]).encode()

    def _put(self, kind: str, fields: Sequence[str | None]) -> None:
        self._lines.append(f"{self._head}{kind} " + "|".join(_encode(field) for field in fields))


def show_time(moment: datetime) -> str:
    """A moment in the protocol's one form, UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _argument(element: ET.Element) -> Argument:
    text = element.text or ""
    match element.get("t"):
        case "s":
            return text
        case "i":
            return int(text)
        case "b":
            return text == "1"
        case "w":
            return True
        case "x":
            return base64.b64decode(text, validate=True)
        case "l":
            return [value.text or "" for value in element.iter("v")]
        case "k":
            return SecureString(text)
        case unknown:
            raise BadLine(f"type {unknown!r}")


def _show(value: Property) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "1" if value else "0"
        case bytes():
            return base64.b64encode(value).decode()
        case datetime():
            return show_time(value)
        case list():
            return "\n".join(value)
        case _:
            return str(value)


def _encode(field: str | None) -> str:
    return "-" if field is None else base64.b64encode(field.encode()).decode()
