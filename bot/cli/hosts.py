"""Verbs that look outside: probe an address, read a host's certificates."""

from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import certifi
import typer

from bot.cli.answers import NO, TROUBLE, YES, leave, say, say_json
from bot.cli.inventory_page import inventory_json, inventory_page
from bot.cli.records import kept_orders
from bot.domain.faults import OrderUnknown
from bot.domain.ids import HostName, OrderId

Starttls = Literal["smtp", "imap", "pop3"]
PORTS: dict[Starttls | None, int] = {None: 443, "smtp": 25, "imap": 143, "pop3": 110}

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


def register(app: typer.Typer) -> None:
    """Hang the verbs on the command line."""
    app.command("probe")(probe)
    app.command("inventory")(inventory)


def probe(
    address: Annotated[str, typer.Argument(metavar="HOST[:PORT]")],
    *,
    starttls: Annotated[Starttls | None, typer.Option(help="smtp, imap or pop3")] = None,
    name: Annotated[str, typer.Option(help="The DNS name to ask for and to check.")] = "",
    anchors: Annotated[Path | None, typer.Option(help="PEM file of trusted roots.")] = None,
    as_json: Json = False,
) -> None:
    """Shake hands with a service and say what it shows: exit 0 trusted for the name, 1 not."""
    from bot.certs.names import BadName, parse_dns_name
    from bot.watch.probe import probe_address

    host, port = _host_and_port(address, PORTS[starttls])
    try:
        dns_name = parse_dns_name(name or host)
    except BadName as bad:
        raise typer.BadParameter(f"{bad} Say with --name which name to ask for.") from None
    shake = probe_address(
        host,
        port,
        starttls=starttls,
        name=dns_name,
        anchors_pem=(anchors or Path(certifi.where())).read_text(encoding="utf-8"),
    )
    if as_json:
        say_json(
            {
                "proven": shake.proven,
                "address": shake.address,
                "sha256": shake.sha256,
                "detail": shake.detail,
            }
        )
    else:
        say(shake.detail)
    if shake.sha256 is None and not shake.proven:
        leave(TROUBLE)
    leave(YES if shake.proven else NO)


def _host_and_port(address: str, usual: int) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    if not colon:
        return address, usual
    if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise typer.BadParameter(f"{address!r} is not HOST or HOST:PORT")
    return host, int(port)


def inventory(host: str, *, as_json: Json = False) -> None:
    """Read an Exchange host: its certificates, what hangs on them, and the requests that wait there."""
    from bot.host_wiring import build_hosts
    from bot.settings import load_settings
    from bot.site_file import load_site_file
    from bot.system.clock import SystemClock
    from bot.workflow.pending_requests import pending_requests

    settings = load_settings()
    hosts = build_hosts(settings, load_site_file(settings.config), SystemClock())
    orders = _orders()
    try:
        snapshot = hosts.snapshot(HostName(host))
        pending = pending_requests(hosts, orders, HostName(host))
    finally:
        # Else the host keeps the session for its two minutes, and the account has room for few.
        hosts.close()
    if as_json:
        say_json(inventory_json(snapshot, pending))
        return
    for line in inventory_page(snapshot, pending):
        say(line)


class _NoOrders:
    """Before CertDesk's first start there are none, and hosts can be looked at already."""

    def load(self, order_id: OrderId) -> NoReturn:
        raise OrderUnknown(order_id)


def _orders() -> Any:
    from bot.store.looking import NothingKept

    try:
        return kept_orders()
    except NothingKept:
        return _NoOrders()
