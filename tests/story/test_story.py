"""Whole orders through real wires: both modes of Slack, and an old, a middle and a new Exchange."""

import pytest

from sandbox.story import play
from tests.story.conftest import OpenTown

pytestmark = pytest.mark.story

CMDLETS = [
    "New-ExchangeCertificate",
    "store.add",
    "store.add",
    "Import-ExchangeCertificate",
    "Enable-ExchangeCertificate",
    "Enable-ExchangeCertificate",
    "Enable-ExchangeCertificate",
]
"""CSR; issuing and cross certificate; leaf; IIS, IMAP and POP; SMTP; and the default given back."""


@pytest.mark.parametrize(
    ("version", "http"), [("2019", False), ("2019", True), ("2013", False), ("2007", False)]
)
async def test_an_order_is_installed(open_town: OpenTown, version: str, http: bool) -> None:
    """From the slash command to proven handshakes, with exactly the operations of the plan."""
    async with open_town(version=version, http=http) as live:
        await play(live.addresses, tell=print)
        ran = [
            op["cmdlet"] for op in await live.operations() if not op["cmdlet"].startswith("file.")
        ]

    assert CMDLETS == ran
