"""`python -m sandbox`: one JSON object on standard output, loopback alone, 0 at the end."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from yarl import URL

from sandbox.__main__ import _parser, _run
from sandbox.exchange.kerberos.realm import missing_programs
from sandbox.loopback import unused_port
from sandbox.parts import Addresses

PROJECT = Path(__file__).resolve().parents[2]
KEYS = {
    "vendor": {"page", "anchors_pem", "control"},
    "slack": {"api_url", "bot_token", "app_token", "signing_secret", "page", "control"},
    "exchange": {
        "wsman_http",
        "wsman_https",
        "psrp",
        "user",
        "password",
        "ca_pem",
        "tls",
        "control",
    },
}


@contextmanager
def sandbox(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The front door's process; ended if the test did not."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def first_line(process: subprocess.Popen[str]) -> Any:
    """The JSON of the first line."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.stderr and process.stderr.read()
    return json.loads(line)


@pytest.mark.parametrize("part", KEYS)
def test_part_prints_one_json_line_and_ends_with_zero(part: str) -> None:
    """The keys of the outside contract; SIGTERM ends it, and no other line is printed."""
    with sandbox(part, "--json") as process:
        told = first_line(process)
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=60)

    assert KEYS[part] <= set(told)
    assert (process.returncode, rest, errors) == (0, "", "")


def test_addresses_are_loopback() -> None:
    """No address names anything but this machine."""
    with sandbox("vendor", "--json") as process:
        told = first_line(process)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)

    assert told["page"].startswith("http://127.0.0.1:")
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("part", "key"), [("vendor", "page"), ("slack", "page"), ("exchange", "wsman_http")]
)
def test_port_is_the_part_s_main_port(part: str, key: str) -> None:
    """The port asked for is used; asking for it twice is a sentence and exit code 1."""
    port = str(unused_port())
    with sandbox(part, "--json", "--port", port) as again:
        told = first_line(again)
        with sandbox(part, "--port", port) as second:
            output, errors = second.communicate(timeout=60)

    assert str(URL(told[key]).port) == port
    assert (second.returncode, output) == (1, "")
    assert errors.startswith("The sandbox did not start: ")


def test_without_json_people_get_lines() -> None:
    """One fact a line."""
    with sandbox("--port", "0", "vendor") as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)

    assert line.startswith("page: http://127.0.0.1:")


def test_whole_town_prints_one_json_line(tmp_path: Path) -> None:
    """The page to open, every part's addresses, and where the bot's files are."""
    with sandbox("--no-bot", "--json", "--folder", str(tmp_path)) as process:
        told = first_line(process)
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=60)

    assert set(told) == {"page", "slack", "exchange", "vendor", "config", "environment"}
    assert KEYS["exchange"] <= set(told["exchange"][0])
    assert (process.returncode, rest, errors) == (0, "", "")


def test_whole_town_tells_people_one_address(tmp_path: Path) -> None:
    """One page to open, and no credentials on the screen."""
    with sandbox("--no-bot", "--folder", str(tmp_path), "--host", "EX07:2007") as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=60)

    assert line.startswith("CertDesk's sandbox is open: http://127.0.0.1:")
    assert "http" not in rest


class NeverUp:
    """A part that is told to end while it starts."""

    stopped = False

    async def start(self) -> Addresses:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.Event().wait()
        return {}

    async def stop(self) -> None:
        self.stopped = True


async def test_told_to_end_while_it_starts_it_ends() -> None:
    """A start that hangs does not hold up SIGTERM, and what was opened is closed."""
    part = NeverUp()
    await _run(part, as_json=True)

    assert part.stopped


@pytest.mark.parametrize(
    "arguments", [("mars",), ("exchange", "--version", "2003"), ("--host", ":")]
)
def test_wrong_use_ends_with_two(arguments: tuple[str, ...]) -> None:
    """Nothing is started for words we do not know."""
    with sandbox(*arguments) as process:
        output, _ = process.communicate(timeout=60)

    assert (process.returncode, output) == (2, "")


@pytest.mark.parametrize(("arguments", "is_asked"), [([], False), (["--kerberos"], True)])
def test_a_realm_is_there_when_it_is_asked_for(arguments: list[str], is_asked: bool) -> None:
    """A KDC is started for nobody who did not want one."""
    assert _parser().parse_args(["exchange", *arguments]).kerberos is is_asked


def test_a_host_in_a_realm_offers_kerberos_and_says_how_to_reach_it() -> None:
    """The realm, its krb5.conf and the account in the JSON line; Negotiate and Kerberos in the listener's refusal."""
    if missing_programs():
        pytest.skip(f"missing: {', '.join(missing_programs())}")
    with sandbox("exchange", "--kerberos", "--json") as process:
        told = first_line(process)
        with pytest.raises(HTTPError) as refused:
            urlopen(Request(told["wsman_http"], data=b"", method="POST"), timeout=30)
        offered = refused.value.headers.get_all("WWW-Authenticate")
        refused.value.close()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)

    assert told["kerberos"]["user"].endswith("@CORP.EXAMPLE.COM")
    assert refused.value.code == 401
    assert {"Negotiate", "Kerberos"} <= set(offered or ())
    assert not Path(told["kerberos"]["krb5_conf"]).exists()
