"""Calls that must succeed: one call, its reply, or the fault for the operator."""

from collections.abc import Sequence

from bot.domain.faults import FaultKind, HostFault
from bot.domain.ids import HostName
from bot.exchange.call import Call, Reply
from bot.exchange.failed import cmdlet_fault
from bot.exchange.session import Foresighted, Runner
from bot.exchange.warned import cautions_of

Row = tuple[str | None, ...]


def look_ahead(runner: Runner, calls: Sequence[Call]) -> None:
    """
    Have the readings that come next fetched in one message, where the runner can; what is read is the same.

    Raises:
        HostFault: of the wire.
    """
    if isinstance(runner, Foresighted):
        runner.ahead(calls)


def run(runner: Runner, call: Call) -> Reply:
    """
    Run one call and insist on success.

    Raises:
        HostFault: of the wire; CmdletFailed for the first error the host reported.
    """
    reply = runner.run(call)
    if reply.errors:
        raise cmdlet_fault(runner.host, call, reply.errors[0], cautions_of(reply))
    return reply


def run_rows(runner: Runner, call: Call, *, width: int) -> tuple[Row, ...]:
    """
    Run one call whose objects have at least ``width`` fields.

    Raises:
        HostFault: as `run`; PROTOCOL when an object has fewer fields.
    """
    rows = run(runner, call).objects
    if any(len(row) < width for row in rows):
        raise unreadable(runner.host, call, "an object lacks fields")
    return rows


def run_one(runner: Runner, call: Call, *, width: int = 1) -> Row:
    """
    Run one call that answers with exactly one object.

    Raises:
        HostFault: as `run_rows`; PROTOCOL when there is none or more than one.
    """
    rows = run_rows(runner, call, width=width)
    if len(rows) != 1:
        raise unreadable(runner.host, call, f"{len(rows)} objects came instead of one")
    return rows[0]


def unreadable(host: HostName, call: Call, why: str) -> HostFault:
    """The fault for an answer that came whole and makes no sense."""
    return HostFault(
        FaultKind.PROTOCOL,
        host,
        f"{host}: the answer to {call.title} could not be understood: {why}. "
        "Nothing further was done. Report it: CertDesk or this version of Exchange is at fault.",
        executed="yes" if call.changes else "no",
        code="unreadable-answer",
    )
