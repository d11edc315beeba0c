"""The page on which people give trouble: the rules in force, and a form for one more. Everything escaped, no scripts."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final
from urllib.parse import parse_qsl

from sandbox.exchange.control.page import frame
from sandbox.exchange.trouble import ACTIONS, IN_A_CMDLET, ON_THE_WIRE, Trouble, parse_trouble

_NUMBERS: Final = ("nth", "times", "after", "code", "status", "number")
_FIELDS: Final = (
    ("cmdlet", "Cmdlet or operation", "Import-ExchangeCertificate, store.add, or *"),
    ("nth", "Which match", "1"),
    ("times", "How often, 0 for ever", "1"),
    ("after", "Fails after so many things done", "0"),
    ("seconds", "Seconds", "0"),
    ("code", "Code of the fault, decimal", ""),
    ("status", "Status of HTTP", "503"),
    ("number", "Row of the error catalogue", ""),
    ("message", "Message", "Trouble on demand."),
    ("category", "Category", "NotSpecified"),
    ("error_id", "Id of the error", ""),
)
_SHOWN: Final = (
    "do",
    "action",
    "cmdlet",
    "shell",
    "nth",
    "times",
    "seen",
    "after",
    "code",
    "status",
    "seconds",
    "number",
)


def render_trouble_page(host: str, rules: Sequence[Mapping[str, Any]], complaint: str = "") -> str:
    """One HTML document; a complaint says why the last rule was not taken."""
    told = f'<p class="failed">{escape(complaint)}</p>' if complaint else ""
    body = f"{_rules(rules)}<section><h2>One more</h2>{told}{_form()}</section>{_meanings()}"
    return frame(f"{host} · trouble", '<p class="sub"><a href="/">the host</a></p>', body)


def read_form(body: bytes) -> Trouble:
    """
    The rule of a filled form; fields left empty keep their defaults.

    Raises:
        ValueError: with a sentence on what is wrong.
    """
    given: dict[str, Any] = {}
    for name, value in parse_qsl(body.decode("utf-8", "replace")):
        try:
            given[name] = (
                int(value) if name in _NUMBERS else float(value) if name == "seconds" else value
            )
        except ValueError as bad:
            raise ValueError(f"In a trouble rule `{name}` is a number.") from bad
    return parse_trouble(given)


def _rules(rules: Sequence[Mapping[str, Any]]) -> str:
    if not rules:
        return '<section><h2>In force</h2><p class="empty">Nothing.</p></section>'
    head = "".join(f"<th>{escape(name)}</th>" for name in _SHOWN)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(str(rule[name]))}</td>" for name in _SHOWN) + "</tr>"
        for rule in rules
    )
    clear = '<form method="post" action="/trouble/clear"><button>Forget all</button></form>'
    return f"<section><h2>In force</h2><table><tr>{head}</tr>{rows}</table>{clear}</section>"


def _form() -> str:
    doings = sorted({*ON_THE_WIRE, *IN_A_CMDLET})
    rows = [
        ("Do", _choice("do", doings)),
        ("Message of the wire", _choice("action", ["", *sorted(ACTIONS)])),
        ("Shell", _choice("shell", ["", "cmd", "psrp"])),
        ("Form of the fault", _choice("form", ["wsman", "wmi"])),
        *((label, _input(name, hint)) for name, label, hint in _FIELDS),
    ]
    told = "".join(f"<tr><th>{escape(label)}</th><td>{field}</td></tr>" for label, field in rows)
    return f'<form method="post" action="/trouble"><table>{told}</table><button>Give it</button></form>'


def _choice(name: str, values: Sequence[str]) -> str:
    options = "".join(
        f'<option value="{escape(value)}">{escape(value or "any or none")}</option>'
        for value in values
    )
    return f'<select name="{name}">{options}</select>'


def _input(name: str, hint: str) -> str:
    return f'<input name="{name}" size="40" placeholder="{escape(hint)}">'


def _meanings() -> str:
    parts = (("To a message of the wire", ON_THE_WIRE), ("To a cmdlet", IN_A_CMDLET))
    return "".join(
        f"<section><h2>{title}</h2><table>"
        + "".join(
            f"<tr><th><code>{escape(name)}</code></th><td>{escape(text)}</td></tr>"
            for name, text in doings.items()
        )
        + "</table></section>"
        for title, doings in parts
    )
