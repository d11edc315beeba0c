"""What the bot's database says, read past the bot: every look is a connection of its own."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

AWAY_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """One order as it stands."""

    id: int
    state: str
    version: int
    has_plan: bool
    fault: str
    name: str


class Ledger:
    """Looks into the database of a town."""

    def __init__(self, url: str) -> None:
        address = make_url(url)
        if address.get_backend_name().startswith("postgres"):
            address = address.set(drivername="postgresql+psycopg")
        self._engine = create_engine(address, poolclass=NullPool)

    def orders(self) -> list[OrderRow]:
        """Every order; none before the tables are there."""
        return [
            OrderRow(
                id=row.id, state=row.state, version=row.version, has_plan=row.plan is not None,
                fault=row.fault_code, name=json.loads(row.wish)["subject"]["common_name"],
            )
            for row in self._rows("SELECT id, state, version, plan, fault_code, wish FROM orders")
        ]  # fmt: skip

    def order(self, name: str) -> OrderRow | None:
        """The order for this common name."""
        return next((order for order in self.orders() if order.name == name), None)

    def card(self, order: int, card: str) -> str | None:
        """Where a card stands, as its ts."""
        found = self._rows(
            "SELECT ts FROM cards WHERE order_id = :o AND card = :c", o=order, c=card
        )
        return found[0].ts if found else None

    def outbox(self) -> list[Any]:
        """Every message: id, order_id, card, delivered."""
        return self._rows("SELECT id, order_id, card, delivered, ts FROM outbox")

    def said(self, order: int) -> list[str]:
        """What happened to an order, by the audit."""
        rows = self._rows("SELECT body FROM audit WHERE order_id = :o ORDER BY number", o=order)
        return [json.loads(bytes(row.body))["what"] for row in rows]

    def operations(self) -> list[Any]:
        """The journal: key, attempt, confirmed."""
        return self._rows("SELECT key, attempt, confirmed FROM journal")

    def _rows(self, question: str, **values: Any) -> list[Any]:
        """Ask until the database answers: nobody may take a pause of the server for an empty table."""
        end = time.monotonic() + AWAY_S
        while True:
            try:
                with self._connected() as connection:
                    return list(connection.execute(text(question), values))
            except DBAPIError:
                if time.monotonic() > end:
                    raise
                threading.Event().wait(0.5)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            yield connection
