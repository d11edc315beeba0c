"""
Customers: each sees one order through, doing again whatever a dead bot did not answer, as people do.

They act on what the sandbox's Slack shows; where the order stands they read in the database, so that a step which
was done is not done again.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from bench.chaos.crowd import ROLES, Group, Presser, Waiting
from bench.chaos.ledger import Ledger, OrderRow
from sandbox.parts import Addresses, SandboxFault
from sandbox.person import Message, Person, find_button, inputs, plain, said
from sandbox.story import CSR

ENDS = frozenset(
    {"installed", "rolled_back", "rejected", "cancelled", "lapsed", "superseded", "retired"}
)
EARLY = frozenset({"placed", "approved", "csr_ready"})
ATTEMPT_S = 12.0
LOOK_S = 0.1
STILL_S = 6.0
"""For how long a person waits for what was answered to show."""
REFUSED_S = 0.5
"""When there was no answer, it is tried again sooner."""


class Customer:
    """One group of people with one order after the other."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        addresses: Addresses,
        group: Group,
        ledger: Ledger,
        *,
        dice: random.Random,
        waiting: Waiting,
    ) -> None:
        control = addresses["slack"]["control"]
        self._session = session
        self._vendor = addresses["vendor"]["control"]
        self._requests = group.channel
        self.approvals: str = addresses["slack"]["channels"]["cert-approvals"]
        self._hosts = [host["name"] for host in addresses["exchange"]]
        self._ledger = ledger
        self._dice = dice
        self.rita, self.max, self.mia, self.olga = (
            Presser(waiting, session, control, group.people[part]) for part in ROLES
        )
        self._number = ""
        self._vendor_id = ""
        self._zip = b""

    async def see_through(self, name: str, *, goes_on: Callable[[], bool]) -> None:
        """
        Bring one order to an end, however often it takes.

        Args:
            goes_on: once it says no, an order that has not come to the vendor's desk is left as it is.
        """
        self._number, self._vendor_id, self._zip = "", "", b""
        hosts = self._dice.sample(self._hosts, self._dice.choice((1, 1, 2)))
        order = await self.placed(name, hosts)
        while order.state not in ENDS and (order.state not in EARLY or goes_on()):
            order = await self._one_step(order, self._next)

    async def call_off(self, order: OrderRow) -> None:
        """Cancel an order of one's own, however often it takes."""
        while order.state not in ENDS:
            order = await self._one_step(order, self._cancel)

    def asked_for(self, order: OrderRow) -> bool:
        """Whether it is the order of this group's requester."""
        return order.requester.endswith(self.rita.user)

    async def placed(self, name: str, hosts: list[str]) -> OrderRow:
        """Ask for a certificate until there is an order for it."""
        while (order := await asyncio.to_thread(self._ledger.order, name)) is None:
            answered = await self._attempt(self.ask(name, hosts))
            await self._until(lambda: self._ledger.order(name), answered=answered)
        return order

    async def _one_step(
        self, order: OrderRow, act: Callable[[OrderRow], Awaitable[None]]
    ) -> OrderRow:
        answered = await self._attempt(act(order))
        seen = _standing(order)
        await self._until(lambda: _standing(self._ledger.reread(order)) != seen, answered=answered)
        return await asyncio.to_thread(self._ledger.reread, order)

    async def ask(self, name: str, hosts: list[str]) -> None:
        """The slash command and its modal."""
        await self.rita.close_all()
        await self.rita.command(self._requests, "request")
        view = await self.rita.view("Request")
        more = {"May the private key": "Yes"} if len(hosts) > 1 else {}
        await self.rita.submit(
            view,
            {
                "Exchange hosts": hosts,
                "Common name": name,
                # Not the host's own name: with several certificates for it, issued in the same minute,
                # Exchange's choice for SMTP is not the order's, and the proof would rightly say so.
                "More names": f"www.{name}",
                "Organisation": "Example Corp",
                "Town": "Redmond",
                "State": "Washington",
                "Country": "US",
                "Services": ["IIS", "SMTP", "IMAP", "POP"],
                "Reason": "Chaos.",
                **{label: answer for label, answer in more.items() if _has(view, label)},
            },
        )

    async def approve(self, order: OrderRow) -> None:
        """One click in the approvals channel."""
        card = await self.approval_card(order)
        await self.max.click(self.approvals, card, "Approve order")

    async def approval_card(self, order: OrderRow) -> Message:
        """The card in the approvals channel, once its button is there."""
        return await self._card(self.max, order, "approval", "Approve order")

    async def _next(self, order: OrderRow) -> None:
        match order.state:
            case "placed":
                await self.approve(order)
            case "csr_ready":
                await self._submit(order)
            case "submitted":
                await self._report_issued(order)
            case "issued":
                await self.rita.upload(
                    self._requests,
                    await self._thread(order),
                    "bundle.zip",
                    self._zip,
                )
            case "proven" if order.has_plan:
                await self._install(order)
            case "proven" if order.fault:
                await self._press_anywhere(order, "Read hosts again")
            case "failed":
                await self._press_anywhere(order, "Retry")
            case _:
                await asyncio.sleep(LOOK_S)

    async def _submit(self, order: OrderRow) -> None:
        thread = await self._thread(order)
        if not self._number:
            card = await self.rita.wait_for(
                self._requests, "BEGIN", "CERTIFICATE REQUEST", thread_ts=thread
            )
            found = CSR.search(said(card))
            if found is None:
                raise SandboxFault("The card in the thread holds no whole CSR.")
            placed = await self._post("orders", {"csr": found.group(0)})
            self._number, self._vendor_id = placed["number"], str(placed["id"])
        await self.rita.close_all()
        card = await self.rita.wait_for(self._requests, thread_ts=thread, button="I submitted")
        await self.rita.click(self._requests, card, "I submitted")
        await self.rita.submit(await self.rita.view("ubmitted"), {"The vendor": self._number})

    async def _report_issued(self, order: OrderRow) -> None:
        if not self._zip:
            await self._post(f"orders/{self._vendor_id}/confirm", {})
            async with self._session.get(f"{self._vendor}/orders/{self._vendor_id}/zip") as answer:
                answer.raise_for_status()
                self._zip = await answer.read()
        thread = await self._thread(order)
        card = await self.rita.wait_for(
            self._requests, thread_ts=thread, button="Certificate is issued"
        )
        await self.rita.click(self._requests, card, "Certificate is issued")

    async def _install(self, order: OrderRow) -> None:
        await self.olga.close_all()
        card = await self._card(self.olga, order, "plan", "Review and install")
        await self.olga.click(self.approvals, card, "Review and install")
        view = await self.olga.view("nstall")
        asked = [
            plain(block["label"])
            for block in inputs(view)
            if ": overwrite" in plain(block["label"])
        ]
        await self.olga.submit(view, dict.fromkeys(asked, "No"))

    async def _cancel(self, order: OrderRow) -> None:
        if order.state not in ("placed", "csr_ready"):
            await asyncio.sleep(LOOK_S)
            return
        await self.rita.close_all()
        await self.rita.command(self._requests, f"cancel {order.id}")
        view = await self.rita.view("Cancel")
        await self.rita.submit(view, {"Why": "Not needed."})

    async def _press_anywhere(self, order: OrderRow, label: str) -> None:
        """Press a button on whichever card has it."""
        cards = ("plan", self.approvals), ("status", self._requests), ("csr", self._requests)
        for card, channel in cards:
            ts = await asyncio.to_thread(self._ledger.card, order.id, card)
            for message in await self.olga.messages(channel, ts) if ts else ():
                if find_button(message["blocks"], label):
                    await self.olga.click(channel, message, label)
                    return
        raise SandboxFault(f"There is no button {label!r} on any card of order {order.id}.")

    async def _card(self, person: Person, order: OrderRow, card: str, button: str) -> Message:
        """A card in the approvals channel, looked at where it stands and not in the whole channel."""

        async def look() -> Message | None:
            ts = await asyncio.to_thread(self._ledger.card, order.id, card)
            if not ts:
                return None
            seen = await person.messages(self.approvals, ts)
            return next((one for one in seen if find_button(one["blocks"], button)), None)

        return await person.patiently(look, f"the {card} card of order {order.id} with {button!r}")

    async def _thread(self, order: OrderRow) -> str:
        return await asyncio.to_thread(self._ledger.card, order.id, "status") or ""

    async def _until(self, happened: Callable[[], Any], *, answered: bool) -> None:
        end = asyncio.get_running_loop().time() + (STILL_S if answered else REFUSED_S)
        while not await asyncio.to_thread(happened) and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(LOOK_S)

    async def _attempt(self, act: Awaitable[None]) -> bool:
        """
        Try once; whether it was answered.

        Whatever a killed bot does not answer is tried again by people, so nothing of it is a fault here.
        """
        try:
            async with asyncio.timeout(ATTEMPT_S):
                await act
        except (SandboxFault, TimeoutError, aiohttp.ClientError, KeyError):
            return False
        return True

    async def _post(self, path: str, body: dict[str, str]) -> dict[str, Any]:
        async with self._session.post(f"{self._vendor}/{path}", json=body) as answer:
            answer.raise_for_status()
            told: dict[str, Any] = await answer.json()
            return told


def _standing(order: OrderRow) -> tuple[str, int, bool]:
    return order.state, order.version, order.has_plan


def _has(view: dict[str, Any], label: str) -> bool:
    return any(plain(block["label"]).startswith(label) for block in inputs(view))
