"""What was read for one person: hosts, a host's certificates, handshakes, an order's audit."""

from datetime import datetime

from bot.domain.audit import AuditEntry
from bot.domain.ids import OrderId
from bot.domain.order import CertificateOrder
from bot.domain.pending import JudgedRequest, Standing
from bot.domain.plan import Handshake, HostCertificate, Snapshot
from bot.domain.site import Site
from handlers.blocks.parts import Block, Picture, context, header, picture, section
from handlers.blocks.pending_rows import pending_rows
from handlers.blocks.text import code, codes, count, mention, when

_SHOWN = 20
_ENTRIES_SHOWN = 30


def hosts_picture(site: Site, installed: tuple[CertificateOrder, ...]) -> Picture:
    """Render the configured hosts, each with the orders installed on it."""
    told = f"{count(len(site.hosts), 'Exchange host')}."
    rows = []
    for host in site.hosts[:_SHOWN]:
        own = [str(order.id) for order in installed if host.name in order.wish.hosts]
        lab = ", lab" if host.lab else ""
        orders = f"installed: order {', '.join(own)}" if own else "nothing installed by CertDesk"
        rows.append(f"{code(host.name)} Exchange {code(host.version)}{lab}: {orders}")
    return picture(told, [header("Exchange hosts"), section("\n".join(rows) or told)])


def inventory_picture(
    snapshot: Snapshot, *, now: datetime, pending: tuple[JudgedRequest, ...] = ()
) -> Picture:
    """Render the certificates and pending requests of a host as they were read a moment ago."""
    shown = snapshot.certificates[:_SHOWN]
    told = f"{code(snapshot.host)} holds {count(len(snapshot.certificates), 'certificate')}{_waiting(pending)}."
    rows = [section(_certificate(c, snapshot, now)) for c in shown]
    rest = len(snapshot.certificates) - len(shown)
    more = [context(f"and {rest} more")] if rest > 0 else []
    foot = context(
        f"Read {when(snapshot.taken_at)}; build {code(snapshot.build)}. Nothing was changed."
    )
    return picture(
        told,
        [
            header(f"Certificates on {snapshot.host}"),
            section(told),
            *pending_rows(pending),
            *rows,
            *more,
            foot,
        ],
    )


def probe_picture(what: str, shakes: tuple[Handshake, ...]) -> Picture:
    """Render handshakes, one a line; a failed one says what is wrong."""
    bad = [shake for shake in shakes if not shake.proven]
    verdict = "all proven" if shakes and not bad else f"{len(bad)} not proven"
    told = f"{count(len(shakes), 'handshake')} with {code(what)}: {verdict}."
    rows = [
        f"{'Proven' if s.proven else 'Not proven'}: {code(s.service)} at {code(s.address)}: {code(s.detail)}"
        for s in shakes[:_SHOWN]
    ]
    return picture(
        told, [header("Handshakes"), section(told), *([section("\n".join(rows))] if rows else [])]
    )


def audit_picture(order_id: OrderId, entries: tuple[AuditEntry, ...]) -> Picture:
    """Render the newest entries of an order's audit, oldest of them first."""
    told = f"Order {order_id} has {count(len(entries), 'audit entry', 'audit entries')}."
    blocks: list[Block] = [header(f"Audit of order {order_id}"), section(told)]
    lines = [_entry(entry) for entry in entries[-_ENTRIES_SHOWN:]]
    blocks += [section("\n".join(lines[at : at + 6])) for at in range(0, len(lines), 6)]
    return picture(told, [*blocks, context("The whole audit: `certdesk audit export`.")])


def _waiting(pending: tuple[JudgedRequest, ...]) -> str:
    abandoned = sum(one.standing is Standing.ABANDONED for one in pending)
    if not pending:
        return ""
    return f" and {count(len(pending), 'pending request')}, {abandoned} of them abandoned"


def _certificate(held: HostCertificate, snapshot: Snapshot, now: datetime) -> str:
    services = ", ".join(held.services) or "no service"
    marks = [
        "default SMTP certificate" if held.thumbprint == snapshot.default_smtp else "",
        "expired" if held.not_after < now else "",
        "" if held.has_private_key else "no private key",
    ]
    said = "".join(f"; {mark}" for mark in marks if mark)
    return (
        f"{code(held.subject)}\n{code(held.thumbprint)}, valid until {when(held.not_after)}\n"
        f"{services}{said}. Names: {codes(list(held.names), limit=500)}"
    )


def _entry(entry: AuditEntry) -> str:
    facts = "; ".join(f"{key} {value}" for key, value in entry.facts.items())
    why = f" Reason: {code(entry.why, 100)}." if entry.why else ""
    told = f" {code(facts, 160)}" if facts else ""
    return (
        f"{when(entry.at)} {mention(entry.by)}: *{entry.what.replace('_', ' ')}*"
        f" ({entry.before or 'new'} to {entry.after}).{why}{told}"
    )
