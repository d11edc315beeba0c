"""What people see of a host beside its certificates: one line a fact, what is wrong beside it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.certs.prints import Thumbprint
from bot.domain.inventory import HostLine, addresses_of, host_lines, marks_of
from bot.domain.plan import Service, Snapshot
from bot.domain.surroundings import AuthCertificates, Fact, Unread, Web
from tests.unit.exchange.hosts_seen import AUTH, OLD, OWN, auth, bound, held, seen, self_signed, web
from tests.unit.exchange.samples import NOW

_GONE = Thumbprint("F" * 40)


def _lines(**parts: Any) -> dict[str, HostLine]:
    lines = host_lines(seen(**parts))
    return {line.label: line for line in lines}


def test_a_host_in_good_order_has_no_warning() -> None:
    """Default, both sites, Require SSL, both names and the Auth certificate, in this order."""
    lines = host_lines(seen())

    assert [line.label for line in lines] == [
        "Default SMTP certificate",
        "443, Default Web Site",
        "Require SSL",
        "444, Exchange Back End",
        "POP goes by",
        "IMAP goes by",
        "Auth certificate",
    ]
    assert [line.warning for line in lines] == [""] * 7
    assert (lines[1].value, lines[1].until) == ("CN=mail.example.com", NOW + timedelta(days=200))


_WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"default_smtp": None}, "Default SMTP certificate", "there is no certificate"),
    ({"default_smtp": _GONE}, "Default SMTP certificate", "it is not in the host's store"),
    ({"web": web(None, OWN)}, "443, Default Web Site", "there is no certificate"),
    ({"web": web(OLD, _GONE)}, "444, Exchange Back End", "it is not in the host's store"),
    (
        {"certificates": (held(OLD, not_after=NOW), self_signed(), auth())},
        "443, Default Web Site",
        "it has expired",
    ),
    (
        {"certificates": (held(OLD), self_signed(), auth(not_after=NOW + timedelta(days=60)))},
        "Auth certificate",
        "it ends in 60 days",
    ),
    ({"auth": AuthCertificates()}, "Auth certificate", "there is no certificate"),
    (
        {"auth": AuthCertificates(current=AUTH, next=_GONE)},
        "Auth certificate, next",
        "it is not in the host's store",
    ),
    (
        {"mail_names": {Service.POP: ""}},
        "POP goes by",
        "it has no name, so it finds no certificate",
    ),
]


@pytest.mark.parametrize(("parts", "label", "warning"), _WRONG)
def test_what_is_wrong_stands_beside_its_fact(
    parts: dict[str, Any], label: str, warning: str
) -> None:
    """And nowhere else: one fault, one warning on its line."""
    assert _lines(**parts)[label].warning == warning


_MORE: list[tuple[dict[str, Any], str, str]] = [
    ({"web": web(OLD, OWN, requires_ssl=False)}, "Require SSL", "off"),
    (
        {"web": web(OLD, OWN, bound(7, "a.example.com:443", OLD, "Intranet"))},
        "HTTPS elsewhere",
        "a.example.com:443 (Intranet): CN=mail.example.com",
    ),
    (
        {"web": web(OLD, OWN, bound(None, "0.0.0.0:8172", None))},
        "HTTPS elsewhere",
        "0.0.0.0:8172 (no web site): none",
    ),
    (
        {"web": web(OLD, OWN, bound(1, "127.0.0.1:443", OWN))},
        "HTTPS elsewhere",
        "127.0.0.1:443 (Default Web Site): CN=EX01",
    ),
    ({"roles": "Edge"}, "Role", "Edge Transport server"),
    ({"edge_subscriptions": ("E1", "E2")}, "Subscribed Edge servers", "E1, E2"),
    ({"hybrid": "<I>a<S>b"}, "Hybrid configuration names", "<I>a<S>b"),
    ({"unread": (Unread(fact=Fact.WEB, why="it rains"),)}, "Not read", "web sites, because it rains"),
]  # fmt: skip


@pytest.mark.parametrize(("parts", "label", "value"), _MORE)
def test_what_not_every_host_has_is_shown_where_it_is(
    parts: dict[str, Any], label: str, value: str
) -> None:
    """And stands in no line of a host without it."""
    assert _lines(**parts)[label].value == value
    assert label == "Require SSL" or label not in _lines()


def test_the_second_address_of_the_same_site_is_no_news() -> None:
    """Set-up binds 127.0.0.1 as well; only another certificate there would be worth a line."""
    assert "HTTPS elsewhere" not in _lines(web=web(OLD, OWN, bound(1, "127.0.0.1:443", OLD)))


@pytest.mark.parametrize("parts", [{"web": None}, {"web": Web()}])
def test_without_web_sites_there_are_no_lines_of_them(parts: dict[str, Any]) -> None:
    """An Edge server, or a host whose IIS could not be read."""
    assert not {"443, Default Web Site", "Require SSL", "HTTPS elsewhere"} & set(_lines(**parts))


def _marks(snapshot: Snapshot, thumbprint: Thumbprint) -> tuple[str, ...]:
    found = snapshot.certificate(thumbprint)
    assert found is not None
    return marks_of(snapshot, found)


def test_a_certificate_is_marked_with_what_it_is_to_its_host() -> None:
    """Default, Auth, expired, without its key; and where it is bound."""
    broken = held(OLD, not_after=NOW - timedelta(days=1), has_private_key=False)
    snapshot = seen(certificates=(broken, self_signed(), auth()))

    assert _marks(snapshot, OWN) == ("default SMTP certificate",)
    assert _marks(snapshot, AUTH) == ("Auth certificate",)
    assert _marks(snapshot, OLD) == ("expired", "no private key")
    assert addresses_of(snapshot, broken) == ("*:443",)
    assert addresses_of(replace(snapshot, web=None, auth=None), broken) == ()
