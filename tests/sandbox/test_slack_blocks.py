"""The block check: Slack's limits at their edge, with a JSON pointer to each fault."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block, SectionBlock

from sandbox.slack.block_check import check_blocks, check_view
from sandbox.slack.schema import escaped_length
from sandbox.slack.stored_blocks import all_blocks, elements_of, stored
from tests.sandbox.slack_desk import Json, button, modal, plain


def _mrkdwn(size: int) -> Json:
    return {"type": "mrkdwn", "text": "x" * size}


def _option(size: int = 1, value: int = 1) -> Json:
    return {"text": plain("x" * size), "value": "v" * value}


def _input(element: Json, label: int = 1) -> Json:
    return {"type": "input", "label": plain("x" * label), "element": {"action_id": "a"} | element}


def _actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def _button(**more: Any) -> Json:
    return {"type": "button", "action_id": "a", "text": plain("x"), **more}


def _select(*options: Json, **more: Any) -> Json:
    return {"type": "static_select", "action_id": "a", "options": list(options), **more}


def _context(count: int) -> Json:
    return {"type": "context", "elements": [_mrkdwn(1)] * count}


def _confirm(title: int = 1, text: int = 1, word: int = 1) -> Json:
    words = {"confirm": plain("x" * word), "deny": plain("x")}
    return {"title": plain("x" * title), "text": plain("x" * text), **words}


def _table(rows: int, columns: int) -> Json:
    cell = {"type": "raw_text", "text": "x"}
    return {"type": "table", "rows": [[cell] * columns] * rows}


# (what, largest allowed, builder by size, pointer of the fault one past it)
LIMITS: list[tuple[str, int, Any, str]] = [
    ("section text", 3_000, lambda n: {"type": "section", "text": _mrkdwn(n)}, "/text/text"),
    ("fields", 10, lambda n: {"type": "section", "fields": [_mrkdwn(1)] * n}, "/fields"),
    ("field", 2_000, lambda n: {"type": "section", "fields": [_mrkdwn(n)]}, "/fields/0/text"),
    ("header", 150, lambda n: {"type": "header", "text": plain("x" * n)}, "/text/text"),
    ("context", 10, _context, "/elements"),
    (
        "actions",
        25,
        lambda n: _actions(*[_button(action_id=str(i)) for i in range(n)]),
        "/elements",
    ),
    ("markdown", 12_000, lambda n: {"type": "markdown", "text": "x" * n}, "/text"),
    ("block_id", 255, lambda n: {"type": "divider", "block_id": "x" * n}, "/block_id"),
    ("action_id", 255, lambda n: _actions(_button(action_id="x" * n)), "/elements/0/action_id"),
    ("button text", 75, lambda n: _actions(_button(text=plain("x" * n))), "/elements/0/text/text"),
    ("button value", 2_000, lambda n: _actions(_button(value="x" * n)), "/elements/0/value"),
    ("button url", 3_000, lambda n: _actions(_button(url="x" * n)), "/elements/0/url"),
    (
        "label for readers",
        75,
        lambda n: _actions(_button(accessibility_label="x" * n)),
        "/elements/0/accessibility_label",
    ),
    (
        "confirm title",
        100,
        lambda n: _actions(_button(confirm=_confirm(title=n))),
        "/elements/0/confirm/title/text",
    ),
    (
        "confirm text",
        300,
        lambda n: _actions(_button(confirm=_confirm(text=n))),
        "/elements/0/confirm/text/text",
    ),
    (
        "confirm button",
        30,
        lambda n: _actions(_button(confirm=_confirm(word=n))),
        "/elements/0/confirm/confirm/text",
    ),
    ("options", 100, lambda n: _actions(_select(*[_option()] * n)), "/elements/0/options"),
    (
        "option text",
        75,
        lambda n: _actions(_select(_option(n))),
        "/elements/0/options/0/text/text",
    ),
    (
        "option value",
        150,
        lambda n: _actions(_select(_option(1, n))),
        "/elements/0/options/0/value",
    ),
    (
        "placeholder",
        150,
        lambda n: _actions(_select(_option(), placeholder=plain("x" * n))),
        "/elements/0/placeholder/text",
    ),
    (
        "checkboxes",
        10,
        lambda n: _actions({"type": "checkboxes", "options": [_option()] * n}),
        "/elements/0/options",
    ),
    (
        "overflow",
        5,
        lambda n: _actions({"type": "overflow", "options": [_option()] * n}),
        "/elements/0/options",
    ),
    (
        "alt text",
        2_000,
        lambda n: {"type": "image", "image_url": "https://x", "alt_text": "x" * n},
        "/alt_text",
    ),
    ("table rows", 100, lambda n: _table(n, 1), "/rows"),
    ("table columns", 20, lambda n: _table(1, n), "/rows/0"),
    ("card title", 150, lambda n: {"type": "card", "title": _mrkdwn(n)}, "/title/text"),
    ("card body", 200, lambda n: {"type": "card", "body": _mrkdwn(n)}, "/body/text"),
    (
        "carousel",
        10,
        lambda n: {"type": "carousel", "elements": [{"type": "card", "title": _mrkdwn(1)}] * n},
        "/elements",
    ),
    (
        "container",
        10,
        lambda n: {
            "type": "container",
            "title": plain("x"),
            "child_blocks": [{"type": "divider"}] * n,
        },
        "/child_blocks",
    ),
    ("label", 2_000, lambda n: _input({"type": "datepicker"}, label=n), "/label/text"),
]


@pytest.mark.parametrize(
    ("what", "limit", "build", "pointer"), LIMITS, ids=[each[0] for each in LIMITS]
)
def test_a_limit_holds_at_its_edge(what: str, limit: int, build: Any, pointer: str) -> None:
    """The largest allowed passes; one more is refused, and the pointer names the place."""
    assert check_blocks([build(limit)]) == []
    assert [each.pointer for each in check_blocks([build(limit + 1)])] == [f"/blocks/0{pointer}"]


@pytest.mark.parametrize(("surface", "limit"), [("message", 50), ("modal", 100), ("home", 100)])
def test_a_surface_holds_so_many_blocks(surface: Any, limit: int) -> None:
    """Fifty in a message, a hundred in a view."""
    blocks = [{"type": "divider"}] * (limit + 1)

    assert check_blocks(blocks[:-1], surface) == []
    assert str(check_blocks(blocks, surface)[0]) == (
        f"[ERROR] no more than {limit} items allowed [json-pointer:/blocks]"
    )


MALFORMED: list[tuple[Any, str, str]] = [
    ("text", "must be an array", "/blocks"),
    ([7], "must be an object", "/blocks/0"),
    ([{"type": "sektion"}], "unsupported type: sektion", "/blocks/0/type"),
    ([{"type": ["section"]}], "unsupported type: ['section']", "/blocks/0/type"),
    ([{"type": "section"}], "missing required field: text or fields", "/blocks/0"),
    ([{"type": "divider", "text": "x"}], "invalid additional property: text", "/blocks/0"),
    ([{"type": "header", "text": _mrkdwn(1)}], "unsupported type: mrkdwn", "/blocks/0/text/type"),
    (
        [{"type": "header", "text": plain("")}],
        "must be more than 0 characters",
        "/blocks/0/text/text",
    ),
    ([_actions()], "no less than 1 items required", "/blocks/0/elements"),
    (
        [_actions({"type": "plain_text_input"})],
        "unsupported type: plain_text_input",
        "/blocks/0/elements/0/type",
    ),
    (
        [_actions(_button(style="green"))],
        "must be one of primary, danger",
        "/blocks/0/elements/0/style",
    ),
    ([_actions(_button(), _button())], "action_id already exists in this block", "/blocks/0"),
    ([button(), button()], "block_id 'choice' already exists", "/blocks/1"),
    ([_table(1, 1), _table(1, 1)], "only one table is allowed", "/blocks"),
    (
        [_input({"type": "file_input"})],
        "unsupported type: file_input",
        "/blocks/0/element/type",
    ),
    (
        [{"type": "image", "alt_text": "x"}],
        "missing required field: image_url or slack_file",
        "/blocks/0",
    ),
    (
        [_input({"type": "plain_text_input", "multiline": "yes"})],
        "must be a boolean",
        "/blocks/0/element/multiline",
    ),
    (
        [_input({"type": "plain_text_input", "max_length": "9"})],
        "must be an integer",
        "/blocks/0/element/max_length",
    ),
]


@pytest.mark.parametrize(("blocks", "said", "pointer"), MALFORMED)
def test_malformed_blocks_are_named(blocks: Any, said: str, pointer: str) -> None:
    """Each mistake gets its sentence and its place."""
    assert [(each.said, each.pointer) for each in check_blocks(blocks)] == [(said, pointer)]


VIEW_FAULTS: list[tuple[Json, str]] = [
    ({"title": plain("x" * 25)}, "/view/title/text"),
    ({"submit": plain("x" * 25)}, "/view/submit/text"),
    ({"close": plain("x" * 25)}, "/view/close/text"),
    ({"private_metadata": "x" * 3_001}, "/view/private_metadata"),
    ({"callback_id": "x" * 256}, "/view/callback_id"),
    ({"title": None}, "/view"),
    ({"submit": None}, "/view"),
    ({"type": "page"}, "/view/type"),
    ({"blocks": [{"type": "header", "text": plain("x" * 151)}]}, "/view/blocks/0/text/text"),
]


@pytest.mark.parametrize(("change", "pointer"), VIEW_FAULTS)
def test_a_view_beyond_its_limits_is_named(change: Json, pointer: str) -> None:
    """Views have limits of their own, and inputs want a submit button."""
    assert check_view(modal()) == []
    assert [each.pointer for each in check_view(modal(**change))] == [pointer]


def test_all_faults_are_told_at_once() -> None:
    """Five mistakes are five lines."""
    blocks = [{"type": "header", "text": plain("x" * 151)}] * 5

    assert [each.pointer for each in check_blocks(blocks)] == [
        f"/blocks/{index}/text/text" for index in range(5)
    ]


def test_length_is_counted_after_escaping() -> None:
    """A bare ampersand is five characters, an entity is what it is, < in plain text is four."""
    lengths = [escaped_length("&"), escaped_length("&amp;"), escaped_length("<", plain=True)]

    assert lengths == [5, 5, 4]


@given(st.text(min_size=1, max_size=200))
def test_what_the_sdk_builds_passes(text: str) -> None:
    """Any text in a section the SDK's own model calls valid is taken."""
    section = SectionBlock(text={"type": "mrkdwn", "text": text})
    section.validate_json()

    assert check_blocks([section.to_dict()]) == []


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["type", "text", "elements", "element", "blocks", "block_id"]),
                inner | st.sampled_from(["section", "actions", "button", "modal", "input", "card"]),
                max_size=4,
            )
        ),
        max_leaves=20,
    )
)
def test_no_json_breaks_the_check(value: Any) -> None:
    """Whatever JSON comes, the answer is a list of faults, never an exception."""
    assert isinstance(check_blocks(value), list)
    assert isinstance(check_view(value), list)


def test_stored_blocks_have_every_id() -> None:
    """Missing ids are made up, given ones stay, and the sender's blocks are left alone."""
    sent: list[Json] = [
        {"type": "container", "title": plain("x"), "child_blocks": [_actions(_button())]},
        {"type": "section", "text": _mrkdwn(1), "accessory": {"type": "datepicker"}},
        button(),
    ]
    kept = stored(sent)

    ids = [each["block_id"] for each in all_blocks(kept)]
    actions = [each["action_id"] for block in kept for each in elements_of(block)]
    assert len(set(ids)) == 4
    assert (ids[-1], actions[-1]) == ("choice", "go")
    assert all(actions)
    assert "block_id" not in sent[0]
    assert Block.parse(kept[2]) is not None
