"""The pending requests of a host, each with the order that made it."""

from bot.domain.faults import OrderUnknown
from bot.domain.ids import HostName
from bot.domain.order import CertificateOrder
from bot.domain.pending import JudgedRequest, claimed_order, judge_request
from bot.domain.surroundings import PendingCertificate
from bot.ports import ExchangeHosts, Orders


def pending_requests(
    hosts: ExchangeHosts, orders: Orders, host: HostName
) -> tuple[JudgedRequest, ...]:
    """
    Read a host's pending requests and say whose each is, in the host's order.

    Raises:
        HostFault: the host could not be read.
    """
    return tuple(
        judge_request(request, host, _claimed(orders, request)) for request in hosts.pending(host)
    )


def _claimed(orders: Orders, request: PendingCertificate) -> CertificateOrder | None:
    number = claimed_order(request)
    if number is None:
        return None
    try:
        return orders.load(number)
    except OrderUnknown:
        return None
