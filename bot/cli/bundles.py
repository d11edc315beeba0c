"""Verbs about files: judge a bundle, read a CSR, print the command that makes one."""

import io
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.answers import NO, WRONG_USE, YES, leave, say, say_json

if TYPE_CHECKING:
    from bot.certs.judge import Verdict

bundle = typer.Typer(help="Vendor bundles.", no_args_is_help=True)
csr = typer.Typer(help="Certification requests.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


@bundle.command("inspect")
def inspect(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    *,
    csr_file: Annotated[
        Path | None, typer.Option("--csr", help="The CSR it was ordered with.")
    ] = None,
    key_of: Annotated[
        Path | None, typer.Option("--public-key-of", help="A certificate with the same key.")
    ] = None,
    name: Annotated[list[str] | None, typer.Option(help="A DNS name that must be in it.")] = None,
    at: Annotated[str, typer.Option(help="The moment to judge at, ISO 8601.")] = "",
    anchors: Annotated[Path | None, typer.Option(help="PEM file of trusted roots.")] = None,
    vendor: Annotated[str, typer.Option(help="The vendor it was ordered from.")] = "",
    allow_ec: Annotated[bool, typer.Option("--allow-ec", help="Take elliptic keys too.")] = False,
    revocation: Annotated[
        bool, typer.Option("--revocation", help="Ask the issuers whether they revoked it.")
    ] = False,
    lint: Annotated[bool, typer.Option("--lint", help="Let pkilint add its notes.")] = False,
    as_json: Json = False,
) -> None:
    """Judge a vendor's upload: exit 0 accepted, 1 refused."""
    from bot.certs.report import as_json as report
    from bot.cli.judging import Wanted, judge_file

    if (csr_file is None) == (key_of is None):
        raise typer.BadParameter("give either --csr or --public-key-of")
    wanted = Wanted(
        csr_file=csr_file,
        key_of=key_of,
        names=tuple(name or ()),
        at=_moment(at),
        anchors=anchors,
        vendor=vendor,
        allow_ec=allow_ec,
        revocation=revocation,
        lint=lint,
    )
    verdict = judge_file(file, wanted)
    if as_json:
        say_json(report(verdict))
    else:
        _print(verdict)
    leave(NO if verdict.outcome == "refuse" else YES)


@csr.command("inspect")
def inspect_csr(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)], *, as_json: Json = False
) -> None:
    """Say what a CSR asks for, and what it tells the vendor besides."""
    from bot.certs.csr import parse_csr
    from bot.certs.findings import BadMaterial

    try:
        found = parse_csr(file.read_bytes())
    except BadMaterial as bad:
        say_json({"ok": False, "findings": [f.message for f in bad.findings]}) if as_json else say(
            str(bad)
        )
        leave(NO)
    facts: dict[str, Any] = {
        "subject": found.subject,
        "names": list(found.names),
        "key": f"{found.key.kind} {found.key.bits}",
        "spki_sha256": found.key.spki_sha256,
        "signature": found.signature_hash,
        "windows": dict(found.windows),
    }
    if as_json:
        say_json({"ok": True, **facts})
        return
    for label, value in facts.items():
        say(f"{label:<12} {', '.join(value) if isinstance(value, list) else value}")
    if found.windows:
        say(
            "The Windows attributes tell the vendor the names of the host, its account and the process."
        )


@csr.command("command")
def command(
    *,
    host_version: Annotated[str, typer.Option(help="2007 2010 2013 2016 2019 se")],
    subject: Annotated[str, typer.Option(help="CN, or C=..,S=..,O=..,CN=..")],
    name: Annotated[list[str] | None, typer.Option(help="A DNS name.")] = None,
    key_bits: Annotated[int, typer.Option()] = 2048,
    as_json: Json = False,
) -> None:
    """Print the New-ExchangeCertificate line for people who type it themselves."""
    from bot.certs.names import BadName, BadNames
    from bot.cli.csr_command import csr_command

    try:
        line = csr_command(host_version, subject, tuple(name or ()), key_bits=key_bits)
    except (BadName, BadNames, ValueError) as err:
        say_json({"ok": False, "fault": str(err)}) if as_json else say(str(err))
        leave(WRONG_USE)
    say_json({"ok": True, "command": line}) if as_json else say(line)


def _moment(text: str) -> datetime:
    if not text:
        return datetime.now(UTC)  # noqa: TID251 - the front door's own default
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"--at {text!r} is not an ISO 8601 date") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _print(verdict: "Verdict") -> None:
    from rich.console import Console

    from bot.cli.verdict_page import print_verdict

    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names of certificates hold what not every terminal can show.
        sys.stdout.reconfigure(errors="backslashreplace")
    print_verdict(verdict, Console(highlight=False, markup=False, emoji=False))
