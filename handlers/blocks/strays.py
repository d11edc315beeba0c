"""Messages that could not stand where, or as, they should: what is said with them."""

from collections.abc import Sequence

from bot.domain.ids import PersonId
from bot.domain.order import CertificateOrder
from handlers.blocks.parts import Picture, context, picture, section
from handlers.blocks.text import code, cut_markup, mention

_PLAIN_LIMIT = 1_000
_CALLED = 20


def moved_here(shown: Picture, channel: str, why: str, keepers: Sequence[PersonId] = ()) -> Picture:
    """
    A message that belongs into a channel CertDesk cannot write in.

    Args:
        channel: the id of that channel.
        why: what happened there, and what an administrator has to do.
        keepers: people who look there and must be told that it stands here.
    """
    note = f"This belongs into <#{channel}> and stands here, because CertDesk cannot write there. {code(why, 600)}"
    called = " ".join(mention(person) for person in keepers[:_CALLED])
    return Picture(text=shown.text, blocks=(context(f"{note} {called}".rstrip()), *shown.blocks))


def titled(shown: Picture, order: CertificateOrder) -> Picture:
    """A message of a thread that is gone: it names the order it would have stood under."""
    name = f"Order {order.id}: {code(order.wish.subject.common_name)}"
    return Picture(
        text=f"{name}\n{shown.text}",
        blocks=(section(f"*{name}*"), *shown.blocks),
    )


def undrawn(shown: Picture, *, incident: str) -> Picture:
    """What is left of a message that Slack does not draw: its sentence, and whom to tell."""
    said = cut_markup(shown.text, _PLAIN_LIMIT)
    told = (
        f"{said}\nThe rest of this message could not be shown. Nothing of the order is lost. "
        f"Tell the people who run CertDesk the incident {code(incident)}."
    )
    return Picture(text=told, blocks=())


def anew(order: CertificateOrder, link: str) -> Picture:
    """
    The first line under a card that was posted anew.

    Args:
        link: where the earlier thread stands; empty when nothing was said in it.
    """
    before = f" <{link}|What was said before> stands in the earlier thread." if link else ""
    told = f"The card of order {order.id} was deleted or could not be edited any more, so it stands here anew.{before}"
    return picture(told, [section(told)])
