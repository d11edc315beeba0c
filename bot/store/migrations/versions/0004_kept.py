"""How many removals of an order's certificate were given up: each has decisions of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Orders of before have given none up."""
    op.add_column("orders", sa.Column("kept", sa.Integer(), nullable=False, server_default="0"))
