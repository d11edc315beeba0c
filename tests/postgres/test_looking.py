"""A role that may only select is enough for an auditor; one that may not even do that is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from bot.store.audit import SqlAudit
from bot.store.database import open_database
from bot.store.looking import open_to_read
from tests.contract.samples import change, place
from tests.contract.stores import sql_store
from tests.unit.cli.front_door import FrontDoor

ROLE = "auditor"


@pytest.fixture
def auditor(postgres_url: str) -> Iterator[str]:
    """The address of a database with an order, for a role that owns nothing."""
    with sql_store(postgres_url) as store:
        assert store.orders.save(change(place(store.orders)))
    say(postgres_url, f"CREATE ROLE {ROLE} LOGIN PASSWORD 'hush'")
    address = make_url(postgres_url).set(username=ROLE, password="hush")
    yield address.render_as_string(hide_password=False)
    say(postgres_url, f"DROP OWNED BY {ROLE}", f"DROP ROLE {ROLE}")


def say(url: str, *statements: str) -> None:
    """As the database's owner."""
    engine = open_database(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_a_role_that_only_selects_verifies_and_exports(
    postgres_url: str, auditor: str, certdesk: FrontDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every verb that reads, and none of them needs more."""
    say(postgres_url, f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {ROLE}")
    monkeypatch.setenv("CERTDESK_DATABASE_URL", auditor)

    told = [
        certdesk(*verb)
        for verb in (
            ("audit", "verify"), ("audit", "export"), ("orders", "list"), ("orders", "show", 1),
            ("evidence", 1, "-o", "pack.zip"), ("vault", "list"),
        )
    ]  # fmt: skip

    assert [(0, "")] * 6 == [(one.code, one.err) for one in told]
    assert Path("pack.zip").exists()


def test_a_role_without_the_right_is_told(
    auditor: str, certdesk: FrontDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 2 and what to grant, instead of an error of CertDesk itself."""
    monkeypatch.setenv("CERTDESK_DATABASE_URL", auditor)
    told = certdesk("audit", "verify")

    assert (2, "") == (told.code, told.out)
    assert "needs SELECT on all of CertDesk's tables" in told.err
    assert "hush" not in told.err


def test_even_the_owner_cannot_write_while_looking(postgres_url: str) -> None:
    """The server refuses it, whatever the role may do."""
    engine = open_to_read(postgres_url, print)
    try:
        assert (0, "0" * 64) == SqlAudit(engine).head()
        with engine.begin() as connection, pytest.raises(DBAPIError, match="read-only"):
            connection.execute(text("UPDATE audit_head SET number = number"))
    finally:
        engine.dispose()
