"""The order at a glance, where it was asked for: state, facts, progress, fault, next, buttons."""

from collections.abc import Mapping
from itertools import groupby
from typing import Final

from bot.certs.findings import Finding, Severity
from bot.domain.approvals import Role
from bot.domain.life import may_keep
from bot.domain.order import CertificateOrder, HostStep
from bot.domain.pending import left_rounds
from bot.domain.plan import Caution
from bot.domain.site import Site
from bot.domain.states import CLEARED_IN, State
from handlers.blocks import order_facts as of
from handlers.blocks.buttons import order_buttons
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
    section,
)
from handlers.blocks.text import code, escape, hosts_in_row, mention, when
from handlers.headlines import FAULTS, NEXT, STEPS, finding_title
from handlers.ids import Action

_HOSTS_SHOWN = 12
_FINDINGS_SHOWN = 6
_WARNINGS_SHOWN = 4
_WARNING_LIMIT = 350
"""Characters of one warning; with its meaning, four of them fit into a section."""
_WAITS_SHOWN = 2
_FINDINGS_MATTER: Final = frozenset({State.SUBMITTED, State.ISSUED, State.CHECKING, State.PROVEN})
"""Later the bundle is installed or given up, and its findings stand in the thread and the audit."""
_SEVERITIES: Final[tuple[Severity, ...]] = ("refuse", "warn", "note")
"""What weighs more is shown first; findings of one weight stay in the order of the steps."""
_STEP_STATUS: Final[Mapping[str, str]] = {
    "running": "running",
    "done": "done",
    "failed": "failed",
    "waiting": "waiting",
}


_ROLE_NEEDED: Final[Mapping[State, Role]] = {
    State.PLACED: Role.APPROVER,
    State.PROVEN: Role.OPERATOR,
    State.FAILED: Role.OPERATOR,
}
_REQUESTERS_TURN: Final = frozenset({State.CSR_READY, State.ISSUED})


def status_card(order: CertificateOrder, steps: tuple[HostStep, ...], site: Site) -> Picture:
    """Render the status card, which opens the order's thread."""
    told = f"{of.sentence(order)} Next: {NEXT[order.state]}."
    blocks = [
        header(of.heading(order, of.state_title(order))),
        section(told),
        facts(_facts(order, site)),
        *_local_key(order),
        *_findings(order),
        *_progress(steps),
        *_fault(order),
        *_left_behind(order),
        context(f"Asked for by {mention(order.requester)} · {when(order.placed_at)} · "
                f"last change {when(order.changed_at)}"),
        *actions("status.actions", order_buttons(order, *_possible(order))),
    ]  # fmt: skip
    return picture(told, blocks)


def _possible(order: CertificateOrder) -> tuple[Action, ...]:
    return (*_of_its_life(order), *_of_its_requests(order))


def _of_its_requests(order: CertificateOrder) -> tuple[Action, ...]:
    if order.state not in CLEARED_IN or order.is_being_cleared:
        return ()
    if order.clearing is not None:
        return (Action.RETRY,)
    return (Action.CLEAR_REQUEST,) if left_rounds(order) else ()


def _of_its_life(order: CertificateOrder) -> tuple[Action, ...]:
    if order.state is State.PROVEN and order.plan is None:
        return (Action.CANCEL,)
    if order.state is State.FAILED:
        ways = _WAYS_OUT.get(order.failed_in, (Action.RETRY,))
        return tuple(one for one in ways if one is not Action.KEEP or may_keep(order))
    return BUTTONS.get(order.state, ())


def _facts(order: CertificateOrder, site: Site) -> list[tuple[str, str]]:
    rows = [
        *_waits_on(order, site),
        ("Names", of.names_line(order)),
        ("Hosts, in order", hosts_in_row(order.wish.hosts)),
        ("Services", of.services_line(order)),
        ("Vendor", of.vendor_name(order, site)),
    ]
    if order.vendor_reference:
        rows.append(("Vendor's order number", code(order.vendor_reference)))
    if order.certificate is not None:
        certificate = order.certificate.facts
        rows.append(("Valid until", when(certificate.not_after)))
        rows.append(("Thumbprint", code(certificate.thumbprint)))
    return rows + _links(order)


def _waits_on(order: CertificateOrder, site: Site) -> list[tuple[str, str]]:
    role = _ROLE_NEEDED.get(order.state)
    if role is not None:
        names = [
            p.name for p in site.keepers(role) if p.id not in (order.requester, order.uploader)
        ]
        told = escape(", ".join(names)) or f"an {role.value}; none is configured"
        return [("Waits for", told + _since(order))]
    if order.state in _REQUESTERS_TURN:
        return [("Waits for", mention(order.requester) + _since(order))]
    return []


def _since(order: CertificateOrder) -> str:
    return f", since {when(order.waits_since)}" if order.waits_since else ""


def _links(order: CertificateOrder) -> list[tuple[str, str]]:
    linked = (
        ("Renews", order.wish.renews),
        ("Renewed by", order.renewed_by),
        ("Superseded by", order.superseded_by),
    )
    return [(label, f"order {other}") for label, other in linked if other is not None]


