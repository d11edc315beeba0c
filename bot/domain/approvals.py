"""Gates and the decisions people take at them; each decision is a record of its own."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.ids import PersonId


class Gate(StrEnum):
    """What may not happen without somebody's yes."""

    ISSUE = "issue"
    INSTALL = "install"
    OVERWRITE_SMTP = "overwrite_smtp"
    ROLL_BACK = "roll_back"
    RETIRE = "retire"
    CLEAR_REQUEST = "clear_request"


class Role(StrEnum):
    """What a person was given in the configuration; asking needs no role."""

    APPROVER = "approver"
    OPERATOR = "operator"
    AUDITOR = "auditor"


KEEPERS: dict[Gate, Role] = {
    Gate.ISSUE: Role.APPROVER,
    Gate.INSTALL: Role.OPERATOR,
    Gate.OVERWRITE_SMTP: Role.OPERATOR,
    Gate.ROLL_BACK: Role.OPERATOR,
    Gate.RETIRE: Role.APPROVER,
    Gate.CLEAR_REQUEST: Role.APPROVER,
}
"""Who keeps which gate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """
    One person's yes or no at one gate.

    Args:
        yes: the word itself; for the SMTP gate the answer to Exchange's question.
        subject: what the decision is about: the plan's digest, or the host of the SMTP question.
    """

    gate: Gate
    by: PersonId
    at: datetime
    yes: bool
    reason: str = ""
    subject: str = ""


def yes_count(approvals: tuple[Approval, ...], gate: Gate, *, subject: str = "") -> int:
    """Count the different people who said yes at a gate to this very subject."""
    return len({a.by for a in approvals if a.gate is gate and a.yes and a.subject == subject})
