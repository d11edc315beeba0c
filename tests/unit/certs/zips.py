"""
A zip writer that can lie: each test spoils one thing of an honest archive.

Written after APPNOTE.TXT, not after the reader under test.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_STAMP: Final = (0x6000, 0x5B74)
UNIX: Final = 0x031E


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry; fields left None are written honestly."""

    name: bytes = b"a.crt"
    data: bytes = b"hello"
    method: int = 8
    flags: int = 0
    attributes: int = 0
    made_by: int = UNIX
    streamed: bool = False
    descriptor: bytes | None = None
    extra: bytes = b""
    local_extra: bytes | None = None
    local_name: bytes | None = None
    local_flags: int | None = None
    local_method: int | None = None
    local_size: int | None = None
    packed: bytes | None = None
    crc: int | None = None
    size: int | None = None
    packed_size: int | None = None
    header_at: int | None = None
    disk: int = 0


def deflate(data: bytes) -> bytes:
    """Return raw deflate data."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def write(
    entries: Sequence[Entry],
    *,
    prefix: bytes = b"",
    gap: bytes = b"",
    suffix: bytes = b"",
    comment: bytes = b"",
    count: int | None = None,
    disk: int = 0,
    directory_shift: int = 0,
) -> bytes:
    """Return the archive: prefix, entries, gap, directory, end record with comment, suffix."""
    body, directory = bytearray(prefix), bytearray()
    for entry in entries:
        local, central = _records(entry, at=len(body))
        body += local
        directory += central
    body += gap
    number = len(entries) if count is None else count
    end = struct.pack(
        "<4s4H2LH",
        b"PK\x05\x06",
        disk,
        disk,
        number,
        number,
        len(directory),
        len(body) + directory_shift,
        len(comment),
    )
    return bytes(body + directory + end) + comment + suffix


def _records(entry: Entry, *, at: int) -> tuple[bytes, bytes]:
    packed = entry.packed
    if packed is None:
        packed = entry.data if entry.method == 0 else deflate(entry.data)
    crc = zlib.crc32(entry.data) if entry.crc is None else entry.crc
    size = len(entry.data) if entry.size is None else entry.size
    packed_size = len(packed) if entry.packed_size is None else entry.packed_size
    flags = entry.flags | (8 if entry.streamed else 0)
    told = (0, 0, 0) if entry.streamed else (crc, packed_size, size)
    if entry.local_size is not None:
        told = (*told[:2], entry.local_size)
    name = entry.name if entry.local_name is None else entry.local_name
    extra = entry.extra if entry.local_extra is None else entry.local_extra
    local = struct.pack(
        "<4s5H3L2H",
        b"PK\x03\x04",
        20,
        flags if entry.local_flags is None else entry.local_flags,
        entry.method if entry.local_method is None else entry.local_method,
        *_STAMP,
        *told,
        len(name),
        len(extra),
    )
    descriptor = entry.descriptor
    if descriptor is None:
        honest = struct.pack("<4s3L", b"PK\x07\x08", crc, packed_size, size)
        descriptor = honest if entry.streamed else b""
    central = struct.pack(
        "<4s6H3L5H2L",
        b"PK\x01\x02",
        entry.made_by,
        20,
        flags,
        entry.method,
        *_STAMP,
        crc,
        packed_size,
        size,
        len(entry.name),
        len(entry.extra),
        0,
        entry.disk,
        0,
        entry.attributes,
        at if entry.header_at is None else entry.header_at,
    )
    return local + name + extra + packed + descriptor, central + entry.name + entry.extra
