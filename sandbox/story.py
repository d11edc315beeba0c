"""
One whole order without a person: the story the project must always be able to tell.

Rita asks, Max approves, the host makes the CSR, Rita submits it at the vendor's desk and drops the zip into
the thread, Olga approves the plan, and the certificate is proven by handshakes of our own. Ends with the line
``story: INSTALLED order=<id> seconds=<s>`` and exit code 0; anything else is exit code 1.
"""

import argparse
import asyncio
import re
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp

from sandbox.demo import Demo
from sandbox.handshake import shown_certificates
from sandbox.parts import SandboxFault
from sandbox.person import Person, said
from sandbox.town import HostWish, Town

NAMES = ("mail.example.com", "autodiscover.example.com")
CSR = re.compile(
    r"-----BEGIN [A-Z ]*CERTIFICATE REQUEST-----[\s\S]+?-----END [A-Z ]*CERTIFICATE REQUEST-----"
)
ORDER = re.compile(r"[Oo]rder (\d+)")

Between = Callable[[str], Awaitable[None]]


class Story:
    """
    The people of the story, and what they have in their hands so far.

    Args:
        addresses: what `Demo.start` or `Town.start` told.
        more: what Rita enters beside the story's own words, by label.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        addresses: dict[str, Any],
        more: Mapping[str, Any] | None = None,
    ) -> None:
        slack = addresses["slack"]
        self._session = session
        self._host = addresses["exchange"][0]
        self._vendor = addresses["vendor"]
        self.requests: str = slack["channels"]["cert-requests"]
        self.approvals: str = slack["channels"]["cert-approvals"]
        self.rita, self.max, self.olga = (
            Person(session, slack["control"], slack["users"][who])
            for who in ("requester", "manager", "operator")
        )
        self.order = ""
        self.thread = ""
        self.csr = ""
        self.number = ""
        self.vendor_id = ""
        self.zip_name, self.zip = "", b""
        self.more: dict[str, Any] = dict(more or {})

    def steps(self) -> tuple[tuple[str, Callable[[], Awaitable[None]]], ...]:
        """The story in order, each step with its sentence."""
        return (
            ("Rita asks for a certificate", self.ask),
            ("Max approves", self.approve),
            ("the host makes the CSR and it is posted", self.receive_csr),
            ("Rita pastes it at the vendor's desk and reports the order number", self.submit),
            ("the vendor issues", self.vendor_issues),
            ("Rita reports that it is issued", self.report_issued),
            ("Rita drops the zip into the thread and it is proven", self.hand_in),
            ("Olga reads the plan, answers No to the SMTP question and approves", self.install),
            ("the certificate is installed and proven", self.installed),
            ("our own handshakes see it on every service", self.look),
        )

    async def ask(self) -> None:
        """The slash command and its modal."""
        before = await self.rita.newest(self.requests)
        await self.rita.command(self.requests, "request")
        view = await self.rita.view("Request")
        faults = await self.rita.submit(
            view,
            {
                "Exchange hosts": [self._host["name"]],
                "Common name": NAMES[0],
                "More names": "\n".join([*NAMES[1:], self._host["fqdn"].lower()]),
                "Organisation": "Example Corp",
                "Town": "Redmond",
                "State": "Washington",
                "Country": "US",
                "Services": ["IIS", "SMTP", "IMAP", "POP"],
                "Reason": "The old certificate ends next month.",
                **self.more,
            },
        )
        if faults:
            raise SandboxFault(f"The request was not taken: {faults}.")
        card = await self.rita.wait_for(self.requests, NAMES[0], "rder ", after=before)
        self.thread = card["ts"]
        match = ORDER.search(said(card))
        self.order = match.group(1) if match else "?"

    async def approve(self) -> None:
        """One click in the approvals channel."""
        card = await self.max.wait_for(self.approvals, f"rder {self.order}", button="Approve")
        await self.max.click(self.approvals, card, "Approve")

    async def receive_csr(self) -> None:
        """The CSR, ready to paste, in the order's thread."""
        card = await self.rita.wait_for(
            self.requests, "BEGIN", "CERTIFICATE REQUEST", thread_ts=self.thread
        )
        found = CSR.search(said(card))
        if found is None:
            raise SandboxFault("The card in the thread holds no whole CSR.")
        self.csr = found.group(0)

    async def submit(self) -> None:
        """The vendor's desk, then the button and its modal."""
        order = await self._vendor_post("orders", {"csr": self.csr})
        self.number, self.vendor_id = order["number"], str(order["id"])
        await self._press("I submitted")
        view = await self.rita.view("ubmitted")
        await self.rita.submit(view, {"The vendor": self.number})
        await self.rita.wait_for(self.requests, self.number, thread_ts=self.thread)

    async def vendor_issues(self) -> None:
        """Domain control is confirmed; the zip can be fetched."""
        await self._vendor_post(f"orders/{self.vendor_id}/confirm", {})
        address = f"{self._vendor['control']}/orders/{self.vendor_id}/zip"
        async with self._session.get(address) as response:
            response.raise_for_status()
            disposition = response.headers.get("Content-Disposition", "")
            named = re.search(r'filename="([^"]+)"', disposition)
            self.zip_name = named.group(1) if named else "bundle.zip"
            self.zip = await response.read()

    async def report_issued(self) -> None:
        """The button on the CSR card."""
        await self._press("Certificate is issued")
        await self.rita.wait_for(self.requests, "ssued", thread_ts=self.thread)

    async def hand_in(self) -> None:
        """The zip as it came."""
        await self.rita.upload(self.requests, self.thread, self.zip_name, self.zip)
        await self.olga.wait_for(self.approvals, f"rder {self.order}", button="Review and install")

    async def install(self) -> None:
        """The plan, its question, the yes."""
        card = await self.olga.wait_for(
            self.approvals, f"rder {self.order}", button="Review and install"
        )
        await self.olga.click(self.approvals, card, "Review and install")
        view = await self.olga.view("nstall")
        faults = await self.olga.submit(view, {f"{self._host['name']}: overwrite": "No"})
        if faults:
            raise SandboxFault(f"The approval was not taken: {faults}.")

    async def installed(self) -> None:
        """The status card says so."""
        await self.rita.wait_for(self.requests, f"rder {self.order}", "nstalled", "proven")

    async def look(self) -> None:
        """Handshakes that owe the bot nothing."""
        shown = await shown_certificates(self._host["tls"], NAMES[0])
        strangers = [service for service, names in shown.items() if NAMES[0] not in names]
        if strangers:
            raise SandboxFault(f"These services show another certificate: {', '.join(strangers)}.")

    async def _press(self, label: str) -> None:
        card = await self.rita.wait_for(self.requests, thread_ts=self.thread, button=label)
        await self.rita.click(self.requests, card, label)

    async def _vendor_post(self, path: str, body: dict[str, str]) -> dict[str, Any]:
        async with self._session.post(f"{self._vendor['control']}/{path}", json=body) as response:
            response.raise_for_status()
            answer: dict[str, Any] = await response.json()
            return answer


