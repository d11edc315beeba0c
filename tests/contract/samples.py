"""Orders, drafts and changes to fill a store with."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.certs.names import DnsName
from bot.domain.audit import AuditEntry
from bot.domain.ids import HostName, OrderId, PersonId, UploadId, VendorName
from bot.domain.messages import Card, CardMessage, LineMessage, Message, Place
from bot.domain.order import CertificateOrder, HostStep, Upload, Wish
from bot.domain.plan import Service, Step
from bot.domain.states import State, Work
from bot.domain.subject import Subject
from bot.ports import Change, Draft, Orders

NOON = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
ANNA = PersonId("T1:UANNA")
BERT = PersonId("T1:UBERT")
EX01 = HostName("EX01")
STATUS = CardMessage(card=Card.STATUS)
LINE = LineMessage(code="order-placed", place=Place.THREAD, facts={"name": "mail"})


def wish(**parts: Any) -> Wish:
    """A wish for mail.example.com on EX01."""
    whole: dict[str, Any] = {
        "hosts": (EX01,),
        "subject": Subject(common_name="mail.example.com", organization="Example, Inc."),
        "names": (DnsName("mail.example.com"),),
        "key_bits": 2048,
        "exportable": True,
        "services": (Service.IIS, Service.SMTP),
        "vendor": VendorName("godaddy"),
        "reason": "the old one ends",
    }
    return Wish(**{**whole, **parts})


def draft(key: str = "form-1") -> Draft:
    """Anna's draft, handed in with this key."""
    return Draft(wish=wish(), requester=ANNA, home="C1", key=key)


def entry(order_id: OrderId, what: str = "approve", **parts: Any) -> AuditEntry:
    """An audit entry about this order."""
    whole: dict[str, Any] = {
        "order_id": order_id,
        "at": NOON,
        "by": ANNA,
        "what": what,
        "before": "placed",
        "after": "approved",
        "facts": {"digest": "0f"},
    }
    return AuditEntry(**{**whole, **parts})


def placed(order: CertificateOrder) -> Change:
    """What a new order is told as: the status card."""
    return Change(order=order, entry=entry(order.id, "place"), messages=(STATUS,))


def place(orders: Orders, key: str = "form-1") -> CertificateOrder:
    """Put an order into a store."""
    return orders.place(draft(key), NOON, placed)


def change(
    order: CertificateOrder,
    *messages: Message,
    work: Work = Work.NOTHING,
    what: str = "approve",
    **parts: Any,
) -> Change:
    """The next version of an order, with these parts changed."""
    after = replace(
        order,
        **{"version": order.version + 1, "changed_at": NOON + timedelta(minutes=1), **parts},
    )
    return Change(order=after, entry=entry(order.id, what), messages=messages, work=work)


def step(status: str = "done", *, host: HostName = EX01, of: Step = Step.IMPORT) -> HostStep:
    """A word on a step."""
    return HostStep(host=host, step=of, status=status, note="seen in the store", at=NOON)


def upload(order_id: OrderId, data: bytes = b"PK\x03\x04", name: str = "bundle.zip") -> Upload:
    """A file that Bert handed in."""
    return Upload(order_id=order_id, name=name, data=data, sha256="ab" * 32, by=BERT, at=NOON)


def hand_in(
    orders: Orders, order: CertificateOrder, file: Upload | None = None, **parts: Any
) -> CertificateOrder:
    """The order after a file was handed in for it, which is to be judged; ``upload_id`` names it."""

    def tell(upload_id: UploadId) -> Change:
        whole = {"state": State.CHECKING, "upload_id": upload_id, "uploader": BERT, **parts}
        return change(order, what="bundle_uploaded", **whole)

    after = orders.hand_in(file or upload(order.id), order.version, tell)
    assert after is not None
    return after
