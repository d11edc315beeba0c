"""Every attack on an archive is refused with its code; honest oddities are read."""

import struct
import zlib
from dataclasses import replace

import pytest

from bot.certs import rules
from bot.certs.archive import open_archive
from bot.certs.findings import BadMaterial
from tests.unit.certs.bundles import packed
from tests.unit.certs.zips import UNIX, Entry, deflate, write

HONEST = Entry(name=b"a.crt", data=b"hello hello hello")
OTHER = Entry(name=b"b.crt", data=b"more")
LINK = (0o120777 << 16) & 0xFFFFFFFF
ZEROS = bytes(rules.FILE_LIMIT)


def nested(levels: int) -> bytes:
    """Return an archive with so many archives inside one another."""
    data = write([HONEST])
    for _ in range(levels):
        data = write([Entry(name=b"inner.zip", data=data)])
    return data


def quoted_twice() -> bytes:
    """Return an archive whose second entry overlaps the first, as overlapping bombs do."""
    return write([HONEST, replace(HONEST, name=b"b.crt", local_name=b"a.crt", header_at=0)])


ATTACKS = {
    # structure
    "empty": (write([]), "zip_malformed"),
    "truncated": (write([HONEST])[:-5], "zip_malformed"),
    "only a header": (b"PK\x03\x04", "zip_malformed"),
    "trailing data": (write([HONEST], suffix=b"x"), "zip_malformed"),
    "comment": (write([HONEST], comment=b"hi"), "zip_malformed"),
    "comment that hides an end record": (
        write([HONEST], comment=write([OTHER])[-22:]),
        "zip_malformed",
    ),
    "gap before the directory": (write([HONEST], gap=b"hidden"), "zip_malformed"),
    "prefix that is a header": (write([HONEST], prefix=b"PK\x03\x04junk"), "zip_malformed"),
    "two archives": (write([HONEST]) + write([OTHER]), "zip_malformed"),
    "entries overlap": (quoted_twice(), "zip_malformed"),
    "header elsewhere": (write([replace(HONEST, header_at=1)]), "zip_malformed"),
    "header past the end": (write([replace(HONEST, header_at=10**6)]), "zip_malformed"),
    "announces more entries": (write([HONEST], count=2), "zip_malformed"),
    "announces fewer entries": (write([HONEST, OTHER], count=1), "zip_malformed"),
    "several disks": (write([HONEST], disk=1), "zip_malformed"),
    "entry on another disk": (write([replace(HONEST, disk=1)]), "zip_malformed"),
    "directory elsewhere": (write([HONEST], directory_shift=1), "zip_malformed"),
    "ZIP64 count": (write([HONEST], count=0xFFFF), "zip_malformed"),
    "ZIP64 sizes": (write([replace(HONEST, size=0xFFFFFFFF)]), "zip_malformed"),
    "ZIP64 extra": (
        write([replace(HONEST, extra=struct.pack("<2HQ", 1, 8, 17))]),
        "zip_malformed",
    ),
    # local header against directory
    "names differ": (write([replace(HONEST, local_name=b"b.crt")]), "zip_malformed"),
    "flags differ": (write([replace(HONEST, local_flags=2)]), "zip_malformed"),
    "methods differ": (write([replace(HONEST, local_method=0)]), "zip_malformed"),
    "sizes differ": (write([replace(HONEST, local_size=3)]), "zip_malformed"),
    "descriptor missing": (
        write([replace(HONEST, streamed=True, descriptor=b"")]),
        "zip_malformed",
    ),
    "descriptor lies": (
        write([replace(HONEST, streamed=True, descriptor=b"PK\x07\x08" + bytes(12))]),
        "zip_malformed",
    ),
    "damaged extra field": (write([replace(HONEST, extra=b"\x01\x02\x03")]), "zip_malformed"),
    "extra field too long": (
        write([replace(HONEST, extra=struct.pack("<2H", 0x5455, 9))]),
        "zip_malformed",
    ),
    "local extra field renames": (
        write([replace(HONEST, local_extra=struct.pack("<2H", 0x7075, 0))]),
        "zip_malformed",
    ),
    "unicode path": (
        write([replace(HONEST, extra=struct.pack("<2H", 0x7075, 0))]),
        "zip_malformed",
    ),
    "streamed with another size": (
        write([replace(HONEST, streamed=True, local_size=3)]),
        "zip_malformed",
    ),
    "enormous extra field": (
        write([replace(HONEST, extra=struct.pack("<2H", 0x5455, 0) * 300)]),
        "zip_malformed",
    ),
    "enormous local extra field": (
        write([replace(HONEST, local_extra=struct.pack("<2H", 0x5455, 0) * 300)]),
        "zip_malformed",
    ),
    "enormous name": (write([replace(HONEST, name=b"x" * 2000)]), "zip_malformed"),
    "unknown flags": (write([replace(HONEST, flags=1 << 5)]), "zip_malformed"),
    "folder with content": (write([replace(HONEST, name=b"a/")]), "zip_malformed"),
    "stored with two sizes": (
        write([replace(HONEST, method=0, size=3)]),
        "zip_malformed",
    ),
    # content
    "bad checksum": (write([replace(HONEST, crc=1)]), "zip_malformed"),
    "not deflate": (write([replace(HONEST, packed=b"\xff\xff\xff")]), "zip_malformed"),
    "deflate cut short": (
        write([replace(HONEST, packed=deflate(HONEST.data)[:-2])]),
        "zip_malformed",
    ),
    "more behind the deflate": (
        write([replace(HONEST, packed=deflate(HONEST.data) + b"x")]),
        "zip_malformed",
    ),
    "shorter than announced": (write([replace(HONEST, size=18)]), "zip_malformed"),
    "longer than announced": (write([replace(HONEST, size=3)]), "zip_bomb"),
    "announces little, holds much": (
        write([Entry(data=ZEROS, size=100)]),
        "zip_bomb",
    ),
    "too large": (write([Entry(data=ZEROS + b"x", method=0)]), "zip_bomb"),
    "grows too much": (write([Entry(data=bytes(5000))]), "zip_bomb"),
    "too much together": (
        write([Entry(name=b"%d" % n, data=ZEROS, method=0) for n in range(9)]),
        "zip_bomb",
    ),
    "too much over two levels": (
        write(
            [
                *(Entry(name=b"%d" % n, data=bytes(200_000), method=0) for n in range(9)),
                Entry(name=b"z.zip", data=write([Entry(data=ZEROS, method=0)]), method=0),
            ]
        ),
        "zip_bomb",
    ),
    "too many entries": (
        write([Entry(name=b"%d" % n, data=b"") for n in range(65)]),
        "zip_too_many",
    ),
    "too many over two levels": (
        write(
            [
                *(Entry(name=b"%d" % n, data=b"") for n in range(40)),
                Entry(
                    name=b"z.zip", data=write([Entry(name=b"%d" % n, data=b"") for n in range(40)])
                ),
            ]
        ),
        "zip_too_many",
    ),
    "70,000 entries announced": (write([HONEST], count=65534), "zip_too_many"),
    "three levels": (nested(2), "zip_nested"),
    # names
    **{
        f"named {name!r}": (write([replace(HONEST, name=name)]), "zip_path")
        for name in (
            b"../evil.crt",
            b"a/../../evil.crt",
            b"/etc/evil.crt",
            b"C:\\evil.crt",
            b"C:evil.crt",
            b"\\\\host\\share\\evil.crt",
            b"a\\b.crt",
            b"a.crt:stream",
            b"a.crt\x00.txt",
            b"a\nb.crt",
            b"NUL",
            b"com1.crt",
            b"a/aux.txt",
            b"a//b.crt",
            b"./a.crt",
            b"",
            b"x" * 256,
        )
    },
    "link": (write([replace(HONEST, attributes=LINK)]), "zip_path"),
    "device": (write([replace(HONEST, attributes=0o020666 << 16)]), "zip_path"),
    # duplicates
    "same name twice": (write([HONEST, HONEST]), "zip_duplicate"),
    "names differ in case": (write([HONEST, replace(HONEST, name=b"A.CRT")]), "zip_duplicate"),
    "file and folder of one name": (
        write([HONEST, Entry(name=b"a.crt/", data=b"", method=0)]),
        "zip_duplicate",
    ),
    # passwords and methods
    "ZipCrypto": (write([replace(HONEST, flags=1)]), "zip_encrypted"),
    "strong encryption": (write([replace(HONEST, flags=1 << 6)]), "zip_encrypted"),
    "masked directory": (write([replace(HONEST, flags=1 << 13)]), "zip_encrypted"),
    "AES method": (write([replace(HONEST, method=99)]), "zip_encrypted"),
    "AES extra": (
        write([replace(HONEST, extra=struct.pack("<2H", 0x9901, 0))]),
        "zip_encrypted",
    ),
    **{
        f"method {method}": (write([replace(HONEST, method=method, packed=b"x")]), "zip_method")
        for method in (1, 9, 12, 14, 93, 95)
    },
}

