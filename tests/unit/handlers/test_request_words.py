"""What is typed behind `/cert request` is found in the form, or refused with how it is written."""

from typing import Any

import pytest

from bot.domain.faults import Refused
from bot.domain.plan import Service
from bot.domain.service_words import UC_HINT
from handlers.blocks.order_form import TypedAhead, order_form
from handlers.ids import Field
from handlers.request_words import typed_ahead
from handlers.typed import words_of
from tests.unit.handlers import scene


def shown(text: str) -> list[dict[str, Any]]:
    """The blocks of the form that opens for these words."""
    typed = typed_ahead(words_of(text))
    blocks: list[dict[str, Any]] = order_form(scene.SITE, home="C1", typed=typed)["blocks"]
    return blocks


def field(blocks: list[dict[str, Any]], name: Field) -> dict[str, Any]:
    """One input element of the form."""
    return next(b["element"] for b in blocks if b.get("block_id") == name)


@pytest.mark.parametrize(
    ("text", "names", "services"),
    [
        ("", (), ()),
        ("mail.example.com", ("mail.example.com",), ()),
        ("Mail.Example.com a.example.com", ("mail.example.com", "a.example.com"), ()),
        ("mail.example.com services=IIS,SMTP", ("mail.example.com",), (Service.IIS, Service.SMTP)),
        ("Services=iis, smtp mail.example.com", ("mail.example.com",), (Service.IIS, Service.SMTP)),
        ("services=iis ,smtp", (), (Service.IIS, Service.SMTP)),
        ("<http://mail.example.com|mail.example.com>", ("mail.example.com",), ()),
    ],
)
def test_words_are_read(text: str, names: tuple[str, ...], services: tuple[Service, ...]) -> None:
    """Names in order, services behind their key, blanks around commas forgiven."""
    assert TypedAhead(names=names, services=services) == typed_ahead(words_of(text))  # type: ignore[arg-type]  # the names are right


@pytest.mark.parametrize(
    "text",
    [
        "services=",
        "services=Federation",
        "mail",
        "mail.example.com host=EX01",
        f"{'a' * 60}.example.com",
        "*bold*.example.com <!channel>",
    ],
)
def test_what_cannot_be_read_opens_no_form(text: str) -> None:
    """Nothing is guessed; the sentence says how it is written and holds no markup of the person's."""
    with pytest.raises(Refused, match=r"No form was opened\. Write `/cert request") as raised:
        typed_ahead(words_of(text))

    assert "bad-words" == raised.value.code
    assert "<!channel>" not in raised.value.sentence


def test_the_form_opens_with_what_was_typed() -> None:
    """Common name, further names and services stand in their fields."""
    blocks = shown("mail.example.com a.example.com services=IIS,POP")

    assert "mail.example.com" == field(blocks, Field.COMMON_NAME)["initial_value"]
    assert "a.example.com" == field(blocks, Field.NAMES)["initial_value"]
    picked = field(blocks, Field.SERVICES)["initial_options"]
    assert ["IIS", "POP"] == [option["value"] for option in picked]


def test_the_form_says_that_uc_was_taken_for_um() -> None:
    """The hint stands first, where the person looks; UM is what is ticked."""
    blocks = shown("mail.example.com services=IIS,SMTP,UC")
    picked = field(blocks, Field.SERVICES)["initial_options"]

    assert UC_HINT == blocks[0]["elements"][0]["text"]
    assert ["IIS", "SMTP", "UM"] == [option["value"] for option in picked]


def test_without_words_the_form_is_the_one_of_before() -> None:
    """Nobody who types nothing sees anything new."""
    assert shown("") == order_form(scene.SITE, home="C1")["blocks"]
