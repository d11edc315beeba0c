"""Verbs of the audit: verify its chain, export it, and fix its end outside with signed checkpoints."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.answers import NO, WRONG_USE, YES, leave, say, say_json
from bot.cli.records import kept_audit

audit = typer.Typer(help="The audit chain.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


@audit.command("verify")
def verify(
    *,
    checkpoints: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Checkpoints, a line each.")
    ] = None,
    public_key: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The key they are signed with.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check the hash chain, and the signed checkpoints if given; exit 1 with the first that does not fit."""
    if (checkpoints is None) != (public_key is None):
        raise typer.BadParameter("give --checkpoints and --public-key together")
    kept = kept_audit()
    broken = kept.broken_at()
    told: dict[str, Any] = {"broken_at": broken}
    if checkpoints is not None and public_key is not None:
        told |= _compare(kept, checkpoints, public_key)
    ok = broken is None and not told.get("checkpoint_fault")
    if as_json:
        say_json({"ok": ok, **told})
    else:
        _say_verdict(told)
    leave(YES if ok else NO)


@audit.command("export")
def export() -> None:
    """
    Every entry as a JSON line, oldest first: number, previous, hash, and body, the text the hash covers.

    The hash is the SHA-256 of previous, a line feed, and body; the first entry's previous is 64 zeros.
    """
    for line in export_lines(kept_audit()):
        say(line)


@audit.command("checkpoint")
def checkpoint(*, as_json: Json = False) -> None:
    """Sign what the chain ends with now and write it to CERTDESK_CHECKPOINT_TO; exit 1 when the chain is broken."""
    from bot.settings import load_settings
    from bot.system.clock import SystemClock
    from bot.wiring import build_checkpoints

    settings, kept = load_settings(), kept_audit()
    checkpoints = build_checkpoints(settings, kept, SystemClock())
    broken = kept.broken_at()
    if broken is not None:
        # Its end would be vouched for, and whoever compares with this later finds everything in order.
        told = {"ok": False, "broken_at": broken}
        say_json(told) if as_json else say(f"{_broken(broken)} No checkpoint was written.")
        leave(NO)
    made = checkpoints.write()
    if as_json:
        say_json({"ok": True, "number": made.number, "hash": made.hash, "at": made.at.isoformat()})
    else:
        say(f"Entry {made.number} with hash {made.hash} is signed and written.")


@audit.command("key")
def key(
    *,
    output: Annotated[
        Path,
        typer.Option("-o", help="Where the private key is written; no such file may be there."),
    ],
) -> None:
    """Make the key that signs checkpoints; the public key is printed, for those who verify."""
    from bot.system.checkpoints import new_key

    private, public = new_key()
    try:
        output.touch(mode=0o600, exist_ok=False)
    except OSError as err:
        say(f"{output} was not written: {err.strerror}.")
        leave(WRONG_USE)
    output.write_bytes(private)
    say(public.decode("ascii").rstrip("\n"))


def export_lines(kept: Any, **part: Any) -> Any:
    """The lines of `export`, or of a part of the chain."""
    first = part.get("first", 1)
    previous = kept.hashes([first - 1]).get(first - 1, "")
    for link in kept.links(**part):
        body = bytes(link.body).decode("ascii", "backslashreplace")
        told = {"number": link.number, "previous": previous, "hash": bytes(link.hash).hex()}
        yield json.dumps({**told, "body": body}, sort_keys=True)
        previous = told["hash"]


def _compare(kept: Any, checkpoints: Path, public_key: Path) -> dict[str, Any]:
    from bot.system.checkpoints import first_mismatch, load_public_key

    key = load_public_key(public_key)
    with checkpoints.open(encoding="utf-8", errors="replace") as lines:
        count, fault = first_mismatch(lines, key, kept.hashes)
    if not count:
        return {
            "checkpoints": 0,
            "checkpoint_fault": {"line": 0, "why": "There is no checkpoint in the file."},
        }
    wrong = {"line": fault.line, "why": fault.why} if fault else None
    return {"checkpoints": count, "checkpoint_fault": wrong}


def _say_verdict(told: dict[str, Any]) -> None:
    broken, fault = told["broken_at"], told.get("checkpoint_fault")
    say("Every entry fits the chain." if broken is None else _broken(broken))
    if fault:
        say(f"Checkpoint in line {fault['line']}: {fault['why']}")
    elif "checkpoints" in told:
        say(f"All {told['checkpoints']} checkpoint(s) fit the chain.")


def _broken(number: int) -> str:
    return f"Entry {number} does not fit the chain: it, or the one before it, was changed."
