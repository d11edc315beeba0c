"""The verbs about the database, and what is said when it is not there."""

import json

import pytest

from bot.store.migration import newest_revision
from bot.workflow.paging import every
from tests.contract.samples import place
from tests.contract.stores import sql_store
from tests.unit.cli.front_door import FrontDoor


def test_migrating_says_which_form_it_is_now(
    certdesk: FrontDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One JSON object; twice is no harm."""
    monkeypatch.setenv("CERTDESK_DATABASE_URL", "sqlite:///fresh.db")
    told = [certdesk("migrate", "--json") for _ in range(2)]

    assert [0, 0] == [one.code for one in told]
    assert {"ok": True, "revision": newest_revision()} == json.loads(told[1].out)
    assert "up to date" in certdesk("migrate").out


def test_every_order_is_listed(
    certdesk: FrontDoor, monkeypatch: pytest.MonkeyPatch, sqlite_url: str
) -> None:
    """Also those beyond a page: an auditor who counts must count them all."""
    monkeypatch.setenv("CERTDESK_DATABASE_URL", sqlite_url)
    monkeypatch.setitem(every.__kwdefaults__ or {}, "page", 2)
    with sql_store(sqlite_url) as store:
        for key in range(5):
            place(store.orders, f"form-{key}")
    listed = json.loads(certdesk("orders", "list", "--json").out)["orders"]

    assert [5, 4, 3, 2, 1] == [order["id"] for order in listed]


@pytest.mark.parametrize("verb", [("migrate",), ("audit", "verify"), ("orders", "list")])
def test_address_that_names_no_database_is_wrong_use(
    certdesk: FrontDoor, monkeypatch: pytest.MonkeyPatch, verb: tuple[str, ...]
) -> None:
    """Exit 2 with the sentence, without the password."""
    monkeypatch.setenv("CERTDESK_DATABASE_URL", "mysql://root:geheim@localhost/certdesk")
    told = certdesk(*verb)

    assert (2, "") == (told.code, told.out)
    assert "neither a SQLite file nor PostgreSQL" in told.err
    assert "geheim" not in told.err


def test_database_that_is_away_is_trouble_outside(
    certdesk: FrontDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 3 with a sentence that repeats nothing of the address."""
    monkeypatch.setenv("CERTDESK_DATABASE_URL", "postgresql://certdesk:geheim@127.0.0.1:1/certdesk")
    told = certdesk("audit", "verify")

    assert (3, "") == (told.code, told.out)
    assert told.err.startswith("The database did not do what was asked (OperationalError)")
    assert "geheim" not in told.err
