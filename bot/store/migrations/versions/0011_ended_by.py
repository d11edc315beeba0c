"""Who ended a round of an order, so that somebody else decides whether its pending request is cleared."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of rounds that ended before, only the audit knows who ended them: any approver may clear their requests, as until now."""
    op.add_column("orders", sa.Column("ended_by", sa.Text(), nullable=False, server_default="{}"))
