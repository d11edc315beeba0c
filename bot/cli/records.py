"""
Verbs that read what is kept of orders, and the way to what is kept for the verbs beside them.

Who reads never writes: neither a table nor a form, and no file is made.
"""

import platform
from typing import Annotated, Any

import typer

from bot.cli.answers import remark, say, say_json
from bot.domain.ids import OrderId
from bot.domain.intent import Intent
from bot.domain.order import CertificateOrder
from bot.domain.states import State

orders = typer.Typer(help="Orders.", no_args_is_help=True)

_OPENED: list[Any] = []

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


@orders.command("list")
def list_orders(*, as_json: Json = False) -> None:
    """All orders, newest first."""
    from bot.workflow.paging import every

    found = every(kept_orders(), State)
    if as_json:
        say_json({"orders": [_brief(order) for order in found]})
        return
    for order in found:
        say(f"{order.id:>5}  {order.state.value:<13} {order.wish.subject.common_name}")


@orders.command("show")
def show(order_id: int, *, as_json: Json = False) -> None:
    """One order."""
    order = kept_orders().load(OrderId(order_id))
    brief = _brief(order)
    if as_json:
        say_json(brief)
        return
    for key, value in brief.items():
        say(f"{key:<18} {', '.join(value) if isinstance(value, list) else value}")


def kept_orders() -> Any:
    """The orders as the database keeps them, to be read; nothing is started."""
    from bot.store.orders import SqlOrders

    return SqlOrders(database(), _no_work, _no_work)


def kept_audit() -> Any:
    """The audit as the database keeps it, to be read."""
    from bot.store.audit import SqlAudit

    return SqlAudit(database())


def kept_intents(order_id: OrderId) -> tuple[Intent, ...]:
    """What the journal knows of an order's remote operations."""
    from bot.store.journal import intents_of

    return intents_of(database(), order_id)


def database() -> Any:
    """The database of the settings, opened to be read, once for the whole call. Raises `DatabaseUnusable`."""
    from bot.settings import load_settings
    from bot.store.looking import open_to_read

    if not _OPENED:
        _OPENED.append(open_to_read(load_settings().database_address, remark))
    return _OPENED[0]


def database_to_change() -> Any:
    """The database of the settings, opened once for the whole call, in this release's form already. Raises `DatabaseUnusable`."""
    from bot.settings import load_settings
    from bot.store.database import open_database

    address = load_settings().database_address
    check_database(address)
    _OPENED.append(open_database(address, machine=f"command line on {platform.node()}"))
    return _OPENED[-1]


def check_database(address: str) -> None:
    """Make sure that the database has this release's form; nothing is changed. Raises `DatabaseUnusable`."""
    from bot.store.looking import open_to_read

    open_to_read(address, remark).dispose()


def close_database() -> None:
    """Give back what `database` opened, if anything."""
    while _OPENED:
        _OPENED.pop().dispose()


def _no_work(*_: object) -> None:
    raise AssertionError("a reading verb started work")


def _brief(order: CertificateOrder) -> dict[str, Any]:
    facts = order.certificate.facts if order.certificate else None
    return {
        "id": order.id,
        "state": order.state.value,
        "names": list(order.wish.names),
        "hosts": list(order.wish.hosts),
        "services": [service.value for service in order.wish.services],
        "connectors": "changed" if order.wish.connectors else "left alone",
        "requester": order.requester,
        "placed_at": order.placed_at.isoformat(),
        "vendor": order.wish.vendor,
        "vendor_reference": order.vendor_reference,
        "thumbprint": facts.thumbprint if facts else "",
        "not_after": facts.not_after.isoformat() if facts else "",
        "plan_digest": order.plan.digest() if order.plan else "",
        "detail": order.detail,
        "findings": [f"{f.severity} {f.code}: {f.message}" for f in order.findings],
        "decisions": [
            f"{a.at.isoformat()} {a.by} {a.gate.value} {'yes' if a.yes else 'no'} {a.subject}".strip()
            for a in order.approvals
        ],
    }
