"""When an operation was begun, by seconds that no setting of a clock moves."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What was begun before has no mark, and is judged by the wall clock as it was."""
    op.add_column("journal", sa.Column("begun", sa.String(), nullable=True))
