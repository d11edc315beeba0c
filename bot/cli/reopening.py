"""The verb for a database that came back from a backup."""

import platform
from contextlib import closing, nullcontext
from typing import Annotated

import typer

from bot.cli.answers import NO, leave, say, say_json


def register(app: typer.Typer) -> None:
    """Hang the verb on the command line."""
    app.command("reopen")(reopen)


def reopen(
    *,
    skip: Annotated[
        int,
        typer.Option(
            min=1,
            max=1_000_000,
            help="How many numbers of orders to pass over: more than were given since.",
        ),
    ] = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """After a restore from a backup, before the start: let no message be posted twice and no order's number be given twice."""
    from bot.opening import lock_single_process
    from bot.settings import load_settings
    from bot.store.database import open_database
    from bot.store.looking import check_there
    from bot.store.reopening import CannotReopen
    from bot.store.reopening import reopen as reopen_database
    from bot.system.clock import SystemClock

    url = load_settings().database_address
    check_there(url)
    lock = lock_single_process(url)
    with nullcontext() if lock is None else closing(lock):
        engine = open_database(url, machine=f"command line on {platform.node()}")
        try:
            done = reopen_database(engine, skip=skip, at=SystemClock().now())
        except CannotReopen as refused:
            if as_json:
                say_json({"ok": False, "reasons": [str(refused)]})
            else:
                say(str(refused))
            leave(NO)
        finally:
            engine.dispose()
    if as_json:
        say_json({"ok": True, "messages": done.messages, "next_order": done.last + 1})
        return
    say(f"{done.messages} waiting message(s) will be looked for in chat before they are posted.")
    say(f"The next order gets number {done.last + 1}. The audit says that a restore took place.")