def _local_key(order: CertificateOrder) -> list[Block]:
    told = of.local_key_line(order)
    return [context(told)] if told else []


def _findings(order: CertificateOrder) -> list[Block]:
    # The rows of what differs have their own table on the plan card. Notes stand in the evidence: here
    # they would bury what somebody must act on.
    said = (f for f in order.findings if f.severity != "note" and f.code != "changed")
    told = sorted(said, key=_weight)
    shown = told[:_FINDINGS_SHOWN]
    if not shown or order.state not in _FINDINGS_MATTER:
        return []
    lines = [f"• {finding_title(f.code)}: {f.message} ({f.severity}, {f.code})" for f in shown]
    rest = len(told) - len(shown)
    more = [f"and {rest} more"] if rest else []
    return [labelled("Findings about the bundle", "\n".join([*lines, *more]))]


def _weight(finding: Finding) -> int:
    return _SEVERITIES.index(finding.severity)


def _progress(steps: tuple[HostStep, ...]) -> list[Block]:
    by_host = groupby(sorted(steps, key=lambda s: s.host), key=lambda s: s.host)
    rows = [f"{code(host)}: {_steps(tuple(own))}" for host, own in by_host]
    if len(rows) > _HOSTS_SHOWN:
        rows = [*rows[:_HOSTS_SHOWN], f"and {len(rows) - _HOSTS_SHOWN} more hosts"]
    waits = dict.fromkeys(escape(s.note) for s in steps if s.status == "waiting" and s.note)
    rows += list(waits)[:_WAITS_SHOWN]
    return [section("*Progress*\n" + "\n".join(rows)), *_warnings(steps)] if rows else []


def _warnings(steps: tuple[HostStep, ...]) -> list[Block]:
    """What Exchange warned of, right under the progress, by host and step."""
    lines = [
        f"{code(step.host)}, {STEPS[step.step]}: {_caution(warned)}"
        for step in sorted(steps, key=lambda s: s.host)
        for warned in step.warnings
    ]
    if not lines:
        return []
    rest = len(lines) - _WARNINGS_SHOWN
    more = [f"and {rest} more; `certdesk evidence` has them all"] if rest > 0 else []
    return [section("\n• ".join(["*Warnings*", *lines[:_WARNINGS_SHOWN], *more]))]


def _caution(warned: Caution) -> str:
    said = f"Exchange said {code(warned.said, _WARNING_LIMIT)}" if warned.said else ""
    return " ".join(part for part in (said, escape(warned.meaning)) if part)


def _steps(own: tuple[HostStep, ...]) -> str:
    by_status = groupby(own, key=lambda s: _STEP_STATUS.get(s.status, s.status))
    return "; ".join(
        f"{', '.join(STEPS[s.step] for s in same)} {status}" for status, same in by_status
    )


def _fault(order: CertificateOrder) -> list[Block]:
    if not order.fault_code and not order.detail:
        return []
    headline = FAULTS.get(order.fault_code, "The work stopped.") if order.fault_code else ""
    codeword = f" ({order.fault_code})" if order.fault_code else ""
    told = [section(f"*{headline}*{codeword}")] if headline else []
    return told + ([outside_section(order.detail)] if order.detail else [])


def _left_behind(order: CertificateOrder) -> list[Block]:
    """What waits on the host for nobody, or what comes of its clearing."""
    host = code(order.wish.hosts[0])
    if order.clearing is not None and order.clearing.fault:
        return [
            section(f"*The pending request on {host} was not cleared.*"),
            outside_section(order.clearing.fault),
        ]
    if order.clearing is not None:
        return [section(f"The pending request this order left on {host} is being cleared.")]
    rounds = left_rounds(order)
    if not rounds:
        return []
    which = "The" if order.csr_round in rounds else "An earlier"
    return [
        section(
            f"{which} pending request of this order, with its private key, may be left on {host}; nobody waits for it."
        )
    ]


BUTTONS: Final[Mapping[State, tuple[Action, ...]]] = {
    State.PLACED: (Action.CANCEL,),
    State.CSR_READY: (Action.SUBMITTED, Action.CANCEL),
    State.SUBMITTED: (Action.UPLOAD, Action.CANCEL),
    State.ISSUED: (Action.UPLOAD, Action.CANCEL),
    State.PROVEN: (Action.REVIEW_PLAN, Action.CANCEL),
    State.INSTALLED: (Action.RENEW, Action.ROLL_BACK, Action.RETIRE),
    State.SUPERSEDED: (Action.RETIRE,),
}
"""What can be done by a person in each state; states that are not here wait for nobody's click."""

_WAYS_OUT: Final[Mapping[State | None, tuple[Action, ...]]] = {
    State.APPROVED: (Action.RETRY, Action.CANCEL),
    State.INSTALLING: (Action.RETRY, Action.ROLL_BACK, Action.CANCEL),
    State.ROLLING_BACK: (Action.RETRY, Action.KEEP),
    State.RETIRING: (Action.RETRY, Action.KEEP),
}
"""What can be done about a failure, by where it happened; an installed certificate is never called off."""
