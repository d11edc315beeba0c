"""What is said of a server's database before anybody works on it."""

from bot.opening import condition_of, prepare_database
from bot.store.migration import newest_revision


def test_a_server_is_looked_at_alike(empty_postgres_url: str) -> None:
    """Empty, then ready; no disk of this machine is spoken of."""
    empty = condition_of(empty_postgres_url)
    prepare_database(empty_postgres_url)
    ready = condition_of(empty_postgres_url)

    assert () == empty.faults == ready.faults
    assert (
        "CertDesk has no tables in the database yet; the first start makes them.",
    ) == empty.notes
    assert (f"The database can be written to and has form {newest_revision()}.",) == ready.notes
