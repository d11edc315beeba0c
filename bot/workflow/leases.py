"""
The lease on a host: one run of work changes a host at a time, across orders, processes and machines.

The queue serves one job a host only for the first host of an order, and a worker that was frozen and taken
for dead comes back believing that it still works; neither may change a host that another one changes.
"""

from typing import Protocol

from bot.domain.ids import HostName
from bot.domain.leases import Holder, Lease, Occupied
from bot.workflow.outcome import LONGEST_WAIT_S, TryLater

WAIT_S = 5.0
"""Seconds between two looks whether a host that another order works on is free."""


def hold_of(deadline_s: float) -> float:
    """
    How long a lease lasts without renewal, in seconds.

    It is renewed with each intent and with each try. From the last intent its command may run for a whole deadline;
    the next try comes after the longest wait at the latest. The second deadline is for the looks in between.
    """
    return 2 * deadline_s + LONGEST_WAIT_S


class HostLeases(Protocol):
    """
    Leases on hosts, in the store of the journal.

    1. A host has at most one holder; its name in any case is the same host. Taking, renewing and looking
       who has it are one statement. The same run of work takes it over from a process of before at once.
    2. A holder holds one host at a time: taking another lets go of the one
       before, so that no two wait for each other.
    3. `Journal.intend` checks the lease and renews it in the
       transaction of the intent.
    4. A lease ends by itself when nobody renews it for so long that the command
       begun last, and the longest wait between two checks, are over.
    """

    def take(self, host: HostName, holder: Holder) -> Lease | Occupied:
        """Take a host or renew the hold on it; the fence stays for the same holder and grows for a new one."""
        ...

    def rest(self, lease: Lease) -> None:
        """The command begun last has ended: nothing of this holder runs on the host."""
        ...

    def release(self, holder: Holder) -> None:
        """
        The run of work has ended: let go of everything it held, here or in a process that is buried.

        A command that may still be running keeps its host until its deadline.
        """
        ...

    def bury(self, worker: str) -> None:
        """
        A process is dead, or taken for it: it holds nothing any more, and can renew nothing.

        Its hosts stay with its runs of work, which go on elsewhere: whatever was begun there comes to its end
        before another order changes the host.
        """
        ...


def wait_for(host: HostName, occupied: Occupied) -> TryLater:
    """How a step ends whose host another order works on; no try is used up by it."""
    return TryLater(
        "host-in-use",
        f"{host} is being worked on for order {occupied.order_id}. This order waits and goes on by itself "
        f"when the host is free; nothing was changed there for it meanwhile.",
        after_s=WAIT_S,
        counts=False,
    )
