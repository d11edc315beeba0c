"""
The lines that travel to and from the runner, as docs/runner.md defines them.

Pure: bytes in, values out. What a cmdlet prints cannot pass for an answer, because each answer
carries the nonce of its request.
"""

import base64
import binascii
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from typing import Final

from bot.exchange.call import Call, RemoteError, Reply, Secret, Switch, Value

READY: Final = "CD1 ready"
REFUSED: Final = "CD1 refused"

_FIRST_PRINTABLE: Final = 0x20
_NON_CHARACTERS: Final = frozenset({"\ufffe", "\uffff", "\x7f"})


class BadFrame(ValueError):
    """A line that claims to be an answer and is not one."""


class BadValue(ValueError):
    """A value that cannot travel: XML 1.0, line-fed stdin or a log would break on it."""


def encode_request(call: Call, *, request_id: int, nonce: str, hold: bool = False) -> bytes:
    """
    Write one request as one line, base64 of UTF-8 XML, ended by LF.

    Args:
        hold: its answer may wait for the one of the next request, to travel with it.

    Raises:
        BadValue: a text holds a control character, a lone surrogate or a non-character.
    """
    request = ET.Element("r", {"id": str(request_id), "nonce": nonce, "op": call.op})
    if hold:
        request.set("hold", "1")
    if call.cmdlet:
        request.set("name", call.cmdlet)
    for name, value in call.values:
        _add_value(request, name, value)
    for want in call.wants:
        ET.SubElement(request, "o").text = want
    return base64.b64encode(ET.tostring(request, encoding="utf-8")) + b"\n"


def decode_answer(lines: Iterable[str], *, request_id: int, nonce: str) -> Reply:
    """
    Read the lines that came for one request; all others are noise and skipped.

    Raises:
        BadFrame: a line with the right nonce has no meaning.
    """
    objects: list[tuple[str | None, ...]] = []
    warnings: list[str] = []
    errors: list[RemoteError] = []
    prefix = answer_prefix(request_id=request_id, nonce=nonce)
    for line in lines:
        if not line.startswith(prefix):
            continue
        kind, _, rest = line[len(prefix) :].partition(" ")
        if kind == "O":
            objects.append(_fields(rest))
        elif kind == "W":
            warnings.append(_fields(rest)[0] or "")
        elif kind == "E":
            errors.append(_error(_fields(rest)))
        elif kind != ".":
            raise BadFrame(f"An answer line of the unknown kind {kind[:20]!r} came from the host.")
    return Reply(objects=tuple(objects), warnings=tuple(warnings), errors=tuple(errors))


def answer_prefix(*, request_id: int, nonce: str) -> str:
    """How each line of one answer begins."""
    return f"CD1 {nonce} {request_id} "


def is_last(line: str, *, request_id: int, nonce: str) -> bool:
    """Say whether this line ends the answer."""
    return line == answer_prefix(request_id=request_id, nonce=nonce) + "."


def check_text(text: str) -> str:
    """
    Let a text through unchanged when it can travel and be quoted.

    Raises:
        BadValue: see `encode_request`.
    """
    for character in text:
        if ord(character) < _FIRST_PRINTABLE or character in _NON_CHARACTERS:
            raise BadValue(
                f"A value holds the character U+{ord(character):04X}, which cannot be sent. Nothing was sent."
            )
        if "\ud800" <= character <= "\udfff":
            raise BadValue("A value holds half a character (a lone surrogate). Nothing was sent.")
    return text


def _add_value(request: ET.Element, name: str, value: Value) -> None:
    node = ET.SubElement(request, "p", {"n": name})
    match value:
        case bool():
            _fill(node, "b", "1" if value else "0")
        case int():
            _fill(node, "i", str(value))
        case str():
            _fill(node, "s", check_text(value))
        case bytes():
            _fill(node, "x", base64.b64encode(value).decode("ascii"))
        case Secret():
            _fill(node, "k", check_text(value.text))
        case Switch():
            node.set("t", "w")
        case tuple():
            node.set("t", "l")
            for item in value:
                ET.SubElement(node, "v").text = check_text(item)


def _fill(node: ET.Element, kind: str, text: str) -> None:
    node.set("t", kind)
    node.text = text


def _fields(rest: str) -> tuple[str | None, ...]:
    return tuple(None if field == "-" else _text(field) for field in rest.split("|"))


def _text(field: str) -> str:
    try:
        return base64.b64decode(field, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError) as fault:
        raise BadFrame("A field of the host's answer is not base64 of UTF-8.") from fault


def _error(fields: tuple[str | None, ...]) -> RemoteError:
    message, category, error_id = (*fields, None, None, None)[:3]
    return RemoteError(message=message or "", category=category or "", error_id=error_id or "")
