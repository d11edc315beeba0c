"""What the bot's database says, read past the bot."""

import json
import threading
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from bench.chaos.autopsy import Running

AWAY_S = 300.0
"""For how long the server may be away before a look gives up; far longer than any outage that is played."""
_ORDER = "SELECT id, state, version, plan IS NOT NULL AS has_plan, fault_code, wish, requester FROM orders"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """One order as it stands."""

    id: int
    state: str
    version: int
    has_plan: bool
    fault: str
    name: str
    requester: str


class Ledger:
    """Looks into the database of a town."""

    def __init__(self, url: str) -> None:
        address = make_url(url)
        is_postgres = address.get_backend_name().startswith("postgres")
        if is_postgres:
            address = address.set(drivername="postgresql+psycopg")
        # The durable engine's own tables: a schema on PostgreSQL, beside ours on SQLite.
        self._engines = "dbos." if is_postgres else ""
        self._engine = create_engine(
            address, isolation_level="AUTOCOMMIT", pool_pre_ping=True, pool_size=10, max_overflow=20
        )
        self._ids: dict[str, int] = {}
        self._known = 0

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def orders(self) -> list[OrderRow]:
        """Every order; none before the tables are there."""
        return [_order(row) for row in self._rows(_ORDER)]

    def order(self, name: str) -> OrderRow | None:
        """The order for this common name."""
        if name not in self._ids:
            for row in self._rows(f"{_ORDER} WHERE id > :known", known=self._known):
                found = _order(row)
                self._ids.setdefault(found.name, found.id)
            # A lower id can be committed after a higher one, by another process.
            self._known = max([self._known, *(number - 20 for number in self._ids.values())])
        if name not in self._ids:
            return None
        return _order(self._rows(f"{_ORDER} WHERE id = :id", id=self._ids[name])[0])

    def reread(self, order: OrderRow) -> OrderRow:
        """An order as it stands now."""
        return _order(self._rows(f"{_ORDER} WHERE id = :id", id=order.id)[0])

    def card(self, order: int, card: str) -> str | None:
        """Where a card stands, as its ts."""
        found = self._rows(
            "SELECT ts FROM cards WHERE order_id = :o AND card = :c", o=order, c=card
        )
        return found[0].ts if found else None

    def outbox(self) -> list[Any]:
        """Every message, as they were decided: id, order_id, card, delivered, ts."""
        return self._rows("SELECT id, order_id, card, delivered, ts FROM outbox ORDER BY number")

    def is_busy(self) -> bool:
        """Whether work is left to do, or a message is not out yet."""
        return bool(
            self._rows("SELECT 1 FROM outbox WHERE NOT delivered LIMIT 1")
            or self._rows(
                f"SELECT 1 FROM {self._engines}workflow_status "
                "WHERE status IN ('ENQUEUED', 'PENDING', 'DELAYED') LIMIT 1"
            )
        )

    def said(self, order: int) -> list[str]:
        """What happened to an order, by the audit."""
        rows = self._rows("SELECT body FROM audit WHERE order_id = :o ORDER BY number", o=order)
        return [json.loads(bytes(row.body))["what"] for row in rows]

    def operations(self) -> list[Any]:
        """The journal: key, attempt, confirmed."""
        return self._rows("SELECT key, attempt, confirmed FROM journal")

    def open_intents(self) -> list[Any]:
        """Operations that were begun and whose end was not seen: key, attempt, heard."""
        return self._rows(
            "SELECT key, attempt, warnings IS NOT NULL AS heard FROM journal "
            "WHERE confirmed = '' AND attempt > 0"
        )

    def running(self, executor: str) -> list[Running]:
        """Runs of work that the durable engine has marked as running under an id."""
        engines = self._engines
        rows = self._rows(
            "SELECT w.workflow_uuid AS run, w.name, w.started_at_epoch_ms AS since, "
            "w.recovery_attempts AS taken, o.function_name AS last, o.output "
            f"FROM {engines}workflow_status w LEFT JOIN {engines}operation_outputs o "
            "ON o.workflow_uuid = w.workflow_uuid AND o.function_id = (SELECT max(function_id) "
            f"FROM {engines}operation_outputs p WHERE p.workflow_uuid = w.workflow_uuid) "
            "WHERE w.status = 'PENDING' AND w.executor_id = :e",
            e=executor,
        )
        return [
            Running(
                run=row.run, work=row.name, claim=f"{row.since}/{row.taken}", last_step=row.last or "",
                wakes_at=_moment(row.output),
            )
            for row in rows
        ]  # fmt: skip

    def most_taken_up(self) -> int:
        """How often the run of work was taken up that was taken up the most and has not ended."""
        rows = self._rows(
            f"SELECT max(recovery_attempts) AS most FROM {self._engines}workflow_status "
            "WHERE status IN ('ENQUEUED', 'PENDING')"
        )
        return int(rows[0].most or 0)

    def _rows(self, question: str, **values: Any) -> list[Row[Any]]:
        """Ask until the database answers: nobody may take a pause of the server for an empty table."""
        end = time.monotonic() + AWAY_S
        while True:
            try:
                with self._engine.connect() as connection:
                    return list(connection.execute(text(question), values))
            except DBAPIError:
                if time.monotonic() > end:
                    raise
                threading.Event().wait(0.5)


def _order(row: Row[Any]) -> OrderRow:
    return OrderRow(
        id=row.id, state=row.state, version=row.version, has_plan=bool(row.has_plan),
        fault=row.fault_code, name=json.loads(row.wish)["subject"]["common_name"],
        requester=row.requester,
    )  # fmt: skip


def _moment(output: str | None) -> float:
    """When a sleep ends, as the engine notes it; 0 for the outcome of another step."""
    try:
        return float(output or 0)
    except ValueError:
        return 0.0
