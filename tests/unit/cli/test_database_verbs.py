"""The verbs about the database, and what is said when it is not there."""

import json
from pathlib import Path

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


def test_the_doctor_looks_at_the_database_too(
    certdesk: FrontDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is good to know and what somebody has to do, for people and programs; nothing is made on the way."""
    monkeypatch.setenv("CERTDESK_DATABASE_URL", "sqlite:///var/none.db")
    fresh = json.loads(certdesk("doctor", "--json").out)
    monkeypatch.setenv("CERTDESK_DATABASE_URL", "postgresql://certdesk:geheim@127.0.0.1:1/certdesk")
    away = certdesk("doctor")

    assert "var/none.db does not exist yet; the first start makes it." == fresh["notes"][0]
    assert not Path("var").exists()
    assert 1 == away.code
    assert "- The database cannot be used (OperationalError)" in away.out
    assert "geheim" not in away.out


@pytest.mark.parametrize("verb", [("list",), ("rotate",)])
def test_verbs_of_the_vault_give_the_database_back(
    certdesk: FrontDoor, monkeypatch: pytest.MonkeyPatch, sqlite_url: str, verb: tuple[str, ...]
) -> None:
    """Nothing of it is open behind the answer."""
    monkeypatch.setenv("CERTDESK_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("CERTDESK_VAULT_KEY", certdesk("vault-key").out.strip())
    told = certdesk("vault", *verb)
    held = [str(one.readlink()) for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]

    assert 0 == told.code, told.err
    assert [] == [one for one in held if one.startswith(sqlite_url.removeprefix("sqlite:///"))]
