"""The one command line this host understands: the constant bootstrap, recognised by its hash."""

import base64
import binascii
import hashlib
from typing import Final

_SHELLS: Final = frozenset({"powershell", "powershell.exe"})
_NEEDED: Final = ("-noprofile", "-noninteractive", "-executionpolicy", "bypass", "-encodedcommand")
_OLD_ENGINE: Final = ("-version", "2.0")
LONGEST_LINE: Final = 8191


class NotUnderstood(Exception):
    """The line is something else; the text is what PowerShell or cmd.exe would print."""


def bootstrap_hash(line: str) -> str:
    """
    The SHA-256 of the script in a bootstrap command line.

    Raises:
        NotUnderstood: it is no such line, or longer than cmd.exe takes.
    """
    if len(line) > LONGEST_LINE:
        raise NotUnderstood("The command line is too long.")
    program, *words = line.split() or [""]
    if program.lower() not in _SHELLS:
        raise NotUnderstood(
            f"'{program[:80]}' is not recognized as an internal or external command,\r\n"
            "operable program or batch file."
        )
    *switches, script = words or [""]
    given = tuple(word.lower() for word in switches)
    if given[:2] == _OLD_ENGINE:
        given = given[2:]
    if given != _NEEDED:
        raise NotUnderstood(
            "This host runs the constant bootstrap only: powershell -NoProfile -NonInteractive "
            "-ExecutionPolicy Bypass -EncodedCommand <base64>."
        )
    return hashlib.sha256(_decode(script).encode()).hexdigest()


def _decode(script: str) -> str:
    try:
        return base64.b64decode(script, validate=True).decode("utf-16-le")
    except (binascii.Error, UnicodeDecodeError) as bad:
        raise NotUnderstood(
            "Cannot process the command because the value specified with -EncodedCommand is not "
            "properly encoded. The value must be Base64 encoded."
        ) from bad
