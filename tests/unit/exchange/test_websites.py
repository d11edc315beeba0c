"""Sites of IIS and listeners of HTTP.SYS, put together: which certificate is shown where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.certs.prints import Thumbprint
from bot.domain.surroundings import Web
from bot.exchange.websites import read_web

_A = Thumbprint("A" * 40)
_B = Thumbprint("B" * 40)
_FRONT = ("site", "1", "Default Web Site", "*:443:", "0")
_BACK = ("site", "2", "Exchange Back End", "*:444:", "0")

Rows = list[tuple[str | None, ...]]


def _listener(key: str, thumbprint: str = _A, section: str = "SslBindingInfo") -> tuple[str, ...]:
    return ("listener", section, key, thumbprint, "My")


def _shown(web: Web) -> list[tuple[int | None, str, Thumbprint | None]]:
    return [(one.site, one.address, one.thumbprint) for one in web.bindings]


_TABLE: list[tuple[str, Rows, list[tuple[int | None, str, str | None]]]] = [
    (
        "both sites of a fresh host",
        [_FRONT, _BACK, _listener("0.0.0.0:443", _B), _listener("0.0.0.0:444", _A)],
        [(1, "*:443", _B), (2, "*:444", _A)],
    ),
    (
        "a listener of no site is somebody else's",
        [_FRONT, _listener("0.0.0.0:443"), _listener("0.0.0.0:8172", _B)],
        [(1, "*:443", _A), (None, "0.0.0.0:8172", _B)],
    ),
    ("a site without a listener shows nothing", [_FRONT], [(1, "*:443", None)]),
    (
        "a listener without a certificate shows nothing",
        [_FRONT, _listener("0.0.0.0:443", "")],
        [(1, "*:443", None)],
    ),
    (
        "the own address before all addresses",
        [
            ("site", "1", "Default Web Site", "127.0.0.1:443:", ""),
            _listener("0.0.0.0:443", _A),
            _listener("127.0.0.1:443", _B),
        ],
        [(1, "127.0.0.1:443", _B), (None, "0.0.0.0:443", _A)],
    ),
    (
        "all addresses where the own one has none",
        [("site", "1", "Default Web Site", "10.0.0.7:443:", "0"), _listener("0.0.0.0:443", _A)],
        [(1, "10.0.0.7:443", _A)],
    ),
    (
        "IPv6, with colons of its own",
        [("site", "1", "Default Web Site", "[::1]:443:", "0"), _listener("[::1]:443", _B)],
        [(1, "[::1]:443", _B)],
    ),
    (
        "IPv6 everywhere serves the star as well",
        [_FRONT, _listener("[::]:443", _B)],
        [(1, "*:443", _B)],
    ),
    (
        "by name, in any case",
        [
            ("site", "3", "Autodiscover", "*:443:AutoDiscover.Example.com", "1"),
            _listener("0.0.0.0:443", _A),
            _listener("autodiscover.example.com:443", _B, "SslSniBindingInfo"),
        ],
        [(3, "AutoDiscover.Example.com:443", _B), (None, "0.0.0.0:443", _A)],
    ),
    (
        "a name without the flag is no listener's name",
        [
            ("site", "3", "Autodiscover", "*:443:mail.example.com", "0"),
            _listener("0.0.0.0:443", _A),
            _listener("mail.example.com:443", _B, "SslSniBindingInfo"),
        ],
        [(3, "mail.example.com:443", _A), (None, "mail.example.com:443", _B)],
    ),
    (
        "the central store does not hide a certificate",
        [_FRONT, _listener("0.0.0.0:443", _A), _listener("0.0.0.0:443", "", "SslCcsBindingInfo")],
        [(1, "*:443", _A)],
    ),
]


@pytest.mark.parametrize(
    ("rows", "expected"), [row[1:] for row in _TABLE], ids=[r[0] for r in _TABLE]
)
def test_addresses_get_their_certificates(
    rows: Rows, expected: list[tuple[int | None, str, str | None]]
) -> None:
    """IIS says whose address it is, HTTP.SYS what it shows."""
    assert _shown(read_web(rows)) == expected


def test_the_order_of_the_rows_means_nothing() -> None:
    """Sites and listeners may come mixed."""
    rows: Rows = [_FRONT, _BACK, _listener("0.0.0.0:443", _B), _listener("0.0.0.0:444", _A)]

    assert set(_shown(read_web(rows[::-1]))) == set(_shown(read_web(rows)))


_SSL = [
    ([("access", "Default Web Site", "Ssl, Ssl128", "", "")], True),
    ([("access", "default web site", "ssl", "", "")], True),
    ([("access", "Default Web Site", "None", "", "")], False),
    ([("access", "Default Web Site", "", "", "")], False),
    ([("access", "Default Web Site", "Ssl128", "", "")], False),
    ([("access", "", "Ssl", "", "")], True),
    ([("access", "", "Ssl", "", ""), ("access", "Default Web Site", "None", "", "")], False),
    ([("access", "Exchange Back End", "Ssl", "", "")], False),
    ([], False),
]


@pytest.mark.parametrize(("access", "expected"), _SSL)
def test_require_ssl_is_that_of_the_site_s_root(access: Rows, expected: bool) -> None:
    """Its own word counts, else the one for all sites; 128 bits alone require nothing."""
    assert read_web([_FRONT, *access]).requires_ssl is expected


def test_without_the_site_nothing_is_known_of_its_root() -> None:
    """A machine without the Default Web Site is not said to require anything."""
    assert read_web([_BACK, ("access", "", "Ssl", "", "")]).requires_ssl is None


_BAD: list[Rows] = [
    [("site", "one", "Default Web Site", "*:443:", "0")],
    [("site", "1", "Default Web Site", "*", "0")],
    [("site", "1", "Default Web Site", "*:443:", "x")],
    [("listener", "SslBindingInfo", "0.0.0.0:443", "ABC", "My")],
    [("site", "1")],
]


@pytest.mark.parametrize("rows", _BAD)
def test_a_row_of_another_shape_is_refused(rows: Rows) -> None:
    """Half an understanding of the bindings would be worse than none."""
    with pytest.raises(ValueError, match=r".+"):
        read_web(rows)


@given(
    st.lists(
        st.tuples(*[st.sampled_from(["site", "listener", "access", "1", "", ":", "*:443:"])] * 5)
    )
)
def test_any_rows_are_read_or_refused(rows: Rows) -> None:
    """Foreign rows give bindings or a ValueError, and nothing else."""
    try:
        web = read_web(rows)
    except ValueError:
        return

    assert len(web.bindings) <= len(rows)
