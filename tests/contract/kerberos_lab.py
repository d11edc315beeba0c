"""A private KDC with one host in its realm, and how the bot is configured for it. Skipped visibly where tools are missing."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, NoReturn

import pytest

from bot.exchange.access import HostAccess
from bot.exchange.psrp import ExchangeEndpoint
from bot.exchange.refused import RefusedPasswords
from bot.exchange.session import Deadlines, RunnerSession
from bot.exchange.tickets import Tickets, is_installed
from bot.exchange.winrm import WinRMWire
from sandbox.exchange.host import ExchangeHost
from sandbox.exchange.kerberos.realm import Realm, missing_programs
from tests.contract.exchange_worlds import access
from tests.unit.exchange.samples import EX01, SetClock

REALM: Final = "CORP.EXAMPLE.COM"
FQDN: Final = "EX01.corp.example.com"


def need_kerberos() -> None:
    """Skip visibly where the KDC or the extra is missing; never under CI."""
    absent = [*missing_programs(), *([] if is_installed() else ["the extra kerberos"])]
    if absent:
        _do_without(", ".join(absent))


def _do_without(absent: str) -> NoReturn:
    sentence = f"missing: {absent}"
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)


def wrong_clock(offset: str) -> dict[str, str]:
    """Variables that let one process, and no other, live at another time (libfaketime)."""
    places = sorted(Path("/usr/lib").glob("**/faketime/libfaketime.so.1"))
    if not places:
        _do_without("libfaketime")
    return {"LD_PRELOAD": str(places[0]), "FAKETIME": offset}


@contextmanager
def realm_of(**environment: str) -> Iterator[Realm]:
    """A running realm whose krb5.conf is the process's, as on a machine of the domain."""
    need_kerberos()
    realm = Realm(REALM, environment=environment)
    with pytest.MonkeyPatch.context() as patch:
        try:
            realm.start()
            patch.setenv("KRB5_CONFIG", str(realm.krb5_conf))
            yield realm
        finally:
            realm.stop()


class Seconds:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass(slots=True)
class Lab:
    """One host in a realm, the bot's way to it, and what the bot remembers."""

    realm: Realm
    host: ExchangeHost
    way: HostAccess
    urls: dict[str, str]
    seconds: Seconds
    refused: RefusedPasswords
    tickets: Tickets

    def session(self, **changes: Any) -> RunnerSession:
        """A conversation by WinRM, not opened yet."""
        wire = WinRMWire(
            replace(self.way, **changes),
            now=SetClock().now,
            refused=self.refused,
            tickets=self.tickets,
            monotonic=self.seconds,
            pause=lambda _: None,
        )
        return RunnerSession(EX01, wire, deadlines=Deadlines(), monotonic=self.seconds)

    def open_and_close(self, scheme: str) -> None:
        """A whole conversation about nothing."""
        session = self.session(winrm_url=self.urls[scheme])
        session.open()
        session.close()

    def endpoint(self, **changes: Any) -> ExchangeEndpoint:
        """A session at Exchange's own endpoint, not opened yet."""
        return ExchangeEndpoint(
            replace(self.way, door="psrp", **changes),
            now=SetClock().now,
            deadlines=Deadlines(),
            monotonic=self.seconds,
            refused=self.refused,
            tickets=self.tickets,
            pause=lambda _: None,
        )

    def requests(self) -> int:
        """How many HTTP requests WinRM has seen."""
        return int(str(self.host.request_counts()["http"]))


@contextmanager
def lab_of(realm: Realm, folder: Path, **host_options: Any) -> Iterator[Lab]:
    """A host that has joined the realm."""
    host = ExchangeHost(realm=realm, **host_options)
    try:
        info: dict[str, Any] = host.start()
        way = replace(
            access(info, "2019", folder),
            auth="kerberos",
            user=info["kerberos"]["user"],
            spn_host=info["kerberos"]["spn_host"],
        )
        seconds = Seconds()
        refused = RefusedPasswords(seconds)
        urls = {"http": info["wsman_http"], "https": info["wsman_https"]}
        yield Lab(realm, host, way, urls, seconds, refused, Tickets(refused, seconds))
    finally:
        host.stop()
