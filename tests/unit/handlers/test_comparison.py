"""Approved beside delivered, as the operators read it."""

import json
from typing import Any

import pytest

from bot.certs.compare import Change, as_findings
from bot.certs.findings import note, warn
from bot.domain.ids import OrderId
from bot.domain.messages import LineMessage, Place
from bot.domain.states import State
from handlers.blocks.comparison import comparison
from handlers.blocks.plan_card import plan_card
from handlers.blocks.plan_modal import plan_modal
from handlers.words import render_line
from tests.unit.handlers import scene
from tests.unit.handlers.slack_rules import check_blocks, check_picture, check_view, mrkdwn_texts

ROWS = (
    Change(label="Names added", before="", after="www.mail.example.com"),
    Change(label="Issuer", before="CN=Old CA", after="CN=New CA"),
    Change(label="Lifetime", before="397 days", after="198 days"),
)
LOST = warn("client_auth_lost", "mail.crt", "The new one may not sign clients in.")
HOSTILE = "<!channel> *b* `x` \u202e\n<http://evil|bank>" * 40


def shown(**parts: Any) -> list[str]:
    """Every text of the comparison."""
    blocks = comparison(scene.order(State.PROVEN, **parts))
    check_blocks(blocks)
    return [text["text"] for block in blocks for text in _texts(block)]


def _texts(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        own = [value] if isinstance(value.get("text"), str) else []
        return own + [text for part in value.values() for text in _texts(part)]
    return [text for part in value for text in _texts(part)] if isinstance(value, list) else []


def test_each_difference_is_a_row_of_a_table() -> None:
    """Two sides under two heads, in columns."""
    _, table = shown(findings=as_findings(ROWS))

    assert table.splitlines() == [
        "              Approved, or in place                 Delivered",
        "Names added   none                                  www.mail.example.com",
        "Issuer        CN=Old CA                             CN=New CA",
        "Lifetime      397 days                              198 days",
    ]


def test_every_warning_stands_under_it_and_notes_do_not() -> None:
    """What has to be weighed is in sight of whoever decides."""
    told = "\n".join(shown(findings=(*as_findings(ROWS), LOST, note("days_left", "x", "Days."))))

    assert "client authentication" in told
    assert LOST.message in told
    assert "Days." not in told


@pytest.mark.parametrize(
    ("renews", "said"), [(None, "from the order."), (OrderId(3), "the certificate it renews.")]
)
def test_no_difference_is_said(renews: OrderId | None, said: str) -> None:
    """Silence would leave open whether anybody looked."""
    [told] = shown(findings=(), wish=scene.wish(renews=renews))

    assert "nothing differs" in told
    assert told.endswith(said)


def test_an_order_without_a_certificate_has_nothing_to_compare() -> None:
    """Nothing is made up."""
    assert [] == comparison(scene.order(State.PLACED))


def test_the_card_and_the_window_show_the_same() -> None:
    """What is read on the card is what is decided on in the window."""
    order = scene.order(State.PROVEN, findings=(*as_findings(ROWS), LOST))
    assert order.plan is not None
    blocks = comparison(order)
    card, window = plan_card(order, scene.SITE), plan_modal(order, order.plan)

    check_picture(card)
    check_view(window)
    assert [block for block in card.blocks if block in blocks] == blocks
    assert [block for block in window["blocks"] if block in blocks] == blocks


def test_the_thread_names_the_differences() -> None:
    """Beside the proof; and says so when there are none."""
    line = LineMessage(code="bundle-proven", place=Place.THREAD)

    told = render_line(line, scene.order(State.PROVEN, findings=as_findings(ROWS)))
    same = render_line(line, scene.order(State.PROVEN, findings=()))

    assert "• Names added: `www.mail.example.com`" in told
    assert "• Issuer: `CN=Old CA` became `CN=New CA`" in told
    assert "Nothing differs from what was approved." in same


def test_no_side_becomes_markup() -> None:
    """Names of a certificate are a stranger's words."""
    rows = (Change(label="Subject", before=HOSTILE, after=HOSTILE),) * 6
    order = scene.order(State.PROVEN, findings=(*as_findings(rows), warn("x", "y", HOSTILE)))
    card = plan_card(order, scene.SITE)
    said = render_line(LineMessage(code="bundle-proven", place=Place.THREAD), order)

    check_picture(card)
    assert "\u202e" not in json.dumps(card.blocks, ensure_ascii=False)
    assert not any("<!channel" in text for text in (said, *mrkdwn_texts(card.blocks)))
