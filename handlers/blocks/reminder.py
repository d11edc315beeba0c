"""The one message that reminds a person of everything that waits for them."""

from bot.domain.messages import Reminder, ReminderMessage
from bot.domain.waiting import Wait
from handlers.blocks.parts import Block, Picture, context, picture, section
from handlers.blocks.text import code, count, mention, when
from handlers.blocks.waiting_words import TO_DO, WAITS, reuse_line

_SHOWN = 10
_NAMED = 5


def reminder_picture(message: ReminderMessage) -> Picture:
    """Render the message; what waits longest stands first."""
    longest_first = sorted(message.reminders, key=lambda one: (one.since, one.order_id))
    told = _heading(longest_first)
    rows = [section(_row(one)) for one in longest_first[:_SHOWN]]
    return picture(told, [section(f"*{told}*"), *rows, *_rest(longest_first), _small(message)])


def _heading(reminders: list[Reminder]) -> str:
    mine = [one for one in reminders if one.acts]
    if len(reminders) == 1:
        one = reminders[0]
        waits = "waits for you" if one.acts else "waits, and nobody has acted"
        return f"Order {one.order_id} ({code(one.name, 100)}) {waits}."
    if len(mine) == len(reminders):
        return f"{count(len(reminders), 'order')} wait for you."
    return f"{count(len(reminders), 'order')} wait, {len(mine)} of them for you."


def _row(one: Reminder) -> str:
    wait = Wait(one.wait)
    told = (
        f"*Order {one.order_id}* {code(one.name, 100)} waits for {WAITS[wait]}, since "
        f"{when(one.since)}{_how_often(one)}."
    )
    ends = f" Undecided it lapses {when(one.ends_at)}." if one.ends_at else ""
    return f"{told}{ends}\n{TO_DO[wait] if one.acts else _instead(one)}{_proof(one)}"


def _proof(one: Reminder) -> str:
    if one.reuse_ends_at is None:
        return ""
    return f"\n{reuse_line(one.reuse_ends_at)}"


def _how_often(one: Reminder) -> str:
    return f" (reminder {one.number})" if one.number > 1 else ""


def _instead(one: Reminder) -> str:
    """For somebody who is told because nobody else acts."""
    if not one.on:
        return (
            "Nobody who could act is left: name somebody in the configuration, or do it with them."
        )
    named = ", ".join(mention(person) for person in one.on[:_NAMED])
    rest = len(one.on) - _NAMED
    more = f" and {rest} more" if rest > 0 else ""
    return f"It is for {named}{more} to act; you are told because that has not happened."


def _rest(reminders: list[Reminder]) -> list[Block]:
    rest = len(reminders) - _SHOWN
    return [context(f"and {rest} more: `/cert list`")] if rest > 0 else []


def _small(message: ReminderMessage) -> Block:
    first = min(message.reminders, key=lambda one: one.order_id)
    return context(
        f"As of when this was written. `/cert status {first.order_id}` shows how it stands now, `/cert list` everything "
        "that waits."
    )
