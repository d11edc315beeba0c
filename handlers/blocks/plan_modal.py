"""
The modal in which an operator reads the whole plan and answers what Exchange would ask.

Four blocks a host: the twenty hosts an order may have (`order_form`) fit into the hundred of a modal.
"""

from collections.abc import Iterator, Mapping

from bot.domain.approvals import Gate
from bot.domain.ids import HostName
from bot.domain.order import CertificateOrder
from bot.domain.plan import Answer, HostPlan, InstallPlan
from handlers.blocks.comparison import comparison
from handlers.blocks.fields import choice, field, line
from handlers.blocks.parts import (
    Block,
    context,
    divider,
    labelled,
    modal,
    option,
    preformatted,
    section,
)
from handlers.blocks.plan_facts import (
    COMMANDS,
    DIGEST_SHOWN,
    FORECAST,
    forecast_text,
    host_head,
    operations_text,
)
from handlers.blocks.state_reader import chosen, typed
from handlers.blocks.text import code, hosts_in_row
from handlers.ids import Callback, Field, answer_field
from handlers.refs import OrderRef, render_ref

_OPERATIONS_LIMIT = 4000
_NOTE_LIMIT = 500


def plan_modal(order: CertificateOrder, plan: InstallPlan) -> Block:
    """Render the modal; its metadata says which plan was read, to be compared at the submission."""
    ref = OrderRef(order=order.id, version=order.version, gate=Gate.INSTALL, digest=plan.digest())
    told = (
        f"Order {order.id} for {code(order.wish.subject.common_name)}: install on "
        f"{hosts_in_row(order.wish.hosts)}{_one_by_one(plan)}; the first fault stops the work."
    )
    blocks = [section(told), *comparison(order), *_hosts(order, plan), *_foot(plan)]
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


def _hosts(order: CertificateOrder, plan: InstallPlan) -> Iterator[Block]:
    digest = plan.digest()
    given = {
        word.subject: Answer.YES if word.yes else Answer.NO
        for word in order.approvals
        if word.gate is Gate.OVERWRITE_SMTP
    }
    for place, host in enumerate(plan.hosts):
        yield section(host_head(place + 1, host))
        if host.forecast:
            yield labelled(FORECAST, forecast_text(host))
        yield preformatted(COMMANDS, operations_text(host), _OPERATIONS_LIMIT)
        if host.question is not None:
            # With a quorum everybody has to give the same answers, so the ones given are proposed.
            proposed = given.get(f"{host.host}:{digest}", host.question.default)
            yield _question(place, host, proposed)


def _one_by_one(plan: InstallPlan) -> str:
    return ", one after the other" if len(plan.hosts) > 1 else ""


def _question(place: int, host: HostPlan, proposed: Answer | None) -> Block:
    options = [
        option("No", Answer.NO, "Mail between servers keeps the current one; SMTP is enabled too"),
        option("Yes", Answer.YES, "Mail between servers uses the new one from now on"),
    ]
    answers = choice(options, initial=proposed or "", kind="radio_buttons")
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
