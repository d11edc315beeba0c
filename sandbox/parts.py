"""
The parts of the sandbox, each startable alone, all with one shape: start, addresses, stop.

Never here: how they are put together (`town`) and how they are asked for (`__main__`).
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

from sandbox.exchange.kerberos.realm import NoRealm, Realm

Addresses = dict[str, Any]
Version = Literal["2007", "2010", "2013", "2016", "2019", "se"]
SLACK_PATIENCE_S = 3.0
"""The real one's."""


class Part(Protocol):
    """
    Something that listens on loopback.

    1. `start` returns once it can be reached, with its addresses and credentials, ready for JSON.
    2. `stop` closes everything `start` opened; it may be called twice, and after a failed start.
    """

    async def start(self) -> Addresses:
        """Listen; the answer's keys are those of the part's contract."""
        ...

    async def stop(self) -> None:
        """Close every port."""
        ...


class SandboxFault(Exception):
    """The sandbox cannot start or go on; the text is for the person at the keyboard."""


def slack_part(
    *,
    port: int = 0,
    manifest: Path | None = None,
    events_url: str | None = None,
    links: list[dict[str, str]] | None = None,
    patience_s: float = SLACK_PATIENCE_S,
) -> Part:
    """
    A Slack workspace; with `events_url` it delivers by signed HTTP instead of Socket Mode.

    After `patience_s` it waits no longer for an acknowledgement, and a trigger opens no window any more.
    """
    from sandbox.slack.server import MANIFEST, SlackWorkspace

    return SlackWorkspace(
        port=port,
        events_url=events_url,
        links=links,
        manifest=manifest or MANIFEST,
        ack_window_s=patience_s,
        trigger_life_s=patience_s,
    )


def exchange_part(
    *,
    port: int = 0,
    name: str = "EX01",
    version: Version = "2019",
    role_group: str = "Server Management",
    kerberos: bool = False,
) -> Part:
    """
    One Exchange host; `port` is that of WinRM over HTTP, `role_group` what the account may at the endpoint.

    With `kerberos` it stands in a realm of its own, whose KDC is started with it.
    """
    from sandbox.exchange.host import ExchangeHost

    user = "svc-certdesk"
    realm = Realm("CORP.EXAMPLE.COM") if kerberos else None
    host = ExchangeHost(
        port=port,
        name=name,
        version=version,
        user=user,
        role_groups={user: role_group},
        realm=realm,
    )
    return _Threaded(host if realm is None else _InRealm(realm, host))


def vendor_part(*, port: int = 0) -> Part:
    """A certificate vendor."""
    from sandbox.vendor.server import VendorDesk

    return VendorDesk(port=port)


class _StartsInThread(Protocol):
    def start(self) -> Mapping[str, Any]: ...

    def stop(self) -> None: ...


class _InRealm:
    """A host and the KDC of its realm, as one part."""

    def __init__(self, realm: Realm, host: _StartsInThread) -> None:
        self._realm = realm
        self._host = host

    def start(self) -> Mapping[str, Any]:
        try:
            self._realm.start()
        except NoRealm as fault:
            raise SandboxFault(str(fault)) from fault
        return self._host.start()

    def stop(self) -> None:
        self._host.stop()
        self._realm.stop()


class _Threaded:
    """A part whose own start and stop block: they run beside the loop."""

    def __init__(self, inner: _StartsInThread) -> None:
        self._inner = inner

    async def start(self) -> Addresses:
        return dict(await asyncio.to_thread(self._inner.start))

    async def stop(self) -> None:
        await asyncio.to_thread(self._inner.stop)
