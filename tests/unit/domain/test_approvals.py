"""Counting a quorum."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.approvals import Approval, Gate, yes_count
from bot.domain.ids import PersonId
from tests.unit.domain.samples import MAX, MIA, NOON

words = st.builds(
    Approval,
    gate=st.sampled_from(Gate),
    by=st.sampled_from([PersonId(f"T1:U{n}") for n in range(4)]),
    at=st.just(NOON),
    yes=st.booleans(),
    subject=st.sampled_from(["", "digest"]),
)


def test_only_a_yes_at_this_gate_to_this_subject_counts() -> None:
    """A no, another gate, another plan and a second yes of one person do not count."""
    said = (
        Approval(gate=Gate.INSTALL, by=MAX, at=NOON, yes=True, subject="a"),
        Approval(gate=Gate.INSTALL, by=MAX, at=NOON, yes=True, subject="a"),
        Approval(gate=Gate.INSTALL, by=MIA, at=NOON, yes=True, subject="b"),
        Approval(gate=Gate.INSTALL, by=MIA, at=NOON, yes=False, subject="a"),
        Approval(gate=Gate.ISSUE, by=MIA, at=NOON, yes=True, subject="a"),
    )

    assert 1 == yes_count(said, Gate.INSTALL, subject="a")


@settings(deadline=None)
@given(st.lists(words).map(tuple), st.randoms())
def test_the_order_of_the_words_does_not_matter(said: tuple[Approval, ...], random: Random) -> None:
    """A quorum is a set of people, so shuffling what they said changes nothing."""
    shuffled = tuple(sorted(said, key=lambda _: random.random()))

    for gate in Gate:
        assert yes_count(said, gate) == yes_count(shuffled, gate)


@settings(deadline=None)
@given(st.lists(words).map(tuple))
def test_no_more_people_are_counted_than_spoke(said: tuple[Approval, ...]) -> None:
    """However often they click."""
    assert yes_count(said, Gate.ISSUE) <= len({word.by for word in said})
