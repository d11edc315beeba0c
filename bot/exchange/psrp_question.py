"""
A question Exchange asks over its endpoint, and the index that answers it as a person decided. Pure.

An answer is given only to a question that is recognised and names both certificates of the decision; whatever
else is asked is left unanswered, for the default of every question is yes (exchange.md 3.1).
"""

import re
from collections.abc import Sequence
from typing import Final

from bot.domain.faults import FaultKind, HostFault
from bot.domain.ids import HostName
from bot.exchange.call import Call, SmtpDecision

_BEGINNING: Final = "overwrite the existing default smtp certificate?"
_THUMBPRINT: Final = re.compile(r"\b[0-9A-Fa-f]{40}\b")
_YES: Final = (0, "yes")
_NO: Final = (2, "no")
_LONGEST: Final = 500


class NotDecided(Exception):
    """
    Nobody has decided on what was asked.

    Args:
        code: ``QuestionUnanswered``, ``UnknownQuestion`` or ``QuestionChanged``.
        reason: what is wrong with the question, as the middle of a sentence.
    """

    def __init__(self, code: str, asked: str, reason: str) -> None:
        self.code = code
        self.asked = asked
        self.reason = reason
        super().__init__(reason)


def answer_index(message: str, labels: Sequence[str], decision: SmtpDecision | None) -> int:
    """
    Find the index that says what was decided.

    Args:
        labels: of the choices, in order; ``&`` marks a key.

    Raises:
        NotDecided: nothing was decided, another question, other certificates, or choices in another order.
    """
    if decision is None:
        raise NotDecided("QuestionUnanswered", message, "which nobody has decided")
    if not message.strip().casefold().startswith(_BEGINNING):
        raise NotDecided("UnknownQuestion", message, "which nobody has decided")
    named = [found.upper() for found in _THUMBPRINT.findall(message)]
    if named != [decision.current, decision.new]:
        raise NotDecided(
            "QuestionChanged",
            message,
            f"and what was decided is whether {decision.new} replaces {decision.current}",
        )
    index, word = _YES if decision.overwrite else _NO
    plain = [label.replace("&", "").strip().casefold() for label in labels]
    if plain[index : index + 1] != [word]:
        raise NotDecided("UnknownQuestion", message, f"and offers other choices: {plain!r}"[:200])
    return index


def question_fault(host: HostName, call: Call, unsaid: NotDecided) -> HostFault:
    """The fault for a question that was left unanswered: what needs none was done before it came."""
    text = " ".join(unsaid.asked.split())
    shown = repr(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")
    return HostFault(
        FaultKind.NOT_TAKEN,
        host,
        f"{host}: {call.title} asked {shown}, {unsaid.reason}. CertDesk answered nothing and ended the session; "
        "what needs no answer was done, nothing else. Look at the host and make a new plan.",
        executed="yes" if call.changes else "no",
        code=unsaid.code,
    )
