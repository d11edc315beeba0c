"""Services as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.plan import Service
from bot.domain.service_words import UC_HINT, parse_service, parse_services


def test_uc_is_understood_and_never_sent() -> None:
    """Some guides write UC: it is UM, and the person is told."""
    assert (Service.UM, UC_HINT) == parse_service("uc")
    assert (Service.SMTP, "") == parse_service(" smtp ")
    with pytest.raises(ValueError, match="IIS, SMTP, IMAP, POP, UM"):
        parse_service("Federation")


@pytest.mark.parametrize(
    ("text", "services", "hints"),
    [
        ("IIS,SMTP", (Service.IIS, Service.SMTP), ()),
        ("smtp, iis ,iis", (Service.IIS, Service.SMTP), ()),
        ("IIS,UC,uc,UM", (Service.IIS, Service.UM), (UC_HINT,)),
    ],
)
def test_a_list_is_read_once_each(
    text: str, services: tuple[Service, ...], hints: tuple[str, ...]
) -> None:
    """In Exchange's order, whatever the order and the case of writing; a hint stands once."""
    assert (services, hints) == parse_services(text)


@pytest.mark.parametrize("text", ["", " , ", "IIS,Federation", "IIS SMTP"])
def test_what_is_no_list_of_services_is_refused(text: str) -> None:
    """The sentence names what can be written."""
    with pytest.raises(ValueError, match="write IIS, SMTP, IMAP, POP, UM"):
        parse_services(text)


@given(st.text(max_size=80))
def test_whatever_is_typed_ends_in_real_services_or_in_a_sentence(text: str) -> None:
    """UC never comes out, whatever stood around it."""
    try:
        services, _ = parse_services(text)
    except ValueError:
        return

    assert set(services) <= set(Service)
