"""What several pictures say of an order in the same words: its facts and its decisions."""

from bot.domain.approvals import KEEPERS, Approval, Gate
from bot.domain.order import CertificateOrder
from bot.domain.site import Site
from bot.domain.states import State
from handlers.blocks.text import code, codes, count, day, escape, hosts_in_row, mention, when
from handlers.headlines import GATES, STATES

_NAMES_LIMIT = 1200
CONNECTORS_LINE = "those that name the certificate of before are changed to the new one"
"""What the order asks for beside the services; an order that does not ask for it says nothing."""
_KEPT = frozenset(
    {State.CSR_READY, State.SUBMITTED, State.ISSUED, State.CHECKING, State.PROVEN, State.INSTALLING, State.FAILED}
)  # fmt: skip
"""States in which a key made by CertDesk is still needed."""


def heading(order: CertificateOrder, what: str) -> str:
    """A heading in plain text: what, which order, which name."""
    return f"{what} · order {order.id} · {order.wish.subject.common_name}"


def state_title(order: CertificateOrder) -> str:
    """The state in words, to begin a heading with."""
    words = STATES[order.state]
    return words[0].upper() + words[1:]


def sentence(order: CertificateOrder) -> str:
    """One sentence in mrkdwn that stands alone: which order, for what, where, in which state."""
    return (
        f"Order {order.id} for {code(order.wish.subject.common_name)} on "
        f"{hosts_in_row(order.wish.hosts)} is {STATES[order.state]}."
    )


def names_line(order: CertificateOrder) -> str:
    """The names, as many as fit, with their number."""
    names = order.wish.names
    return f"{count(len(names), 'name')}: {codes(list(names), limit=_NAMES_LIMIT)}"


def key_line(order: CertificateOrder) -> str:
    """The key, who makes it, and whether it may leave its host."""
    if order.wish.local_key_days:
        return f"RSA {order.wish.key_bits}, made by CertDesk, not exportable on the hosts"
    movable = "exportable" if order.wish.exportable else "not exportable"
    return f"RSA {order.wish.key_bits}, {movable}"


def local_key_line(order: CertificateOrder) -> str:
    """What becomes of a key that CertDesk makes, in words for people; empty where a host makes it."""
    if order.key_dies_at is None:
        return ""
    until = f"encrypted until {day(order.key_dies_at)} at the latest"
    if order.state is State.PLACED:
        return (
            f"The private key is made by CertDesk, kept {until}, and leaves it only as a PFX to the hosts named here. "
            "It is deleted as soon as every host is proven, or the order ends."
        )
    if order.state is State.APPROVED:
        return f"The private key is being made by CertDesk, to be kept {until}."
    if order.state in _KEPT:
        return f"The private key was made by CertDesk and is kept {until}."
    if order.state in (State.REJECTED, State.LAPSED, State.CANCELLED):
        return "CertDesk keeps no private key of this order."
    return "The private key was made by CertDesk, reached the hosts as a PFX, and was deleted here."


def services_line(order: CertificateOrder) -> str:
    """The services to enable."""
    return ", ".join(order.wish.services) or "none"


def vendor_name(order: CertificateOrder, site: Site) -> str:
    """The vendor as the configuration calls it."""
    vendor = site.vendor(order.wish.vendor)
    return escape(vendor.title) if vendor else code(order.wish.vendor)


def subject_line(order: CertificateOrder) -> str:
    """The subject as Exchange takes it."""
    return code(order.wish.subject.as_exchange())


def decision_line(word: Approval) -> str:
    """Who said what at which gate, when and why."""
    if word.gate is Gate.OVERWRITE_SMTP:
        host = word.subject.partition(":")[0]
        said = f"answered {'Yes' if word.yes else 'No'} to overwriting the default SMTP certificate on {code(host)}"
    else:
        said = f"{'approved' if word.yes else 'refused'} {GATES[word.gate]}"
    why = f": {code(word.reason)}" if word.reason and word.gate is not Gate.OVERWRITE_SMTP else ""
    return f"{mention(word.by)} {said}, {when(word.at)}{why}"


def decisions(order: CertificateOrder, *gates: Gate) -> str:
    """The decisions at these gates, one a line; empty when there is none."""
    return "\n".join(decision_line(word) for word in order.approvals if word.gate in gates)


def may_decide_line(site: Site, gate: Gate) -> str:
    """Who keeps a gate, mentioned so that they hear of the question."""
    keepers = ", ".join(mention(person.id) for person in site.keepers(KEEPERS[gate]))
    return f"May decide: {keepers or 'nobody; an administrator has to name somebody'}"
