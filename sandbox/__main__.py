"""
The sandbox's front door: `python -m sandbox [slack|exchange|vendor] [--port N] [--json]`.

Without a part the whole town starts, with the bot in it. With `--json` exactly one line goes to
standard output: a JSON object with addresses and credentials. Ends with 0 on SIGTERM and SIGINT.
Never here: what the parts do.
"""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from pathlib import Path
from typing import get_args

from sandbox.demo import Demo
from sandbox.parts import (
    Addresses,
    Part,
    SandboxFault,
    Version,
    exchange_part,
    slack_part,
    vendor_part,
)
from sandbox.town import HostWish, Town

VERSIONS: tuple[Version, ...] = get_args(Version)


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for until told to end; 0 for a good end, 1 for a start that failed."""
    asked = _parser().parse_args(arguments)
    try:
        asyncio.run(_run(_chosen(asked), as_json=asked.json))
    except (SandboxFault, OSError) as error:
        print(f"The sandbox did not start: {error}", file=sys.stderr)
        return 1
    return 0


async def _run(part: Part, *, as_json: bool) -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    try:
        addresses = await _start_unless(told, part)
        if addresses is not None:
            print(json.dumps(addresses) if as_json else _for_people(addresses), flush=True)
            await told.wait()
    finally:
        await part.stop()


async def _start_unless(told: asyncio.Event, part: Part) -> Addresses | None:
    """The started part's addresses, or None when we were told to end before it stood."""
    starting = asyncio.create_task(part.start())
    ending = asyncio.create_task(told.wait())
    await asyncio.wait({starting, ending}, return_when=asyncio.FIRST_COMPLETED)
    ending.cancel()
    if starting.done():
        return await starting
    starting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await starting
    return None


def _chosen(asked: argparse.Namespace) -> Part:
    match asked.part:
        case "slack":
            return slack_part(port=asked.port, manifest=asked.manifest, events_url=asked.events_url)
        case "exchange":
            return exchange_part(
                port=asked.port, name=asked.name, version=asked.version, kerberos=asked.kerberos
            )
        case "vendor":
            return vendor_part(port=asked.port)
        case _:
            hosts = tuple(asked.host or [HostWish()])
            town = Town(
                folder=asked.folder,
                hosts=hosts,
                slack_port=asked.port,
                bot_http_port=0 if asked.mode == "http" else None,
            )
            return town if asked.no_bot else Demo(town)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__.split("\n")[1])
    _common(parser)
    parser.add_argument("--folder", type=Path, default=Path("var/sandbox"), help="the bot's files")
    parser.add_argument("--host", type=_host, action="append", help="NAME:VERSION, repeatable")
    parser.add_argument("--mode", choices=("socket", "http"), default="socket")
    parser.add_argument("--no-bot", action="store_true", help="the town alone")
    parts = parser.add_subparsers(dest="part", metavar="slack|exchange|vendor")
    slack = parts.add_parser("slack", help="a Slack workspace")
    slack.add_argument("--manifest", type=Path, help="the app's manifest")
    slack.add_argument("--events-url", help="deliver by signed HTTP to this address")
    exchange = parts.add_parser("exchange", help="one Exchange host")
    exchange.add_argument("--name", default="EX01")
    exchange.add_argument("--version", choices=VERSIONS, default="2019")
    exchange.add_argument("--kerberos", action="store_true", help="in a private realm (MIT's KDC)")
    for part in (slack, exchange, parts.add_parser("vendor", help="a certificate vendor")):
        _common(part, inherited=True)
    return parser


def _common(parser: argparse.ArgumentParser, *, inherited: bool = False) -> None:
    """The options of every part; one given before the part's name must survive its defaults."""
    port = argparse.SUPPRESS if inherited else 0
    as_json = argparse.SUPPRESS if inherited else False
    parser.add_argument("--port", type=int, default=port, help="main port, 0 for a free one")
    parser.add_argument("--json", action="store_true", default=as_json, help="one JSON line")


def _host(text: str) -> HostWish:
    name, _, asked = text.partition(":")
    for version in VERSIONS:
        if name and version == (asked or "2019"):
            return HostWish(name=name, version=version)
    raise argparse.ArgumentTypeError(f"{text!r} is not NAME:VERSION, as in EX01:2019")


def _for_people(addresses: Addresses) -> str:
    if "slack" in addresses:
        return f"CertDesk's sandbox is open: {addresses['page']}\n(Ctrl-C ends it.)"
    lines = [f"{key}: {value}" for key, value in addresses.items()]
    return "\n".join([*lines, "(Ctrl-C ends it.)"])


if __name__ == "__main__":
    sys.exit(main())
