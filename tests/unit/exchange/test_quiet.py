"""The figures of silence fit each other: what ends by itself has ended before anybody gives up waiting for it."""

import pytest

from bot.domain.faults import TRANSIENT, FaultKind
from bot.exchange.faults import WSMAN_RULES
from bot.exchange.psrp_faults import ENDPOINT_WSMAN_RULES
from bot.exchange.quiet import CONNECTION_S, ENDS_S, KEPT_S
from bot.exchange.retries import BACK_OFF_S
from bot.settings import Settings
from bot.workflow.outcome import NeedsPerson, TryLater, until_done
from tests.unit.workflow.clock import FakeClock
from tests.unit.workflow.plain_run import PlainRun

_LEAST_S = 60.0
"""Windows takes no shorter idle time."""

_SIGN_IN_S = 60.0
"""What a message may need that has to sign in anew and is tried again."""

_SHELLS = (2150859173, 2150859236)
_OPERATIONS = (2150859174, 2150859240)


def _patience_s(code: int, *, tries: int, at_endpoint: bool) -> float:
    """How long an order waits for a host that stays full, until a person is asked."""
    rule = (ENDPOINT_WSMAN_RULES if at_endpoint else WSMAN_RULES)[code]
    assert rule.kind in TRANSIENT
    clock = FakeClock()
    begun = clock.now()

    def full() -> TryLater:
        clock.forward(sum(BACK_OFF_S))
        return TryLater(FaultKind.BUSY, rule.happened, rule.retry_after_s or 0.0)

    end = until_done(PlainRun(clock), "open", full, tries=tries)
    assert isinstance(end, NeedsPerson)
    return (clock.now() - begun).total_seconds()


@pytest.mark.parametrize("at_endpoint", [False, True])
@pytest.mark.parametrize(("code", "times"), [(_SHELLS, 2.5), (_OPERATIONS, 1.5)])
def test_an_order_waits_much_longer_than_a_leftover_session_lives(
    code: tuple[int, ...], times: float, at_endpoint: bool
) -> None:
    """So a host that killed processes have filled fails no order: 342 s, and 192 s for operations, against 120 s."""
    tries = Settings.model_fields["tries"].default
    patience = [_patience_s(one, tries=tries, at_endpoint=at_endpoint) for one in code]

    assert min(patience) >= times * ENDS_S


@pytest.mark.parametrize("code", _SHELLS)
def test_three_tries_are_still_enough(code: int) -> None:
    """Whoever sets fewer tries than usual."""
    assert _patience_s(code, tries=3, at_endpoint=False) > ENDS_S


def test_a_session_is_given_up_long_before_the_host_ends_it() -> None:
    """The last message to it leaves a minute before its end, and may need that for signing in anew."""
    assert KEPT_S + _SIGN_IN_S <= ENDS_S
    assert CONNECTION_S <= KEPT_S
    assert ENDS_S > _LEAST_S


def test_what_a_killed_process_left_running_is_not_cut_off_early() -> None:
    """The host lets it run as long as the process would have done."""
    assert Settings.model_fields["command_deadline_s"].default <= ENDS_S
