"""
Text to blocks: every way in which people and tools write PEM down.

Takes CRLF and lone CR, indents, quote marks of e-mail, quoted-printable, JSON and HTML around, UTF-8 with BOM, UTF-16 with and without, and base64 without armour.
Blocks come out as bytes with the label they had; what the bytes are is not asked here.
"""

import base64
import binascii
import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, tee, zip_longest
from typing import Final

# A fixed number of dashes keeps the search linear on any input.
_MARK: Final = re.compile(r"-----(BEGIN|END) ([A-Z0-9 #]{1,40})-----")
_BLANK: Final = re.compile(r"[\s>\x00\x1a\ufeff\u200b\u200e\xa0]+")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_LONG_RUN: Final = re.compile(r"[A-Za-z0-9+/=]{40}")
_LOOSE_KEY: Final = re.compile(r"PRIVATE KEY[\W_]{1,40}[A-Za-z0-9+/]{40}")
# Line ends as JSON, HTML and quoted-printable mail write them; none of them can stand in base64.
_WRITTEN_LINE_END: Final = re.compile(r"\\[rnt]|<br ?/?>|&#1[03];|=\r?\n")
_SHORTEST_BARE: Final = 64
_UTF16_SHARE: Final = 0.4
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One armoured block; `data` is None when it cannot be decoded or its end is missing."""

    label: str
    data: bytes | None
    has_body: bool


def to_text(data: bytes) -> str:
    """Return the text of a file in whatever encoding it shows; never fails, binary becomes noise."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(encoding, errors="replace")
    sample = data[:512]
    half = max(len(sample) // 2, 1)
    if sample[1::2].count(0) > _UTF16_SHARE * half and sample[0::2].count(0) == 0:
        return data.decode("utf-16-le", errors="replace")
    if sample[0::2].count(0) > _UTF16_SHARE * half and sample[1::2].count(0) == 0:
        return data.decode("utf-16-be", errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def is_text(text: str) -> bool:
    """Say whether a decoded file is something a person could have written."""
    sample = text[:2048].rstrip("\x00\x1a")
    return bool(sample.strip()) and not any(
        (ch < " " and ch not in "\t\r\n\f") or ch == "�" for ch in sample
    )


def blocks_of(text: str) -> Iterator[Block]:
    """Yield every armoured block in the order of the text; a BEGIN without its END is a block without data."""
    here, ahead = tee(_MARK.finditer(text))
    for mark, after in zip_longest(here, islice(ahead, 1, None)):
        if mark[1] == "END":
            continue
        body = text[mark.end() : after.start() if after else len(text)]
        closed = after is not None and after[1] == "END"
        yield Block(
            label=mark[2],
            data=_decode(_plain(body)) if closed else None,
            has_body=closed or _LONG_RUN.search(body) is not None,
        )


def has_loose_key(text: str) -> bool:
    """Say whether a private key stands in the text with marks that were changed on the way (other dashes, one missing)."""
    return _LOOSE_KEY.search(text) is not None


def bare_base64(text: str) -> bytes | None:
    """Return the bytes of a text that is base64 from end to end, as some portals show a certificate; else None."""
    packed = _BLANK.sub("", text)
    if len(packed) < _SHORTEST_BARE or not packed.startswith("M"):
        return None
    return _decode(packed)


def armour(label: str, data: bytes) -> str:
    """Write a block in its one canonical form: 64 columns, line feeds (RFC 7468)."""
    text = base64.b64encode(data).decode("ascii")
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def _plain(body: str) -> str:
    """Undo what mail and web wrap around base64, and drop RFC 1421 headers such as Proc-Type; base64 has no colon."""
    text = _WRITTEN_LINE_END.sub("\n", body).replace("=3D", "=")
    if ":" not in text:
        return text
    return "\n".join(line for line in text.splitlines() if ":" not in line)


def _decode(body: str) -> bytes | None:
    packed = _BLANK.sub("", body)
    if not packed or not _BASE64.fullmatch(packed):
        return None
    bare = packed.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
