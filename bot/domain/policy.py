"""
Who may do what to an order. Each check raises the reason; the yes/no is built from it.

The rule that holds everywhere: nobody passes a gate for what they themselves asked for or
uploaded, unless every host of the order is a named lab host.
"""

from bot.domain.approvals import KEEPERS, Gate, Role
from bot.domain.faults import Refused
from bot.domain.ids import PersonId
from bot.domain.order import CertificateOrder, Wish
from bot.domain.pending import clearable_rounds
from bot.domain.site import Site
from bot.domain.states import State


def check_keeps_gate(site: Site, order: CertificateOrder, gate: Gate, by: PersonId) -> None:
    """
    Check that this person keeps this gate for this order, whatever was decided before.

    Raises:
        Refused: ``not-<role>`` for a stranger to the gate, ``own-order``, ``own-upload`` or ``own-ending`` for
            somebody who would approve themselves.
    """
    role = KEEPERS[gate]
    if role not in site.roles_of(by):
        raise Refused(
            f"not-{role.value}",
            f"You are not an {role.value}, so this was not counted and nothing was changed. "
            f"{_who_may(site, order, role)}",
        )
    if not _is_lab(site, order):
        _check_not_own(site, order, role, by)
        if gate is Gate.CLEAR_REQUEST:
            _check_not_ended(site, order, role, by)


def check_may_decide(site: Site, order: CertificateOrder, gate: Gate, by: PersonId) -> None:
    """
    Check that this person may give their word at this gate of this order.

    Raises:
        Refused: what `check_keeps_gate` raises, or ``decided-already`` for a second word.
    """
    check_keeps_gate(site, order, gate, by)
    if any(
        a.by == by and a.gate is gate and a.subject == subject_of(order, gate)
        for a in order.approvals
    ):
        raise Refused(
            "decided-already",
            f"You have decided on this already; your word was counted once. {order.title} is "
            f"now {order.state.value.replace('_', ' ')}.",
        )


def subject_of(order: CertificateOrder, gate: Gate) -> str:
    """What a word at a gate is about, so that it counts for nothing else; empty where there is one thing only."""
    if gate is Gate.INSTALL:
        return order.plan.digest() if order.plan else ""
    if gate is Gate.CLEAR_REQUEST:
        rounds = ", ".join(map(str, clearable_rounds(order)))
        return f"rounds {rounds}" if rounds else ""
    if gate in _GIVEN_UP and order.kept:
        return f"{_GIVEN_UP[gate]} {order.kept + 1}"
    return ""


_GIVEN_UP = {Gate.RETIRE: "removal", Gate.ROLL_BACK: "roll-back"}
"""What can come to nothing and be asked for anew."""


def check_may_act(site: Site, order: CertificateOrder, by: PersonId) -> None:
    """
    Check that this person may push the order along: the requester, an approver or an operator.

    Raises:
        Refused: ``not-yours``.
    """
    if by == order.requester or site.roles_of(by) & {Role.APPROVER, Role.OPERATOR}:
        return
    raise Refused(
        "not-yours",
        f"{order.title} belongs to somebody else, so nothing was changed. "
        f"Ask <@{order.requester.split(':')[-1]}>, an approver or an operator to do it.",
    )


def check_may_cancel(site: Site, order: CertificateOrder, by: PersonId) -> None:
    """
    Check that this person may call the order off, as it stands.

    What was begun on the hosts is not undone by calling off, so then it is an operator's decision; and a
    certificate that was installed cannot be called off at all.

    Raises:
        Refused: ``not-yours``, ``not-operator``, or ``still-installed``.
    """
    check_may_act(site, order, by)
    if order.state is not State.FAILED or order.failed_in is State.APPROVED:
        return
    if order.failed_in is not State.INSTALLING:
        raise Refused(
            "still-installed",
            f"The certificate of {order.title} was installed and may still serve, so the order cannot be "
            f"called off; nothing was changed. Mend the cause and press Retry.",
        )
    if Role.OPERATOR not in site.roles_of(by):
        raise Refused(
            "not-operator",
            f"The installation of {order.title} was begun, and what it changed on the hosts stays when the "
            f"order is called off, so an operator decides; nothing was changed. "
            f"{_who_may(site, order, Role.OPERATOR)}",
        )


def check_local_key(site: Site, wish: Wish) -> None:
    """
    Check that CertDesk may make the key of what is asked for, if that is asked for: every host must allow it.

    Raises:
        Refused: ``local-key-forbidden``, with the hosts that do not.
    """
    if not wish.local_key_days:
        return
    hosts = {name: site.host(name) for name in wish.hosts}
    closed = [name for name, host in hosts.items() if host is None or not host.local_key]
    if closed:
        raise Refused(
            "local-key-forbidden",
            f"The configuration does not allow a key made by CertDesk for {', '.join(closed)}, so nothing was "
            f"ordered. Let the host make the key, or ask an administrator to set local_key for these hosts.",
        )


def keeps_gate(site: Site, order: CertificateOrder, gate: Gate, by: PersonId) -> bool:
    """Whether `check_keeps_gate` would pass."""
    try:
        check_keeps_gate(site, order, gate, by)
    except Refused:
        return False
    return True


def may_decide(site: Site, order: CertificateOrder, gate: Gate, by: PersonId) -> bool:
    """Whether `check_may_decide` would pass."""
    try:
        check_may_decide(site, order, gate, by)
    except Refused:
        return False
    return True


def _check_not_own(site: Site, order: CertificateOrder, role: Role, by: PersonId) -> None:
    if by == order.requester:
        raise Refused(
            "own-order",
            f"You asked for {order.title} yourself, so somebody else has to decide; "
            f"nothing was changed. {_who_may(site, order, role)}",
        )
    if by == order.uploader:
        raise Refused(
            "own-upload",
            f"You uploaded the bundle of {order.title} yourself, so somebody else has to "
            f"decide; nothing was changed. {_who_may(site, order, role)}",
        )


def _check_not_ended(site: Site, order: CertificateOrder, role: Role, by: PersonId) -> None:
    """Ending a round and destroying its key are two people's words; else one could do away with what others wait for."""
    own = [number for number in clearable_rounds(order) if order.ended_by.get(number) == by]
    if own:
        raise Refused(
            "own-ending",
            f"It was you after whose word nobody waits for the pending request of {order.title} any more, so somebody else "
            f"has to decide that its key is destroyed; nothing was changed. {_who_may(site, order, role, without=by)}",
        )


def _is_lab(site: Site, order: CertificateOrder) -> bool:
    hosts = [site.host(name) for name in order.wish.hosts]
    return bool(hosts) and all(host is not None and host.lab for host in hosts)


def _who_may(
    site: Site, order: CertificateOrder, role: Role, *, without: PersonId | None = None
) -> str:
    out = (order.requester, order.uploader, without)
    names = [p.name for p in site.keepers(role) if p.id not in out]
    if not names:
        return f"The configuration names no other {role.value}: ask an administrator to add one."
    return f"These may: {', '.join(names)}."
