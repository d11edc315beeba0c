"""The host's page for people: everything escaped, no scripts, fresh every few seconds."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final

_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 84rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1rem; margin: 2rem 0 .4rem; }
p.sub { margin: .2rem 0 0; opacity: .7; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #8884; padding: .35rem .6rem .35rem 0; text-align: left; vertical-align: top; overflow-wrap: break-word; }
th { font-weight: 600; opacity: .7; }
code { font: 13px/1.4 ui-monospace, monospace; }
.failed { color: #b3261e; } .empty { opacity: .6; }
"""
# Rows are read from JSON-ready values whose shapes control/describe.py fixes.
Row = Mapping[str, Any]


def render_page(state: Row, operations: Sequence[Row]) -> str:
    """One HTML document with stores, services, bindings, connectors and what was done, newest first."""
    title = f"{state['name']} - Exchange {state['version']}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        _subtitle(state),
        _mine(state),
        _pending(state),
        _settings(state),
        _connectors(state),
        _authorities(state),
        _operations(operations),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="refresh" content="5"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"{''.join(parts)}</body></html>"
    )


def _subtitle(state: Row) -> str:
    told = f"{state['fqdn']}, build {state['build']}, host time {state['now']}"
    return f'<p class="sub">{escape(told)}</p>'


def _mine(state: Row) -> str:
    marks = {state["default_smtp"]: "default SMTP", state["auth_certificate"]: "OAuth"}
    rows = [
        (
            _code(row["Thumbprint"]),
            _code(row["ServicesStringForm"]),
            escape(row["Subject"]),
            escape(", ".join(row["CertificateDomains"])),
            escape(row["NotAfter"]),
            escape(row["Status"]),
            "yes" if row["HasPrivateKey"] else "no",
            escape(marks.get(row["Thumbprint"], "")),
        )
        for row in state["stores"]["My"]
    ]
    heads = ("Thumbprint", "Services", "Subject", "Names", "Until", "Status", "Key", "")
    return _table("Personal store (My)", heads, rows)


def _pending(state: Row) -> str:
    rows = [
        (_code(row["Thumbprint"]), escape(row["Subject"]), escape(row["CreatedAt"]))
        for row in state["stores"]["REQUEST"]
    ]
    return _table("Requests that wait", ("Thumbprint", "Subject", "Made at"), rows)


def _settings(state: Row) -> str:
    sites = {"1": "Default Web Site, 443", "2": "Exchange Back End, 444"}
    rows = [("Default SMTP certificate", _code(state["default_smtp"] or "none"))]
    rows += [(escape(sites[site]), _code(bound)) for site, bound in state["bindings"].items()]
    rows += [("Require SSL", "yes" if state["require_ssl"] else "no")]
    rows += [
        (escape(f"{name} X509CertificateName"), _code(value))
        for name, value in state["mail_names"].items()
    ]
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
        return f'<h2>{escape(title)}</h2><p class="empty">Nothing.</p>'
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    return f"<h2>{escape(title)}</h2><table><tr>{head}</tr>{body}</table>"


def _code(text: object) -> str:
    return f"<code>{escape(str(text))}</code>"
