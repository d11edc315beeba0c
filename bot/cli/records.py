"""Verbs that read what is kept: orders, audit, evidence."""

import io
import json
import zipfile
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.answers import say, say_json
from bot.domain.ids import OrderId
from bot.domain.order import CertificateOrder
from bot.domain.states import State

orders = typer.Typer(help="Orders.", no_args_is_help=True)

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The one date every file in an evidence pack carries, so that the bytes are the same each time."""

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


def register(app: typer.Typer) -> None:
    """Hang the verbs on the command line."""
    app.command("evidence")(evidence)


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


def evidence(
    order_id: int, *, output: Annotated[Path, typer.Option("-o", help="The zip to write.")]
) -> None:
    """Write what proves an order into a zip: decisions, CSR, certificate, plan, steps with warnings, audit slice."""
    order = kept_orders().load(OrderId(order_id))
    entries = [_plain(entry) for entry in kept_audit().entries(order.id)]
    files = {
        "order.json": json.dumps(_brief(order), indent=1, sort_keys=True).encode(),
        "audit.jsonl": "".join(json.dumps(e, sort_keys=True) + "\n" for e in entries).encode(),
        "request.csr": order.csr_pem.encode(),
        "plan.json": _plan_json(order),
        "steps.json": _steps_json(order.id),
    }
    if order.certificate is not None:
        files["leaf.der"] = order.certificate.leaf_der
        files |= {f"path-{n}.der": der for n, der in enumerate(order.certificate.path, 1)}
    output.write_bytes(_zip(files))
    say(f"{output}: {len(files)} files.")


def kept_orders() -> Any:
    """The orders as the database keeps them, to be read; nothing is started."""
    from bot.store.database import open_database
    from bot.store.orders import SqlOrders

    return SqlOrders(open_database(_url()), _no_work, _no_work)


def kept_audit() -> Any:
    """The audit as the database keeps it, to be read."""
    from bot.store.audit import SqlAudit
    from bot.store.database import open_database

    return SqlAudit(open_database(_url()))


def _url() -> str:
    from bot.settings import load_settings
    from bot.store.migration import migrate

    url = load_settings().database_url
    migrate(url)
    return url


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


def _plan_json(order: CertificateOrder) -> bytes:
    from bot.domain.plan import canonical

    return canonical(order.plan) if order.plan else b"null"


def _steps_json(order_id: OrderId) -> bytes:
    """How each step of each host ended, with what Exchange warned of."""
    steps = [_plain(step) for step in kept_orders().steps(order_id)]
    return json.dumps(steps, indent=1, sort_keys=True).encode()


def _plain(entry: Any) -> dict[str, Any]:
    from bot.domain.plan import canonical

    plain: dict[str, Any] = json.loads(canonical(entry))
    return plain


def _zip(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, date_time=EPOCH), files[name])
    return packed.getvalue()
