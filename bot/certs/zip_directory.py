"""
The structure of a zip, read strictly: end record, central directory, local headers.

Nothing is inflated here. Every rule that an entry breaks becomes a finding; all of them are said at once.
Source: APPNOTE.TXT 4.3.6 to 4.3.16, 4.4; attacks and answers are listed in `docs/bundles.md`.
"""

import struct
from dataclasses import dataclass
from typing import Final

from bot.certs.findings import BadMaterial, Finding, refuse, show
from bot.certs.zip_extra import LONGEST_FIELD, extra_fault, is_aes
from bot.certs.zip_names import decode_label, folded, is_link, path_fault

LOCAL_MAGIC: Final = b"PK\x03\x04"
END_MAGIC: Final = b"PK\x05\x06"
_CENTRAL_MAGIC: Final = b"PK\x01\x02"
_DESCRIPTOR_MAGIC: Final = b"PK\x07\x08"

_END: Final = struct.Struct("<4s4H2LH")
# Versions and internal attributes are skipped: nothing is concluded from them.
_CENTRAL: Final = struct.Struct("<4x4x4H3L4H2x2L")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_DESCRIPTOR: Final = struct.Struct("<3L")

STORED: Final = 0
DEFLATED: Final = 8
_AES: Final = 99
_FLAG_STREAMED: Final = 1 << 3
_FLAG_UTF8: Final = 1 << 11
_FLAGS_ENCRYPTED: Final = 1 << 0 | 1 << 6 | 1 << 13
_FLAGS_KNOWN: Final = _FLAGS_ENCRYPTED | 1 << 1 | 1 << 2 | _FLAG_STREAMED | _FLAG_UTF8
_FULL_32: Final = 0xFFFFFFFF
_FULL_16: Final = 0xFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipEntry:
    """One entry as the central directory tells it; `label` is for sentences only."""

    name: bytes
    label: str
    flags: int
    method: int
    stamp: tuple[int, int]
    crc: int
    packed: int
    size: int
    header_at: int
    attributes: int
    extra: bytes

    @property
    def is_folder(self) -> bool:
        """Say whether this is a folder, which holds nothing."""
        return self.name.endswith(b"/")

    @property
    def is_streamed(self) -> bool:
        """Say whether the writer knew the sizes only afterwards and put them behind the data."""
        return bool(self.flags & _FLAG_STREAMED)


def read_directory(data: bytes, *, where: str, at_most: int) -> tuple[tuple[ZipEntry, ...], int]:
    """
    Return the entries in the order of the directory, and where the directory begins.

    Raises:
        BadMaterial: with every rule broken by the end record or by any entry.
    """
    count, directory_at, directory_size = _read_end(data, where)
    if count > at_most:
        raise BadMaterial(
            (
                refuse(
                    "zip_too_many",
                    where,
                    f"The archive {show(where)} lists {count} entries, and {at_most} are still allowed. "
                    "Nothing of it was read. Upload only the files the vendor delivered.",
                    expected=str(at_most),
                    got=str(count),
                ),
            )
        )
    entries = _read_entries(data[directory_at : directory_at + directory_size], count, where)
    findings = [*_duplicates(entries, where), *(f for e in entries for f in _faults(e, where))]
    if findings:
        raise BadMaterial(tuple(findings))
    return entries, directory_at


def span_of(data: bytes, entry: ZipEntry, *, where: str) -> tuple[int, int, int]:
    """
    Return where the packed bytes of an entry begin and end, and where its descriptor (if any) ends.

    Raises:
        BadMaterial: zip_malformed, when the local header tells anything else than the directory.
    """
    at = entry.header_at
    if data[at : at + 4] != LOCAL_MAGIC or at + _LOCAL.size > len(data):
        raise malformed(
            where, f"the entry {show(entry.label)} does not begin where the directory says"
        )
    _, _, flags, method, time, date, crc, packed, size, name_length, extra_length = (
        _LOCAL.unpack_from(data, at)
    )
    name_at = at + _LOCAL.size
    begin = name_at + name_length + extra_length
    name = data[name_at : name_at + name_length]
    if (name, flags, method, (time, date)) != (entry.name, entry.flags, entry.method, entry.stamp):
        raise malformed(
            where, f"local header and directory disagree on the entry {show(entry.label)}"
        )
    told, known = (crc, packed, size), (entry.crc, entry.packed, entry.size)
    # A writer of a stream leaves open what it does not know yet; Info-ZIP often knows the size.
    agreed = (a == b or (entry.is_streamed and not a) for a, b in zip(told, known, strict=True))
    if not all(agreed):
        raise malformed(
            where, f"local header and directory disagree on the sizes of {show(entry.label)}"
        )
    if extra_fault(data[name_at + name_length : begin]):
        raise malformed(where, f"the local extra field of {show(entry.label)} may not be used")
    end = begin + entry.packed
    return begin, end, end + _descriptor_length(data, end, entry, where)


def malformed(where: str, what: str) -> BadMaterial:
    """Return the error for an archive whose structure cannot be trusted."""
    return BadMaterial(
        (
            refuse(
                "zip_malformed",
                where,
                f"The archive {show(where)} is damaged or built in an unusual way: {what}. Nothing of it was used. "
                "Download it again, or upload the certificate files by themselves.",
            ),
        )
    )


