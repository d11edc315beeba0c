"""A confirmation as PowerShell asks it over the wire: a host call, its four choices, and the wait for an index."""

import threading
from typing import Any, Final

from psrpcore.types import ChoiceDescription, PSList

CAPTION: Final = "Confirm"
YES: Final = frozenset({0, 1})
"""Yes and Yes to All; No is 2, No to All is 3."""

_CHOICES: Final = (
    ("&Yes", "Continue with only the next step of the operation."),
    ("Yes to &All", "Continue with all the steps of the operation."),
    ("&No", "Skip this operation and proceed with the next operation."),
    ("No to A&ll", "Skip this operation and all subsequent operations."),
)


class Unanswered(Exception):
    """Whoever should have answered is gone; the pipeline stops where it stands."""


class Question:
    """One question under way; the pipeline waits on it, the connection's thread answers it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._is_settled = threading.Event()
        self._index: int | None = None

    def parameters(self) -> list[Any]:
        """The arguments of PromptForChoice: caption, message, choices, and the default, which is Yes."""
        choices = [
            ChoiceDescription.ToPSObjectForRemoting(
                ChoiceDescription(Label=label, HelpMessage=text), for_host=True
            )
            for label, text in _CHOICES
        ]
        return [CAPTION, self.text, PSList(choices), 0]

    def answer(self, index: object) -> None:
        """Take the client's index."""
        self._index = int(index) if isinstance(index, int) else None
        self._is_settled.set()

    def give_up(self) -> None:
        """Nobody will answer any more."""
        self._is_settled.set()

    def wait(self, timeout_s: float) -> bool:
        """
        Yes or no, as the client said.

        Raises:
            Unanswered: no answer in time, no index, or the session ended.
        """
        if not self._is_settled.wait(timeout_s) or self._index is None:
            raise Unanswered
        return self._index in YES
