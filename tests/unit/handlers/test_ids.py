"""Names that Slack sends back: each has exactly one door, and every picture uses known ones only."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.approvals import Gate
from bot.domain.faults import Refused
from bot.domain.ids import OrderId
from bot.domain.states import State
from handlers.actions import CLICKS
from handlers.blocks.approval_card import approval_card
from handlers.blocks.csr_card import csr_card
from handlers.blocks.help import WORDS as HELP
from handlers.blocks.home import HomeFacts, home_view
from handlers.blocks.list_view import renewable_list
from handlers.blocks.plan_card import plan_card
from handlers.blocks.renewal_card import renewal_card
from handlers.blocks.status_card import status_card
from handlers.commands import WORDS
from handlers.ids import COMMAND, Action, Callback
from handlers.refs import Act, OrderRef, parse_ref, render_ref
from handlers.shortcuts import SHORTCUTS
from handlers.submissions import FORMS
from tests.unit.handlers import scene

MANIFEST = yaml.safe_load(
    (Path(__file__).parents[3] / "deploy/slack/manifest.yaml").read_text("utf-8")
)
ONLY_TELLS = {Callback.NOTICE}


def test_every_action_has_a_door_and_a_button() -> None:
    """No button without a door, no door without a button."""
    assert set(CLICKS) == set(Action)
    assert set(_action_ids()) == {action.value for action in Action}


def test_every_callback_has_a_door() -> None:
    """Modals and shortcuts all lead somewhere; the notice only tells."""
    assert set(FORMS) | set(SHORTCUTS) | ONLY_TELLS == set(Callback)


def test_the_manifest_offers_what_the_doors_serve() -> None:
    """The command, the shortcuts and the events are the same there and here."""
    features, settings = MANIFEST["features"], MANIFEST["settings"]
    events = {"app_home_opened", "file_shared", "message.channels", "message.groups"}

    assert [c["command"] for c in features["slash_commands"]] == [COMMAND]
    assert {s["callback_id"] for s in features["shortcuts"]} == {c.value for c in SHORTCUTS}
    assert set(settings["event_subscriptions"]["bot_events"]) == events


def test_the_help_lists_every_word() -> None:
    """What `/cert` understands is what the help and the manifest say it does."""
    assert {word.split()[0] for word, _ in HELP} == set(WORDS)
    hint = MANIFEST["features"]["slash_commands"][0]["usage_hint"]
    assert hint == " | ".join(word for word, _ in HELP)


REFS = st.builds(
    OrderRef,
    order=st.integers(min_value=0, max_value=2**40).map(OrderId),
    version=st.none() | st.integers(min_value=0, max_value=10**6),
    gate=st.none() | st.sampled_from(Gate),
    act=st.none() | st.sampled_from(Act),
    digest=st.text("0123456789abcdef", max_size=64),
    file=st.text("F0123456789", max_size=12),
    channel=st.text("C0123456789", max_size=12),
)


@given(REFS)
def test_a_reference_survives_the_trip(ref: OrderRef) -> None:
    """What a button carries comes back as it was."""
    assert parse_ref(render_ref(ref)) == ref


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(repr))
def test_anything_else_is_refused(text: str) -> None:
    """A value that is not ours never becomes an order."""
    with pytest.raises(Refused):
        parse_ref(text)


def test_the_value_of_an_option_is_short_enough() -> None:
    """Slack cuts no option values: it refuses them above 75 characters."""
    ref = OrderRef(order=OrderId(999_999_999), version=999_999, act=Act.VENDOR_REJECTED)

    assert len(render_ref(ref)) <= 75


def _action_ids() -> Iterator[str]:
    pictures: list[Any] = [renewable_list((scene.order(State.INSTALLED),)).blocks]
    nobody = HomeFacts(role="", to_decide=(), mine=(), expiring=())
    pictures.append(home_view(nobody)["blocks"])
    left = scene.order(State.CANCELLED, csr_pem=scene.CSR_PEM, csr_round=1)
    pictures.append(status_card(left, (), scene.SITE).blocks)
    half_removed = scene.order(State.FAILED, failed_in=State.RETIRING)
    pictures.append(status_card(half_removed, (), scene.SITE).blocks)
    for state in State:
        order = scene.order(state, renewal_asked_at=scene.NOON)
        pictures += [
            status_card(order, (), scene.SITE).blocks,
            approval_card(order, scene.SITE).blocks,
            csr_card(order, scene.SITE, ()).blocks,
            plan_card(order, scene.SITE).blocks,
            renewal_card(order, scene.SITE).blocks,
        ]
    for blocks in pictures:
        yield from _ids_in(blocks)


def _ids_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "action_id" in value:
            yield value["action_id"]
        for part in value.values():
            yield from _ids_in(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _ids_in(part)
