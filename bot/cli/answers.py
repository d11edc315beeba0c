"""How verbs answer: one JSON object or lines for people, and which fault means which exit code."""

import json
import logging
import sys
from typing import Any, NoReturn

import typer

YES, NO, WRONG_USE, TROUBLE = 0, 1, 2, 3


def say(text: str = "") -> None:
    """Print a line for people."""
    typer.echo(text)


def say_json(value: dict[str, Any]) -> None:
    """Print the one JSON object of a ``--json`` answer."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def leave(code: int) -> NoReturn:
    """End with an exit code."""
    raise typer.Exit(code)


def explain(err: Exception) -> int:
    """Print what went wrong as a sentence on stderr and say which exit code it is."""
    from bot.domain.faults import HostFault, OrderUnknown, Refused
    from bot.settings import BadSettings

    if isinstance(err, BadSettings):
        for fault in err.faults:
            sys.stderr.write(f"{fault}\n")
        return WRONG_USE
    if isinstance(err, OrderUnknown):
        sys.stderr.write(f"{err.sentence}\n")
        return NO
    if isinstance(err, Refused):
        sys.stderr.write(f"{err.sentence}\n")
        return WRONG_USE
    if isinstance(err, HostFault) or type(err).__name__ == "TroubleOutside":
        sys.stderr.write(f"{err}\n")
        return TROUBLE
    logging.getLogger(__name__).error("unexpected", exc_info=err)
    sys.stderr.write(f"CertDesk itself failed: {type(err).__name__}. The log has the details.\n")
    return TROUBLE
