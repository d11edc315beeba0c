"""Nothing that can happen is without words."""

import re
from pathlib import Path

import pytest

from bot.certs.codes import CSR_CODES, STEP_OF_CODE
from bot.domain.approvals import Gate
from bot.domain.faults import FaultKind
from bot.domain.messages import LineMessage, Place
from bot.domain.plan import Step
from bot.domain.states import State
from bot.workflow.notices import SAID_IN_THREAD, TOLD_TO_REQUESTER, placed_messages
from handlers import headlines
from handlers.words import LINES, render_line
from tests.unit.handlers import scene

WINDOW_TITLE = 24
ROOT = Path(__file__).parents[3]
_REFUSED = re.compile(r'Refused\(\s*"([a-z-]+)"|super\(\).__init__\(\s*"([a-z-]+)"')


def test_every_line_has_its_sentence() -> None:
    """The codes of the notices and the sentences are the same set: none is missing, none is dead."""
    said = {kind.value.replace("_", "-") for kind in SAID_IN_THREAD | TOLD_TO_REQUESTER}
    placed = {m.code for m in placed_messages(scene.order()) if isinstance(m, LineMessage)}

    assert set(LINES) == said | placed


def test_every_table_of_headlines_is_complete() -> None:
    """Every state, fault, gate and step has its words."""
    assert set(headlines.STATES) == set(headlines.NEXT) == set(State)
    assert set(headlines.FAULTS) == set(FaultKind)
    assert set(headlines.GATES) == set(Gate)
    assert set(headlines.STEPS) == set(Step)


def test_every_finding_has_its_title() -> None:
    """Every code of the judge has a title in plain words."""
    assert set(STEP_OF_CODE) | CSR_CODES <= set(headlines.FINDINGS)


def test_every_refusal_has_its_title() -> None:
    """Every code of a refusal anywhere in the house has a title."""
    raised = {
        code
        for room in ("bot/domain", "bot/workflow", "handlers")
        for file in (ROOT / room).rglob("*.py")
        for match in _REFUSED.findall(file.read_text("utf-8"))
        for code in match
        if code
    }

    assert {"stale", "own-order", "order-unknown", "foreign-team"} <= raised
    assert raised <= set(headlines.REFUSED)
    assert [t for t in headlines.REFUSED.values() if len(t) > WINDOW_TITLE] == []


@pytest.mark.parametrize("code", LINES)
def test_a_direct_message_names_the_order_and_a_thread_does_not(code: str) -> None:
    """A thread stands under its order; a direct message stands alone."""
    facts = {"by": scene.MAX, "host": "EX01", "code": "host-busy", "reason": "Why."}
    order = scene.order(State.ISSUED)
    thread = render_line(LineMessage(code=code, place=Place.THREAD, facts=facts), order)
    direct = render_line(LineMessage(code=code, place=Place.DIRECT, facts=facts), order)

    assert direct == f"*Order 27: `mail.example.com`*\n{thread}"


@pytest.mark.parametrize("code", LINES)
def test_a_line_without_facts_is_still_a_sentence(code: str) -> None:
    """Facts may be missing; the sentence then speaks without them."""
    said = render_line(LineMessage(code=code, place=Place.THREAD), scene.order())

    assert said
    assert "None" not in said


def test_a_key_made_by_certdesk_is_not_said_to_stay_on_a_host() -> None:
    """The line about the CSR, and the one about calling off, speak of the key that really is there."""
    order = scene.order(State.CSR_READY, wish=scene.wish(local_key_days=45))
    made = render_line(LineMessage(code="csr-made", place=Place.THREAD), order)
    off = render_line(LineMessage(code="withdrawn", place=Place.THREAD), order)

    assert "made by CertDesk, which keeps the private key encrypted until" in made
    assert "stays there" not in made
    assert "pending request" not in off.lower()
    assert "keeps no private key of it any more" in off
