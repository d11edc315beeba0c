"""The job of the outbox: every waiting message of one order, in order, each delivered once."""

import logging
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Final

from bot.chat_ports import DeliveryFault, Notifier, Outbox, Overtaken
from bot.domain.audit import AuditEntry
from bot.domain.ids import SYSTEM, OrderId
from bot.domain.messages import (
    CardMessage,
    LineMessage,
    Message,
    OutboxRow,
    Pause,
    Posted,
    ReminderMessage,
)
from bot.domain.pacing import LONGEST_S
from bot.domain.states import State
from bot.ports import Clock, Orders
from bot.workflow.late_reminders import Quiet
from bot.workflow.outcome import (
    LONGEST_WAIT_S,
    Done,
    NeedsPerson,
    Outcome,
    Run,
    TryLater,
    until_done,
)

log = logging.getLogger(__name__)

WAITED_FOR_S: Final = 2.0
"""A longer wait ends the run, so that it holds up no other order; the rest is delivered by a later run."""

TRIES: Final = 20
"""After so many short waits the run ends as well."""

UNDELIVERABLE = "undeliverable"
"""Chat will never take it."""

GIVEN_UP = "message_given_up"
"""What the audit calls a message that nobody was told."""

CARD_SHOWN = "card-shown"
"""The card was shown a moment ago; others of its order may go first."""

NIGHT, PUT_OFF = "reader-is-asleep", "reminder-put-off"
"""A reminder waits by itself: nothing else of its order belongs behind it. A run that finds it put off leaves it to the one that did."""

_DOUBLINGS: Final = 4
_SECOND: Final = "second"
"""How the outcome of a delivery begins that stands a second time; the place follows."""
_TAKEN_BACK_TRIES: Final = 3

Look = Callable[[ReminderMessage], ReminderMessage | Quiet | None]


