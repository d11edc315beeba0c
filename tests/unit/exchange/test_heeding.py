"""The wait a throttling host asks for: read from its text in any language, and kept within bounds."""

import pytest

from bot.exchange.faults import WSMAN_RULES, Moment, heeding
from bot.exchange.psrp_faults import wsman_trouble

_ENGLISH = (
    "The WS-Management service cannot process the request. The user load quota of 1000 requests per 2 seconds has "
    "been exceeded. The next request from this user will not be approved for at least 299344 milliseconds."
)


@pytest.mark.parametrize(
    ("text", "wait_s"),
    [
        (_ENGLISH, 299.344),
        ("1000 Anforderungen pro 2 Sekunden. Frühestens in 12.500 Millisekunden.", 12.5),
        ("Следующий запрос не раньше чем через 4 000 мс", 1.0),
        ("at least 5 milliseconds", 1.0),
        ("at least 99999999999 milliseconds", 900.0),
        ("Send future requests at a slower rate.", 30.0),
        ("", 30.0),
    ],
)
def test_the_last_figure_is_the_wait(text: str, wait_s: float) -> None:
    """In milliseconds; between a second and a quarter of an hour; without one the rule's own."""
    assert heeding(WSMAN_RULES[2150859175], 2150859175, text).retry_after_s == wait_s


def test_figures_of_other_faults_mean_nothing() -> None:
    """Only a load quota names a wait: the figure of another fault counts shells."""
    rule = WSMAN_RULES[2150859173]

    assert heeding(rule, 2150859173, "a maximum number of 18 concurrent shells") is rule


def test_the_endpoint_is_heeded_too() -> None:
    """Exchange's own throttling is where the text comes from."""
    assert wsman_trouble(2150859175, _ENGLISH, Moment.OPEN).rule.retry_after_s == 299.344
