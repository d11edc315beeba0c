"""The drawing itself, asked module by module in the browser: mrkdwn, Markdown, every block and element."""

import random
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Desk
from tests.browser.tiny_app import TinyApp, button, form, plain

pytestmark = pytest.mark.browser

_DRAW = """async ([file, name, text]) => {
  const room = await import(`/static/${file}`);
  const box = document.createElement("div");
  box.append(...[room[name](text)].flat());
  return box.innerHTML;
}"""

_DRAW_BLOCKS = """async (blocks) => {
  const [{ renderBlocks }, { Form }] = await Promise.all([
    import("/static/blocks.js"), import("/static/form.js")]);
  const form = new Form();
  const node = renderBlocks(blocks, { form, act: async () => null, upload: async () => ({}) });
  document.querySelector(".messages").replaceChildren(node);
  return form.values();
}"""

_ELEMENTS = """async (texts) => {
  const { mrkdwn } = await import("/static/mrkdwn.js");
  const { markdown } = await import("/static/markdown.js");
  const found = new Set();
  for (const text of texts) {
    const box = document.createElement("div");
    box.append(...mrkdwn(text), markdown(text));
    for (const node of box.querySelectorAll("*")) {
      found.add(node.localName);
      for (const { name, value } of node.attributes) {
        if (name.startsWith("on")) found.add(`@${name}`);
        if (name === "href") found.add(`href ${value.split(/[:/]/)[0]}`);
      }
    }
  }
  return [...found].sort();
}"""

_OPTIONS = [{"text": plain("One"), "value": "1"}, {"text": plain("Two"), "value": "2"}]

MRKDWN = [
    ("*bold* _italic_ ~gone~", "<strong>bold</strong> <em>italic</em> <del>gone</del>"),
    ("*bold _both_*", "<strong>bold <em>both</em></strong>"),
    ("snake_case_name and 2*3*4", "snake_case_name and 2*3*4"),
    ("`*as is* &lt;`", '<code class="code">*as is* &lt;</code>'),
    ("a &amp;lt; b", "a &amp;lt; b"),
    ("one\ntwo", "one<br>two"),
    ("&gt; said\nmore", '<blockquote class="quote"><div>said</div></blockquote>more'),
    ("<!here> x", '<span class="mention">@here</span> x'),
    ("<nonsense> <b>", "&lt;nonsense&gt; &lt;b&gt;"),
    (":no_such_thing:", ":no_such_thing:"),
    ("*not closed", "*not closed"),
    ("```not closed", "```not closed"),
]

MARKDOWN = [
    ("# Title", '<div class="markdown"><h3 class="md-heading">Title</h3></div>'),
    (
        "**b** `c` <i>",
        '<div class="markdown"><p><strong>b</strong> <code class="code">c</code> &lt;i&gt;</p></div>',
    ),
    ("- a\n- b", '<div class="markdown"><ul class="rt-list"><li>a</li><li>b</li></ul></div>'),
    ("[x](javascript:a)", '<div class="markdown"><p><span>x</span></p></div>'),
]

_FRAGMENTS = (
    "<script>", "</script>", "<img src=x onerror=alert(1)>", "<javascript:alert(1)|x>", "](data:text/html,x)",
    "[", "*", "_", "~", "`", "```", "\n", "> ", "- ", "1. ", "| a | b |", "<https://example.com|", ">",
    "<mailto:a@example.com>", '<@U1"onclick=x>', "<!date^1^{ago}^javascript:x|f>", "&lt;", "&amp;", ":x:", "# ", "word",
)  # fmt: skip

_ALLOWED = {
    "a", "blockquote", "br", "button", "code", "del", "div", "em", "h3", "hr", "li", "ol", "p", "path", "pre", "span",
    "strong", "svg", "table", "tbody", "td", "th", "time", "tr", "ul", "href https", "href mailto",
}  # fmt: skip


async def test_mrkdwn_and_markdown_are_drawn_by_their_tables(desk: Desk, app: TinyApp) -> None:
    """Each line of the two tables gives exactly its nodes."""
    await desk.visit("requester")
    cases = [("mrkdwn.js", "mrkdwn", *case) for case in MRKDWN]
    cases += [("markdown.js", "markdown", *case) for case in MARKDOWN]
    drawn = [await desk.page.evaluate(_DRAW, [file, name, text]) for file, name, text, _ in cases]

    assert drawn == [expected for *_, expected in cases]


async def test_no_mixture_of_marks_makes_a_forbidden_element(desk: Desk, app: TinyApp) -> None:
    """Whatever is thrown together: only the page's own elements, and links to safe schemes."""
    dice = random.Random(27)
    texts = ["".join(dice.choices(_FRAGMENTS, k=dice.randint(1, 14))) for _ in range(1500)]
    await desk.visit("requester")
    found = await desk.page.evaluate(_ELEMENTS, texts)

    assert set(found) <= _ALLOWED


