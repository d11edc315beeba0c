"""
The table of states as a page for people: `docs/states.md`, printed by ``certdesk states``.

A test compares the page with what is printed here, so the page cannot lie. No rule is decided here.
"""

from bot.domain.states import ENDS, ENGINE_OWNED, MOVES, RETRIES, EventKind, Move, State, Work

WAITS_FOR: dict[State, str] = {
    State.PLACED: "an approver's yes or no",
    State.APPROVED: "nobody: the host makes the CSR",
    State.CSR_READY: "a person who pastes the CSR at the vendor's desk",
    State.SUBMITTED: "the vendor",
    State.ISSUED: "a person who hands in the vendor's zip",
    State.CHECKING: "nobody: the zip is taken apart and judged",
    State.PROVEN: "an operator's decision on the plan, once the hosts were read",
    State.INSTALLING: "nobody: the hosts are done one after the other",
    State.INSTALLED: "the calendar: the certificate serves, its expiry is watched",
    State.ROLLING_BACK: "nobody: the certificates of before get their services back",
    State.RETIRING: "nobody: the certificate is removed from its hosts",
    State.ROLLED_BACK: "nobody, it has ended: the certificates of before serve again",
    State.REJECTED: "nobody, it has ended: an approver or the vendor said no",
    State.CANCELLED: "nobody, it has ended: it was called off",
    State.LAPSED: "nobody, it has ended: nobody decided in time",
    State.FAILED: "an operator, who mends the cause and retries, rolls back a half installation, keeps what was to be removed or rolled back, or cancels",
    State.SUPERSEDED: "an approver, who may have the old certificate removed",
    State.RETIRED: "nobody, it has ended: the certificate was removed",
}
"""What an order in each state waits for."""

HAPPENS: dict[EventKind, str] = {
    EventKind.ENDORSE: "one more yes, the quorum is not reached yet",
    EventKind.APPROVE: "the approvers say yes",
    EventKind.REJECT: "an approver says no",
    EventKind.CANCEL: "somebody who may calls it off",
    EventKind.LAPSE: "nobody decided in time",
    EventKind.CSR_MADE: "the host made the CSR, and it is what was ordered",
    EventKind.HOST_REFUSED: "the CSR could not be made",
    EventKind.SUBMITTED: "the vendor has the CSR; its reference is noted",
    EventKind.WITHDRAWN: "called off before the vendor had the CSR",
    EventKind.ISSUED: "the vendor has issued the certificate",
    EventKind.VENDOR_REJECTED: "the vendor refuses the order",
    EventKind.REKEYED: "the vendor wants a CSR with another key",
    EventKind.BUNDLE_UPLOADED: "somebody hands in the zip",
    EventKind.BUNDLE_PROVEN: "the zip holds what was ordered",
    EventKind.BUNDLE_REFUSED: "the zip is refused, with every reason",
    EventKind.PLAN_MADE: "the hosts were read, a plan stands ready",
    EventKind.PLAN_FAILED: "a host could not be read",
    EventKind.REPLAN: "somebody wants the hosts read again",
    EventKind.INSTALL_APPROVED: "the operators say yes to this very plan",
    EventKind.HOST_DONE: "one host is installed and proven",
    EventKind.HOST_FAILED: "a host stopped the work",
    EventKind.INSTALL_FINISHED: "every host is installed and proven",
    EventKind.ROLL_BACK: "an operator wants the certificates of before back",
    EventKind.ROLL_BACK_FINISHED: "the certificates of before serve again, but for what another one serves by now",
    EventKind.RETIRE: "an approver wants the certificate removed",
    EventKind.RETIRE_FINISHED: "the certificate is gone from its hosts",
    EventKind.KEEP_INSTALLED: "the removal is given up before anything was removed, or it or a roll-back by an operator",
    EventKind.KEEP_SUPERSEDED: "the same, where a later order's certificate serves",
    EventKind.SUPERSEDED: "a later order's certificate took over",
    EventKind.REINSTATED: "the later order was rolled back, so this certificate serves again",
    EventKind.RENEWAL_PROPOSED: "the watch proposes a successor",
    EventKind.RENEWAL_POSTPONED: "an approver says not now",
    EventKind.RENEWAL_OPENED: "the successor's order was placed",
    EventKind.RETRY_CSR: "an operator retries the CSR",
    EventKind.RETRY_INSTALL: "an operator retries the installation",
    EventKind.RETRY_ROLL_BACK: "an operator retries the roll-back",
    EventKind.RETRY_RETIRE: "an operator retries the removal",
    EventKind.CLEAR_REQUEST: "an approver has the abandoned pending requests cleared",
    EventKind.REQUEST_CLEARED: "the abandoned pending requests are gone from the host",
    EventKind.CLEAR_FAILED: "a pending request could not be cleared",
    EventKind.RETRY_CLEAR: "an operator retries the clearing",
}
"""What each event means."""

STARTS: dict[Work, str] = {
    Work.NOTHING: "",
    Work.MAKE_CSR: "make the CSR",
    Work.CHECK_BUNDLE: "judge the zip",
    Work.MAKE_PLAN: "read the hosts, make the plan",
    Work.INSTALL: "install",
    Work.ROLL_BACK: "roll back",
    Work.RETIRE: "remove",
    Work.CLEAR_REQUEST: "clear the pending requests",
}
"""What the machine starts."""

_HEAD = """\
# The life of an order

Printed from the table in `bot/domain/states.py` by `certdesk states > docs/states.md`; do not edit it here.
An event that is not in the table is refused and changes nothing.
"""


def print_states() -> str:
    """The whole page, in Markdown with a Mermaid diagram."""
    return "\n".join((_HEAD, *_states(), "", *_moves(), "", *_diagram(), ""))


def _states() -> list[str]:
    rows = [f"| `{state.value}` | {WAITS_FOR[state]} | {_owner(state)} |" for state in State]
    return ["## States", "", "| state | waits for | moved by |", "|---|---|---|", *rows]


def _owner(state: State) -> str:
    if state in ENGINE_OWNED:
        return "the machine"
    return "" if state in ENDS else "people and the calendar"


def _moves() -> list[str]:
    rows = [
        f"| `{state.value}` | `{event.value}`: {HAPPENS[event]} | `{step.to.value}` | {STARTS[step.work]} |"
        for (state, event), step in MOVES.items()
    ]
    retries = ", ".join(f"`{kind.value}` after `{state.value}`" for state, kind in RETRIES.items())
    return [
        "## Events",
        "",
        "| in state | happens | leads to | starts |",
        "|---|---|---|---|",
        *rows,
        "",
        f"Which retry a failed order takes follows from the state in which it failed: {retries}.",
    ]


def _diagram() -> list[str]:
    arrows = [_arrow(state, event, step) for (state, event), step in MOVES.items()]
    ends = [f"    {state.value} --> [*]" for state in State if state in ENDS]
    first = f"    [*] --> {next(iter(State)).value}"
    return ["## Picture", "", "```mermaid", "stateDiagram-v2", first, *arrows, *ends, "```"]


def _arrow(state: State, event: EventKind, step: Move) -> str:
    return f"    {state.value} --> {step.to.value} : {event.value}"
