"""
Our own small zip reader: bytes in, files in memory out, or every reason why not.

Stricter than any unpacker on purpose: certificate zips need so little of the format that everything else is an attack or a mistake.
Limits are shared over all levels of one upload. Names are labels for sentences and never become paths.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.certs import rules
from bot.certs.findings import BadMaterial, refuse, show
from bot.certs.zip_directory import (
    END_MAGIC,
    LOCAL_MAGIC,
    STORED,
    ZipEntry,
    malformed,
    read_directory,
    span_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedFile:
    """One file out of an archive: a label to show, and its bytes."""

    where: str
    data: bytes


@dataclass(slots=True)
class _Budget:
    """What all levels of one upload may use up together."""

    entries: int = rules.ENTRY_LIMIT
    total: int = rules.TOTAL_LIMIT


def is_archive(data: bytes) -> bool:
    """Say whether the bytes begin as a zip does (an empty one begins with its end record)."""
    return data.startswith((LOCAL_MAGIC, END_MAGIC))


def open_archive(data: bytes, *, where: str) -> tuple[PackedFile, ...]:
    """
    Return every file of the archive, those of archives inside it included (one level).

    Raises:
        BadMaterial: zip_malformed, zip_encrypted, zip_bomb, zip_path, zip_duplicate, zip_nested, zip_too_many, zip_method;
            nothing of the archive is used then.
    """
    return tuple(_open(data, where, level=0, budget=_Budget()))


def _open(data: bytes, where: str, *, level: int, budget: _Budget) -> Iterator[PackedFile]:
    if level > rules.NESTING_LIMIT:
        raise _refused(
            "zip_nested", where, "is an archive inside an archive inside an archive; unpack it once"
        )
    entries, directory_at = read_directory(data, where=where, at_most=budget.entries)
    _spend(entries, where, budget)
    spans = [span_of(data, entry, where=where) for entry in entries]
    _check_tiling(
        [(entry.header_at, span[2]) for entry, span in zip(entries, spans, strict=True)],
        directory_at,
        where,
    )
    for entry, (begin, end, _) in zip(entries, spans, strict=True):
        content = _inflate(data[begin:end], entry, where)
        label = f"{where}/{entry.label}"
        if is_archive(content):
            yield from _open(content, label, level=level + 1, budget=budget)
        elif not entry.is_folder:
            yield PackedFile(where=label, data=content)


def _spend(entries: Sequence[ZipEntry], where: str, budget: _Budget) -> None:
    """Take what the entries announce from the budget, before a single byte is inflated."""
    for entry in entries:
        if entry.size > rules.FILE_LIMIT:
            raise _bomb(
                where, entry, f"announces more than {rules.FILE_LIMIT // rules.KIB} KiB unpacked"
            )
        if entry.size > max(rules.RATIO_FROM, rules.RATIO_LIMIT * entry.packed):
            raise _bomb(where, entry, f"grows more than {rules.RATIO_LIMIT} times when unpacked")
        budget.total -= entry.size
        if budget.total < 0:
            raise _bomb(
                where,
                entry,
                f"brings the files to more than {rules.TOTAL_LIMIT // rules.KIB} KiB together",
            )
    budget.entries -= len(entries)


def _check_tiling(ranges: list[tuple[int, int]], directory_at: int, where: str) -> None:
    """Entries must touch each other from the first byte to the directory: no gap hides data, no overlap repeats it."""
    at = 0
    for begin, end in sorted(ranges):
        if begin != at:
            raise malformed(where, "its entries overlap or leave gaps")
        at = end
    if at != directory_at:
        raise malformed(where, "its entries do not end where its directory begins")


def _inflate(packed: bytes, entry: ZipEntry, where: str) -> bytes:
    content = packed if entry.method == STORED else _decompress(packed, entry, where)
    if len(content) != entry.size or zlib.crc32(content) != entry.crc:
        raise malformed(
            where, f"the content of {show(entry.label)} does not fit its checksum or size"
        )
    return content


def _decompress(packed: bytes, entry: ZipEntry, where: str) -> bytes:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = stream.decompress(packed, entry.size + 1)
    except zlib.error as fault:
        raise malformed(where, f"the content of {show(entry.label)} cannot be unpacked") from fault
    if len(content) > entry.size:
        raise _bomb(where, entry, "is larger unpacked than it announces")
    if not stream.eof or stream.unused_data:
        raise malformed(where, f"the content of {show(entry.label)} does not end where it should")
    return content


def _bomb(where: str, entry: ZipEntry, what: str) -> BadMaterial:
    return _refused("zip_bomb", f"{where}/{entry.label}", f"{what}; a certificate is a few KiB")


def _refused(code: str, where: str, what: str) -> BadMaterial:
    return BadMaterial(
        (
            refuse(
                code,
                where,
                f"The entry {show(where)} {what}. Nothing of the archive was used. "
                "Upload the archive as the vendor delivered it, or the certificate files by themselves.",
            ),
        )
    )
