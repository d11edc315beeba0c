"""The message that reminds: what waits, since when, what to do; and for whom, where it is not the reader's."""

import re
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.ids import OrderId
from bot.domain.messages import Reminder, ReminderMessage
from bot.domain.waiting import Wait
from handlers.blocks.buttons import LOOKS
from handlers.blocks.reminder import reminder_picture
from handlers.blocks.waiting_words import TO_DO, WAITS
from tests.unit.handlers.scene import MAJA, MAX, NOON, OLGA
from tests.unit.handlers.slack_rules import check_picture


def reminder(number: int = 27, wait: Wait = Wait.ISSUE, **parts: Any) -> Reminder:
    """A reminder of an order."""
    whole: dict[str, Any] = {
        "order_id": OrderId(number), "name": "mail.example.com", "wait": wait,
        "since": NOON - timedelta(days=number % 5), "number": 1,
    }  # fmt: skip
    return Reminder(**{**whole, **parts})


def texts(*reminders: Reminder) -> str:
    """The whole message as text."""
    shown = reminder_picture(ReminderMessage(to=MAX, reminders=reminders))
    check_picture(shown)
    return "\n".join([shown.text, *(str(block) for block in shown.blocks)])


def test_every_wait_has_its_words() -> None:
    """What is waited for, and what ends it."""
    assert set(Wait) == set(WAITS) == set(TO_DO)


@pytest.mark.parametrize("wait", list(Wait))
def test_a_reminder_says_what_waits_and_what_to_do(wait: Wait) -> None:
    """For each wait a whole message within Slack's limits."""
    told = texts(reminder(wait=wait))

    assert WAITS[wait] in told
    assert TO_DO[wait] in told


def test_one_order_is_named_in_the_notification() -> None:
    """What a phone shows of it is a whole sentence."""
    shown = reminder_picture(ReminderMessage(to=MAX, reminders=(reminder(),)))

    assert "Order 27 (`mail.example.com`) waits for you." == shown.text


def test_the_end_of_an_order_is_said() -> None:
    """So that nobody is surprised by its lapse."""
    assert "Undecided it lapses" in texts(reminder(ends_at=NOON + timedelta(days=2)))
    assert "lapses" not in texts(reminder())


def test_somebody_who_cannot_act_is_told_who_can() -> None:
    """The head of IT, when the approvers are silent; and when nobody is left, that too."""
    told = texts(reminder(acts=False, on=(MAJA, OLGA)))
    alone = texts(reminder(acts=False))

    assert (
        "It is for <@UMAJA>, <@UOLGA> to act; you are told because that has not happened." in told
    )
    assert TO_DO[Wait.ISSUE] not in told
    assert "Nobody who could act is left" in alone


def test_many_orders_fit_into_one_message() -> None:
    """The ten that wait longest, and how many more."""
    told = texts(*(reminder(number) for number in range(1, 40)))

    assert "39 orders wait for you." in told
    assert "and 29 more" in told


def test_names_are_no_markup() -> None:
    """Outside text stands in code spans."""
    assert "&lt;!channel&gt;" in texts(reminder(name="<!channel>"))


def test_the_end_of_a_proof_of_control_is_said() -> None:
    """Where the vendor has to be dealt with."""
    told = texts(reminder(wait=Wait.VENDOR, reuse_ends_at=NOON + timedelta(days=9)))

    assert "can reuse the last proof that you control the names until" in told
    assert "proof" not in texts(reminder())


def test_only_buttons_that_exist_are_named() -> None:
    """A bold word of the advice is a button's label, to the letter."""
    labels = {look.label for look in LOOKS.values()}
    named = {word for told in TO_DO.values() for word in re.findall(r"\*([^*]+)\*", told)}

    assert named
    assert set() == named - labels
