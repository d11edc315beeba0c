"""
The desk's book of orders: what was asked, which domains are proven, what was issued.

Never here: HTTP and HTML. Orders are values; each change puts a new one in the book.
"""

import itertools
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from sandbox.vendor.issuance import Issued, Issuer, lifetime_days
from sandbox.vendor.refusal import DeskRefused, NoSuchOrder, NotNow
from sandbox.vendor.request import CertificateRequest
from sandbox.vendor.trouble import Trouble

OrderId = NewType("OrderId", str)
FIRST_NUMBER = 1_048_576
PURCHASE = timedelta(days=365)


class Status(StrEnum):
    """Where an order stands, in the words of the control API."""

    PENDING = "pending_validation"
    ISSUED = "issued"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """One name and the TXT record that proves control of it."""

    name: str
    token: str
    confirmed: bool = False

    @property
    def record_name(self) -> str:
        """Where the record goes: the name itself, for a wildcard the name below the star."""
        return self.name.removeprefix("*.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One purchase: its current request and every certificate issued for it, newest last."""

    id: OrderId
    request: CertificateRequest
    placed_at: datetime
    ends_at: datetime
    domains: tuple[Domain, ...]
    status: Status = Status.PENDING
    issued: tuple[Issued, ...] = ()
    trouble: Trouble | None = None

    @property
    def number(self) -> str:
        """The number a customer quotes."""
        return f"SBX-{self.id}"

    def newest(self) -> Issued:
        """The certificate to download now."""
        if self.status is not Status.ISSUED:
            raise NotNow(
                f"Order {self.number} has no certificate to download: it is {self.status.value}. "
                "Confirm its domains first."
            )
        return self.issued[-1]


class OrderBook:
    """All orders of one desk, in memory; `next_trouble` spoils the next certificate, once."""

    def __init__(self, issuer: Issuer, *, clock: Callable[[], datetime]) -> None:
        self.next_trouble: Trouble | None = None
        self._issuer = issuer
        self._clock = clock
        self._orders: dict[OrderId, Order] = {}
        self._numbers = itertools.count(FIRST_NUMBER)

    def place(self, request: CertificateRequest) -> Order:
        """A new order that waits for its domains."""
        now = self._clock()
        order = Order(
            id=OrderId(str(next(self._numbers))),
            request=request,
            placed_at=now,
            ends_at=now + PURCHASE,
            domains=_domains(request),
        )
        return self._keep(order)

    def lifetime_days(self) -> int:
        """How long a certificate that is issued now lives."""
        return lifetime_days(self._clock())

    def all(self) -> list[Order]:
        """Every order, newest first."""
        return list(reversed(self._orders.values()))

    def order(self, order_id: str) -> Order:
        """The order of that id; raises NoSuchOrder."""
        try:
            return self._orders[OrderId(order_id)]
        except KeyError as error:
            raise NoSuchOrder(order_id) from error

    def confirm(self, order_id: str, name: str | None = None) -> Order:
        """Take one domain (or all) as proven; with the last one the certificate is issued."""
        order = self._pending(order_id)
        if name is not None and name not in {domain.name for domain in order.domains}:
            raise DeskRefused(f"Order {order.number} has no name {name[:80]!r} to confirm.")
        domains = tuple(
            replace(domain, confirmed=domain.confirmed or name in {None, domain.name})
            for domain in order.domains
        )
        return self._keep(self._issue_if_proven(replace(order, domains=domains)))

    def reject(self, order_id: str) -> Order:
        """End a pending order without a certificate."""
        return self._keep(replace(self._pending(order_id), status=Status.REJECTED))

    def rekey(self, order_id: str, request: CertificateRequest) -> Order:
        """
        A new request under an issued order: same number, same end, free of charge.

        Names proven before stay proven; if no other is asked for, the certificate is issued at once.
        """
        order = self.order(order_id)
        if order.status is not Status.ISSUED:
            raise NotNow(
                f"Order {order.number} cannot be rekeyed: it is {order.status.value}. "
                "Only an issued certificate can."
            )
        proven = {domain.name: domain for domain in order.domains}
        domains = tuple(proven.get(new.name, new) for new in _domains(request))
        asked = replace(order, request=request, domains=domains, status=Status.PENDING)
        return self._keep(self._issue_if_proven(asked))

    def spoil(self, order_id: str, trouble: Trouble | None) -> Order:
        """Choose what will be wrong with this order's next certificate; None means nothing."""
        return self._keep(replace(self.order(order_id), trouble=trouble))

    def _pending(self, order_id: str) -> Order:
        order = self.order(order_id)
        if order.status is not Status.PENDING:
            raise NotNow(
                f"Order {order.number} is {order.status.value} already; nothing was changed."
            )
        return order

    def _issue_if_proven(self, order: Order) -> Order:
        if not all(domain.confirmed for domain in order.domains):
            return order
        trouble = order.trouble or self.next_trouble
        issued = self._issuer.issue(
            order.request, at=self._clock(), ends_at=order.ends_at, trouble=trouble
        )
        if order.trouble is None:
            self.next_trouble = None
        return replace(order, status=Status.ISSUED, issued=(*order.issued, issued), trouble=None)

    def _keep(self, order: Order) -> Order:
        self._orders[order.id] = order
        return order


def _domains(request: CertificateRequest) -> tuple[Domain, ...]:
    return tuple(
        Domain(name=name, token=f"sandbox-trust-verify={secrets.token_hex(16)}")
        for name in request.names
    )
