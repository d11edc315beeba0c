"""Names have one form, and only public ones may stand in a certificate."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.certs.names import (
    BadName,
    BadNames,
    DnsName,
    covers,
    is_public,
    parse_dns_name,
    parse_names,
    registrable,
)

FORMS = {
    "mail.example.com": "mail.example.com",
    "MAIL.Example.COM": "mail.example.com",
    "mail.example.com.": "mail.example.com",
    "  mail.example.com\n": "mail.example.com",
    "*.example.com": "*.example.com",
    "Bücher.example.com": "xn--bcher-kva.example.com",
    "*.BÜCHER.example.com": "*.xn--bcher-kva.example.com",
    "xn--bcher-kva.example.com": "xn--bcher-kva.example.com",
    "mail。example。com": "mail.example.com",
    "ｍail.example.com": "mail.example.com",
    "EX01": "ex01",
    "1a.example.com": "1a.example.com",
    "a--b.example.com": "a--b.example.com",
}
BAD = [
    "",
    " ",
    ".",
    "*.",
    "*",
    "a..b.com",
    ".example.com",
    "example.com..",
    "-a.example.com",
    "a-.example.com",
    "a_b.example.com",
    "mail.*.example.com",
    "m*.example.com",
    "**.example.com",
    "*.*.example.com",
    "10.0.0.1",
    "example.123",
    "::1",
    "a b.example.com",
    "a\x00.example.com",
    "user@example.com",
    "https://example.com",
    "example.com:443",
    "a" * 64 + ".example.com",
    ".".join(["a" * 60] * 5),
    "xn--zzz\u00e9.com",
    "xn--a.example.com",
    "xn--.example.com",
    "xn--bcher-kva8.example.com",
    "\u202emoc.example.com",
    "مثال.example.com-",
]
PUBLIC = {
    "mail.example.com": True,
    "example.com": True,
    "*.example.com": True,
    "mail.example.co.uk": True,
    "xn--bcher-kva.de": True,
    "com": False,
    "co.uk": False,
    "*.com": False,
    "*.co.uk": False,
    "ex01": False,
    "ex01.local": False,
    "ex01.corp": False,
    "ex01.lan": False,
    "ex01.home": False,
    "ex01.internal": False,
    "ex01.home.arpa": False,
    "1.0.10.in-addr.arpa": False,
    "x.onion": False,
    "mail.test": False,
    "mail.example": False,
    "localhost": False,
}


@pytest.mark.parametrize("text", FORMS)
def test_every_writing_has_one_form(text: str) -> None:
    """Case, final dot and Unicode are writing, not meaning."""
    assert parse_dns_name(text) == FORMS[text]


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_name_is_refused_with_a_sentence(text: str) -> None:
    """The sentence repeats what was written and ends with a full stop."""
    with pytest.raises(BadName, match=r"\.$"):
        parse_dns_name(text)


@pytest.mark.parametrize("name", PUBLIC)
def test_only_public_names_are_public(name: str) -> None:
    """The packaged suffix list decides, and zones that are never public stay so."""
    assert is_public(DnsName(name)) is PUBLIC[name]


def test_names_are_read_from_a_form() -> None:
    """Lines, commas, semicolons and blanks part names; the common name comes first and once."""
    text = "autodiscover.example.com\r\n*.example.com, MAIL.example.com;\tweb.example.com web.example.com"

    assert parse_names(text, common_name="mail.example.com") == (
        "mail.example.com",
        "autodiscover.example.com",
        "*.example.com",
        "web.example.com",
    )


def test_every_bad_name_of_a_form_is_told() -> None:
    """A person with three bad names gets three lines, once."""
    with pytest.raises(BadNames) as caught:
        parse_names("ok.example.com ex01.local a_b.example.com", common_name="10.0.0.1")

    assert [str(bad).split("'")[1] for bad in caught.value.bad] == [
        "10.0.0.1",
        "ex01.local",
        "a_b.example.com",
    ]
    assert len(str(caught.value).splitlines()) == 3


def test_no_name_at_all_is_told() -> None:
    """An empty form is not an empty order."""
    with pytest.raises(BadNames):
        parse_names(" \n", common_name="")


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("mail.example.com", "mail.example.com", True),
        ("*.example.com", "mail.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "a.mail.example.com", False),
        ("*.example.com", "*.example.com", True),
        ("*.example.com", "*.mail.example.com", False),
        ("*.mail.example.com", "*.example.com", False),
        ("mail.example.com", "*.example.com", False),
    ],
)
def test_a_wildcard_serves_one_level(pattern: str, name: str, fits: bool) -> None:
    """RFC 6125 6.4.3: one label, the left one, and nothing else."""
    assert covers(DnsName(pattern), DnsName(name)) is fits


def test_registrable_part_is_found() -> None:
    """The bare domain is what somebody registered, two labels or three."""
    assert registrable(DnsName("*.mail.example.co.uk")) == "example.co.uk"
    assert registrable(DnsName("ex01.local")) is None


@settings(deadline=None)
@given(
    st.text(max_size=80) | st.from_regex(r"(\*\.)?[A-Za-z0-9.\-ü]{1,40}\.com\.?", fullmatch=True)
)
def test_parsing_twice_changes_nothing(text: str) -> None:
    """The form is stable: what was parsed once is its own form, and everything else is a BadName."""
    try:
        name = parse_dns_name(text)
    except BadName:
        return

    assert parse_dns_name(name) == name
    assert name == name.lower()
    assert name.isascii()
    assert is_public(name) in {True, False}
