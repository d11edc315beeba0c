"""A modal that only tells: why something was not done, or that it is under way."""

from handlers.blocks.parts import Block, modal, section
from handlers.ids import Callback


def notice_modal(title: str, told: str) -> Block:
    """Render a title and one paragraph in mrkdwn."""
    return modal(Callback.NOTICE, title=title, blocks=[section(told)])


def working_modal() -> Block:
    """Render the wait for slow work; it is replaced by its outcome."""
    return notice_modal("One moment", "CertDesk is on it; this window shows the outcome.")
