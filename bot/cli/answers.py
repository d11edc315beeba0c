"""How verbs answer: one JSON object or lines for people, and which fault means which exit code."""

import json
import logging
import sys
from typing import Any, NoReturn

import typer

YES, NO, WRONG_USE, TROUBLE = 0, 1, 2, 3


_TROUBLE_TOLD = frozenset({"TroubleOutside", "CheckpointTrouble", "LookFailed"})
_DATABASE_WRONG = frozenset({"DatabaseUnusable", "NothingKept"})
_DATABASE_AWAY = frozenset({"DatabaseAway", "OperationalError", "InterfaceError", "InternalError"})
"""Faults told by name: importing their rooms would make every other answer wait."""
_NOT_ALLOWED = "42501"
"""PostgreSQL's code for a role without the right."""


def say(text: str = "") -> None:
    """Print a line for people; what a terminal would obey instead of showing is written as an escape."""
    typer.echo(_harmless(text))


def say_json(value: dict[str, Any]) -> None:
    """Print the one JSON object of a ``--json`` answer."""
    typer.echo(json.dumps(value, indent=2, default=str))


def remark(sentence: str) -> None:
    """Tell on stderr what whoever reads the answer should know of it."""
    _complain(sentence)


def leave(code: int) -> NoReturn:
    """End with an exit code."""
    raise typer.Exit(code)


def explain(err: Exception) -> int:
    """Print what went wrong as a sentence on stderr and say which exit code it is."""
    from bot.domain.faults import HostFault, OrderUnknown, Refused
    from bot.settings import BadSettings

    if isinstance(err, BadSettings):
        for fault in err.faults:
            _complain(fault)
        return WRONG_USE
    if isinstance(err, OrderUnknown):
        _complain(err.sentence)
        return NO
    if isinstance(err, Refused):
        _complain(err.sentence)
        return WRONG_USE
    if type(err).__name__ in _DATABASE_WRONG:
        _complain(str(err))
        return WRONG_USE
    if getattr(getattr(err, "orig", None), "sqlstate", None) == _NOT_ALLOWED:
        _complain(
            "The database's role may not do this, so nothing was done. Who only reads needs SELECT on all of CertDesk's tables."
        )
        return WRONG_USE
    if type(err).__name__ in _DATABASE_AWAY:
        # The library's own text can hold the address with its password; ours names the kind of fault alone.
        _complain(
            f"The database did not do what was asked ({getattr(err, 'kind', type(err).__name__)}): it is away, full or locked, or refuses the "
            "sign-in. Look at CERTDESK_DATABASE_URL and at the server; nothing half done was kept."
        )
        return TROUBLE
    if isinstance(err, HostFault) or type(err).__name__ in _TROUBLE_TOLD:
        _complain(str(err))
        return TROUBLE
    logging.getLogger(__name__).error("unexpected", exc_info=err)
    sys.stderr.write(f"CertDesk itself failed: {type(err).__name__}. The log has the details.\n")
    return TROUBLE


def _complain(sentence: str) -> None:
    sys.stderr.write(f"{_harmless(sentence)}\n")


def _harmless(text: str) -> str:
    """
    Text without what moves a cursor, sets a title or turns the writing.

    Names in certificates, hosts' answers and people's words get here; none may speak to the terminal.
    """
    return "".join(
        char
        if char.isprintable() or char in "\n\t"
        else char.encode("unicode_escape", "surrogatepass").decode("ascii")
        for char in text
    )
