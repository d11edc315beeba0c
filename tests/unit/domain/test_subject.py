"""Printing a subject for Exchange, read back by a reader written from X500DistinguishedName's page."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.subject import Subject

KEYS = {
    "C": "country", "S": "state", "L": "locality", "O": "organization", "OU": "unit",
    "CN": "common_name",
}  # fmt: skip

line = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=40)


def read(text: str) -> list[tuple[str, str]]:
    """Split at separators outside quotes; a doubled quote inside quotes stands for one."""
    parts: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        key, _, rest = text[at:].partition("=")
        at += len(key) + 1
        value, used = _quoted(rest) if rest.startswith('"') else _bare(rest)
        parts.append((key, value))
        at += used
        assert at == len(text) or text[at] == ",", "something stands between a value and the comma"
        at += 1
    return parts


def _quoted(text: str) -> tuple[str, int]:
    value, at = "", 1
    while True:
        if text[at : at + 2] == '""':
            value, at = value + '"', at + 2
        elif text[at] == '"':
            return value, at + 1
        else:
            value, at = value + text[at], at + 1


def _bare(text: str) -> tuple[str, int]:
    end = next((at for at, sign in enumerate(text) if sign in ',+";'), len(text))
    return text[:end].strip(), end


@settings(deadline=None)
@given(st.builds(Subject, **dict.fromkeys(KEYS.values(), line)))
def test_what_is_printed_is_read_back(subject: Subject) -> None:
    """No comma, quote, plus sign or blank of a value ends it or makes another part."""
    parts = read(subject.as_exchange())

    assert [
        (key, getattr(subject, field)) for key, field in KEYS.items() if getattr(subject, field)
    ] == parts


@pytest.mark.parametrize(
    ("subject", "printed"),
    [
        (Subject(common_name="mail.example.com"), "CN=mail.example.com"),
        (
            Subject(
                common_name="mail.example.com", country="DE", state="Bayern", locality="Hof",
                organization="Example, Inc.", unit="IT",
            ),
            'C=DE,S=Bayern,L=Hof,O="Example, Inc.",OU=IT,CN=mail.example.com',
        ),
        (Subject(common_name="a", organization='The "Best"'), 'O="The ""Best""",CN=a'),
        (Subject(common_name="a", organization=" blank "), 'O=" blank ",CN=a'),
        (Subject(common_name="a", organization="x,CN=evil"), 'O="x,CN=evil",CN=a'),
        (Subject(common_name="a", organization="1+1=2"), 'O="1+1=2",CN=a'),
    ],
)  # fmt: skip
def test_the_order_and_the_quotes(subject: Subject, printed: str) -> None:
    """Country first as in Microsoft's examples; quotes only where they are needed."""
    assert printed == subject.as_exchange()
