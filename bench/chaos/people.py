"""
Customers: each sees one order through, doing again whatever a dead bot did not answer, as people do.

They act on what the sandbox's Slack shows; where the order stands they read in the database, so that a step which
was done is not done again.
"""

import asyncio
import contextlib
import random
import re
from pathlib import Path
from typing import Any

import aiohttp

from bench.chaos.ledger import Ledger, OrderRow
from sandbox.parts import Addresses, SandboxFault
from sandbox.person import Person, inputs, plain, said
from sandbox.story import CSR
from sandbox.town import HostWish, Town

ENDS = frozenset(
    {"installed", "rolled_back", "rejected", "cancelled", "lapsed", "superseded", "retired"}
)
ATTEMPT_S = 12.0
LOOK_S = 0.25
STILL_S = 8.0


class CrowdedTown(Town):
    """A town with a requester, a manager and an operator for each customer who is there at a time."""

    def __init__(self, *, customers: int, **rest: Any) -> None:
        super().__init__(**rest)
        self._customers = customers
        self.people: list[dict[str, str]] = []

    async def start(self) -> Addresses:
        """As every town, with the people added before the bot moves in."""
        addresses = await super().start()
        channels = list(self.slack["channels"].values())
        roles = []
        async with aiohttp.ClientSession() as session:
            for number in range(self._customers):
                group = {}
                for part, role in (
                    ("rita", ""),
                    ("max", "approver"),
                    ("mia", "approver"),
                    ("olga", "operator"),
                ):
                    name = f"{part}{number}"
                    body = {"name": name, "real_name": name.title(), "channels": channels}
                    async with session.post(f"{self.slack['control']}/user", json=body) as answer:
                        group[part] = (await answer.json())["id"]
                    if role:
                        slack = f"{self.slack['team_id']}:{group[part]}"
                        roles.append(
                            f'[[people]]\nslack = "{slack}"\nname = "{name.title()}"\nroles = ["{role}"]\n'
                        )
                self.people.append(group)
        await asyncio.to_thread(_append, Path(addresses["config"]), "\n".join(["", *roles]))
        self.environment["CERTDESK_COMMAND_DEADLINE_S"] = "4"
        self.environment["CERTDESK_TRIES"] = "20"
        return addresses


def _append(path: Path, more: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")


HOSTS = tuple(HostWish(name=f"EX0{number}") for number in (1, 2, 3))


class Customer:
    """One group of people with one order after the other."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        addresses: Addresses,
        group: dict[str, str],
        ledger: Ledger,
        dice: random.Random,
    ) -> None:
        control = addresses["slack"]["control"]
        self._session = session
        self._vendor = addresses["vendor"]["control"]
        self._channels = addresses["slack"]["channels"]
        self._hosts = [host["name"] for host in addresses["exchange"]]
        self._ledger = ledger
        self._dice = dice
        self.rita, self.max, self.mia, self.olga = (
            Person(session, control, group[part]) for part in ("rita", "max", "mia", "olga")
        )
        self._number = ""
        self._vendor_id = ""
        self._zip = b""

    async def see_through(self, name: str) -> None:
        """Bring one order to an end, however often it takes."""
        self._number, self._vendor_id, self._zip = "", "", b""
        hosts = self._dice.sample(self._hosts, self._dice.choice((1, 1, 2)))
        order = None
        while (order := await asyncio.to_thread(self._ledger.order, name)) is None:
            await self._attempt(self.ask(name, hosts))
            await self._until(lambda: self._ledger.order(name))
        while order.state not in ENDS:
            await self._attempt(self._next(order))
            seen = (order.state, order.version, order.has_plan)
            await self._until(lambda seen=seen: self._has_changed(name, seen))
            order = await asyncio.to_thread(self._ledger.order, name) or order

    async def ask(self, name: str, hosts: list[str]) -> None:
        """The slash command and its modal."""
        await self.rita.close_all()
        await self.rita.command(self._channels["cert-requests"], "request")
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
        card = await self.max.wait_for(
            self._channels["cert-approvals"], f"rder {order.id} ", button="Approve order"
        )
        await self.max.click(self._channels["cert-approvals"], card, "Approve order")

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
                    self._channels["cert-requests"],
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
        requests = self._channels["cert-requests"]
        if not self._number:
            card = await self.rita.wait_for(
                requests, "BEGIN", "CERTIFICATE REQUEST", thread_ts=thread
            )
            found = CSR.search(said(card))
            if found is None:
                raise SandboxFault("The card in the thread holds no whole CSR.")
            placed = await self._post("orders", {"csr": found.group(0)})
            self._number, self._vendor_id = placed["number"], str(placed["id"])
        await self.rita.close_all()
        card = await self.rita.wait_for(requests, thread_ts=thread, button="I submitted")
        await self.rita.click(requests, card, "I submitted")
        await self.rita.submit(await self.rita.view("ubmitted"), {"The vendor": self._number})

    async def _report_issued(self, order: OrderRow) -> None:
        if not self._zip:
            await self._post(f"orders/{self._vendor_id}/confirm", {})
            async with self._session.get(f"{self._vendor}/orders/{self._vendor_id}/zip") as answer:
                answer.raise_for_status()
                self._zip = await answer.read()
        requests, thread = self._channels["cert-requests"], await self._thread(order)
        card = await self.rita.wait_for(requests, thread_ts=thread, button="Certificate is issued")
        await self.rita.click(requests, card, "Certificate is issued")

    async def _install(self, order: OrderRow) -> None:
        approvals = self._channels["cert-approvals"]
        await self.olga.close_all()
        card = await self.olga.wait_for(approvals, f"rder {order.id} ", button="Review and install")
        await self.olga.click(approvals, card, "Review and install")
        view = await self.olga.view("nstall")
        asked = [
            plain(block["label"])
            for block in inputs(view)
            if ": overwrite" in plain(block["label"])
        ]
        await self.olga.submit(view, dict.fromkeys(asked, "No"))

    async def _press_anywhere(self, order: OrderRow, label: str) -> None:
        for channel in ("cert-requests", "cert-approvals"):
            for message in reversed(await self.olga.messages(self._channels[channel])):
                if re.search(rf"rder {order.id}\b", said(message)):
                    with contextlib.suppress(SandboxFault):
                        await self.olga.click(self._channels[channel], message, label)
                        return

    async def _thread(self, order: OrderRow) -> str:
        return await asyncio.to_thread(self._ledger.card, order.id, "status") or ""

    def _has_changed(self, name: str, seen: tuple[str, int, bool]) -> bool:
        order = self._ledger.order(name)
        return order is not None and (order.state, order.version, order.has_plan) != seen

    async def _until(self, happened: Any) -> None:
        end = asyncio.get_running_loop().time() + STILL_S
        while not await asyncio.to_thread(happened) and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(LOOK_S)

    async def _attempt(self, act: Any) -> None:
        """Whatever a killed bot does not answer is tried again by people; so nothing of it is a fault here."""
        with contextlib.suppress(SandboxFault, TimeoutError, aiohttp.ClientError, KeyError):
            async with asyncio.timeout(ATTEMPT_S):
                await act

    async def _post(self, path: str, body: dict[str, str]) -> dict[str, Any]:
        async with self._session.post(f"{self._vendor}/{path}", json=body) as answer:
            answer.raise_for_status()
            told: dict[str, Any] = await answer.json()
            return told


def _has(view: dict[str, Any], label: str) -> bool:
    return any(plain(block["label"]).startswith(label) for block in inputs(view))
