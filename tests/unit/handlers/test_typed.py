"""What clients make of typed text is undone before it is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.faults import Refused
from handlers.typed import nearest, order_in, words_of

CASES = [
    ("", ()),
    ("  status   27 ", ("status", "27")),
    ("submitted 27 “GD 47–11”", ("submitted", "27", "GD 47-11")),
    ("probe <http://mail.example.com|mail.example.com>", ("probe", "mail.example.com")),
    ("probe <https://mail.example.com>", ("probe", "mail.example.com")),
    ("submitted 27 <mailto:a@example.com|a@example.com>", ("submitted", "27", "a@example.com")),
    ("submitted 27 R&amp;D", ("submitted", "27", "R&D")),
    ("submitted 27 ‘x’", ("submitted", "27", "'x'")),
    ("status\u00a027", ("status", "27")),
]


@pytest.mark.parametrize(("text", "words"), CASES)
def test_words(text: str, words: tuple[str, ...]) -> None:
    """Quotes, dashes, links and entities read as they were typed."""
    assert words_of(text) == words


@given(st.text(max_size=1500))
def test_any_text_is_read(text: str) -> None:
    """Nothing typed breaks the reading; blanks never become words of their own."""
    assert all(word.strip() for word in words_of(text) if not word.isspace())


@pytest.mark.parametrize("word", ["27", "#27"])
def test_an_order_number(word: str) -> None:
    """Numbers may carry a hash."""
    assert order_in((word,), "status ID") == 27


@pytest.mark.parametrize("words", [(), ("x",), ("-1",), ("27.5",), ("٢٧x",), ("9" * 30,)])
def test_what_is_no_order_number_is_refused(words: tuple[str, ...]) -> None:
    """The sentence shows how the command is written."""
    with pytest.raises(Refused, match="/cert status ID"):
        order_in(words, "status ID")


def test_the_nearest_word() -> None:
    """A typo is near its word; nonsense is near nothing."""
    known = ("request", "renew", "list", "status")

    assert [nearest(word, known) for word in ("stauts", "LIST", "xyzzy")] == ["status", "list", ""]
