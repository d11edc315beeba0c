"""Objects of the endpoint in the form this room reads: the same texts the runner would write."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.exchange.psrp_reading import read_error, read_label, read_row, read_value


@dataclass(kw_only=True)
class Taken:
    """An object that was taken apart on its way, as the library gives it."""

    adapted_properties: dict[str, Any] = field(default_factory=dict)
    extended_properties: dict[str, Any] = field(default_factory=dict)
    to_string: str | None = None


@dataclass(kw_only=True)
class Record:
    """An error record, as the library gives it."""

    exception: Any = None
    category: int | None = 0
    fq_error: str | None = None

    def __str__(self) -> str:
        return "its own text"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        (True, "1"),
        (False, "0"),
        (2048, "2048"),
        (b"\x00\xff", "AP8="),
        ("plain", "plain"),
        (["a", "b"], "a\nb"),
        ([], ""),
        (Taken(to_string="IMAP, POP"), "IMAP, POP"),
        (Taken(), ""),
    ],
)
def test_every_kind_of_value_has_one_text(value: Any, text: str | None) -> None:
    """Bytes are base64, a list is its lines, an enumeration is its names."""
    assert read_value(value) == text


def test_a_row_has_the_properties_in_the_order_they_are_wanted() -> None:
    """Case does not count, what is not there is None, and both sorts of properties are looked at."""
    thing = Taken(adapted_properties={"RawData": b"x"}, extended_properties={"status": "Valid"})

    assert read_row(thing, ("Status", "RawData", "Nothing")) == ("Valid", "eA==", None)


def test_an_object_can_be_wanted_as_itself() -> None:
    """A request comes as one string."""
    assert read_row("-----BEGIN", (".",)) == ("-----BEGIN",)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-23T14:00:00.1234567+02:00", "2026-11-23T12:00:00Z"),
        ("2026-11-23T12:00:00Z", "2026-11-23T12:00:00Z"),
        ("2026-11-23T12:00:00", "2026-11-23T12:00:00"),
        ("23.11.2026", "23.11.2026"),
    ],
)
def test_moments_are_told_in_utc(text: str, utc: str) -> None:
    """The server's offset is taken off; a moment that cannot be placed stays as it came."""
    assert read_row(Taken(extended_properties={"NotBefore": text}), ("NotBefore",)) == (utc,)


@pytest.mark.parametrize(
    ("number", "category"),
    [(13, "ObjectNotFound"), (0, "NotSpecified"), (31, "NotEnabled"), (99, ""), (-1, "")],
)
def test_an_error_keeps_its_words_and_its_category(number: int, category: str) -> None:
    """The category travels as a number and is compared by its name."""
    record = Record(
        exception=Taken(adapted_properties={"Message": "It failed."}),
        category=number,
        fq_error="X,Y",
    )
    error = read_error(record)

    assert (error.message, error.category, error.error_id) == ("It failed.", category, "X,Y")


def test_an_error_without_an_exception_has_its_own_text() -> None:
    """No error is ever without words."""
    assert read_error(Record()).message == "its own text"


@pytest.mark.parametrize("name", ["Label", "label"])
def test_a_choice_is_known_by_its_label(name: str) -> None:
    """Hosts spell the property in two ways."""
    assert read_label(Taken(extended_properties={name: "&No"})) == "&No"
