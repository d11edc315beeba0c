"""
Names inside an archive: labels for sentences, refused when an unpacker could take them for a way out.

We never write by these names; they are refused all the same, because nobody honest writes them.
"""

import stat
import unicodedata
from typing import Final

_LONGEST: Final = 255
_DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul"}
    | {f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)}
)


def decode_label(name: bytes, *, is_utf8: bool) -> str:
    """Return a label to show; names in unknown code pages stay opaque but never fail."""
    if is_utf8:
        try:
            return name.decode("utf-8")
        except UnicodeDecodeError:
            pass
    return name.decode("cp437")


def folded(label: str) -> str:
    """Return the form in which two names count as the same: case, Unicode form and a final slash aside."""
    return unicodedata.normalize("NFKC", label).casefold().rstrip("/")


def path_fault(label: str) -> str | None:
    """Say what is wrong with a name as a path, or None."""
    if not label or len(label) > _LONGEST:
        return "has an empty name or one of more than 255 characters"
    if any(character < " " or character == "\x7f" for character in label):
        return "has control characters in its name"
    if label.startswith("/") or "\\" in label or ":" in label:
        return "is named like a path of its own (a leading slash, a backslash or a colon)"
    parts = label.removesuffix("/").split("/")
    if any(part in {"", ".", ".."} for part in parts):
        return "is named with empty parts, '.' or '..'"
    if any(part.split(".")[0].strip().lower() in _DEVICES for part in parts):
        return "is named like a device of Windows"
    return None


def is_link(attributes: int) -> bool:
    """Say whether the Unix mode in the external attributes is anything but a plain file or a folder."""
    kind = stat.S_IFMT(attributes >> 16)
    return kind not in {0, stat.S_IFREG, stat.S_IFDIR}
