"""
The one way to change an order: take an event, for a person, against the version they saw.

Who may is asked here and nowhere earlier for good; the store's compare-and-set has the last word,
so that two people in the same millisecond get one effect and two answers.
"""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import count

from bot.domain import events as ev
from bot.domain.approvals import Approval, Gate
from bot.domain.faults import Refused
from bot.domain.ids import SYSTEM, HostName, OrderId, PersonId, UploadId
from bot.domain.life import advance, may_keep, way_back
from bot.domain.order import CertificateOrder, Upload, Wish
from bot.domain.plan import Answer
from bot.domain.policy import (
    check_keeps_gate,
    check_local_key,
    check_may_act,
    check_may_cancel,
    check_may_decide,
    subject_of,
)
from bot.domain.site import Site
from bot.domain.states import RETRIES, EventKind, IllegalMove, State
from bot.domain.waiting import due_at
from bot.ports import Change, Clock, Draft, Orders
from bot.workflow.decision import decision_of
from bot.workflow.facts import entry_of, entry_of_placing
from bot.workflow.gates import (
    DECIDED_IN,
    check_agreed,
    check_answered,
    check_clears,
    check_gives_back,
    check_not_cleared,
    counting,
    has_what_is_decided,
)
from bot.workflow.key_fate import key_fate
from bot.workflow.notices import messages_for, placed_messages
from bot.workflow.refusals import not_now, stale

NOT_NOW = timedelta(days=7)
"""How long the watch stays silent after "not now" on a renewal card."""

REPORTED = frozenset(
    {
        EventKind.SUBMITTED,
        EventKind.ISSUED,
        EventKind.VENDOR_REJECTED,
        EventKind.REKEYED,
        EventKind.REPLAN,
    }
)
"""What people report without a gate; everything else is decided, or is the machine's own word."""

UNDER_WAY = frozenset(
    {
        State.PLACED,
        State.APPROVED,
        State.CSR_READY,
        State.SUBMITTED,
        State.ISSUED,
        State.CHECKING,
        State.PROVEN,
        State.INSTALLING,
        State.FAILED,
    }
)
"""A successor that still may take an order's place; any other one is over, and a yes opens the next."""