async def test_every_field_has_a_value_of_its_own_shape(desk: Desk, app: TinyApp) -> None:
    """All inputs start with what the app gave, in the shape Slack sends."""
    given: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("plain_text_input", {"initial_value": "a"}, {"value": "a"}),
        ("email_text_input", {"initial_value": "a@b.c"}, {"value": "a@b.c"}),
        ("url_text_input", {}, {"value": None}),
        ("number_input", {"is_decimal_allowed": False, "initial_value": "3"}, {"value": "3"}),
        ("datepicker", {"initial_date": "2026-11-23"}, {"selected_date": "2026-11-23"}),
        ("timepicker", {"initial_time": "09:30"}, {"selected_time": "09:30"}),
        ("datetimepicker", {"initial_date_time": 1795000020}, {"selected_date_time": 1795000020}),
        ("static_select", {"initial_option": _OPTIONS[1]}, {"selected_option": _OPTIONS[1]}),
        ("multi_static_select", {"initial_options": _OPTIONS}, {"selected_options": _OPTIONS}),
        ("external_select", {}, {"selected_option": None}),
        ("radio_buttons", {}, {"selected_option": None}),
        ("checkboxes", {"initial_options": _OPTIONS[:1]}, {"selected_options": _OPTIONS[:1]}),
        ("users_select", {}, {"selected_user": None}),
        ("multi_users_select", {}, {"selected_users": []}),
        ("file_input", {}, {"files": []}),
    ]
    blocks = [
        {
            "type": "input",
            "block_id": kind,
            "label": plain(kind),
            "element": {"type": kind, "action_id": "it", "options": _OPTIONS, **start},
        }
        for kind, start, _ in given
    ]
    await desk.visit("requester")
    values = await desk.page.evaluate(_DRAW_BLOCKS, blocks)

    assert values == {kind: {"it": {"type": kind, **held}} for kind, _, held in given}
    await expect(desk.page.locator(".unknown")).to_have_count(0)


async def test_every_layout_block_is_drawn(desk: Desk, app: TinyApp) -> None:
    """No block of the list falls back to the box for unknown ones."""
    words = {"type": "rich_text_section", "elements": [{"type": "text", "text": "rich"}]}
    rich = {"type": "rich_text", "elements": [words]}
    task = {"type": "task_card", "task_id": "1", "title": "Import", "status": "in_progress"}
    card = {"type": "card", "title": plain("EXCH01"), "body": plain("12 days")}
    cells = [
        {"type": "raw_text", "text": "Host"},
        {"type": "raw_number", "value": 12, "text": "12"},
    ]
    feedback = {"text": plain("Good"), "value": "1"}
    blocks = [
        {"type": "header", "text": plain("Head")},
        {"type": "section", "text": plain("Text"), "accessory": button("Go", "go")},
        {"type": "section", "fields": [plain("a"), plain("b")]},
        {"type": "context", "elements": [plain("c"), {"type": "image", "alt_text": "a seal"}]},
        {"type": "divider"},
        {
            "type": "actions",
            "elements": [{"type": "overflow", "action_id": "o", "options": _OPTIONS}],
        },
        {"type": "image", "alt_text": "a picture", "image_url": "https://example.com/x.png"},
        {"type": "markdown", "text": "# Title"},
        {"type": "table", "rows": [cells, cells]},
        {"type": "alert", "level": "error", "text": plain("No")},
        {"type": "carousel", "elements": [card]},
        {
            "type": "container",
            "title": plain("More"),
            "is_collapsible": True,
            "child_blocks": [rich],
        },
        {"type": "plan", "title": "Install", "tasks": [task]},
        {
            "type": "context_actions",
            "elements": [
                {"type": "icon_button", "icon": "trash", "text": plain("Delete"), "action_id": "d"},
                {
                    "type": "feedback_buttons",
                    "positive_button": feedback,
                    "negative_button": feedback,
                },
            ],
        },
        *form()["blocks"],
    ]
    await desk.visit("requester")
    await desk.page.evaluate(_DRAW_BLOCKS, blocks)

    await expect(desk.page.locator(".unknown")).to_have_count(0)
    await expect(desk.page.locator(".messages .blocks > *")).to_have_count(len(blocks))
    await expect(desk.page.locator(".messages img")).to_have_count(0)


async def test_preformatted_text_can_be_copied_whole(desk: Desk, app: TinyApp) -> None:
    """The copy button puts exactly the shown lines on the clipboard."""
    await desk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    lines = "-----BEGIN X-----\nAB&lt;CD\n-----END X-----"
    await app.client.chat_postMessage(channel=app.channel, text=f"```\n{lines}\n```")
    await desk.visit("requester")
    await desk.page.locator("[data-copy]").click()
    await expect(desk.page.locator("[data-copy]")).to_have_text("Copied")
    copied = await desk.page.evaluate("navigator.clipboard.readText()")

    assert copied == lines.replace("&lt;", "<")
