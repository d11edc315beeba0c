"""
What a pipeline may be in a session without a language: one cmdlet, and Select-Object behind it. Pure.

Scripts are refused whatever they say; a cmdlet outside the caller's roles does not exist.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from psrpcore import Command

from sandbox.exchange.engine import values
from sandbox.exchange.engine.errors import ErrorRecord, unconvertible, unknown_command
from sandbox.exchange.psrp.shapes import NotAnArgument, argument

_NO_LANGUAGE: Final = "The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode."
_SELECT: Final = "select-object"


class Refused(Exception):
    """The pipeline ends before anything of it ran."""

    def __init__(self, record: ErrorRecord) -> None:
        super().__init__(record.message)
        self.record = record


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is left of a pipeline once it was read; `selected` is None when the objects come as they are."""

    cmdlet: str
    arguments: Mapping[str, values.Argument]
    selected: tuple[str, ...] | None


def read_pipeline(commands: list[Command], cmdlets: Iterable[str]) -> Work:
    """
    Read the commands of a pipeline.

    Args:
        cmdlets: what the caller's roles give them.

    Raises:
        Refused: a script, an unknown command, more than the session allows.
    """
    if any(command.is_script for command in commands):
        raise Refused(_record(_NO_LANGUAGE, "ParserError", "ScriptsNotAllowed"))
    known = {name.lower() for name in cmdlets}
    for number, command in enumerate(commands):
        name = command.command_text
        if name.lower() not in (known if number == 0 else {_SELECT}):
            raise Refused(_unknown(name))
    first, *rest = commands
    return Work(
        cmdlet=first.command_text,
        arguments=_arguments(first),
        selected=_wanted(rest[-1]) if rest else None,
    )


def _arguments(command: Command) -> dict[str, values.Argument]:
    try:
        return {name or "": argument(value) for name, value in command.parameters}
    except NotAnArgument as bad:
        failure = unconvertible("value", str(bad), "System.String", command.command_text)
        raise Refused(_record(failure.text, failure.category, failure.error_id)) from bad


def _wanted(command: Command) -> tuple[str, ...]:
    given: Any = dict(command.parameters).get("Property", ())
    return tuple(str(one) for one in (given if isinstance(given, list) else [given]))


def _unknown(name: str) -> ErrorRecord:
    failure = unknown_command(name[:80])
    return _record(failure.text, failure.category, failure.error_id)


def _record(text: str, category: str, error_id: str) -> ErrorRecord:
    return ErrorRecord(message=text, category=category, error_id=error_id)
