"""What was read for one person: hosts, a host's certificates, handshakes, an order's audit."""

from bot.domain.audit import AuditEntry
from bot.domain.ids import OrderId
from bot.domain.inventory import HostLine, addresses_of, host_lines, marks_of
from bot.domain.order import CertificateOrder
from bot.domain.pending import JudgedRequest, Standing
from bot.domain.plan import Handshake, HostCertificate, Snapshot
from bot.domain.site import Site
from handlers.blocks.parts import (
    Block,
    Picture,
    context,
    divider,
    facts,
    header,
    picture,
    section,
)
from handlers.blocks.pending_rows import pending_rows
from handlers.blocks.text import code, codes, count, day, mention, when

_SHOWN = 20
_FACTS = 10
_FACTS_SHOWN = 40
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


def inventory_picture(snapshot: Snapshot, *, pending: tuple[JudgedRequest, ...] = ()) -> Picture:
    """Render a host as it was read a moment ago: what hangs on its certificates, these, and pending requests."""
    shown = snapshot.certificates[:_SHOWN]
    told = f"{code(snapshot.host)} holds {count(len(snapshot.certificates), 'certificate')}{_waiting(pending)}."
    rows = [section(_certificate(c, snapshot)) for c in shown]
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
            *_host_facts(snapshot),
            divider(),
            *rows,
            *more,
            *pending_rows(pending),
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


def _host_facts(snapshot: Snapshot) -> list[Block]:
    """Label and value side by side; what is wrong stands under its value."""
    pairs = [(line.label, _value(line)) for line in host_lines(snapshot)[:_FACTS_SHOWN]]
    return [facts(pairs[at : at + _FACTS]) for at in range(0, len(pairs), _FACTS)]


def _value(line: HostLine) -> str:
    until = f", until {day(line.until)}" if line.until is not None else ""
    warning = f"\n*Warning:* {line.warning}" if line.warning else ""
    return f"{code(line.value)}{until}{warning}"


def _certificate(held: HostCertificate, snapshot: Snapshot) -> str:
    services = ", ".join(held.services) or "no service"
    marks = "".join(f"; {mark}" for mark in marks_of(snapshot, held))
    addresses = addresses_of(snapshot, held)
    bound = f"; bound at {codes(list(addresses), limit=300)}" if addresses else ""
    names = f" Names: {codes(list(held.names), limit=500)}" if held.names else ""
    return (
        f"{code(held.subject)}\n{code(held.thumbprint)}, valid until {when(held.not_after)}\n"
        f"{services}{marks}{bound}.{names}"
    )


def _entry(entry: AuditEntry) -> str:
    details = "; ".join(f"{key} {value}" for key, value in entry.facts.items())
    why = f" Reason: {code(entry.why, 100)}." if entry.why else ""
    told = f" {code(details, 160)}" if details else ""
    return (
        f"{when(entry.at)} {mention(entry.by)}: *{entry.what.replace('_', ' ')}*"
        f" ({entry.before or 'new'} to {entry.after}).{why}{told}"
    )
