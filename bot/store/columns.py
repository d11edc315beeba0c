"""Column types that mean the same on both databases: aware UTC, and text that people or hosts wrote."""

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator


class UtcTime(TypeDecorator[datetime]):
    """
    A moment, aware and in UTC on both sides of the wall.

    SQLite keeps no offset and PostgreSQL answers in the zone of its session; neither is visible outside.
    A naive datetime is refused: nobody can know what it meant.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002  # the signature is SQLAlchemy's
    ) -> datetime | None:
        """Bring a moment into UTC. Raises ValueError for a naive one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(
                f"The moment {value.isoformat()!r} has no time zone, so it was not stored. Pass aware UTC."
            )
        return value.astimezone(UTC)

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002  # the signature is SQLAlchemy's
    ) -> datetime | None:
        """Give a moment its UTC back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class FreeText(TypeDecorator[str]):
    """
    Text from people, files or hosts.

    PostgreSQL keeps no NUL and no UTF-8 holds half a surrogate pair; a hostile file name must not stop an
    order for that, so such characters are replaced on the way in.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(
        self,
        value: str | None,
        dialect: Dialect,  # noqa: ARG002  # the signature is SQLAlchemy's
    ) -> str | None:
        """Replace what no database can hold."""
        return None if value is None else storable(value)


def may_be_id(number: int) -> bool:
    """Whether a row can have this number: people type any, and PostgreSQL's INTEGER ends at 2^31 - 1."""
    return 0 < number < 1 << 31


def storable(text: str) -> str:
    """Text without NUL and half characters; all other text comes back as it is."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