class Engine:
    """
    Takes what people and the machine report, and changes orders accordingly.

    Every method answers with the order afterwards, or raises `Refused` with a sentence for the person
    who asked; then nothing was changed.

    Args:
        link: the place in chat at which all of it is asked; goes into the audit.
    """

    def __init__(
        self, orders: Orders, site: Site, clock: Clock, *, link: str | None = None
    ) -> None:
        self._orders = orders
        self._site = site
        self._clock = clock
        self._link = link

    def asked_at(self, link: str | None) -> "Engine":
        """The same engine, for somebody who asks at this place in chat."""
        return Engine(self._orders, self._site, self._clock, link=link)

    def place(
        self,
        wish: Wish,
        *,
        by: PersonId,
        home: str,
        key: str,
        requester: PersonId | None = None,
    ) -> CertificateOrder:
        """
        Open an order.

        Args:
            by: who opens it.
            home: the channel the order's card and thread live in.
            key: names this very wish; the same key again gives the order made the first time.
            requester: whose order it is to be; None for that of who opens it.
        """
        check_local_key(self._site, wish)
        draft = Draft(wish=wish, requester=requester or by, home=home, key=key)
        now = self._clock.now()

        def tell(order: CertificateOrder) -> Change:
            entry = entry_of_placing(order, by=by, at=now, site=self._site, link=self._link)
            placed = replace(order, waits_since=now)
            due = due_at(placed, self._site.policy, given=0, at=now)
            return Change(order=placed, entry=entry, messages=placed_messages(placed), due_at=due)

        return self._orders.place(draft, now, tell)

    def take(
        self, order_id: OrderId, event: ev.Event, *, by: PersonId, version: int | None = None
    ) -> CertificateOrder:
        """
        Let an event happen to an order.

        Args:
            version: the version the person saw on the card; None when they saw none. A stale one is
                refused with the order's state as it is now.
        """
        order = self._orders.load(order_id)
        self._check_fresh(order, version)
        return self._apply(order, event, by)

    def decide(
        self,
        order_id: OrderId,
        gate: Gate,
        *,
        yes: bool,
        by: PersonId,
        version: int | None = None,
        reason: str = "",
        digest: str = "",
        answers: Mapping[HostName, Answer] | None = None,
    ) -> CertificateOrder:
        """
        Take one person's word at a gate.

        Args:
            digest: for the install gate, the plan the person read; another plan is refused.
            answers: for the install gate, the answer to each host's SMTP question.
        """
        order = self._orders.load(order_id)
        check_may_decide(self._site, order, gate, by)
        self._check_fresh(order, version)
        if order.state not in DECIDED_IN[gate] or not has_what_is_decided(order):
            raise not_now(order)
        about = digest if gate is Gate.INSTALL else subject_of(order, gate)
        word = Approval(
            gate=gate, by=by, at=self._clock.now(), yes=yes, reason=reason, subject=about
        )
        if gate is Gate.ROLL_BACK and yes:
            check_gives_back(order)
        if gate is Gate.CLEAR_REQUEST:
            check_clears(order)
        if gate is Gate.INSTALL:
            self._check_plan(order, digest)
            if yes:
                check_answered(order, answers or {})
                check_agreed(counting(self._site, order), digest, answers or {})
        return self._apply(order, decision_of(self._site, order, word, answers or {}), by)

    def retry(
        self, order_id: OrderId, *, by: PersonId, version: int | None = None
    ) -> CertificateOrder:
        """Take failed work up again where it stopped."""
        order = self._orders.load(order_id)
        # Not a decision of its own: what is taken up was decided; who rolled back may retry it too.
        check_keeps_gate(self._site, order, Gate.ROLL_BACK, by)
        self._check_fresh(order, version)
        if order.state is not State.FAILED and order.clearing and order.clearing.fault:
            return self._apply(order, ev.ClearRetried(), by)
        if order.state is not State.FAILED or order.failed_in not in RETRIES:
            raise not_now(order)
        return self._apply(order, ev.RetryAsked(kind=RETRIES[order.failed_in]), by)

    def keep(
        self, order_id: OrderId, *, by: PersonId, reason: str, version: int | None = None
    ) -> CertificateOrder:
        """Give a removal or a roll-back up that failed: what it changed stays so, and the order is watched again."""
        order = self._orders.load(order_id)
        check_keeps_gate(self._site, order, Gate.ROLL_BACK, by)
        self._check_fresh(order, version)
        if not may_keep(order):
            raise not_now(order)
        return self._apply(order, ev.Kept(kind=way_back(order), reason=reason), by)

    def cancel(
        self, order_id: OrderId, *, by: PersonId, reason: str, version: int | None = None
    ) -> CertificateOrder:
        """Call an order off; what the host keeps of it (a pending request) is said on the card."""
        order = self._orders.load(order_id)
        check_may_cancel(self._site, order, by)
        self._check_fresh(order, version)
        withdrawn = order.state is State.CSR_READY
        event = ev.Withdrawn(reason=reason) if withdrawn else ev.Cancelled(reason=reason)
        return self._apply(order, event, by)

    def report(
        self, order_id: OrderId, event: ev.Event, *, by: PersonId, version: int | None = None
    ) -> CertificateOrder:
        """
        Take what needs no gate: what a person at the vendor's desk reports, or the wish to read hosts again.

        Raises:
            ValueError: the event is not one of `REPORTED`; a door may not pass a gate by this way.
        """
        if event.kind not in REPORTED:
            raise ValueError(
                f"{event.kind.value!r} is not for a person to report; nothing was changed"
            )
        order = self._orders.load(order_id)
        check_may_act(self._site, order, by)
        self._check_fresh(order, version)
        return self._apply(order, event, by)

    def hand_in(
        self, order_id: OrderId, *, name: str, data: bytes, by: PersonId
    ) -> CertificateOrder:
        """Take a bundle; it is kept with the change of state or not at all, for a private key may be in it."""
        order = self._orders.load(order_id)
        check_may_act(self._site, order, by)
        if order.state not in (State.SUBMITTED, State.ISSUED):
            raise not_now(order)
        sha256 = hashlib.sha256(data).hexdigest()
        upload = Upload(
            order_id=order_id, name=name, data=data, sha256=sha256, by=by, at=self._clock.now()
        )

        def tell(upload_id: UploadId) -> Change:
            event = ev.BundleUploaded(upload_id=upload_id, file_name=name, by=by, sha256=sha256)
            return self._change(order, event, by)

        after = self._orders.hand_in(upload, order.version, tell)
        if after is None:
            raise stale(self._orders.load(order_id))
        return after

    def renew(
        self, order_id: OrderId, *, by: PersonId, version: int | None = None
    ) -> CertificateOrder:
        """
        Open and approve the successor of an installed order, on an approver's yes to the renewal card.

        It belongs to whoever asked for the order before: they go on to the vendor's desk, and keep away
        from its gates.

        Returns:
            the new order.
        """
        order = self._orders.load(order_id)
        check_keeps_gate(self._site, order, Gate.ISSUE, by)
        successor = self._opened_by(order, version)
        if successor is None:
            self._check_fresh(order, version)
            if order.state is not State.INSTALLED or order.renewed_by is not None:
                raise not_now(order)
            if order.renewal_asked_at is None:
                # Asked for by the watch, approved by a person; without the question it would be one person's act.
                raise not_now(order)
            successor = self._place_successor(order)
            try:
                self._apply(order, ev.RenewalOpened(successor=successor.id), by)
            except Refused:
                self._take_back(order.id, successor)
                raise
        if successor.state is not State.PLACED:
            return successor
        reason = successor.wish.reason
        return self.decide(successor.id, Gate.ISSUE, yes=True, by=by, reason=reason)

    def _opened_by(self, order: CertificateOrder, version: int | None) -> CertificateOrder | None:
        """
        The successor that a yes to this very card opened and that nobody has decided on; None when there is none.

        The yes was killed behind the opening: said again, it goes on to the decision. A card of an earlier question
        stays stale.
        """
        if order.state is not State.INSTALLED or order.renewed_by is None:
            return None
        successor = self._orders.load(order.renewed_by)
        is_this_card = version == order.version - 1
        return successor if is_this_card and successor.state is State.PLACED else None

    def _place_successor(self, order: CertificateOrder) -> CertificateOrder:
        """
        The successor that waits already, or a new one.

        The key tells which one it is, counted past those that are over, and not at which version of the order the
        yes was said: a yes that was killed behind the placing, and is said again after "not now", finds what it placed.
        """
        reason = f"Renewal of order {order.id}"
        days = self._site.policy.local_key_days if order.wish.local_key_days else 0
        wish = replace(order.wish, renews=order.id, reason=reason, local_key_days=days)
        for number in count(1):
            successor = self.place(
                wish, by=SYSTEM, home=order.home, key=f"renewal:{order.id}:{number}",
                requester=order.requester,
            )  # fmt: skip
            if successor.state in UNDER_WAY:
                return successor
        raise AssertionError("the loop has no end")

    def _take_back(self, order_id: OrderId, successor: CertificateOrder) -> None:
        """End the successor of a yes that came too late, unless another yes to the same card opened it."""
        if self._orders.load(order_id).renewed_by == successor.id:
            return
        reason = f"Order {order_id} was decided on otherwise in the same moment."
        with suppress(Refused):
            self.take(
                successor.id, ev.Cancelled(reason=reason), by=SYSTEM, version=successor.version
            )

    def postpone_renewal(
        self, order_id: OrderId, *, by: PersonId, version: int | None = None
    ) -> CertificateOrder:
        """Say "not now" to a renewal card."""
        order = self._orders.load(order_id)
        check_keeps_gate(self._site, order, Gate.ISSUE, by)
        self._check_fresh(order, version)
        return self._apply(order, ev.RenewalPostponed(until=self._clock.now() + NOT_NOW), by)

    def _apply(self, order: CertificateOrder, event: ev.Event, by: PersonId) -> CertificateOrder:
        change = self._change(order, event, by)
        if not self._orders.save(change):
            raise stale(self._orders.load(order.id))
        return change.order

    def _change(self, order: CertificateOrder, event: ev.Event, by: PersonId) -> Change:
        now = self._clock.now()
        try:
            after, work = advance(order, event, at=now, by=by)
        except IllegalMove:
            raise not_now(order) from None
        check_not_cleared(order, work)
        entry = entry_of(event, order, after, by=by, at=now, site=self._site, link=self._link)
        return Change(
            order=after,
            entry=entry,
            messages=messages_for(event, after, by),
            work=work,
            due_at=due_at(after, self._site.policy, given=0, at=now),
            # Judged, the file has served: what is needed of it afterwards is its name and hash.
            wipes=order.upload_id if order.state is State.CHECKING else None,
            **key_fate(order, event, after, by=by, at=now),
        )

    def _check_fresh(self, order: CertificateOrder, version: int | None) -> None:
        if version is not None and version != order.version:
            raise stale(order)

    def _check_plan(self, order: CertificateOrder, digest: str) -> None:
        if order.plan is None:
            raise not_now(order)
        if order.plan.digest() != digest:
            raise stale(order)
