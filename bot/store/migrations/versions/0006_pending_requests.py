"""Pending requests that an order left on its host: the CSRs that were replaced, what was cleared, what is being cleared."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of CSRs that were replaced before, none was kept: their requests cannot be proven, so they are never cleared."""
    op.add_column("orders", sa.Column("past_csrs", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("orders", sa.Column("cleared", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("orders", sa.Column("clearing", sa.Text(), nullable=True))
    op.create_index(
        "ix_orders_clearing",
        "orders",
        ["id"],
        sqlite_where=sa.text("clearing IS NOT NULL"),
        postgresql_where=sa.text("clearing IS NOT NULL"),
    )