class DeliveryJob:
    """Takes the rows that wait and hands them to chat, oldest first."""

    def __init__(
        self, orders: Orders, outbox: Outbox, notifier: Notifier, still: Look, clock: Clock
    ) -> None:
        self._orders = orders
        self._outbox = outbox
        self._notifier = notifier
        self._still = still
        self._clock = clock

    def run(self, run: Run, order_id: OrderId) -> float:
        """
        Deliver what waits; what others add meanwhile has a run of its own.

        A card that was shown a moment ago is put aside and shown last, as the order stands by then. A reminder waits
        until it is day where the reader is, and the rest goes before it. Nothing overtakes anything else.

        Returns:
            Seconds after which a later run must go on, 0 when nothing is left to this one.
        """
        waiting = run.step("list", lambda: Done("\n".join(self._outbox.waiting(order_id))))
        cards: list[tuple[str, float]] = []
        nights: list[float] = []
        for row_id in waiting.seen.splitlines() if isinstance(waiting, Done) else ():
            end = self._send(run, order_id, row_id)
            if isinstance(end, TryLater) and end.code == CARD_SHOWN:
                cards.append((row_id, end.after_s))
            elif isinstance(end, TryLater) and end.code == NIGHT:
                nights.append(end.after_s)
            elif isinstance(end, TryLater) and end.code != PUT_OFF:
                return end.after_s
        for row_id, after_s in cards:
            run.sleep(after_s)
            end = self._send(run, order_id, row_id)
            if isinstance(end, TryLater):
                return end.after_s
        return min(nights, default=0.0)

    def _send(self, run: Run, order_id: OrderId, row_id: str) -> Done | TryLater:
        for number in count(1):
            end = run.step(f"{row_id} #{number}", lambda: self._deliver(order_id, row_id))
            match end:
                case Done(seen=seen):
                    if seen.startswith(_SECOND):
                        self._take_back(run, row_id, seen)
                    return end
                case NeedsPerson():
                    # Kept by an earlier release, which gave up in a step of its own: a later run tries once more.
                    return Done("left")
                case TryLater():
                    is_long = end.after_s > WAITED_FOR_S or number >= TRIES
                    if is_long or end.code == CARD_SHOWN:
                        return end
                    run.sleep(end.after_s)
        raise AssertionError("counting does not end")

    def _deliver(self, order_id: OrderId, row_id: str) -> Outcome:
        row = self._outbox.begin(row_id)
        if row is None:
            return Done("delivered before")
        if isinstance(row, Pause):
            return _later(row)
        if isinstance(row.message, ReminderMessage):
            still = self._still(row.message)
            if still is None:
                self._outbox.delivered(row_id, None)
                return Done("nothing to remind of any more")
            if isinstance(still, Quiet):
                return self._sleep(row, still)
            row = replace(row, message=still)
        stands = self._orders.progress(order_id)
        try:
            posted = self._notifier.deliver(row, stands.order, stands.steps)
        except DeliveryFault as fault:
            if fault.final:
                return self._give_up(row, stands.order.state, fault.sentence)
            wait_s = _wait_s(fault, row)
            self._outbox.put_off(row, wait_s, sent=fault.sent, slot=fault.slot)
            return TryLater("chat-away", fault.sentence, wait_s)
        except Overtaken:
            # This run stood still: another one has the row, and goes on with those behind it.
            return TryLater("overtaken", "Another run delivers this message.", LONGEST_WAIT_S)
        if self._outbox.delivered(row_id, posted) and posted is not None:
            return Done(f"{_SECOND} {posted.channel} {posted.ts}")
        return Done("delivered")

    def _sleep(self, row: OutboxRow, quiet: Quiet) -> Outcome:
        """The night in parts: a moment further ahead would be taken for one of a wrong clock."""
        seconds = min(quiet.seconds, LONGEST_S)
        self._outbox.put_off(row, seconds, sent=False, slot="")
        return TryLater(NIGHT, "It is no time to be reminded.", seconds, counts=False)

    def _take_back(self, run: Run, row_id: str, seen: str) -> None:
        """
        Delete a post that stands a second time: this run stood still between looking and posting.

        Nothing leads from it to its order, and its buttons would look alive.
        """
        _, channel, ts = seen.split(" ")
        log.warning("message %s stands twice: the second post is taken back", row_id)

        def take() -> Outcome:
            try:
                self._notifier.take_back(Posted(channel=channel, ts=ts))
            except DeliveryFault as fault:
                if fault.final:
                    return NeedsPerson(UNDELIVERABLE, fault.sentence)
                return TryLater(
                    "chat-away", fault.sentence, min(fault.retry_after_s, LONGEST_WAIT_S)
                )
            return Done("taken back")

        end = until_done(run, f"take back {row_id}", take, tries=_TAKEN_BACK_TRIES)
        if isinstance(end, NeedsPerson):
            log.error(
                "message %s stands twice, delete %s %s: %s", row_id, channel, ts, end.sentence
            )

    def _give_up(self, row: OutboxRow, state: State, why: str) -> Outcome:
        """End a message that chat will never take: whoever looks for it later finds that nobody was told, and why."""
        log.error("message %s was given up: %s", row.id, why)
        entry = AuditEntry(
            order_id=row.order_id, at=self._clock.now(), by=SYSTEM, what=GIVEN_UP, before=state.value,
            after=state.value, why=why, facts={"message": row.id} | _facts(row.message),
        )  # fmt: skip
        self._outbox.give_up(row.id, entry)
        return Done("given up")


def _facts(message: Message) -> dict[str, str]:
    """Which message it is, and for whom where it is for one person."""
    match message:
        case CardMessage(card=card):
            return {"card": card.value}
        case LineMessage(code=code, to=to):
            return {"line": code} | ({"to": to} if to else {})
        case ReminderMessage(to=to):
            return {"reminder": "", "to": to}


def _later(pause: Pause) -> TryLater:
    code = CARD_SHOWN if pause.for_card else PUT_OFF if pause.for_reminder else "chat-away"
    return TryLater(code, "Its moment has not come.", pause.seconds, counts=False)


def _wait_s(fault: DeliveryFault, row: OutboxRow) -> float:
    """Chat's own wish; where chat does not answer, longer each time, up to a minute."""
    if not fault.sent:
        return fault.retry_after_s
    longer = fault.retry_after_s * float(2 ** min(row.attempt, _DOUBLINGS))
    return max(fault.retry_after_s, min(longer, LONGEST_WAIT_S))
