"""Outside text in pictures: never markup, never too long, always readable."""

import json
import re
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.ids import SYSTEM, PersonId
from handlers.blocks.text import (
    clip,
    code,
    codes,
    cut_markup,
    day,
    escape,
    mention,
    outside,
    utc,
    visible,
    when,
)

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=400)
MARKUP = st.lists(
    st.sampled_from(["<!channel>", "<@U1>", "`", "*b*", "&amp;", "\u202e", "\n> q", "<http://x|y>", "é", "😀"]),
    max_size=60,
).map("".join)  # fmt: skip
OUTSIDE = ANY_TEXT | MARKUP
LIMITS = st.integers(min_value=20, max_value=300)


@given(OUTSIDE, LIMITS)
def test_a_code_span_holds_whatever_is_put_into_it(text: str, limit: int) -> None:
    """Nothing inside ends the span, opens a mention or starts a line; the whole stays within its limit."""
    span = code(text, limit)

    assert re.fullmatch(r"`[^`<>\n]+`", span)
    assert len(span) <= limit


@given(OUTSIDE, LIMITS)
def test_a_cut_is_counted_after_escaping(text: str, limit: int) -> None:
    """Slack counts an ampersand as five characters, and so do we."""
    assert len(escape(clip(text, limit))) <= limit


@given(OUTSIDE)
def test_escaped_text_holds_no_markup_of_slack(text: str) -> None:
    """Mentions and links begin with an angle bracket, and there is none left."""
    assert not set("<>") & set(escape(text))


@given(ANY_TEXT)
def test_nothing_stays_invisible(text: str) -> None:
    """Marks that turn the writing, control characters and lone surrogates are shown as escapes."""
    shown = visible(text)

    assert all(char.isprintable() or char == "\n" for char in shown)
    assert json.loads(json.dumps(shown).encode()) == shown


@given(OUTSIDE)
def test_plain_text_is_never_empty(text: str) -> None:
    """Slack refuses empty text objects."""
    assert outside(text, 150)


@given(st.lists(OUTSIDE, max_size=120))
def test_long_lists_are_counted_not_cut_in_the_middle(texts: list[str]) -> None:
    """What does not fit is named by its number."""
    shown = codes(texts, limit=500)

    assert len(shown) <= 500
    assert shown.count("`") % 2 == 0


@given(st.lists(st.sampled_from(["`a`", "&amp;", "<@U123>", "word ", "<!date^1^x|y>"]), max_size=80),
       st.integers(min_value=5, max_value=90))  # fmt: skip
def test_our_own_markup_is_never_cut_in_half(parts: list[str], limit: int) -> None:
    """A cut leaves no half entity, no half mention and no open code span."""
    kept = cut_markup("".join(parts), limit)

    assert len(kept) <= limit
    assert kept.count("`") % 2 == 0
    assert kept.count("<") == kept.count(">")
    assert re.sub(r"&amp;", "", kept).count("&") == 0


def test_times_are_complete_where_they_are_not_rendered() -> None:
    """A notification shows the fallback, so the fallback says it all."""
    moment = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)

    assert when(moment) == ("<!date^1795442400^{date_short_pretty} at {time}|2026-11-23 14:00 UTC>")
    assert day(moment) == "<!date^1795442400^{date_short_pretty}|2026-11-23 14:00 UTC>"
    assert utc(moment) == "2026-11-23 14:00 UTC"


def test_people_are_mentioned_by_id_only() -> None:
    """A person's id becomes a mention; anything else becomes a quoted text."""
    shown = [mention(PersonId(p)) for p in ("T1:U1", SYSTEM, "T1:U1|<!here>")]

    assert shown == ["<@U1>", "CertDesk", "`T1:U1|&lt;!here&gt;`"]
