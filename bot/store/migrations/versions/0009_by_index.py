"""What lists and the watch look for by index: when certificates end, when orders were placed, what is overdue."""

import json
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_NOT_ASKED = sa.text("renewal_asked_at IS NULL AND leaf_facts IS NOT NULL")
_OVERDUE = sa.text("given > 0")
_BATCH = 1_000


def upgrade() -> None:
    """The new columns repeat what the stored facts of each certificate say; the facts stay as they are."""
    op.add_column("orders", sa.Column("not_after", sa.DateTime(timezone=True), nullable=True))
    op.add_column("orders", sa.Column("valid_days", sa.Integer(), nullable=True))
    _fill(op.get_bind())
    op.create_index(
        "ix_orders_not_after",
        "orders",
        ["state", "valid_days", "not_after", "id"],
        sqlite_where=_NOT_ASKED,
        postgresql_where=_NOT_ASKED,
    )
    op.create_index("ix_orders_placed_at", "orders", ["state", "placed_at", "id"])
    op.create_index(
        "ix_due_overdue",
        "due",
        ["wait", "since", "order_id"],
        sqlite_where=_OVERDUE,
        postgresql_where=_OVERDUE,
    )


def _fill(connection: sa.Connection) -> None:
    orders = sa.table(
        "orders",
        sa.column("id", sa.Integer()),
        sa.column("leaf_facts", sa.Text()),
        sa.column("not_after", sa.DateTime(timezone=True)),
        sa.column("valid_days", sa.Integer()),
    )
    told = (
        sa.update(orders)
        .where(orders.c.id == sa.bindparam("number"))
        .values(not_after=sa.bindparam("ends"), valid_days=sa.bindparam("days"))
    )
    last = 0
    while True:
        rows = connection.execute(
            sa.select(orders.c.id, orders.c.leaf_facts)
            .where(orders.c.id > last, orders.c.leaf_facts.is_not(None))
            .order_by(orders.c.id)
            .limit(_BATCH)
        ).all()
        if not rows:
            return
        connection.execute(told, [_columns(number, facts) for number, facts in rows])
        last = rows[-1][0]


def _columns(number: int, leaf_facts: str) -> dict[str, object]:
    facts = json.loads(leaf_facts)
    begins, ends = (
        datetime.fromisoformat(facts[key]).astimezone(UTC) for key in ("not_before", "not_after")
    )
    return {"number": number, "ends": ends, "days": -((begins - ends) // timedelta(days=1))}
