"""The plan of an installation, as the operators see it; the decision itself is taken in the modal."""

from collections.abc import Iterator

from bot.domain.approvals import Gate, yes_count
from bot.domain.order import CertificateOrder
from bot.domain.plan import InstallPlan
from bot.domain.site import Site
from bot.domain.states import State
from handlers.blocks import order_facts as of
from handlers.blocks.buttons import order_buttons
from handlers.blocks.comparison import comparison
from handlers.blocks.parts import (
    Block,
    Picture,
    actions,
    context,
    facts,
    header,
    labelled,
    outside_section,
    picture,
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
from handlers.blocks.text import code, codes, count, when
from handlers.headlines import FAULTS
from handlers.ids import Action

_ROOM = 7000
"""Characters of plan on one card: Slack refuses messages above about 13,000 altogether."""
_HOSTS_SHOWN = 8
_LEAST_FOR_HOST = 600


def plan_card(order: CertificateOrder, site: Site) -> Picture:
    """Render the plan card: hosts in order, the forecast, every operation; buttons while it waits."""
    told = of.sentence(order)
    blocks = [
        header(of.heading(order, _title(order))),
        section(told),
        *_plan_or_fault(order),
        *_footer(order, site),
    ]
    return picture(f"{_title(order)}. {told}", blocks)


def _title(order: CertificateOrder) -> str:
    if order.state is State.PROVEN:
        return "Plan to review" if order.plan else "No plan yet"
    return "Plan"


def _plan_or_fault(order: CertificateOrder) -> list[Block]:
    if order.plan is None:
        headline = FAULTS.get(order.fault_code, "The hosts are being read.")
        detail = [outside_section(order.detail)] if order.detail else []
        return [section(f"*{headline}*"), *detail]
    return [_summary(order.plan), *comparison(order), *_hosts(order.plan)]


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
        yield section(host_head(number, host))
        if host.forecast:
            yield labelled(FORECAST, forecast_text(host), room // 2)
        yield preformatted(COMMANDS, operations_text(host), room // 2)
    if len(plan.hosts) > len(shown):
        yield context(f"{len(plan.hosts) - len(shown)} more hosts: press *Review and install*.")


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
        f"{have} of {count(need, 'approval')} so far. {of.may_decide_line(site, Gate.INSTALL)}; "
        "nobody decides on their own order or upload."
    )


def _possible(order: CertificateOrder) -> tuple[Action, ...]:
    if order.plan is not None:
        return (Action.REVIEW_PLAN, Action.REPLAN, Action.REJECT_PLAN)
    return (Action.REPLAN, Action.CANCEL) if order.fault_code else ()
