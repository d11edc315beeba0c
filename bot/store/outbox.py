"""Messages on their way to chat: put in by a change of an order, taken out by delivery."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import Engine, func, update
from sqlmodel import Session, col, select

from bot.domain.audit import AuditEntry
from bot.domain.ids import OrderId
from bot.domain.messages import (
    Card,
    CardMessage,
    Message,
    OutboxRow,
    Pause,
    Posted,
    ReminderMessage,
)
from bot.domain.pacing import pause_of
from bot.ports import Clock
from bot.store import chain
from bot.store.database import reading, writing
from bot.store.tables import CardRecord, OutboxRecord
from bot.store.values import MESSAGE

StartDelivery = Callable[[Session, OrderId, str], None]
"""Starts the delivery of an order's messages, up to the row named, inside the given transaction."""


def put(
    session: Session, order_id: OrderId, messages: tuple[Message, ...], ids: Iterator[str]
) -> str | None:
    """
    Add messages in the caller's transaction; the id of the last one added, None when none was.

    A card is drawn from the order as it stands when it is delivered, so a card that waits already, with no
    attempt begun, is not added again.
    """
    waiting = _cards_not_begun(session, order_id)
    last = None
    for message in messages:
        card = message.card if isinstance(message, CardMessage) else None
        if card in waiting:
            continue
        if card is not None:
            waiting.add(card)
        last = next(ids)
        session.add(_record(last, order_id, card, message))
        session.flush()
    return last


def _cards_not_begun(session: Session, order_id: OrderId) -> set[Card]:
    # Locked: a delivery that begins at this moment either waits, and draws the new order, or was first,
    # and then the row does not count here.
    rows = session.exec(
        select(OutboxRecord)
        .where(OutboxRecord.order_id == order_id)
        .where(~col(OutboxRecord.delivered))
        .where(OutboxRecord.attempt == 0)
        .where(col(OutboxRecord.card).is_not(None))
        .with_for_update()
    )
    return {Card(row.card) for row in rows if row.card is not None}


def _record(row_id: str, order_id: OrderId, card: Card | None, message: Message) -> OutboxRecord:
    return OutboxRecord(
        id=row_id,
        order_id=order_id,
        card=None if card is None else card.value,
        message=MESSAGE.text(message),
        attempt=0,
        delivered=False,
    )


