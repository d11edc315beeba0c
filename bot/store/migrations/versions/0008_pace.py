"""How fast chat is written to: when a card was shown last, when a message is due, and a bucket for each channel."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What stands in chat already may be edited at once, and what waits is due."""
    moment = sa.DateTime(timezone=True)
    op.add_column("cards", sa.Column("shown_at", moment, nullable=True))
    op.add_column("outbox", sa.Column("due_at", moment, nullable=True))
    op.add_column("outbox", sa.Column("slot", sa.String(), nullable=True))
    op.create_index("ix_outbox_channel_ts", "outbox", ["channel", "ts"])
    op.create_table(
        "chat_pace",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("filled_until", moment, nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
