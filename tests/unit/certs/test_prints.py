"""A thumbprint survives every way of copying it."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.certs.findings import show, show_all
from bot.certs.prints import fingerprint_of, parse_thumbprint, thumbprint_of

DECORATIONS = st.sampled_from(["", " ", ":", "\u200e", "\u200f", "\r\n", "\ufeff", "  "])


@settings(deadline=None)
@given(
    data=st.binary(max_size=40),
    decorations=st.lists(DECORATIONS, min_size=41, max_size=41),
    lower=st.booleans(),
)
def test_decorated_thumbprint_is_read(data: bytes, decorations: list[str], lower: bool) -> None:
    """Blanks, colons, case and invisible marks are decoration."""
    plain = thumbprint_of(data)
    written = plain.lower() if lower else plain
    text = "".join(
        f"{mark.replace(':', ':')}{digit}"
        for mark, digit in zip(decorations, written, strict=False)
    )

    assert parse_thumbprint(text.replace(":", " ")) == plain


def test_colons_are_read() -> None:
    """OpenSSL writes pairs with colons."""
    plain = thumbprint_of(b"x")
    pairs = ":".join(plain[at : at + 2] for at in range(0, 40, 2))

    assert parse_thumbprint(pairs) == plain


@pytest.mark.parametrize("text", ["", "00", "g" * 40, "0" * 39, "0" * 41, "0" * 64])
def test_what_is_no_thumbprint_is_refused(text: str) -> None:
    """Forty hex digits, no more and no less; a fingerprint is not a thumbprint."""
    with pytest.raises(ValueError, match="40 hex digits"):
        parse_thumbprint(text)


def test_prints_are_the_hashes_people_compare() -> None:
    """SHA-1 in upper case for Windows, SHA-256 in lower case for us."""
    assert thumbprint_of(b"x") == hashlib.sha1(b"x").hexdigest().upper()
    assert fingerprint_of(b"x") == hashlib.sha256(b"x").hexdigest()


@settings(deadline=None)
@given(st.text(max_size=200))
def test_shown_text_can_stand_in_a_sentence(text: str) -> None:
    """Whatever comes from outside is short, printable and closed by its quotes."""
    shown = show(text)

    assert shown.isprintable()
    assert len(shown) <= 80 * 10 + 2
    assert "'" not in shown[1:-1].replace("\\'", "")


def test_long_lists_are_counted() -> None:
    """A hundred names do not fill a screen."""
    assert show_all([str(n) for n in range(8)]) == "'0', '1', '2', '3', '4' and 3 more"
