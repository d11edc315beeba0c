"""The sentences for people whose click came too late or does not fit: how the order stands, and who said what last."""

from bot.domain.faults import Refused
from bot.domain.order import CertificateOrder
from bot.domain.states import State


def stale(order: CertificateOrder) -> Refused:
    """For somebody whose click was about an older version; ``order`` as it is now."""
    return Refused(
        "stale",
        f"Somebody was faster, or this card is old: {order.title} is now "
        f"{_words(order.state)}{_last_word(order)}. Your click changed nothing.",
    )


def not_now(order: CertificateOrder) -> Refused:
    """For somebody who asks what does not fit the order as it is."""
    return Refused(
        "not-now",
        f"That does not fit {order.title}: it is {_words(order.state)}{_last_word(order)}. "
        f"Nothing was changed. `/cert status {order.id}` shows what it waits for.",
    )


def _words(state: State) -> str:
    return state.value.replace("_", " ")


def _last_word(order: CertificateOrder) -> str:
    if not order.approvals:
        return ""
    last = order.approvals[-1]
    person = last.by.split(":")[-1]
    return f" (<@{person}> said {'yes' if last.yes else 'no'}, {last.at:%Y-%m-%d %H:%M} UTC)"
