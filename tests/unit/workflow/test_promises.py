"""Whatever happens to an order: one audit entry for each change, and an unbroken chain."""

import itertools
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.audit import GENESIS, chained
from bot.domain.faults import Refused
from bot.domain.ids import SYSTEM, OrderId
from bot.domain.messages import Card, CardMessage, LineMessage, Place
from bot.domain.states import MOVES, EventKind, State, Work
from bot.workflow.facts import audit_facts
from bot.workflow.notices import (
    CARDS,
    SAID_IN_THREAD,
    TOLD_TO_REQUESTER,
    messages_for,
)
from tests.unit.domain.samples import MAX, OLGA, RITA, event, order
from tests.unit.workflow.house import House

SEVEN = OrderId(7)
EMPTY_OF_FACTS = {
    "endorse", "approve", "reject", "cancel", "lapse", "withdrawn", "issued", "vendor_rejected", "rekeyed", "replan",
    "install_finished", "roll_back", "roll_back_finished", "retire", "retire_finished", "renewal_proposed",
    "renewal_postponed", "retry_csr", "retry_install", "retry_roll_back", "retry_retire",
    "retry_clear",
}  # fmt: skip
"""Events whose state, person and reason say everything."""


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(EventKind), st.sampled_from([RITA, MAX, OLGA, SYSTEM]), st.booleans()
        ),
        max_size=30,
    )
)
def test_each_change_has_exactly_one_entry(tries: list[tuple[EventKind, object, bool]]) -> None:
    """Any string of events: versions, entries and the chain agree, and the refused ones left no trace."""
    house = House()
    house.put(order(version=1))
    for kind, by, fresh in tries:
        version = house.order().version if fresh else 1
        try:
            house.engine.take(SEVEN, event(kind), by=by, version=version)  # type: ignore[arg-type]  # hypothesis loses the NewType
        except Refused:
            continue

    entries = house.audit.entries(SEVEN)
    assert house.order().version == 1 + len(entries)
    assert [(State(e.before), EventKind(e.what)) in MOVES for e in entries] == [True] * len(entries)
    assert all(one.after == next_.before for one, next_ in itertools.pairwise(entries))
    assert house.audit.broken_at() is None
    works = [MOVES[State(e.before), EventKind(e.what)].work for e in entries]
    assert [work for work in works if work is not Work.NOTHING] == [
        w for w, _ in house.memory.works
    ]


def test_a_change_afterwards_breaks_the_chain_at_its_number() -> None:
    """The entry is named, so that somebody can look at it."""
    from dataclasses import replace

    house = House()
    house.put(order())
    house.engine.take(SEVEN, event(EventKind.APPROVE), by=MAX)
    house.engine.take(SEVEN, event(EventKind.CSR_MADE), by=SYSTEM)
    first, digest = house.memory.audit[0]
    assert digest == chained(first, GENESIS)

    house.memory.audit[0] = (replace(first, by=OLGA), digest)

    assert 1 == house.audit.broken_at()


@pytest.mark.parametrize("kind", list(EventKind))
def test_the_lasting_facts_are_short_text(kind: EventKind) -> None:
    """Digests, references and codes; no bytes, no PEM, nothing secret."""
    facts = audit_facts(event(kind))

    assert (kind.value in EMPTY_OF_FACTS) is (facts == {})
    assert all(len(value) <= 64 and "-----" not in value for value in facts.values())


@pytest.mark.parametrize("kind", list(EventKind))
def test_every_event_brings_the_status_card_up_to_date_first(kind: EventKind) -> None:
    """The card is the order's face; each card is touched once an event."""
    messages = messages_for(event(kind), order(), RITA)
    cards = [m.card for m in messages if isinstance(m, CardMessage)]

    assert Card.STATUS is cards[0]
    assert {1} == set(Counter(cards).values())


@pytest.mark.parametrize("kind", list(EventKind))
def test_lines_go_to_the_thread_and_to_the_requester(kind: EventKind) -> None:
    """Direct messages only to the requester, and never without the line everybody sees."""
    lines = [m for m in messages_for(event(kind), order(), MAX) if isinstance(m, LineMessage)]

    assert (kind in SAID_IN_THREAD) is (Place.THREAD in {m.place for m in lines})
    assert (kind in TOLD_TO_REQUESTER) is (Place.DIRECT in {m.place for m in lines})
    assert {RITA} >= {m.to for m in lines if m.place is Place.DIRECT}
    assert all(all(m.facts.values()) for m in lines)


def test_whoever_hears_of_it_in_person_can_read_it_in_the_thread() -> None:
    """No secret between CertDesk and the requester; every card has an event that touches it."""
    assert TOLD_TO_REQUESTER <= SAID_IN_THREAD
    assert set(Card) - {Card.STATUS} == {card for cards in CARDS.values() for card in cards}


def test_whoever_asked_hears_of_every_end() -> None:
    """No order ends without a word to its requester, but where they ended it themselves or nobody was asked."""
    silent = {EventKind.CANCEL, EventKind.WITHDRAWN, EventKind.SUPERSEDED}
    ends = {
        kind for (state, kind), step in MOVES.items()
        if step.to is not state and step.to in {State.REJECTED, State.CANCELLED, State.LAPSED, State.ROLLED_BACK, State.RETIRED, State.FAILED}
    }  # fmt: skip

    assert ends - silent <= TOLD_TO_REQUESTER
