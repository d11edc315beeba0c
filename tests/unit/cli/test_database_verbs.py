"""The verbs about the database, and what is said when it is not there."""

import json
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.domain.states import State
from bot.opening import lock_single_process
from bot.store.database import open_database
from bot.store.migration import newest_revision
from bot.workflow.durable import migrate_engine
from bot.workflow.paging import every
from tests.contract.samples import change, hand_in, place
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


READING = [
    ("audit", "verify"), ("audit", "export"), ("orders", "list"), ("orders", "show", 1), ("evidence", 1, "-o", "x.zip"),
    ("vault", "list"), ("vault", "rotate"),
]  # fmt: skip


@pytest.mark.parametrize("verb", READING)
@pytest.mark.parametrize(("form", "says"), [("0009", "older release"), ("9999", "newer release")])
def test_no_verb_but_those_that_prepare_changes_the_form(
    certdesk: FrontDoor, monkeypatch: pytest.MonkeyPatch, sqlite_url: str, verb: tuple[str, ...], form: str, says: str
) -> None:  # fmt: skip
    """A database of another release is exit 2 with what to do, and stays as it is."""
    monkeypatch.setenv("CERTDESK_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("CERTDESK_VAULT_KEY", certdesk("vault-key").out.strip())
    engine = open_database(sqlite_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :form"), {"form": form})
    told = certdesk(*verb)

    assert (2, "") == (told.code, told.out)
    assert says in told.err
    assert "Use the release that runs on it" in told.err
    with engine.connect() as connection:
        assert form == connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    engine.dispose()


NEEDING = [*READING, ("reopen",), ("move", "--from", "sqlite:///var/none.db", "--to", "sqlite:///there.db")]  # fmt: skip


@pytest.mark.parametrize("verb", NEEDING)
def test_a_database_that_is_not_there_is_not_made(
    certdesk: FrontDoor, monkeypatch: pytest.MonkeyPatch, verb: tuple[str, ...]
) -> None:
    """A mistyped address would else be verified as a whole chain of nothing."""
    monkeypatch.setenv("CERTDESK_DATABASE_URL", "sqlite:///var/none.db")
    monkeypatch.setenv("CERTDESK_VAULT_KEY", certdesk("vault-key").out.strip())
    told = certdesk(*verb)

    assert (2, "") == (told.code, told.out)
    assert told.err.startswith("var/none.db does not exist")
    assert [] == list(Path().iterdir())


def test_a_watch_that_breaks_at_one_order_looks_at_everything_else(
    certdesk: FrontDoor, monkeypatch: pytest.MonkeyPatch, sqlite_url: str
) -> None:
    """A file of an earlier release is wiped behind an order whose row nobody can read; the answer is exit 3."""
    example = (Path(__file__).parents[3] / "certdesk.example.toml").read_text(encoding="utf-8")
    site = Path("site.toml")
    # Kerberos is an extra that not every machine has.
    site.write_text(example.replace('"kerberos" ', '"ntlm" '), encoding="utf-8")
    for name, value in {
        "CERTDESK_DATABASE_URL": sqlite_url,
        "CERTDESK_CONFIG": str(site),
        "CERTDESK_VAULT_KEY": certdesk("vault-key").out.strip(),
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_APP_TOKEN": "xapp-1",
    }.items():
        monkeypatch.setenv(name, value)
    with sql_store(sqlite_url) as store:
        broken = place(store.orders)
        judged = hand_in(store.orders, place(store.orders, "b"))
        assert store.orders.save(change(judged, state=State.ISSUED))
    engine = open_database(sqlite_url)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE orders SET wish = '{}', placed_at = '2020-01-01 12:00:00' WHERE id = :id"),
            {"id": broken.id},
        )
    engine.dispose()
    migrate_engine(sqlite_url)

    told = certdesk("watch", "now", "--json")

    assert (3, "") == (told.code, told.out), told.err
    with sql_store(sqlite_url) as store:
        assert () == store.files.left(limit=9)


def test_migrating_under_a_running_certdesk_is_refused_on_sqlite(
    certdesk: FrontDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would find its tables changed under its hands."""
    monkeypatch.setenv("CERTDESK_DATABASE_URL", "sqlite:///held.db")
    lock = lock_single_process("sqlite:///held.db")
    assert lock is not None
    with closing(lock):
        told = certdesk("migrate")
    assert 2 == told.code
    assert "Another CertDesk works on" in told.err
    assert not Path("held.db").exists()
    assert 0 == certdesk("migrate").code


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
