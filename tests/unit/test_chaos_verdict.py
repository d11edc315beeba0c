"""The counting of the chaos bench: what it must find is found, so that its zeros mean something."""

import json
from types import SimpleNamespace
from typing import Any

from bench.chaos.verdict import Verdict, count_host, count_messages, count_races, count_stale


class Books:
    """A ledger that says what the test wants."""

    def __init__(
        self, outbox: list[Any] | None = None, operations: list[Any] | None = None
    ) -> None:
        self._outbox = outbox or []
        self._operations = operations or []

    def outbox(self) -> list[Any]:
        """Every message."""
        return self._outbox

    def operations(self) -> list[Any]:
        """The journal."""
        return self._operations


def ran(cmdlet: str, digest: str, *, ok: bool = True) -> dict[str, Any]:
    """One line of a host's recorder."""
    return {"cmdlet": cmdlet, "digest": digest, "parameters": {}, "ok": ok}


def row(number: str, card: str | None = None, *, delivered: bool = True) -> SimpleNamespace:
    """One row of the outbox, of order 1."""
    return SimpleNamespace(id=number, order_id=1, card=card, delivered=delivered, ts="1")


def posted(number: str, *, ok: bool = True) -> dict[str, Any]:
    """One message that Slack was given."""
    return {"ok": ok, "args": {"metadata": json.dumps({"event_payload": {"row": number}})}}


def test_an_operation_that_ran_twice_is_found() -> None:
    """Same name, same arguments, both with success; a failed one did nothing and counts for nothing."""
    verdict = Verdict()
    count_host(verdict, "EX01", [ran("Import", "a"), ran("Import", "a", ok=False)], Books())
    assert verdict.holds
    count_host(verdict, "EX01", [ran("Import", "a"), ran("Import", "a")], Books())

    assert verdict.twice == 1
    assert not verdict.holds


def test_giving_back_is_allowed_once_an_order() -> None:
    """It has the same arguments for every order of a host; the journal says how many there were."""
    gave = [
        SimpleNamespace(key=f"{n}/EX01/restore_smtp_default/x", attempt=1, confirmed="seen")
        for n in (1, 2)
    ]
    verdict = Verdict()
    count_host(
        verdict, "EX01", [ran("Enable-ExchangeCertificate", "r")] * 2, Books(operations=gave)
    )
    assert verdict.holds
    count_host(
        verdict, "EX01", [ran("Enable-ExchangeCertificate", "r")] * 3, Books(operations=gave)
    )

    assert verdict.twice == 1


def test_a_lost_message_is_found() -> None:
    """Not delivered, or said to be and never given to Slack."""
    verdict = Verdict()
    books = Books([row("1:1:1"), row("1:1:2", delivered=False), row("1:1:3")])
    count_messages(verdict, [posted("1:1:1"), posted("1:1:3", ok=False)], books)

    assert verdict.messages_lost == 2


def test_a_doubled_message_is_found() -> None:
    """A line that was posted twice, or a card that stands twice."""
    verdict = Verdict()
    books = Books([row("1:1:1"), row("1:1:2", "status"), row("1:2:1", "status")])
    calls = [posted("1:1:1"), posted("1:1:1"), posted("1:1:2"), posted("1:2:1")]
    count_messages(verdict, calls, books)

    assert verdict.messages_twice == 2
    assert verdict.messages_lost == 0


def test_a_card_whose_last_word_was_not_given_to_slack_is_found() -> None:
    """Earlier words on it do not count; one that brought nothing to show has no place and is none."""
    verdict = Verdict()
    books = Books([row("1:1:1", "status"), row("1:2:1", "status"), row("1:2:2", "plan")])
    count_stale(verdict, [posted("1:1:1"), posted("1:2:1"), posted("1:2:2")], books)
    assert verdict.holds
    count_stale(verdict, [posted("1:1:1"), posted("1:2:1", ok=False), posted("1:2:2")], books)

    assert verdict.cards_stale == 1
    assert not verdict.holds


def test_a_race_with_two_effects_or_none_is_found() -> None:
    """One approval an order, whoever pressed and however often it was delivered."""
    verdict = Verdict()
    count_races(verdict, {0: ["place", "approve", "csr_made"]})
    assert verdict.holds
    count_races(verdict, {1: ["place", "approve", "approve"], 2: ["place"]})

    assert verdict.double_effects == 2