class SqlOutbox:
    """`bot.chat_ports.Outbox` over the database."""

    def __init__(self, engine: Engine, clock: Clock, start: StartDelivery) -> None:
        self._engine = engine
        self._start = start
        self._clock = clock

    def waiting(self, order_id: OrderId) -> tuple[str, ...]:
        """Ids of undelivered rows of one order, oldest first."""
        with reading(self._engine) as session:
            return tuple(
                session.exec(
                    select(OutboxRecord.id)
                    .where(OutboxRecord.order_id == order_id)
                    .where(~col(OutboxRecord.delivered))
                    .order_by(col(OutboxRecord.number))
                )
            )

    def orders_waiting(self) -> tuple[tuple[OrderId, str], ...]:
        """Orders with undelivered rows, each with the id of its newest such row; by order number."""
        newest = (
            select(func.max(OutboxRecord.number))
            .where(~col(OutboxRecord.delivered))
            .group_by(col(OutboxRecord.order_id))
        )
        rows = (
            select(OutboxRecord.order_id, OutboxRecord.id)
            .where(col(OutboxRecord.number).in_(newest))
            .order_by(col(OutboxRecord.order_id))
        )
        with reading(self._engine) as session:
            return tuple((OrderId(order_id), row_id) for order_id, row_id in session.exec(rows))

    def begin(self, row_id: str) -> OutboxRow | Pause | None:
        """Count an attempt and read the row, or say why it has to wait; None when it does not wait (any more)."""
        with writing(self._engine) as session:
            row = _locked(session, row_id)
            if row is None or row.delivered:
                return None
            card, now = _card_of(session, row), self._clock.now()
            pause = _pause_of(row, card, now)
            if pause is not None:
                return pause
            begun = OutboxRow(
                id=row.id,
                order_id=OrderId(row.order_id),
                message=MESSAGE.value(row.message),
                attempt=row.attempt,
                slot=row.slot or "",
            )
            row.attempt += 1
            row.slot = None
            if card is not None:
                card.shown_at = now
            return begun

    def pause(self, row_id: str) -> Pause | None:
        """Why the row is not to be begun yet; None when it is due."""
        with reading(self._engine) as session:
            row = session.exec(select(OutboxRecord).where(OutboxRecord.id == row_id)).first()
            if row is None or row.delivered:
                return None
            return _pause_of(row, _card_of(session, row), self._clock.now())

    def put_off(self, row: OutboxRow, seconds: float, *, sent: bool, slot: str) -> None:
        """
        The row waits so long, with this slot; ``sent`` False takes back that its attempt was counted.

        Nothing changes once another attempt was begun: that one may stand in chat, and must be looked for.
        """
        with writing(self._engine) as session:
            kept = _locked(session, row.id)
            if kept is None or kept.delivered or kept.attempt != row.attempt + 1:
                return
            kept.attempt = row.attempt + sent
            kept.due_at = self._clock.now() + timedelta(seconds=seconds)
            kept.slot = slot or None

    def is_overtaken(self, row: OutboxRow) -> bool:
        """Whether another attempt was begun, or the row was delivered, since this one was begun."""
        with reading(self._engine) as session:
            kept = session.exec(select(OutboxRecord).where(OutboxRecord.id == row.id)).first()
            return kept is not None and (kept.delivered or kept.attempt != row.attempt + 1)

    def delivered(self, row_id: str, posted: Posted | None) -> bool:
        """
        The row is done; the first word on it counts. True for a second post that nothing knows of.

        Raises:
            KeyError: the row never was.
        """
        with writing(self._engine) as session:
            row = _locked(session, row_id)
            if row is None:
                raise KeyError(row_id)
            if row.delivered:
                return row.ts is not None and posted is not None and _is_unknown(session, posted)
            row.delivered = True
            if posted is not None:
                row.channel, row.ts = posted.channel, posted.ts
                _place_card(session, row, posted, self._clock.now())
            return False

    def give_up(self, row_id: str, entry: AuditEntry) -> None:
        """The row is never delivered, and the audit says why; nothing changes when it was delivered, or given up, before."""
        with writing(self._engine) as session:
            chain.lock(session)
            row = _locked(session, row_id)
            if row is None or row.delivered:
                return
            row.delivered = True
            chain.append(session, entry)

    def card_at(self, order_id: OrderId, card: Card) -> Posted | None:
        """Where a card stands."""
        with reading(self._engine) as session:
            row = session.get(CardRecord, (order_id, card.value))
            return None if row is None else Posted(channel=row.channel, ts=row.ts)

    def card_on(self, posted: Posted) -> tuple[OrderId, Card] | None:
        """Which card of which order stands there now."""
        there = (
            select(CardRecord)
            .where(CardRecord.channel == posted.channel)
            .where(CardRecord.ts == posted.ts)
        )
        with reading(self._engine) as session:
            row = session.exec(there).first()
            return None if row is None else (OrderId(row.order_id), Card(row.card))

    def show_again(self, order_id: OrderId, card: Card, gone: Posted, entry: AuditEntry) -> bool:
        """A card is brought up to date since its message is gone; False when it stands elsewhere by now, or waits already."""
        # Named after the place: whoever hears of it a second time finds the row.
        row_id = f"{order_id}:gone:{gone.ts}"
        with writing(self._engine) as session:
            chain.lock(session)
            stands = session.get(CardRecord, (order_id, card.value))
            is_gone = stands is not None and (stands.channel, stands.ts) == (gone.channel, gone.ts)
            if not is_gone or _locked(session, row_id) is not None:
                return False
            if put(session, order_id, (CardMessage(card=card),), iter((row_id,))) is None:
                return False
            chain.append(session, entry)
            self._start(session, order_id, row_id)
            return True

    def order_at(self, posted: Posted) -> OrderId | None:
        """Whose card this message is; how a thread finds its order."""
        with reading(self._engine) as session:
            # Every card that ever stood somewhere was delivered there by a row, which stays.
            found = session.exec(
                select(OutboxRecord.order_id)
                .where(OutboxRecord.channel == posted.channel)
                .where(OutboxRecord.ts == posted.ts)
                .where(col(OutboxRecord.card).is_not(None))
            ).first()
            return None if found is None else OrderId(found)


def _locked(session: Session, row_id: str) -> OutboxRecord | None:
    return session.exec(
        select(OutboxRecord).where(OutboxRecord.id == row_id).with_for_update()
    ).first()


def _is_unknown(session: Session, posted: Posted) -> bool:
    """Whether no row stands there: a card's place may be that of an earlier row, which leads to its thread."""
    there = (
        select(OutboxRecord.id)
        .where(OutboxRecord.channel == posted.channel)
        .where(OutboxRecord.ts == posted.ts)
    )
    return session.exec(there).first() is None


def _card_of(session: Session, row: OutboxRecord) -> CardRecord | None:
    return None if row.card is None else session.get(CardRecord, (row.order_id, row.card))


def _pause_of(row: OutboxRecord, card: CardRecord | None, now: datetime) -> Pause | None:
    if row.due_at is None and card is None:
        return None
    reminds = isinstance(MESSAGE.value(row.message), ReminderMessage)
    return pause_of(row.due_at, None if card is None else card.shown_at, now, reminds=reminds)


def _place_card(session: Session, row: OutboxRecord, posted: Posted, at: datetime) -> None:
    if row.card is None:
        return
    moved = session.exec(
        update(CardRecord)
        .where(col(CardRecord.order_id) == row.order_id)
        .where(col(CardRecord.card) == row.card)
        .values(channel=posted.channel, ts=posted.ts, shown_at=at)
    )
    if moved.rowcount == 0:
        session.add(
            CardRecord(
                order_id=row.order_id,
                card=row.card,
                channel=posted.channel,
                ts=posted.ts,
                shown_at=at,
            )
        )