HONEST_ODDITIES = {
    "plain": [HONEST, OTHER],
    "folders": [Entry(name=b"a/", data=b"", method=0), replace(HONEST, name=b"a/a.crt")],
    "folder packed as deflate": [Entry(name=b"a/", data=b""), HONEST],
    "streamed": [replace(HONEST, streamed=True), replace(OTHER, streamed=True, method=0)],
    "descriptor without its mark": [
        replace(
            HONEST,
            streamed=True,
            descriptor=struct.pack("<3L", 0x1A0BA3A2, len(deflate(HONEST.data)), 17),
        )
    ],
    "streamed by Info-ZIP, which knows the size": [
        replace(HONEST, streamed=True, local_size=len(HONEST.data))
    ],
    "streamed folder without descriptor": [
        Entry(name=b"a/", data=b"", method=0, streamed=True, descriptor=b""),
        replace(HONEST, name=b"a/b.crt"),
    ],
    "time in the extra fields": [
        replace(
            HONEST,
            extra=struct.pack("<2HBL", 0x5455, 5, 1, 1),
            local_extra=struct.pack("<2HB2L", 0x5455, 9, 3, 1, 1),
        )
    ],
    "regular file by Unix mode": [replace(HONEST, attributes=0o100644 << 16, made_by=UNIX)],
    "cp866 name": [replace(HONEST, name="сертификат.crt".encode("cp866"))],
    "utf-8 name": [replace(HONEST, name="сертификат.crt".encode(), flags=1 << 11)],
    "name that is not UTF-8 though announced": [
        replace(HONEST, name=b"\xff\xfe.crt", flags=1 << 11)
    ],
    "empty file": [Entry(name=b"empty", data=b"", method=0), HONEST],
}


