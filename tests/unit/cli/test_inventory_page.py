"""A host on the command line: lines for people, one JSON object for programs, both from the same reading."""

import json
from typing import Any

import pytest

from bot.cli.inventory_page import inventory_json, inventory_page
from bot.domain.pending import judge_request
from bot.domain.plan import Service
from bot.domain.states import State
from bot.domain.surroundings import Fact, Unread
from tests.unit.domain.samples import EX01, NOON
from tests.unit.domain.test_pending import waiting, with_csr
from tests.unit.exchange.hosts_seen import AUTH, OLD, OWN, bound, seen, web

_SHOWN = """\
EX01 15.2.1118.7
  Default SMTP certificate  CN=EX01 until 2031-07-20
  443, Default Web Site     CN=mail.example.com until 2027-06-11
  Require SSL               off
  444, Exchange Back End    none  ! there is no certificate
  HTTPS elsewhere           0.0.0.0:8172 (no web site): CN=EX01 until 2031-07-20
  POP goes by               mail.example.com
  IMAP goes by              mail.example.com
  Auth certificate          CN=Microsoft Exchange Server Auth Certificate until 2031-07-20

0000000000000000000000000000000000000001  2027-06-11  IMAP,POP,IIS,SMTP  CN=mail.example.com  (bound at *:443)
0000000000000000000000000000000000000002  2031-07-20  SMTP,IIS (back end)  CN=EX01  (default SMTP certificate; bound at 0.0.0.0:8172)
0000000000000000000000000000000000000003  2031-07-20  SMTP  CN=Microsoft Exchange Server Auth Certificate  (Auth certificate)"""


def test_the_page_is_read_from_top_to_bottom() -> None:
    """The host, what hangs on its certificates with what is wrong, then the certificates."""
    snapshot = seen(web=web(OLD, None, bound(None, "0.0.0.0:8172", OWN), requires_ssl=False))

    assert "\n".join(inventory_page(snapshot)) == _SHOWN


def test_the_json_holds_everything_that_was_read() -> None:
    """Every fact under a name of its own, and what was there before as it was."""
    told: Any = inventory_json(seen(hybrid="<I>a<S>b", edge_subscriptions=("E",)))
    told = json.loads(json.dumps(told))

    assert (told["host"], told["build"], told["roles"]) == ("EX01", "15.2.1118.7", "Mailbox")
    assert told["default_smtp"] == OWN
    assert told["web"]["requires_ssl"] is True
    assert told["web"]["bindings"][1] == {
        "site": 2, "name": "Exchange Back End", "address": "*:444", "port": 444, "thumbprint": OWN,
    }  # fmt: skip
    assert told["mail_names"] == {"POP": "mail.example.com", "IMAP": "mail.example.com"}
    assert told["auth"] == {"current": AUTH, "previous": None, "next": None}
    assert (told["edge_subscriptions"], told["hybrid"]) == (["E"], "<I>a<S>b")
    assert told["certificates"][0]["services"] == ["IMAP", "POP", "IIS", "SMTP"]
    assert told["unread"] == []


@pytest.mark.parametrize("fact", Fact)
def test_what_was_not_read_is_null_with_its_reason(fact: Fact) -> None:
    """A program can tell "there is none" from "nobody knows"."""
    told: Any = inventory_json(
        seen(
            web=None,
            auth=None,
            edge_subscriptions=None,
            unread=(Unread(fact=fact, why="it rains"),),
        )
    )

    assert told["unread"] == [{"fact": fact.value, "why": "it rains"}]
    assert (told["web"], told["auth"], told["edge_subscriptions"]) == (None, None, None)


def test_a_nameless_service_is_in_the_json_too() -> None:
    """An empty name is a name; a missing one was not read."""
    told: Any = inventory_json(seen(mail_names={Service.POP: ""}))

    assert told["mail_names"] == {"POP": ""}


def test_pending_requests_stand_under_the_certificates() -> None:
    """Whose each is, by which order, and since when; a nameless one is called by its subject."""
    mine = with_csr(State.CANCELLED)
    kept = judge_request(waiting(mine, 1), EX01, mine)
    foreign = judge_request(waiting(mine, 1, friendly_name="", not_before=None), EX01, None)
    lines = list(inventory_page(seen(), (kept, foreign)))
    thumbprint = kept.request.thumbprint

    assert lines[-3:] == [
        "",
        f"{thumbprint}  {NOON:%Y-%m-%d}  pending, abandoned by order {mine.id}  {kept.request.friendly_name}",
        f"{thumbprint}  -           pending, foreign  CN=mail.example.com",
    ]


def test_pending_requests_are_in_the_json() -> None:
    """With what a program needs to decide, and nulls where nobody knows."""
    mine = with_csr(State.CANCELLED)
    kept = judge_request(waiting(mine, 1), EX01, mine)
    foreign = judge_request(waiting(mine, 1, friendly_name="", not_before=None), EX01, None)
    told: Any = json.loads(json.dumps(inventory_json(seen(), (kept, foreign))))

    assert [(p["standing"], p["order"], p["round"], p["can_clear"]) for p in told["pending"]] == [
        ("abandoned", mine.id, 1, True),
        ("foreign", None, None, False),
    ]
    assert [p["made_at"] for p in told["pending"]] == [NOON.isoformat(), None]
