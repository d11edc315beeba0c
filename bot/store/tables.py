"""
The tables. A record is a row and nothing more: no method, no rule, no default that decides something.

`migrations/` creates them; a test compares the two. Other libraries may keep tables of their own in the same
database, so ours have a registry of their own.
"""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from bot.store.columns import FreeText, UtcTime

_REGISTRY = registry()
# SQLite takes a partial index only when its condition is spelled as in the query.
_NOT_DELIVERED_SQLITE = text("delivered = 0")
_BEING_CLEARED = text("clearing IS NOT NULL")
_OVERDUE = text("given > 0")
_NOT_ASKED = text("renewal_asked_at IS NULL AND leaf_facts IS NOT NULL")
_NOT_DELIVERED_POSTGRESQL = text("NOT delivered")


class Record(SQLModel, registry=_REGISTRY):
    """What all tables share: the registry."""


METADATA = _REGISTRY.metadata
"""Every table of CertDesk, for migrations and for the comparison with them."""


class OrderRecord(Record, table=True):
    """
    One order as it stands; `version` is what compare-and-set compares.

    `not_after` and `valid_days` are what an index needs of `leaf_facts`; a row of an earlier release has none.
    """

    __tablename__: ClassVar[str] = "orders"
    __table_args__ = (
        UniqueConstraint("draft_key", name="uq_orders_draft_key"),
        Index("ix_orders_state", "state", "id"),
        Index(
            "ix_orders_clearing",
            "id",
            sqlite_where=_BEING_CLEARED,
            postgresql_where=_BEING_CLEARED,
        ),
        Index("ix_orders_placed_at", "state", "placed_at", "id"),
        Index(
            "ix_orders_not_after",
            "state",
            "valid_days",
            "not_after",
            "id",
            sqlite_where=_NOT_ASKED,
            postgresql_where=_NOT_ASKED,
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    version: int
    draft_key: str = Field(sa_type=FreeText)
    state: str
    wish: str = Field(sa_type=Text)
    requester: str = Field(sa_type=FreeText)
    home: str = Field(sa_type=FreeText)
    placed_at: datetime = Field(sa_type=UtcTime)
    changed_at: datetime = Field(sa_type=UtcTime)
    detail: str = Field(sa_type=FreeText)
    csr_pem: str = Field(sa_type=FreeText)
    csr_round: int
    vendor_reference: str = Field(sa_type=FreeText)
    upload_id: int | None = None
    uploader: str | None = Field(default=None, sa_type=FreeText)
    leaf_der: bytes | None = Field(default=None, sa_type=LargeBinary)
    path_ders: str | None = Field(default=None, sa_type=Text)
    leaf_facts: str | None = Field(default=None, sa_type=Text)
    not_after: datetime | None = Field(default=None, sa_type=UtcTime)
    valid_days: int | None = None
    findings: str = Field(sa_type=Text)
    plan: str | None = Field(default=None, sa_type=Text)
    answers: str = Field(sa_type=Text)
    done_hosts: str = Field(sa_type=Text)
    failed_in: str | None = None
    fault_code: str = Field(sa_type=FreeText)
    installed_at: datetime | None = Field(default=None, sa_type=UtcTime)
    renewal_asked_at: datetime | None = Field(default=None, sa_type=UtcTime)
    renewal_not_before: datetime | None = Field(default=None, sa_type=UtcTime)
    renewed_by: int | None = None
    superseded_by: int | None = None
    kept: int
    past_csrs: str = Field(sa_type=Text)
    cleared: str = Field(sa_type=Text)
    clearing: str | None = Field(default=None, sa_type=Text)
    waits_since: datetime | None = Field(default=None, sa_type=UtcTime)
    ended_by: str = Field(sa_type=Text)


class ApprovalRecord(Record, table=True):
    """One person's yes or no, at its place in the order's row of decisions; only ever added."""

    __tablename__: ClassVar[str] = "approvals"

    order_id: int = Field(foreign_key="orders.id", primary_key=True)
    position: int = Field(primary_key=True)
    gate: str
    person: str = Field(sa_type=FreeText)
    at: datetime = Field(sa_type=UtcTime)
    yes: bool
    reason: str = Field(sa_type=FreeText)
    subject: str = Field(sa_type=FreeText)


class AuditRecord(Record, table=True):
    """
    One audit entry in its canonical form, with the hash that chains it to the one before.

    Bytes and not text, so that any bit somebody turns in them can be read and seen to be wrong.
    """

    __tablename__: ClassVar[str] = "audit"
    __table_args__ = (Index("ix_audit_order_id", "order_id", "number"),)

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    order_id: int
    body: bytes = Field(sa_type=LargeBinary)
    hash: bytes = Field(sa_type=LargeBinary)


class AuditHead(Record, table=True):
    """Where the chain ends: the one row that writers queue for, and that shows a cut-off end."""

    __tablename__: ClassVar[str] = "audit_head"

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    number: int
    hash: bytes = Field(sa_type=LargeBinary)


class OutboxRecord(Record, table=True):
    """
    One message for chat; `number` is the order in which messages were decided.

    Not before `due_at`; then the slot of its channel named in `slot`, if any, is its own.
    """

    __tablename__: ClassVar[str] = "outbox"
    __table_args__ = (
        UniqueConstraint("id", name="uq_outbox_id"),
        Index(
            "ix_outbox_not_delivered",
            "order_id",
            "number",
            sqlite_where=_NOT_DELIVERED_SQLITE,
            postgresql_where=_NOT_DELIVERED_POSTGRESQL,
        ),
        Index("ix_outbox_order_id", "order_id"),
        Index("ix_outbox_channel_ts", "channel", "ts"),
    )

    number: int | None = Field(default=None, primary_key=True)
    id: str
    order_id: int = Field(foreign_key="orders.id")
    card: str | None = None
    message: str = Field(sa_type=Text)
    attempt: int
    delivered: bool
    channel: str | None = None
    ts: str | None = None
    due_at: datetime | None = Field(default=None, sa_type=UtcTime)
    slot: str | None = None


class CardRecord(Record, table=True):
    """Where a card of an order stands in chat, and when it was last shown there."""

    __tablename__: ClassVar[str] = "cards"
    __table_args__ = (Index("ix_cards_channel_ts", "channel", "ts"),)

    order_id: int = Field(foreign_key="orders.id", primary_key=True)
    card: str = Field(primary_key=True)
    channel: str
    ts: str
    shown_at: datetime | None = Field(default=None, sa_type=UtcTime)


class PaceRecord(Record, table=True):
    """A bucket of chat: a channel's messages, or a method's calls; no slot is free before it has leaked."""

    __tablename__: ClassVar[str] = "chat_pace"

    key: str = Field(primary_key=True)
    filled_until: datetime | None = Field(default=None, sa_type=UtcTime)


class StepRecord(Record, table=True):
    """The latest word on one step of one host of an order; `number` keeps the order of first words."""

    __tablename__: ClassVar[str] = "host_steps"
    __table_args__ = (UniqueConstraint("order_id", "host", "step", name="uq_host_steps_step"),)

    number: int | None = Field(default=None, primary_key=True)
    order_id: int = Field(foreign_key="orders.id")
    host: str
    step: str
    status: str
    note: str = Field(sa_type=FreeText)
    at: datetime = Field(sa_type=UtcTime)
    warnings: str | None = Field(default=None, sa_type=Text)


class IntentRecord(Record, table=True):
    """
    A remote operation that was begun, or seen to be done; `deadline` is empty when it never left.

    `warnings` is empty until the answer came; `begun` is a mark of the stopwatch of the process that sent it.
    """

    __tablename__: ClassVar[str] = "journal"

    key: str = Field(primary_key=True)
    attempt: int
    deadline: datetime | None = Field(default=None, sa_type=UtcTime)
    was_done: bool
    confirmed: str = Field(sa_type=FreeText)
    warnings: str | None = Field(default=None, sa_type=Text)
    begun: str | None = None


class SealedRecord(Record, table=True):
    """A sealed secret, once for its bond; its bytes can be wiped, the row stays and says when."""

    __tablename__: ClassVar[str] = "sealed_secrets"
    __table_args__ = (
        UniqueConstraint("order_id", "purpose", "round", name="uq_sealed_secrets_bond"),
    )

    id: int | None = Field(default=None, primary_key=True)
    order_id: int = Field(foreign_key="orders.id")
    purpose: str
    round: int
    key_id: str
    sealed: bytes = Field(sa_type=LargeBinary)
    made_at: datetime = Field(sa_type=UtcTime)
    dies_at: datetime = Field(sa_type=UtcTime)
    wiped_at: datetime | None = Field(default=None, sa_type=UtcTime)


class UploadRecord(Record, table=True):
    """A file that was handed in; its bytes can be wiped, its name and hash stay."""

    __tablename__: ClassVar[str] = "uploads"
    __table_args__ = (Index("ix_uploads_order_id", "order_id"),)

    id: int | None = Field(default=None, primary_key=True)
    order_id: int = Field(foreign_key="orders.id")
    name: str = Field(sa_type=FreeText)
    data: bytes = Field(sa_type=LargeBinary)
    sha256: str
    person: str = Field(sa_type=FreeText)
    at: datetime = Field(sa_type=UtcTime)


class HostLeaseRecord(Record, table=True):
    """
    Who may change a host; the row stays when the lease has ended, so that its fence only grows.

    `host` is the name in one case. Until `busy_until` a command of the holder may be running there.
    """

    __tablename__: ClassVar[str] = "host_leases"
    __table_args__ = (Index("ix_host_leases_worker", "worker"),)

    host: str = Field(primary_key=True)
    worker: str
    order_id: int
    version: int
    fence: int
    expires_at: datetime = Field(sa_type=UtcTime)
    busy_until: datetime = Field(sa_type=UtcTime)


class WorkerLeaseRecord(Record, table=True):
    """
    Which process lives under an executor id, or (`reaps`) takes over what a dead one has left.

    `worker` is a word of that one process; a process whose word does not stand here any more must stop.
    """

    __tablename__: ClassVar[str] = "worker_leases"

    executor: str = Field(primary_key=True)
    worker: str
    reaps: bool
    expires_at: datetime = Field(sa_type=UtcTime)


class DueRecord(Record, table=True):
    """
    The next moment at which something about a waiting order is due; `given` is what compare-and-set compares.

    There is a row as long as the order waits for people; `wait` and `since` say for what and since when.
    """

    __tablename__: ClassVar[str] = "due"
    __table_args__ = (
        Index("ix_due_due_at", "due_at"),
        Index(
            "ix_due_overdue",
            "wait",
            "since",
            "order_id",
            sqlite_where=_OVERDUE,
            postgresql_where=_OVERDUE,
        ),
    )

    order_id: int = Field(foreign_key="orders.id", primary_key=True)
    wait: str
    since: datetime = Field(sa_type=UtcTime)
    given: int
    due_at: datetime = Field(sa_type=UtcTime)


class DebtRecord(Record, table=True):
    """Somebody is to be told of an order and was not yet: it was night, or they were told of another one just now."""

    __tablename__: ClassVar[str] = "debts"
    __table_args__ = (Index("ix_debts_order_id", "order_id"),)

    person: str = Field(sa_type=FreeText, primary_key=True)
    order_id: int = Field(foreign_key="orders.id", primary_key=True)
    number: int


class ToldRecord(Record, table=True):
    """When somebody was last reminded of anything."""

    __tablename__: ClassVar[str] = "told"

    person: str = Field(sa_type=FreeText, primary_key=True)
    at: datetime = Field(sa_type=UtcTime)
