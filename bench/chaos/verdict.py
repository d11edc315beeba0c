"""What came of it: orders lost, operations run twice, messages lost or doubled, cards left behind."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import aiohttp

from bench.chaos.ledger import Ledger
from bench.chaos.people import ENDS
from sandbox.parts import Addresses

READS = ("Export-ExchangeCertificate", "pack_key")
"""What a host records though it changes nothing there."""
EFFECT = "approve"
"""What one race brings about, as the audit has it."""
RESTORE = "restore_smtp_default"


@dataclass(slots=True, kw_only=True)
class Verdict:
    """
    The figures of one run; from `lost` on, all but `outages` and `races` must be zero.

    `kills` are those that hit a process at work on an order; `idle_kills` came on top of them, and `hits` says what
    the kills have hit.
    """

    kills: int = 0
    idle_kills: int = 0
    hits: dict[str, int] = field(default_factory=dict)
    kills_per_minute: float = 0.0
    races_per_minute: float = 0.0
    orders: int = 0
    installed: int = 0
    lost: int = 0
    twice: int = 0
    messages_lost: int = 0
    messages_twice: int = 0
    cards_stale: int = 0
    outages: int = 0
    races: int = 0
    double_effects: int = 0
    unanswered: int = 0
    broken_audit: int = 0
    own_deaths: int = 0
    why: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether nothing was lost and nothing happened twice."""
        wrong = (
            self.lost, self.twice, self.messages_lost, self.messages_twice, self.cards_stale,
            self.double_effects, self.unanswered, self.broken_audit,
        )  # fmt: skip
        return not any(wrong)

    def line(self, **more: Any) -> str:
        """The figures as one line of JSON."""
        return json.dumps({**more, **asdict(self), "holds": self.holds})


class Books(Protocol):
    """What the counting reads in the database."""

    def outbox(self) -> list[Any]:
        """Every message."""
        ...

    def operations(self) -> list[Any]:
        """The journal."""
        ...


async def judge(
    verdict: Verdict, session: aiohttp.ClientSession, addresses: Addresses, ledger: Ledger
) -> None:
    """Count at the hosts, in Slack and in the database."""
    orders = ledger.orders()
    verdict.orders = len(orders)
    verdict.installed = sum(order.state == "installed" for order in orders)
    for order in orders:
        if order.state not in ENDS:
            verdict.lost += 1
            verdict.why.append(f"order {order.id} is {order.state} {order.fault}")
    for host in addresses["exchange"]:
        async with session.get(f"{host['control']}/operations") as answer:
            count_host(verdict, host["name"], await answer.json(), ledger)
    calls = f"{addresses['slack']['control']}/calls?method=chat."
    posts, edits = [
        (await (await session.get(f"{calls}{what}")).json())["calls"]
        for what in ("postMessage", "update")
    ]
    count_messages(verdict, posts, ledger)
    count_stale(verdict, [*posts, *edits], ledger)


def count_host(
    verdict: Verdict, host: str, operations: list[dict[str, Any]], ledger: Books
) -> None:
    """Each operation once; giving the default back has the same arguments for every order of a host."""
    restores = sum(
        f"/{host}/{RESTORE}" in op.key and bool(op.confirmed) and op.attempt > 0
        for op in ledger.operations()
    )
    ran = Counter(
        (op["cmdlet"], op["digest"], json.dumps(op["parameters"]))
        for op in operations
        if op["ok"] and op["cmdlet"] not in READS
    )
    default_of_before = {
        digest
        for (cmdlet, digest, _), times in ran.items()
        if cmdlet.startswith("Enable") and times > 1
    }
    for (cmdlet, digest, parameters), times in ran.items():
        allowed = (
            max(restores, 1) if digest in default_of_before and len(default_of_before) == 1 else 1
        )
        if times > allowed:
            verdict.twice += times - allowed
            verdict.why.append(
                f"{host}: {cmdlet} ran {times} times, {allowed} allowed: {parameters[:300]}"
            )


def count_messages(verdict: Verdict, calls: list[dict[str, Any]], ledger: Books) -> None:
    """Each line posted once, each card standing once, nothing waiting."""
    posts = Counter(_row_of(call) for call in calls if call["ok"])
    cards: Counter[tuple[int, str]] = Counter()
    for row in ledger.outbox():
        posted = posts[row.id]
        if row.card is not None:
            cards[row.order_id, row.card] += posted
        elif posted > 1:
            verdict.messages_twice += posted - 1
            verdict.why.append(f"message {row.id} was posted {posted} times")
        if not row.delivered or (row.card is None and not posted):
            verdict.messages_lost += 1
            verdict.why.append(f"message {row.id} ({row.card}) was not delivered")
    for (order, card), times in cards.items():
        if times > 1:
            verdict.messages_twice += times - 1
            verdict.why.append(f"the {card} card of order {order} was posted {times} times")


def count_stale(verdict: Verdict, calls: list[dict[str, Any]], ledger: Books) -> None:
    """The last word on each card that stands was given to Slack: it shows the order as it came to be."""
    given = {_row_of(call) for call in calls if call["ok"]}
    last = {(row.order_id, row.card): row for row in ledger.outbox() if row.card and row.ts}
    for (order, card), row in last.items():
        if row.id not in given:
            verdict.cards_stale += 1
            verdict.why.append(
                f"the {card} card of order {order} does not show its last word {row.id}"
            )


def count_races(verdict: Verdict, told: Mapping[int, Sequence[str]]) -> None:
    """One approval each, by what the audit says of the order of each race when all is over."""
    for number, said in told.items():
        effects = list(said).count(EFFECT)
        if effects != 1:
            verdict.double_effects += abs(effects - 1)
            verdict.why.append(f"race {number}: {effects} approvals of its order")


def _row_of(call: dict[str, Any]) -> str:
    metadata = call["args"].get("metadata") or {}
    if isinstance(metadata, str):
        metadata = json.loads(metadata)
    return str((metadata.get("event_payload") or {}).get("row", ""))
