"""The printed life of an order."""

from pathlib import Path

from bot.domain.diagram import HAPPENS, STARTS, WAITS_FOR, print_states
from bot.domain.states import MOVES, EventKind, State, Work

PAGE = Path(__file__).parents[3] / "docs" / "states.md"


def test_the_page_is_what_the_table_prints() -> None:
    """When it is not: `certdesk states > docs/states.md`."""
    assert print_states() == PAGE.read_text(encoding="utf-8")


def test_every_state_event_and_work_has_its_words() -> None:
    """Nothing new stays unexplained."""
    assert set(State) == set(WAITS_FOR)
    assert set(EventKind) == set(HAPPENS)
    assert set(Work) == set(STARTS)


def test_every_move_is_a_row_and_an_arrow() -> None:
    """Neither the table nor the picture leaves one out."""
    page = print_states()

    for (state, event), step in MOVES.items():
        assert f"    {state.value} --> {step.to.value} : {event.value}\n" in page
        assert (
            f"| `{state.value}` | `{event.value}`: {HAPPENS[event]} | `{step.to.value}` |" in page
        )
