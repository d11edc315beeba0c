"""Verbs that print the documents that are made from code."""

import typer

from bot.cli.answers import say


def register(app: typer.Typer) -> None:
    """Hang the verbs on the command line."""
    app.command("states")(states)


def states() -> None:
    """Print the life of an order, the page `docs/states.md`."""
    from bot.domain.diagram import print_states

    say(print_states().rstrip("\n"))
