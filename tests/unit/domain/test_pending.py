"""Whose a pending request is: a table over every state, and the rule that nothing awaited is ever cleared."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.certs.prints import Thumbprint
from bot.domain import events as ev
from bot.domain.ids import HostName, OrderId
from bot.domain.life import advance
from bot.domain.order import CertificateOrder
from bot.domain.pending import (
    FRIENDLY_NAME_MAX,
    Standing,
    abandoned_rounds,
    claimed_order,
    clearable_rounds,
    csr_of_round,
    judge_request,
    key_of,
    left_rounds,
    request_name,
)
from bot.domain.states import CLEARED_IN, MOVES, EventKind, State
from bot.domain.subject import Subject
from bot.domain.surroundings import PendingCertificate
from tests.unit.domain.samples import EX01, EX02, NOON, event, order, wish
from tests.unit.workflow.requests import csr

FIRST = csr("mail.example.com", ("mail.example.com",))
SECOND = csr("mail.example.com", ("mail.example.com", "second.example.com"))
OTHER = csr("other.example.com", ("other.example.com",))
OVER = {State.REJECTED, State.CANCELLED, State.LAPSED, State.ROLLED_BACK, State.RETIRED}


def waiting(
    of: CertificateOrder, number: int, pem: str = FIRST, **parts: Any
) -> PendingCertificate:
    """A request as a host shows it."""
    whole: dict[str, Any] = {
        "thumbprint": Thumbprint("AB" * 20),
        "friendly_name": request_name(of, number),
        "subject": "CN=mail.example.com",
        "not_before": NOON,
        "key_sha256": key_of(pem),
    }
    return PendingCertificate(**{**whole, **parts})


def with_csr(state: State, **parts: Any) -> CertificateOrder:
    """An order whose first CSR was made."""
    return order(state, **{"csr_pem": FIRST, "csr_round": 1, **parts})


@pytest.mark.parametrize("state", list(State))
def test_the_newest_request_is_awaited_until_the_order_is_over(state: State) -> None:
    """Failed orders wait as well: a retry goes on with what is there."""
    mine = with_csr(state)
    judged = judge_request(waiting(mine, 1), EX01, mine)

    assert (Standing.ABANDONED if state in OVER else Standing.AWAITED) is judged.standing
    assert (state in OVER and state in CLEARED_IN) is judged.can_clear


@pytest.mark.parametrize("state", list(State))
def test_a_request_that_was_replaced_is_abandoned_in_every_state(state: State) -> None:
    """And it can be cleared where the order stands still."""
    mine = with_csr(state, csr_pem=SECOND, csr_round=2, past_csrs={1: FIRST})
    judged = judge_request(waiting(mine, 1), EX01, mine)

    assert Standing.ABANDONED is judged.standing
    assert (state in CLEARED_IN) is judged.can_clear


@pytest.mark.parametrize(
    ("change", "host"),
    [
        ({"friendly_name": "Microsoft Exchange"}, EX01),
        ({"friendly_name": "CertDesk"}, EX01),
        ({"friendly_name": "CertDesk 7-2 mail.example.com"}, EX01),
        ({"friendly_name": "CertDesk 7-0 mail.example.com"}, EX01),
        ({"friendly_name": "CertDesk 07-1 mail.example.com"}, EX01),
        ({"friendly_name": "CertDesk 7-1 www.example.com"}, EX01),
        ({"friendly_name": "certdesk 7-1 mail.example.com"}, EX01),
        ({"friendly_name": ""}, EX01),
        ({"key_sha256": key_of(OTHER)}, EX01),
        ({}, EX02),
        ({}, HostName("EX99")),
    ],
)
def test_what_is_not_wholly_ours_is_foreign(change: dict[str, Any], host: HostName) -> None:
    """Name, round, host and key: one that differs is enough to keep our hands off."""
    mine = with_csr(State.CANCELLED)
    judged = judge_request(waiting(mine, 1, **change), host, mine)

    assert (Standing.FOREIGN, None, False) == (judged.standing, judged.order, judged.can_clear)


def test_a_request_of_an_order_nobody_knows_is_foreign() -> None:
    """Another CertDesk may work on the same host."""
    mine = with_csr(State.CANCELLED)

    assert Standing.FOREIGN is judge_request(waiting(mine, 1), EX01, None).standing


@pytest.mark.parametrize("parts", [{"csr_pem": ""}, {"csr_pem": "no csr at all"}])
def test_without_a_readable_csr_nothing_is_cleared(parts: dict[str, Any]) -> None:
    """Abandoned by its name, and not to be proven: people remove it by hand."""
    mine = with_csr(State.CANCELLED, csr_round=1 if parts["csr_pem"] else 0, **parts)
    judged = judge_request(waiting(mine, 1), EX01, mine)

    assert (Standing.ABANDONED, False) == (judged.standing, judged.can_clear)


def test_an_order_whose_key_was_made_here_left_nothing_on_the_host() -> None:
    """What carries its name there is somebody else's."""
    mine = with_csr(State.CANCELLED, wish=wish(local_key_days=30))

    assert ((), ()) == (clearable_rounds(mine), left_rounds(mine))
    assert Standing.FOREIGN is judge_request(waiting(mine, 1), EX01, mine).standing


