"""Who may change a host at this moment: values of the lease on it."""

from dataclasses import dataclass

from bot.domain.ids import HostName, OrderId


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """
    One run of one order's work in one process.

    Args:
        worker: the process, by a word no other process ever has, also not a later one in the same slot.
        version: the order's version the work was started with.
    """

    worker: str
    order_id: OrderId
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """
    The right to change one host, until somebody else took it.

    Args:
        fence: grows with each new holder of this host; a holder of before is known by it and refused.
    """

    host: HostName
    holder: Holder
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupied:
    """
    Somebody else has the host.

    Args:
        order_id: whose work it is.
        left_s: seconds until the lease ends by itself if its holder is dead.
    """

    order_id: OrderId
    left_s: float


def lease_key(host: HostName) -> str:
    """One host has one lease, however people write its name."""
    return host.casefold()
