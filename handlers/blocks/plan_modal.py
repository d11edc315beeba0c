"""The modal in which an operator reads the whole plan and answers what Exchange would ask."""

from collections.abc import Iterator, Mapping

from bot.domain.approvals import Gate
from bot.domain.ids import HostName
from bot.domain.order import CertificateOrder
from bot.domain.plan import Answer, HostPlan, InstallPlan, SmtpQuestion
from handlers.blocks.fields import choice, field, line
from handlers.blocks.parts import (
    Block,
    context,
    divider,
    modal,
    option,
    outside_section,
    preformatted,
    section,
)
from handlers.blocks.plan_card import DIGEST_SHOWN, certificate_line, operations_text
from handlers.blocks.state_reader import chosen, typed
from handlers.blocks.text import code, hosts_in_row
from handlers.ids import Callback, Field, answer_field
from handlers.refs import OrderRef, render_ref

_OPERATIONS_LIMIT = 6000
_HOSTS_SHOWN = 18
"""Five blocks a host at the most; a modal holds a hundred."""
_NOTE_LIMIT = 500


def plan_modal(order: CertificateOrder, plan: InstallPlan) -> Block:
    """Render the modal; its metadata says which plan was read, to be compared at the submission."""
    ref = OrderRef(order=order.id, version=order.version, gate=Gate.INSTALL, digest=plan.digest())
    told = (
        f"Order {order.id} for {code(order.wish.subject.common_name)}: install on "
        f"{hosts_in_row(order.wish.hosts)}, one after the other; the first fault stops the work."
    )
    blocks = [section(told), *_hosts(plan), *_foot(plan)]
    return modal(
        Callback.PLAN_FORM, title="Review and install", submit="Install now", close="Not yet",
        metadata=render_ref(ref), blocks=blocks,
    )  # fmt: skip


def read_answers(
    state: Mapping[str, Mapping[str, object]], plan: InstallPlan
) -> dict[HostName, Answer]:
    """The answers given, by host; a host whose question stayed open is missing."""
    said = {
        host.host: chosen(state, answer_field(place))
        for place, host in enumerate(plan.hosts)
        if host.question is not None
    }
    return {host: Answer(word) for host, word in said.items() if word in list(Answer)}


def read_note(state: Mapping[str, Mapping[str, object]]) -> str:
    """What the operator noted for the audit; may be empty."""
    return typed(state, Field.PLAN_NOTE)[:_NOTE_LIMIT]


def open_questions(plan: InstallPlan, answers: Mapping[HostName, Answer]) -> dict[str, str]:
    """A sentence for each question that stayed open, by its field."""
    return {
        answer_field(place): f"Answer No or Yes for {host.host}; nothing was installed."
        for place, host in enumerate(plan.hosts)
        if host.question is not None and host.host not in answers
    }


def _hosts(plan: InstallPlan) -> Iterator[Block]:
    for place, host in enumerate(plan.hosts[:_HOSTS_SHOWN]):
        yield divider()
        yield section(f"*{place + 1}. {code(host.host)}*  (build {code(host.build)})")
        yield preformatted(operations_text(host) or "Nothing to do.", _OPERATIONS_LIMIT)
        if host.forecast:
            yield outside_section("\n".join(f"• {said}" for said in host.forecast))
        if host.question is not None:
            yield section(_certificates(host.question))
            yield _question(place, host, host.question)


def _certificates(question: SmtpQuestion) -> str:
    return (
        f"Current default SMTP certificate: {certificate_line(question.current)}\n"
        f"Replace it with: {certificate_line(question.new)}"
    )


def _question(place: int, host: HostPlan, question: SmtpQuestion) -> Block:
    options = [
        option("No", Answer.NO, "Mail between servers keeps the current one; SMTP is enabled too"),
        option("Yes", Answer.YES, "Mail between servers uses the new one from now on"),
    ]
    answers = choice(options, initial=question.default or "", kind="radio_buttons")
    return field(
        answer_field(place), f"{host.host}: overwrite the default SMTP certificate?", answers
    )


def _foot(plan: InstallPlan) -> list[Block]:
    note = line(most=_NOTE_LIMIT, lines=True)
    return [
        divider(),
        field(Field.PLAN_NOTE, "Note for the audit", note, optional=True),
        context(
            f"Plan digest {code(plan.digest()[:DIGEST_SHOWN])}: exactly this plan runs, or none. "
            "Services move at once; clients may have to sign in again."
        ),
    ]
