"""What one person's word at a gate makes happen: pure, from the words that count already and the one that is given."""

from collections.abc import Mapping

from bot.domain import events as ev
from bot.domain.approvals import Approval, Gate, yes_count
from bot.domain.ids import HostName
from bot.domain.order import CertificateOrder
from bot.domain.pending import clearable_rounds
from bot.domain.plan import Answer
from bot.domain.site import Site
from bot.workflow.gates import counting, needed, smtp_words
from bot.workflow.refusals import not_now


def decision_of(
    site: Site, order: CertificateOrder, word: Approval, answers: Mapping[HostName, Answer]
) -> ev.Event:
    """
    Say what happens by this person's word at a gate.

    Raises:
        Refused: ``not-now``; a no where nobody has to say one.
    """
    if not word.yes:
        return _refusal(order, word)
    words = (word, *smtp_words(word, answers))
    have = yes_count((*counting(site, order), word), word.gate, subject=word.subject)
    if have < needed(site, word.gate, answers):
        return ev.Endorsed(gate=word.gate, approvals=words, reason=word.reason)
    match word.gate:
        case Gate.ISSUE:
            return ev.Approved(reason=word.reason, approvals=words)
        case Gate.INSTALL:
            return ev.InstallApproved(
                digest=word.subject, answers=answers, reason=word.reason, approvals=words
            )
        case Gate.ROLL_BACK:
            return ev.RollBackAsked(reason=word.reason, approvals=words)
        case Gate.RETIRE:
            return ev.RetireAsked(reason=word.reason, approvals=words)
        case Gate.CLEAR_REQUEST:
            rounds = clearable_rounds(order)
            return ev.ClearAsked(rounds=rounds, reason=word.reason, approvals=words)
        case Gate.OVERWRITE_SMTP:
            raise AssertionError("this gate never stands open by itself, see DECIDED_IN")


def _refusal(order: CertificateOrder, word: Approval) -> ev.Event:
    match word.gate:
        case Gate.ISSUE:
            return ev.Rejected(reason=word.reason, approvals=(word,))
        case Gate.INSTALL:
            return ev.Cancelled(reason=word.reason, approvals=(word,))
        case _:
            # Nobody has to say no to a roll-back or a removal: what nobody asks for does not happen.
            raise not_now(order)
