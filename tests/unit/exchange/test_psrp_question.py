"""A question of Exchange is answered as decided, or not at all: the default of every question is yes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.certs.prints import Thumbprint
from bot.exchange.call import Call, SmtpDecision
from bot.exchange.psrp_question import NotDecided, answer_index, question_fault
from tests.unit.exchange.samples import EX01

OLD, NEW, OTHER = (Thumbprint(digit * 40) for digit in "123")
LABELS = ("&Yes", "Yes to &All", "&No", "No to A&ll")


def decided(*, overwrite: bool = False) -> SmtpDecision:
    """What a person said about OLD and NEW."""
    return SmtpDecision(current=OLD, new=NEW, overwrite=overwrite)


def asked(current: str = OLD, new: str = NEW) -> str:
    """The question as Exchange words it."""
    return (
        "Overwrite the existing default SMTP certificate?\n\n"
        f"Current certificate: '{current}' (expires 12/30/2027 2:39:08 PM)\n"
        f"Replace it with certificate: '{new}' (expires 1/5/2028 9:04:48 AM)"
    )


@pytest.mark.parametrize(("overwrite", "index"), [(True, 0), (False, 2)])
def test_the_answer_is_the_decided_one(overwrite: bool, index: int) -> None:
    """Yes is index 0, No is index 2; the answers for all are never given."""
    assert answer_index(asked(), LABELS, decided(overwrite=overwrite)) == index


@pytest.mark.parametrize(
    ("message", "labels", "code"),
    [
        (asked(current=OTHER), LABELS, "QuestionChanged"),
        (asked(new=OTHER), LABELS, "QuestionChanged"),
        (asked(current=NEW, new=OLD), LABELS, "QuestionChanged"),
        (f"{asked()} and '{OTHER}'", LABELS, "QuestionChanged"),
        ("Overwrite the existing default SMTP certificate?", LABELS, "QuestionChanged"),
        ("Do you want to enforce SSL communication?", LABELS, "UnknownQuestion"),
        (f"Remove? {asked()}", LABELS, "UnknownQuestion"),
        ("", LABELS, "UnknownQuestion"),
        (asked(), ("&No", "&Yes"), "UnknownQuestion"),
        (asked(), ("&Ja", "Ja, &alle", "&Nein", "N&ein, alle"), "UnknownQuestion"),
        (asked(), (), "UnknownQuestion"),
    ],
)
@pytest.mark.parametrize("overwrite", [True, False])
def test_whatever_else_is_asked_stays_unanswered(
    message: str, labels: tuple[str, ...], code: str, overwrite: bool
) -> None:
    """Other certificates, other words, other choices: nobody decided on these."""
    with pytest.raises(NotDecided) as caught:
        answer_index(message, labels, decided(overwrite=overwrite))

    assert caught.value.code == code


def test_without_a_decision_even_the_known_question_stays_unanswered() -> None:
    """Silence is not a yes."""
    with pytest.raises(NotDecided) as caught:
        answer_index(asked(), LABELS, None)

    assert caught.value.code == "QuestionUnanswered"


@given(st.text(), st.lists(st.text(), max_size=5))
def test_no_text_makes_it_answer(message: str, labels: list[str]) -> None:
    """Only a text that names both certificates gets an answer."""
    with pytest.raises(NotDecided):
        answer_index(message, labels, decided())


def test_the_fault_shows_the_question_and_says_what_ran() -> None:
    """The operator reads what was asked, in one line and cut, and that phase one is done."""
    call = Call(op="cmdlet", cmdlet="Enable-ExchangeCertificate")
    unsaid = NotDecided("UnknownQuestion", "Really?\n" + "x" * 900, "which nobody has decided")
    fault = question_fault(EX01, call, unsaid)

    assert (fault.executed, fault.code) == ("yes", "UnknownQuestion")
    assert "Really? xxx" in fault.sentence
    assert len(fault.sentence) < 900
