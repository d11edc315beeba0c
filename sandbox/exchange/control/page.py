"""The host's page for people: everything escaped, no scripts, fresh every few seconds."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final

_STYLE: Final = """
:root { --ink: #1b2a38; --soft: #566573; --line: #dbe0e6; --blue: #1f4e79; color-scheme: light; }
body { margin: 0; background: #f2f5f8; color: var(--ink); font: 15px/1.45 system-ui, "Segoe UI", sans-serif; }
header { padding: 1rem max(1.5rem, calc((100% - 84rem) / 2)); background: var(--blue); color: #fff; }
h1 { font-size: 1.35rem; margin: 0; } h2 { font-size: 1rem; margin: 0 0 .5rem; }
p.sub { margin: .15rem 0 0; color: #d3e0ec; } p.sub a { color: #fff; }
button, input, select { font: inherit; margin: .2rem 0; padding: .2rem .5rem; }
main { max-width: 84rem; margin: 0 auto; padding: 1.25rem 1.5rem; }
section { margin: 0 0 1rem; padding: 1rem 1.25rem; border: 1px solid var(--line); border-radius: 10px; background: #fff; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .4rem .9rem .4rem 0; text-align: left; vertical-align: top; overflow-wrap: break-word; }
th { font-size: .85rem; font-weight: 600; color: var(--soft); white-space: nowrap; }
tr:last-child td { border-bottom: 0; }
code { font: 13px/1.4 ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", monospace; }
.when { white-space: nowrap; }
.mark { display: inline-block; padding: 0 .5rem; border-radius: 99px; background: #e3edf7; color: var(--blue); font-size: .85rem; font-weight: 600; white-space: nowrap; }
.failed { color: #b3261e; } .empty { margin: 0; color: var(--soft); }
"""
_ICON: Final = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E"
    "%3Crect width='32' height='32' rx='8' fill='%231f4e79'/%3E"
    "%3Cpath d='M6 10h20v13H6zl10 8 10-8' fill='none' stroke='%23fff' stroke-width='2.2'/%3E%3C/svg%3E"
)
"""Inside the page: without one a browser asks for /favicon.ico and complains."""
# Rows are read from JSON-ready values whose shapes control/describe.py fixes.
Row = Mapping[str, Any]


def render_page(state: Row, operations: Sequence[Row]) -> str:
    """One HTML document with stores, services, bindings, connectors and what was done, newest first."""
    title = f"{state['name']} · Exchange {state['version']}"
    parts = [
        _mine(state),
        _pending(state),
        _settings(state),
        _connectors(state),
        _authorities(state),
        _operations(operations),
    ]
    return frame(title, _subtitle(state), "".join(parts), refresh=True)


def frame(title: str, subtitle: str, body: str, *, refresh: bool = False) -> str:
    """A page of this host; subtitle and body are HTML already. Only one without a form is refreshed."""
    again = '<meta http-equiv="refresh" content="5">' if refresh else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'{again}<meta name="viewport" content="width=device-width">'
        f'<link rel="icon" href="{_ICON}">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"<header><h1>{escape(title)}</h1>{subtitle}</header><main>{body}</main></body></html>"
    )


def _subtitle(state: Row) -> str:
    told = f"sandbox of {state['fqdn']}, build {state['build']}, host time {_moment(state['now'])}"
    return f'<p class="sub">{escape(told)} · <a href="/trouble">trouble on demand</a></p>'


def _mine(state: Row) -> str:
    marks = {state["default_smtp"]: "default SMTP", state["auth_certificate"]: "OAuth"}
    rows = [
        (
            _code(row["Thumbprint"]),
            _code(row["ServicesStringForm"]),
            escape(row["Subject"]),
            escape(", ".join(row["CertificateDomains"])),
            f'<span class="when">{escape(_moment(row["NotAfter"]))}</span>',
            escape(row["Status"]),
            "yes" if row["HasPrivateKey"] else "no",
            _mark(marks.get(row["Thumbprint"], "")),
        )
        for row in state["stores"]["My"]
    ]
    heads = ("Thumbprint", "Services", "Subject", "Names", "Until", "Status", "Key", "")
    return _table("Personal store (My)", heads, rows)


def _pending(state: Row) -> str:
    rows = [
        (_code(row["Thumbprint"]), escape(row["Subject"]), escape(_moment(row["CreatedAt"])))
        for row in state["stores"]["REQUEST"]
    ]
    return _table("Requests that wait", ("Thumbprint", "Subject", "Made at"), rows)


def _settings(state: Row) -> str:
    sites = {"1": "Default Web Site, 443", "2": "Exchange Back End, 444"}
    rows = [("Default SMTP certificate", _code(state["default_smtp"] or "none"))]
    rows += [(escape(sites[site]), _code(bound)) for site, bound in state["bindings"].items()]
    rows += [
        (escape(f"Listener {address}"), _code(bound))
        for address, bound in state["listeners"].items()
    ]
    rows += [("Require SSL", "yes" if state["require_ssl"] else "no")]
    rows += [
        (escape(f"{name} X509CertificateName"), _code(value))
        for name, value in state["mail_names"].items()
    ]
    rows += [
        (label, _code(state[key]))
        for label, key in (
            ("OAuth certificate", "auth_certificate"),
            ("OAuth certificate, previous", "auth_previous"),
            ("OAuth certificate, next", "auth_next"),
            ("Hybrid configuration", "hybrid_certificate"),
        )
        if state[key]
    ]
    rows += [("Subscribed Edge server", escape(name)) for name in state["edge_subscriptions"]]
    return _table("Bindings and names", ("Setting", "Value"), rows)


def _connectors(state: Row) -> str:
    rows = [
        (
            escape(row["kind"]),
            escape(row["name"]),
            _code(row["fqdn"]),
            escape(row["tls_certificate_name"] or ""),
        )
        for row in state["connectors"]
    ]
    return _table("Connectors", ("Kind", "Name", "FQDN", "TlsCertificateName"), rows)


def _authorities(state: Row) -> str:
    rows = [
        (store, escape(row["Subject"]), _code(row["Thumbprint"]), escape(row.get("RootCAType", "")))
        for store in ("CA", "Root")
        for row in state["stores"][store]
    ]
    return _table("Authorities", ("Store", "Subject", "Thumbprint", "Root kind"), rows)


def _operations(operations: Sequence[Row]) -> str:
    rows = [
        (
            str(row["id"]),
            escape(row["at"][11:19]),
            escape(row["cmdlet"]),
            escape("; ".join(f"{name}: {value}" for name, value in row["parameters"].items())),
            escape(row["principal"]),
            "done" if row["ok"] else f'<span class="failed">{escape(row["error"])}</span>',
        )
        for row in reversed(operations)
    ]
    return _table("What was done", ("#", "At", "What", "With", "By", "Outcome"), rows)


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose cells are HTML already: every caller escapes what it puts in."""
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    if not body:
        return f'<section><h2>{escape(title)}</h2><p class="empty">Nothing.</p></section>'
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    return f"<section><h2>{escape(title)}</h2><table><tr>{head}</tr>{body}</table></section>"


def _moment(written: str) -> str:
    """A moment as the host's JSON writes it, to the minute and in words for people."""
    return f"{written[:10]} {written[11:16]} UTC"


def _mark(words: str) -> str:
    return f'<span class="mark">{escape(words)}</span>' if words else ""


def _code(text: object) -> str:
    return f"<code>{escape(str(text))}</code>"