def _read_end(data: bytes, where: str) -> tuple[int, int, int]:
    end_at = len(data) - _END.size
    if end_at < 0 or data[end_at : end_at + 4] != END_MAGIC:
        if END_MAGIC in data:
            raise malformed(where, "something follows its end record")
        raise malformed(where, "its end is missing, so the download was cut short")
    _, disk, first_disk, here, count, size, at, comment = _END.unpack_from(data, end_at)
    if disk or first_disk or here != count:
        raise malformed(where, "it is one part of several")
    if count == _FULL_16 or _FULL_32 in {size, at}:
        raise malformed(where, "it uses the ZIP64 form, which no certificate bundle needs")
    if comment or at + size != end_at:
        raise malformed(where, "its directory does not end where its end record begins")
    if not count:
        raise malformed(where, "it is empty")
    return count, at, size


def _read_entries(directory: bytes, count: int, where: str) -> tuple[ZipEntry, ...]:
    entries = []
    at = 0
    for _ in range(count):
        if directory[at : at + 4] != _CENTRAL_MAGIC or at + _CENTRAL.size > len(directory):
            raise malformed(where, "its directory holds fewer entries than it announces")
        entry, at = _read_entry(directory, at, where)
        entries.append(entry)
    if at != len(directory):
        raise malformed(where, "its directory holds more than it announces")
    return tuple(entries)


def _read_entry(directory: bytes, at: int, where: str) -> tuple[ZipEntry, int]:
    flags, method, time, date, crc, packed, size, *lengths, disk, attributes, header_at = (
        _CENTRAL.unpack_from(directory, at)
    )
    name_length, extra_length, comment_length = lengths
    name_at = at + _CENTRAL.size
    extra_at = name_at + name_length
    after = extra_at + extra_length + comment_length
    if after > len(directory) or disk:
        raise malformed(
            where, "an entry of its directory runs over the end or lies on another disk"
        )
    if max(name_length, extra_length) > LONGEST_FIELD:
        raise malformed(where, "an entry of its directory has an enormous name or extra field")
    name = directory[name_at:extra_at]
    entry = ZipEntry(
        name=name,
        label=decode_label(name, is_utf8=bool(flags & _FLAG_UTF8)),
        flags=flags,
        method=method,
        stamp=(time, date),
        crc=crc,
        packed=packed,
        size=size,
        header_at=header_at,
        attributes=attributes,
        extra=directory[extra_at : extra_at + extra_length],
    )
    return entry, after


def _duplicates(entries: tuple[ZipEntry, ...], where: str) -> list[Finding]:
    seen: set[str] = set()
    findings = []
    for entry in entries:
        name = folded(entry.label)
        if name in seen:
            findings.append(
                _fault(
                    "zip_duplicate",
                    where,
                    entry,
                    "stands there twice (upper and lower case count as one)",
                )
            )
        seen.add(name)
    return findings


def _faults(entry: ZipEntry, where: str) -> list[Finding]:
    told = []
    if entry.flags & _FLAGS_ENCRYPTED or entry.method == _AES or is_aes(entry.extra):
        told.append(("zip_encrypted", "is protected by a password; upload the archive without one"))
    elif entry.method not in {STORED, DEFLATED}:
        told.append(
            ("zip_method", f"is packed by method {entry.method}; only stored and deflate are read")
        )
    if fault := path_fault(entry.label):
        told.append(("zip_path", fault))
    if is_link(entry.attributes):
        told.append(("zip_path", "is a link or a device, not a file"))
    if fault := _form_fault(entry):
        told.append(("zip_malformed", fault))
    return [_fault(code, where, entry, what) for code, what in told]


def _form_fault(entry: ZipEntry) -> str | None:
    if entry.flags & ~_FLAGS_KNOWN:
        return "carries flags that no certificate bundle needs"
    if _FULL_32 in {entry.packed, entry.size, entry.header_at}:
        return "uses the ZIP64 form"
    if fault := extra_fault(entry.extra):
        return fault
    if entry.is_folder and entry.size:
        return "is a folder with content"
    if entry.method == STORED and entry.packed != entry.size:
        return "is stored with two different sizes"
    return None


def _descriptor_length(data: bytes, end: int, entry: ZipEntry, where: str) -> int:
    if not entry.is_streamed:
        return 0
    wanted = _DESCRIPTOR.pack(entry.crc, entry.packed, entry.size)
    if data[end : end + 16] == _DESCRIPTOR_MAGIC + wanted:
        return 16
    if data[end : end + 12] == wanted:
        return 12
    if entry.is_folder:
        return 0
    raise malformed(
        where, f"the descriptor behind {show(entry.label)} is missing or tells other sizes"
    )


def _fault(code: str, where: str, entry: ZipEntry, what: str) -> Finding:
    return refuse(
        code,
        f"{where}/{entry.label}",
        f"The entry {show(entry.label)} of {show(where)} {what}. Nothing of the archive was used. "
        "Upload the archive as the vendor delivered it, or the certificate files by themselves.",
    )
