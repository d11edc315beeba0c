"""Leases on hosts in memory: the same promises as `bot/store/leases.py`."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.domain.ids import HostName
from bot.domain.leases import Holder, Lease, Occupied, lease_key
from bot.ports import Clock
from tests.fakes.store import Memory

RESTS = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One host's row."""

    lease: Lease
    expires_at: datetime
    busy_until: datetime = RESTS


class FakeLeases:
    """`bot.workflow.leases.HostLeases` in memory."""

    def __init__(self, memory: Memory, clock: Clock, *, hold_s: float) -> None:
        self._memory = memory
        self._clock = clock
        self._hold = timedelta(seconds=hold_s)

    def take(self, host: HostName, holder: Holder) -> Lease | Occupied:
        """Take a host or renew the hold on it."""
        with self._memory.change():
            now, key = self._clock.now(), lease_key(host)
            for other, held in list(self._memory.leases.items()):
                if other != key and held.lease.holder == holder:
                    self._end(other, held)
            known = self._set_right(key)
            if known is None:
                return self._keep(Lease(host=host, holder=holder, fence=1), RESTS)
            whose, fence = known.lease.holder, known.lease.fence
            if whose == holder:
                return self._keep(replace(known.lease, host=host), known.busy_until)
            if (whose.order_id, whose.version) == (holder.order_id, holder.version):
                return self._keep(
                    Lease(host=host, holder=holder, fence=fence + 1), known.busy_until
                )
            if known.expires_at <= now:
                return self._keep(Lease(host=host, holder=holder, fence=fence + 1), RESTS)
            left = (known.expires_at - now).total_seconds()
            return Occupied(order_id=whose.order_id, left_s=left)

    def renew(self, lease: Lease, *, busy_until: datetime) -> bool:
        """Check and renew a lease; False when it is lost."""
        held = self._held(lease)
        if held is None or held.expires_at <= self._clock.now():
            return False
        self._keep(lease, busy_until)
        return True

    def rest(self, lease: Lease) -> None:
        """The command begun last has ended."""
        with self._memory.change():
            held = self._held(lease)
            if held is not None:
                self._memory.leases[lease_key(lease.host)] = replace(held, busy_until=RESTS)

    def release(self, holder: Holder) -> None:
        """Let go of everything."""
        with self._memory.change():
            for key, held in list(self._memory.leases.items()):
                if held.lease.holder in {holder, replace(holder, worker="")}:
                    self._end(key, held)

    def bury(self, worker: str) -> None:
        """A process is dead: its hosts stay with its runs."""
        with self._memory.change():
            for key, held in list(self._memory.leases.items()):
                if held.lease.holder.worker == worker:
                    until = self._clock.now() + self._hold
                    self._memory.leases[key] = replace(
                        held, lease=_nobody_s(held), expires_at=until
                    )

    def _held(self, lease: Lease) -> Held | None:
        held = self._memory.leases.get(lease_key(lease.host))
        same = held is not None and (held.lease.holder, held.lease.fence) == (
            lease.holder,
            lease.fence,
        )
        return held if same else None

    def _keep(self, lease: Lease, busy_until: datetime) -> Lease:
        self._memory.leases[lease_key(lease.host)] = Held(
            lease=lease, expires_at=self._clock.now() + self._hold, busy_until=busy_until
        )
        return lease

    def _end(self, key: str, held: Held) -> None:
        now = self._clock.now()
        if held.expires_at > now:
            until = max(now, min(held.busy_until, now + self._hold))
            self._memory.leases[key] = replace(held, lease=_nobody_s(held), expires_at=until)

    def _set_right(self, key: str) -> Held | None:
        known, most = self._memory.leases.get(key), self._clock.now() + self._hold
        if known is not None:
            known = self._memory.leases[key] = replace(
                known,
                expires_at=min(known.expires_at, most),
                busy_until=min(known.busy_until, most),
            )
        return known


def _nobody_s(held: Held) -> Lease:
    return replace(held.lease, holder=replace(held.lease.holder, worker=""))