async def play(
    addresses: dict[str, Any],
    *,
    tell: Callable[[str], None],
    between: Between | None = None,
    more: Mapping[str, Any] | None = None,
) -> str:
    """
    Play every step.

    Args:
        between: called with a step's sentence after it; the chaos tests kill the bot there.
        more: what Rita enters beside the story's own words, by label.

    Returns:
        the order's number.
    """
    async with aiohttp.ClientSession() as session:
        story = Story(session, addresses, more)
        for number, (sentence, step) in enumerate(story.steps(), 1):
            await step()
            tell(f"{number:>2}. {sentence}")
            if between is not None:
                await between(sentence)
        return story.order


async def _main(mode: str, version: Any, folder: Path) -> None:
    started = time.monotonic()
    town = Town(
        folder=folder,
        hosts=(HostWish(version=version),),
        bot_http_port=0 if mode == "http" else None,
    )
    demo = Demo(town)
    try:
        addresses = await demo.start()
        order = await play(addresses, tell=lambda line: print(line, flush=True))
    finally:
        await demo.stop()
    print(f"story: INSTALLED order={order} seconds={time.monotonic() - started:.1f}", flush=True)


def main() -> int:
    """Play the story from the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.story", description=__doc__)
    parser.add_argument("--mode", choices=("socket", "http"), default="socket")
    parser.add_argument(
        "--version", choices=("2007", "2010", "2013", "2016", "2019", "se"), default="2019"
    )
    parser.add_argument("--folder", type=Path, help="where the town lives; kept afterwards")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="certdesk-story-") as passing:
        folder = options.folder or Path(passing)
        try:
            asyncio.run(_main(options.mode, options.version, folder))
        except (SandboxFault, aiohttp.ClientError, OSError, TimeoutError) as fault:
            print(f"story: FAILED {fault}", file=sys.stderr, flush=True)
            log = folder / "bot.log"
            if log.exists():
                sys.stderr.write(log.read_text(encoding="utf-8", errors="replace")[-8000:])
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
