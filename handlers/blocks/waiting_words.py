"""What is waited for in words, and what ends the wait."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from bot.domain.waiting import Wait
from handlers.blocks.text import day

WAITS: Final[Mapping[Wait, str]] = {
    Wait.ISSUE: "a yes or a no to ordering it",
    Wait.PLAN: "a decision on its plan",
    Wait.READING: "hosts that could not be read",
    Wait.MEND: "a fault to be mended",
    Wait.SUBMIT: "its CSR to be submitted at the vendor",
    Wait.VENDOR: "the vendor to issue",
    Wait.BUNDLE: "the vendor's zip",
    Wait.RENEWAL: "a word on its renewal",
    Wait.ROLL_BACK: "further words on its roll-back",
    Wait.RETIRE: "further words on its removal",
    Wait.CLEARING: "further words on clearing its pending request",
}
"""What is waited for, as it follows "waits for"."""

TO_DO: Final[Mapping[Wait, str]] = {
    Wait.ISSUE: "Approve or reject it in the approvals channel, or on CertDesk's home tab.",
    Wait.PLAN: (
        "The certificate is bought and proven; it is of no use until the plan is approved. Press *Review and install* in the "
        "approvals channel, or on CertDesk's home tab."
    ),
    Wait.READING: "Mend what the plan card names, then press *Read hosts again* on it.",
    Wait.MEND: "Mend what its card names, then press *Retry* there, or roll back.",
    Wait.SUBMIT: (
        "Paste the CSR of the card in its thread at the vendor's portal, then press *I submitted the CSR*. If it is not "
        "wanted any more, call it off there."
    ),
    Wait.VENDOR: (
        "Look at the order in the vendor's portal: most often a name's control is not proven yet. When it is issued, drop "
        "the zip into the order's thread; if the vendor refused, report it behind the three dots of the CSR card."
    ),
    Wait.BUNDLE: "Download the zip for Exchange or IIS at the vendor and drop it into the order's thread.",
    Wait.RENEWAL: (
        "Press *Approve renewal* or *Not now* on the renewal card in the approvals channel, or on CertDesk's home tab. Unrenewed, "
        "mail stops when the certificate ends."
    ),
    Wait.ROLL_BACK: "If you want it as well, press *Roll back* on its card; if nobody does, nothing happens.",
    Wait.RETIRE: "If you want it as well, press *Retire certificate* on its card; if nobody does, nothing happens.",
    Wait.CLEARING: "If you want it as well, press *Clear the pending request* on its card; if nobody does, nothing happens.",
}
"""What ends the wait, for who can."""


def reuse_line(ends_at: datetime) -> str:
    """Until when a proof of control may be reused; the vendor may want one sooner."""
    return (
        f"The vendor can reuse the last proof that you control the names until {day(ends_at)} at the latest; issued after "
        "that, each name is proven anew."
    )
