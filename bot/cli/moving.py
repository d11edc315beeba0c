"""The verb that moves everything to another database; the order of its checks is the order below."""

from contextlib import closing, nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.answers import NO, YES, leave, say, say_json

if TYPE_CHECKING:
    from bot.store.moving import Arrived


def register(app: typer.Typer) -> None:
    """Hang the verb on the command line."""
    app.command("move")(move)


def move(
    *,
    source: Annotated[str, typer.Option("--from", help="The database to move from.")],
    target: Annotated[
        str, typer.Option("--to", help="An empty database; leave a password to PGPASSWORD.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Move everything to an empty database, counted and hashed; exit 1 and nothing moved when that cannot be."""
    from bot.opening import lock_single_process
    from bot.store.looking import check_there
    from bot.store.moving import CannotMove

    check_there(source, told_by="--from")
    lock = lock_single_process(source)
    with nullcontext() if lock is None else closing(lock):
        try:
            arrived = _move(source, target)
        except CannotMove as refused:
            reasons = list(refused.reasons)
            if as_json:
                say_json({"ok": False, "reasons": reasons})
            else:
                for reason in reasons:
                    say(reason)
            leave(NO)
    tables = {one.table: {"rows": one.rows, "sha256": one.sha256} for one in arrived.tables}
    if as_json:
        audit = {"entries": arrived.entries, "head": arrived.head}
        say_json({"ok": True, "tables": tables, "audit": audit})
    else:
        for one in arrived.tables:
            say(f"{one.table:<16} {one.rows:>8} row(s)  {one.sha256}")
        say(
            f"Everything is on the target and the same; its audit verifies, {arrived.entries} entries, head {arrived.head}."
        )
        say(
            "Set CERTDESK_DATABASE_URL to the target and start CertDesk; keep the source, and start nothing on it."
        )
    leave(YES)


def _move(source: str, target: str) -> "Arrived":
    from bot.opening import prepare_database
    from bot.store.database import open_database
    from bot.store.moving import CannotMove, check_source, move_rows
    from bot.workflow.drained import unfinished
    from bot.workflow.durable import WorkQueue

    here = open_database(source)
    try:
        check_source(here)
        left = tuple(unfinished(_orders(here))) or _last_steps(source)
        if left:
            raise CannotMove(
                *left, "Nothing was moved. Start CertDesk, let this end, stop it and move again."
            )
        prepare_database(target)
        with closing(WorkQueue(target)) as queue:
            if queue.knows_any():
                raise CannotMove(
                    "Work was run on the target before, so nothing was moved. Name an empty database."
                )
        there = open_database(target)
        try:
            return move_rows(here, there)
        finally:
            there.dispose()
    finally:
        here.dispose()


def _last_steps(source: str) -> tuple[str, ...]:
    """Work that has changed its order for the last time and is not at its end: another order may have to be told."""
    from bot.workflow.durable import WorkQueue, migrate_engine

    # Where nothing was ever run its tables are missing.
    migrate_engine(source)
    with closing(WorkQueue(source, patient=False)) as queue:
        if queue.is_working():
            return ("The machine's work was stopped at its last step.",)
    return ()


def _orders(engine: Any) -> Any:
    from bot.store.orders import SqlOrders

    def no_work(*_: object) -> None:
        raise AssertionError("a move started work")

    return SqlOrders(engine, no_work, no_work)
