"""The plan of an installation, as the operators see it; the decision itself is taken in the modal."""

from collections.abc import Iterator

from bot.domain.approvals import Gate, yes_count
from bot.domain.order import CertificateOrder
from bot.domain.plan import Answer, CertificateLine, HostPlan, InstallPlan
from bot.domain.site import Site
from bot.domain.states import State
from handlers.blocks import order_facts as of
from handlers.blocks.buttons import order_buttons
from handlers.blocks.parts import (
    Block,
    Picture,
    actions,
    context,
    facts,
    header,
    outside_section,
    picture,
    preformatted,
    section,
)
from handlers.blocks.text import code, codes, count, cut_markup, when
from handlers.headlines import FAULTS
from handlers.ids import Action

DIGEST_SHOWN = 12
_ROOM = 7000
"""Characters of plan on one card: Slack refuses messages above about 13,000 altogether."""
_HOSTS_SHOWN = 8
_LEAST_FOR_HOST = 600


def plan_card(order: CertificateOrder, site: Site) -> Picture:
    """Render the plan card: hosts in order, every operation, the forecast; buttons while it waits."""
    told = of.sentence(order)
    blocks = [
        header(of.heading(order, _title(order))),
        section(told),
        *_plan_or_fault(order),
        *_footer(order, site),
    ]
    return picture(f"{_title(order)}. {told}", blocks)


def certificate_line(line: CertificateLine | None) -> str:
    """A certificate with its handle and its end, or the word that there is none."""
    if line is None:
        return "none in the host's store"
    return f"{code(line.thumbprint)}, expires {when(line.not_after)}"


def only_if(answer: Answer | None) -> str:
    """When an operation runs, if not always."""
    return f"  (only if the answer is {answer.value.capitalize()})" if answer else ""


def operations_text(plan: HostPlan) -> str:
    """Every operation of a host as PowerShell for people, numbered."""
    return "\n".join(
        f"{number}. {op.text}{only_if(op.only_if)}" for number, op in enumerate(plan.operations, 1)
    )


def _title(order: CertificateOrder) -> str:
    if order.state is State.PROVEN:
        return "Plan to review" if order.plan else "No plan yet"
    return "Plan"


def _plan_or_fault(order: CertificateOrder) -> list[Block]:
    if order.plan is None:
        headline = FAULTS.get(order.fault_code, "The hosts are being read.")
        detail = [outside_section(order.detail)] if order.detail else []
        return [section(f"*{headline}*"), *detail]
    return [_summary(order.plan), *_hosts(order.plan)]


def _summary(plan: InstallPlan) -> Block:
    return facts(
        [
            ("New certificate", code(plan.thumbprint)),
            ("Expires", when(plan.not_after)),
            ("Names", f"{count(len(plan.names), 'name')}: {codes(list(plan.names), limit=600)}"),
            ("Services", ", ".join(plan.services)),
            ("Plan digest", code(plan.digest()[:DIGEST_SHOWN])),
        ]
    )


def _hosts(plan: InstallPlan) -> Iterator[Block]:
    shown = plan.hosts[:_HOSTS_SHOWN]
    room = max(_ROOM // max(len(shown), 1), _LEAST_FOR_HOST)
    for number, host in enumerate(shown, 1):
        yield section(cut_markup(_host_head(number, host), 1000))
        yield preformatted(operations_text(host) or "Nothing to do.", room // 2)
        if host.forecast:
            yield outside_section(_forecast(host, room // 2))
    if len(plan.hosts) > len(shown):
        yield context(f"{len(plan.hosts) - len(shown)} more hosts: press *Review and install*.")


def _host_head(number: int, host: HostPlan) -> str:
    lines = [f"*{number}. {code(host.host)}*  (build {code(host.build)})"]
    if host.question is not None:
        lines.append(f"Default SMTP certificate now: {certificate_line(host.question.current)}")
        lines.append(f"The new one: {certificate_line(host.question.new)}")
    return "\n".join(lines)


def _forecast(host: HostPlan, room: int) -> str:
    text = "\n".join(f"• {sentence}" for sentence in host.forecast)
    return text if len(text) <= room else text[: room - 1] + "…"


def _footer(order: CertificateOrder, site: Site) -> list[Block]:
    said = of.decisions(order, Gate.INSTALL, Gate.OVERWRITE_SMTP)
    record = [context(said)] if said else []
    if order.state is not State.PROVEN:
        return record
    policy = [context(_policy(order, site))] if order.plan else []
    return [*record, *policy, *actions("plan.actions", order_buttons(order, *_possible(order)))]


def _policy(order: CertificateOrder, site: Site) -> str:
    need = site.policy.quorum.get(Gate.INSTALL, 1)
    digest = order.plan.digest() if order.plan else ""
    have = yes_count(order.approvals, Gate.INSTALL, subject=digest)
    return (
        f"{have} of {count(need, 'approval')}. {of.may_decide_line(site, Gate.INSTALL)}, "
        "but nobody on what they asked for or uploaded themselves."
    )


def _possible(order: CertificateOrder) -> tuple[Action, ...]:
    if order.plan is not None:
        return (Action.REVIEW_PLAN, Action.REPLAN, Action.REJECT_PLAN)
    return (Action.REPLAN, Action.CANCEL) if order.fault_code else ()