def test_a_host_that_shows_no_key_clears_nothing() -> None:
    """A name alone proves nothing."""
    mine = with_csr(State.CANCELLED)

    assert not judge_request(waiting(mine, 1, key_sha256=""), EX01, mine).can_clear


def test_what_was_cleared_is_not_cleared_again() -> None:
    """The order remembers its rounds."""
    mine = with_csr(State.CANCELLED, cleared=(1,))

    assert ((), ()) == (clearable_rounds(mine), left_rounds(mine))


def test_a_completed_request_is_not_said_to_be_left() -> None:
    """An installation took it out of the store; what a rekey left before it is still there."""
    mine = with_csr(
        State.INSTALLED, csr_pem=SECOND, csr_round=2, past_csrs={1: FIRST}, installed_at=NOON
    )

    assert (1,) == left_rounds(mine)
    assert () == left_rounds(with_csr(State.RETIRED, installed_at=NOON))
    assert () == left_rounds(with_csr(State.CANCELLED, failed_in=State.INSTALLING))
    assert (1,) == left_rounds(with_csr(State.CANCELLED))


@given(st.integers(1, 999_999_999), st.integers(1, 9999), st.text(min_size=1, max_size=80))
def test_every_name_of_ours_is_read_back(number: int, turn: int, common_name: str) -> None:
    """Cut or not, the order is found by it, and it fits into what Exchange takes."""
    mine = order(id=OrderId(number), wish=wish(subject=Subject(common_name=common_name)))
    name = request_name(mine, turn)

    assert len(name) <= FRIENDLY_NAME_MAX
    assert number == claimed_order(waiting(mine, turn, friendly_name=name))


KINDS = sorted({kind for _, kind in MOVES}, key=str)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(KINDS), max_size=60))
def test_no_path_through_the_table_clears_an_awaited_request(kinds: list[EventKind]) -> None:
    """Whatever happens in whatever order: what could be cleared is never the request the order goes on with."""
    mine = order()
    for kind in kinds:
        if (mine.state, kind) not in MOVES:
            continue
        mine, _ = advance(mine, _with_real_csr(kind, mine), at=NOON)
        newest = mine.csr_round if mine.csr_pem else mine.csr_round + 1
        for number in clearable_rounds(mine):
            assert number < newest or mine.state in OVER
            assert number in abandoned_rounds(mine)
            assert csr_of_round(mine, number)
            judged = judge_request(waiting(mine, number), EX01, mine)
            assert judged.standing is not Standing.AWAITED


def _with_real_csr(kind: EventKind, mine: CertificateOrder) -> Any:
    if kind is EventKind.CSR_MADE:
        return ev.CsrMade(csr_pem=FIRST if mine.csr_round % 2 == 0 else SECOND)
    return event(kind)
