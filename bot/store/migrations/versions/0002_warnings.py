"""What Exchange warned of: with the answer of each operation, and with each step of a host."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Rows of before keep nothing: their warnings were never kept."""
    op.add_column("journal", sa.Column("warnings", sa.Text(), nullable=True))
    op.add_column("host_steps", sa.Column("warnings", sa.Text(), nullable=True))
