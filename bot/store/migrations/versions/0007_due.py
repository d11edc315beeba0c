"""Due times: when an order that waits for people is reminded of, who is owed a word, who was told when."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_WAITING = "state IN ('placed', 'csr_ready', 'submitted', 'issued', 'proven', 'installed', 'failed')"


def upgrade() -> None:
    """
    Orders that were placed before get a moment that is past and a wait that is nobody's.

    The first look reads the order, sets what really is waited for, and tells nobody.
    """
    op.add_column("orders", sa.Column("waits_since", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "due",
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("wait", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"]),
        sa.PrimaryKeyConstraint("order_id"),
    )
    op.create_index("ix_due_due_at", "due", ["due_at"])
    op.create_table(
        "debts",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"]),
        sa.PrimaryKeyConstraint("person", "order_id"),
    )
    op.create_index("ix_debts_order_id", "debts", ["order_id"])
    op.create_table(
        "told",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person"),
    )
    op.execute(f"UPDATE orders SET waits_since = changed_at WHERE {_WAITING}")
    op.execute("UPDATE orders SET waits_since = placed_at WHERE state = 'placed'")
    op.execute(
        "INSERT INTO due (order_id, wait, since, given, due_at) "
        f"SELECT id, 'unknown', changed_at, 0, changed_at FROM orders WHERE {_WAITING}"
    )
