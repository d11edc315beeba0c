"""Reading what was typed after `/cert`: plain words out of what clients make of them."""

import difflib
import html
import re
from collections.abc import Iterable
from typing import Final

from bot.domain.faults import Refused
from bot.domain.ids import OrderId
from handlers.blocks.text import code

_LONGEST: Final = 1000
_LINK: Final = re.compile(r"<(?:mailto:|https?://|tel:)?([^<>|]*)(?:\|([^<>]*))?>")
# Mobile and macOS clients turn quotes and dashes into typographic ones and join words with hard blanks.
_TYPOGRAPHIC: Final = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "–": "-", "—": "--", "\u00a0": " "}
)
_QUOTED: Final = re.compile(r'"([^"]*)"|(\S+)')
_ORDER: Final = re.compile(r"#?(\d{1,9})")


def words_of(text: str) -> tuple[str, ...]:
    """The words of a command, as typed before the client beautified them; quoted ones stay together."""
    plain = _LINK.sub(lambda m: m.group(2) or m.group(1), text[:_LONGEST])
    plain = html.unescape(plain).translate(_TYPOGRAPHIC)
    return tuple(
        m.group(1) or m.group(2) or "" for m in _QUOTED.finditer(plain) if m.group(0) != '""'
    )


def order_in(words: tuple[str, ...], usage: str) -> OrderId:
    """
    The order number a command names.

    Raises:
        Refused: ``bad-words``, with how the command is written.
    """
    match = _ORDER.fullmatch(words[0]) if words else None
    if match is None:
        said = (
            f"{code(words[0], 100)} is no order number"
            if words
            else "The order's number is missing"
        )
        raise Refused("bad-words", f"{said}; nothing was done. Write `/cert {usage}`.")
    return OrderId(int(match.group(1)))


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant; empty when none is close."""
    return next(iter(difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.5)), "")
