"""
Pending certificate requests on a host: whose they are, whether they are awaited, and which may be cleared.

A pending request is a private key that waits for its certificate. The rule that holds everywhere: what an order
still waits for is never cleared, and neither is what cannot be proven to be CertDesk's own.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.certs.csr import parse_csr
from bot.certs.findings import BadMaterial
from bot.certs.prints import Thumbprint
from bot.domain.ids import HostName, OrderId
from bot.domain.order import CertificateOrder
from bot.domain.states import CLEARED_IN, State
from bot.domain.surroundings import PendingCertificate

FRIENDLY_NAME_MAX: Final = 63
"""Friendly names have fewer than 64 characters (exchange.md 2.1)."""

_OURS: Final = re.compile(r"CertDesk ([1-9][0-9]{0,8})-([1-9][0-9]{0,3}) .*", re.DOTALL)
_OVER: Final = frozenset(
    {State.REJECTED, State.CANCELLED, State.LAPSED, State.ROLLED_BACK, State.RETIRED}
)
"""Orders that wait for no certificate any more, not even after a retry."""


class Standing(StrEnum):
    """Whether anybody waits for a pending request."""

    AWAITED = "awaited"
    ABANDONED = "abandoned"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRequest:
    """
    A request, and what CertDesk knows of it.

    Args:
        order: the order that made it; None where it is foreign.
        round: which of the order's requests it is, from 1; 0 where it is foreign.
        can_clear: it is abandoned, its public key is that of a CSR the order keeps, and the order stands still.
    """

    request: PendingCertificate
    standing: Standing
    order: CertificateOrder | None = None
    round: int = 0
    can_clear: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearAsk:
    """
    What a host is asked to drop, with the proof it compares right before.

    Args:
        csr_pem: the order's own CSR; a request with another public key is left alone.
    """

    host: HostName
    friendly_name: str
    thumbprint: Thumbprint
    csr_pem: str


def request_name(order: CertificateOrder, number: int) -> str:
    """The friendly name of an order's request of a round, unique to both; cut to what Exchange takes."""
    return f"CertDesk {order.id}-{number} {order.wish.subject.common_name}"[:FRIENDLY_NAME_MAX]


def claimed_order(request: PendingCertificate) -> OrderId | None:
    """The order a request's friendly name claims to be of; proves nothing."""
    found = _OURS.fullmatch(request.friendly_name)
    return OrderId(int(found[1])) if found else None


def judge_request(
    request: PendingCertificate, host: HostName, order: CertificateOrder | None
) -> JudgedRequest:
    """
    Say whose a request is.

    Args:
        order: the order its name claims, as it stands; None when there is none.
    """
    found = _OURS.fullmatch(request.friendly_name)
    if order is None or found is None or not _is_of(request, host, order, int(found[2])):
        return JudgedRequest(request=request, standing=Standing.FOREIGN)
    number = int(found[2])
    is_abandoned = number in abandoned_rounds(order)
    return JudgedRequest(
        request=request,
        standing=Standing.ABANDONED if is_abandoned else Standing.AWAITED,
        order=order,
        round=number,
        can_clear=number in clearable_rounds(order)
        and request.key_sha256 != ""
        and request.key_sha256 == key_of(csr_of_round(order, number)),
    )


def abandoned_rounds(order: CertificateOrder) -> tuple[int, ...]:
    """The rounds whose requests the order does not wait for: those replaced, and the last one when it is over."""
    last = last_round(order)
    return tuple(range(1, last + 1 if order.state in _OVER else last))


def clearable_rounds(order: CertificateOrder) -> tuple[int, ...]:
    """The abandoned rounds whose CSR is kept, so that their requests can be told from any other, and not cleared yet."""
    if order.state not in CLEARED_IN or order.wish.local_key_days:
        return ()
    return tuple(
        number
        for number in abandoned_rounds(order)
        if number not in order.cleared and csr_of_round(order, number)
    )


def left_rounds(order: CertificateOrder) -> tuple[int, ...]:
    """Those of the clearable rounds that were not completed by an installation, as far as the order can know."""
    was_imported = order.installed_at is not None or order.failed_in is State.INSTALLING
    return tuple(
        number
        for number in clearable_rounds(order)
        if not (was_imported and number == order.csr_round)
    )


def last_round(order: CertificateOrder) -> int:
    """The newest round of which a request can exist: without a CSR the next one may have been begun."""
    return order.csr_round if order.csr_pem else order.csr_round + 1


def csr_of_round(order: CertificateOrder, number: int) -> str:
    """The CSR of a round as PEM; empty when none is kept."""
    current = order.csr_pem if number == order.csr_round else ""
    return order.past_csrs.get(number, current)


def key_of(csr_pem: str) -> str:
    """SHA-256 of a CSR's public key (SubjectPublicKeyInfo); empty when it cannot be read."""
    try:
        return parse_csr(csr_pem).key.spki_sha256 if csr_pem else ""
    except BadMaterial:
        return ""


def _is_of(
    request: PendingCertificate, host: HostName, order: CertificateOrder, number: int
) -> bool:
    """By name, host and round the order's own; and not with another key than the CSR it keeps."""
    if request.friendly_name != request_name(order, number) or number > last_round(order):
        return False
    if host.lower() != order.wish.hosts[0].lower() or order.wish.local_key_days:
        return False
    kept = key_of(csr_of_round(order, number))
    return not (kept and request.key_sha256 and kept != request.key_sha256)
