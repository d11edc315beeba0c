"""What may be typed after `/cert request`, so that the form opens with it filled in: names and services."""

from typing import Final

from bot.certs.names import BadNames, parse_names
from bot.domain.faults import Refused
from bot.domain.service_words import parse_services
from handlers.blocks.order_form import COMMON_NAME_LIMIT, TypedAhead
from handlers.blocks.text import code

USAGE: Final = "request [NAME …] [services=IIS,SMTP]"
_SERVICES: Final = "services="


def typed_ahead(words: tuple[str, ...]) -> TypedAhead:
    """
    Read the words; without any the form opens empty. The first name is the common name.

    Raises:
        Refused: ``bad-words``, with what is wrong and how it is written; no form is opened.
    """
    names, listed = _split(words)
    try:
        services, hints = ((), ()) if listed is None else parse_services(listed)
        read = parse_names("\n".join(names[1:]), common_name=names[0]) if names else ()
    except (BadNames, ValueError) as bad:
        raise _not_understood(str(bad)) from None
    if read and len(read[0]) > COMMON_NAME_LIMIT:
        raise _not_understood(f"A common name has {COMMON_NAME_LIMIT} characters at most.")
    return TypedAhead(names=read, services=services, hints=hints)


def _split(words: tuple[str, ...]) -> tuple[list[str], str | None]:
    """Names, and what stands after ``services=``; a comma takes the word beside it along."""
    names: list[str] = []
    listed: str | None = None
    for word in words:
        if word.lower().startswith(_SERVICES):
            listed = word[len(_SERVICES) :]
        elif listed is not None and (listed.endswith(",") or word.startswith(",")):
            listed += word
        else:
            names.append(word)
    return names, listed


def _not_understood(why: str) -> Refused:
    return Refused("bad-words", f"{code(why, 600)} No form was opened. Write `/cert {USAGE}`.")
