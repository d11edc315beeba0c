"""
Extra fields of a zip entry: times and owners are let through, whatever changes the meaning of an entry is not.

Source: APPNOTE.TXT 4.5, 4.6; WinZip's AES note for 0x9901.
"""

import struct
from typing import Final

LONGEST_FIELD: Final = 1024
"""Bytes of a name or of all extra fields; honest ones have 28."""

_HEADER: Final = struct.Struct("<2H")
_ZIP64: Final = 0x0001
_AES: Final = 0x9901
# The unicode path and comment fields rename an entry for some unpackers only.
_RENAMING: Final = frozenset({0x6375, 0x7075})


def extra_fault(extra: bytes) -> str | None:
    """Say what is wrong with the extra fields, or None."""
    if len(extra) > LONGEST_FIELD:
        return "has an enormous extra field"
    kinds, is_whole = _kinds(extra)
    if not is_whole:
        return "has a damaged extra field"
    if _RENAMING.intersection(kinds):
        return "carries a second name in an extra field"
    return "uses the ZIP64 form" if _ZIP64 in kinds else None


def is_aes(extra: bytes) -> bool:
    """Say whether the entry is protected by AES."""
    return _AES in _kinds(extra)[0]


def _kinds(extra: bytes) -> tuple[list[int], bool]:
    kinds = []
    at = 0
    while at + _HEADER.size <= len(extra):
        kind, length = _HEADER.unpack_from(extra, at)
        kinds.append(kind)
        at += _HEADER.size + length
    return kinds, at == len(extra)
