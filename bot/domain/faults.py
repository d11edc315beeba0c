"""
What can go wrong, sorted by who must act, never by where it happened.

    Refused        the person who clicked: not allowed, not now; nothing changed
    HostFault      a host did not do what was asked; ``executed`` says whether it may have
    OrderUnknown   nobody ordered that
"""

from enum import StrEnum
from typing import Literal

from bot.domain.ids import HostName, OrderId

Executed = Literal["no", "maybe", "yes"]


class Refused(Exception):
    """
    A person may not do this, or not now. Nothing was changed.

    Args:
        code: stable and searchable, for example ``not-an-approver``.
        sentence: what happened, what was not done, what to do next; shown to that person alone.
    """

    def __init__(self, code: str, sentence: str) -> None:
        self.code = code
        self.sentence = sentence
        super().__init__(sentence)


class OrderUnknown(Refused):
    """No order has this number."""

    def __init__(self, order_id: OrderId) -> None:
        super().__init__(
            "order-unknown",
            f"There is no order {order_id}. Nothing was changed. `/cert list` shows the open ones.",
        )


class FaultKind(StrEnum):
    """Why a host did not do it; decides who acts and whether trying again makes sense."""

    UNREACHABLE = "host-unreachable"
    SIGN_IN = "host-sign-in"
    ACCESS_DENIED = "host-access-denied"
    BUSY = "host-busy"
    TIMEOUT = "host-timeout"
    CMDLET_ERROR = "host-cmdlet-error"
    NOT_TAKEN = "host-not-taken"
    UNSUPPORTED = "host-unsupported"
    PROTOCOL = "host-protocol"


TRANSIENT = frozenset({FaultKind.UNREACHABLE, FaultKind.BUSY, FaultKind.TIMEOUT})
"""Kinds that may pass by themselves. Never the sign-in: repeated wrong passwords lock accounts."""


class HostFault(Exception):
    """
    A host did not do what was asked.

    Args:
        kind: which sort; see `FaultKind`.
        host: which host.
        sentence: for the operator: what happened, what was not done, what to do next.
        executed: whether the operation can have run on the host before this came back.
        code: the raw code of the wire or of Exchange, for search; may be empty.
        retry_after_s: seconds to wait before another try, when the host said so.
    """

    def __init__(
        self,
        kind: FaultKind,
        host: HostName,
        sentence: str,
        *,
        executed: Executed,
        code: str = "",
        retry_after_s: float | None = None,
    ) -> None:
        self.kind = kind
        self.host = host
        self.sentence = sentence
        self.executed: Executed = executed
        self.code = code
        self.retry_after_s = retry_after_s
        super().__init__(sentence)


class DatabaseAway(Exception):
    """
    The database cannot be used for a reason that passes: it is gone, full, locked, or shutting down.

    Args:
        kind: the driver's name for it, for the log. Never its text, which can hold the address with its password.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.sentence = (
            f"The database cannot be used for the moment ({kind}): it is away, full or busy. What was asked may not be "
            f"done."
        )
        super().__init__(self.sentence)
