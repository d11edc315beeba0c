"""
Just enough BER and DER to see what a run of bytes is, before any library is asked to believe it.

Tags and lengths only (X.690 8.1), indefinite lengths included since PKCS7 comes with them; no value is interpreted here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
OBJECT_ID: Final = 0x06
UTC_TIME: Final = 0x17
GENERALIZED_TIME: Final = 0x18
SEQUENCE: Final = 0x30
SET: Final = 0x31
CONTEXT_0: Final = 0xA0

_LONG_TAG: Final = 0x1F
_CONSTRUCTED: Final = 0x20
_INDEFINITE: Final = 0x80
_END_OF_CONTENTS: Final = b"\x00\x00"
_LENGTH_BYTES: Final = 4
_DEEPEST: Final = 16
_MOST_PARTS: Final = 512
"""Parts of a structure of indefinite length, which has to be walked to find its end."""


class BadDer(ValueError):
    """The bytes are not one whole element."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element: its tag byte, its content, and all of it with the header."""

    tag: int
    content: bytes
    whole: bytes


def first_element(data: bytes, *, at: int = 0) -> Element:
    """
    Return the element that begins at this place; what follows it is left alone.

    Raises:
        BadDer: cut short, nested too deep, or a tag of several bytes.
    """
    start, end, after = _bounds(data, at, depth=0)
    return Element(tag=data[at], content=data[start:end], whole=data[at:after])


def element(tag: int, content: bytes) -> Element:
    """Return an element made of a tag and a content, in DER."""
    size = len(content)
    length = size.to_bytes((size.bit_length() + 7) // 8)
    header = bytes([size]) if size < _INDEFINITE else bytes([_INDEFINITE | len(length)]) + length
    return Element(tag=tag, content=content, whole=bytes([tag]) + header + content)


def elements(data: bytes) -> Iterator[Element]:
    """
    Yield the elements that stand one after another in the data.

    Raises:
        BadDer: as `first_element`, when the iteration gets there.
    """
    at = 0
    while at < len(data):
        found = first_element(data, at=at)
        yield found
        at += len(found.whole)


def tags_of(content: bytes, *, at_most: int = 12) -> tuple[int, ...]:
    """Return the tags of the first elements of a content; shorter when it stops being DER."""
    tags: list[int] = []
    try:
        for found in elements(content):
            tags.append(found.tag)
            if len(tags) == at_most:
                break
    except BadDer:
        pass
    return tuple(tags)


def _bounds(data: bytes, at: int, *, depth: int) -> tuple[int, int, int]:
    """Return where the content begins, where it ends, and where the next element begins."""
    if len(data) - at < 2:  # noqa: PLR2004 - a tag and a length
        raise BadDer("shorter than a tag and a length")
    if data[at] & _LONG_TAG == _LONG_TAG:
        raise BadDer("a tag of several bytes")
    if data[at + 1] == _INDEFINITE:
        return _indefinite_bounds(data, at, depth=depth)
    start, length = _definite(data, at)
    end = start + length
    if end > len(data):
        raise BadDer(f"{end - at} bytes are announced, {len(data) - at} are here")
    return start, end, end


def _indefinite_bounds(data: bytes, at: int, *, depth: int) -> tuple[int, int, int]:
    if not data[at] & _CONSTRUCTED or depth == _DEEPEST:
        raise BadDer("an indefinite length where none may be, or nested too deep")
    end = at + 2
    for _ in range(_MOST_PARTS):
        if data[end : end + 2] == _END_OF_CONTENTS:
            return at + 2, end, end + 2
        _, _, end = _bounds(data, end, depth=depth + 1)
    raise BadDer("more parts than any honest structure has")


def _definite(data: bytes, at: int) -> tuple[int, int]:
    first = data[at + 1]
    if first < _INDEFINITE:
        return at + 2, first
    count = first - _INDEFINITE
    if count > _LENGTH_BYTES or len(data) < at + 2 + count:
        raise BadDer("an unreasonable length")
    return at + 2 + count, int.from_bytes(data[at + 2 : at + 2 + count])