def _crc_fixed(entries: list[Entry]) -> list[Entry]:
    """Fill in the checksum of a hand-made descriptor, which the writer computes only for its own."""
    return [
        replace(entry, descriptor=struct.pack("<L", zlib.crc32(entry.data)) + entry.descriptor[4:])
        if entry.descriptor and len(entry.descriptor) == 12
        else entry
        for entry in entries
    ]


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack_is_refused_with_its_code(attack: str) -> None:
    """The first finding names what the attack is, and nothing is returned."""
    data, code = ATTACKS[attack]

    with pytest.raises(BadMaterial) as caught:
        open_archive(data, where="bundle.zip")
    assert caught.value.findings[0].code == code


@pytest.mark.parametrize("oddity", HONEST_ODDITIES)
def test_honest_oddity_is_read(oddity: str) -> None:
    """What honest writers do differently does not stop a bundle."""
    entries = _crc_fixed(HONEST_ODDITIES[oddity])

    files = open_archive(write(entries), where="bundle.zip")

    assert [file.data for file in files] == [e.data for e in entries if not e.name.endswith(b"/")]


def test_one_nested_level_is_opened() -> None:
    """Some resellers pack the vendor's zip into their own."""
    files = open_archive(nested(1), where="bundle.zip")

    assert [(file.where, file.data) for file in files] == [
        ("bundle.zip/inner.zip/a.crt", HONEST.data)
    ]


def test_sixty_four_entries_are_allowed() -> None:
    """The limit is the last number that passes."""
    files = open_archive(packed([(str(n), b"x") for n in range(64)]), where="bundle.zip")

    assert len(files) == 64


def test_every_bad_entry_is_named() -> None:
    """A person with three bad entries hears of all three at once."""
    data = write(
        [
            replace(HONEST, name=b"../a"),
            replace(HONEST, name=b"b", flags=1),
            replace(HONEST, name=b"c", method=12),
        ]
    )

    with pytest.raises(BadMaterial) as caught:
        open_archive(data, where="bundle.zip")
    assert {finding.code for finding in caught.value.findings} == {
        "zip_path",
        "zip_encrypted",
        "zip_method",
    }


def test_hostile_name_is_made_visible() -> None:
    """Marks that turn the direction of writing cannot hide the extension in a sentence."""
    name = "photo\u202egpj.exe/../x".encode()
    with pytest.raises(BadMaterial) as caught:
        open_archive(write([Entry(name=name, flags=1 << 11)]), where="bundle.zip")

    assert "\u202e" not in str(caught.value)
    assert "\\u202e" in str(caught.value)
