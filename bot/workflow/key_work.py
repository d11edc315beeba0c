"""The keys CertDesk makes, as its jobs use them: one for a CSR, a parcel for one host; each use is told in the audit."""

from bot.certs.csr import check_csr, parse_csr
from bot.domain import events as ev
from bot.domain.audit import AuditEntry
from bot.domain.faults import FaultKind, HostFault, Refused
from bot.domain.ids import SYSTEM
from bot.domain.order import CertificateOrder
from bot.domain.plan import Operation
from bot.domain.policy import check_local_key
from bot.domain.sealed import Bond, Purpose
from bot.domain.site import Site
from bot.key_ports import KeyTrouble, LocalKeys, Parcel, SealedSecrets
from bot.ports import Clock
from bot.workflow.outcome import NeedsPerson


def key_bond(order: CertificateOrder) -> Bond:
    """What the key of the order's present CSR is sealed for."""
    return Bond(order_id=order.id, purpose=Purpose.PRIVATE_KEY, round=order.csr_round)


class KeyWork:
    """Makes, checks and packs the keys of orders that asked for a key made by CertDesk."""

    def __init__(self, keys: LocalKeys, secrets: SealedSecrets, site: Site, clock: Clock) -> None:
        self._keys = keys
        self._secrets = secrets
        self._site = site
        self._clock = clock

    def make(self, order: CertificateOrder) -> ev.CsrMade | NeedsPerson:
        """
        Make a key with its CSR, both of the order's next round; nothing is kept before the event is taken.

        Raises:
            BadMaterial: the CSR is not what was ordered.
        """
        dies_at = order.key_dies_at
        if dies_at is None or dies_at <= self._clock.now():
            return NeedsPerson(
                "local-key-gone",
                f"The last day of the key of {order.title} has passed, so none was made and no CSR was posted. "
                f"Cancel the order and ask anew.",
            )
        try:
            check_local_key(self._site, order.wish)
            bond = Bond(order_id=order.id, purpose=Purpose.PRIVATE_KEY, round=order.csr_round + 1)
            made = self._keys.make(bond, order.wish, dies_at=dies_at)
        except Refused as refused:
            return NeedsPerson(refused.code, refused.sentence)
        except KeyTrouble as trouble:
            return NeedsPerson("local-key-trouble", str(trouble))
        csr = parse_csr(made.csr_pem)
        wish = order.wish
        check_csr(
            csr, names=wish.names, key_bits=wish.key_bits, common_name=wish.subject.common_name
        )
        return ev.CsrMade(csr_pem=csr.pem, key=made.secret)

    def missing(self, order: CertificateOrder) -> NeedsPerson | None:
        """Why the order cannot be installed for want of its key; None when the key is there or with a host."""
        if not order.wish.local_key_days:
            return None
        if not self._is_over(order) and self._secrets.find(key_bond(order)) is not None:
            return None
        return NeedsPerson("local-key-gone", _gone(order))

    def parcel(self, order: CertificateOrder, operation: Operation) -> Parcel | None:
        """
        Pack the key for the host of an operation; None for an operation that brings none.

        Raises:
            HostFault: UNSUPPORTED, nothing was sent: the key is gone or cannot be opened.
        """
        if operation.pfx is None or order.certificate is None:
            return None
        if self._is_over(order):
            raise _not_sent(operation, _gone(order))
        state = order.state.value
        entry = AuditEntry(
            order_id=order.id, at=self._clock.now(), by=SYSTEM, what="key_used", before=state, after=state,
            why="Packed for one host.", facts={"host": operation.host, "round": str(order.csr_round)},
        )  # fmt: skip
        secret = self._secrets.take(key_bond(order), entry)
        if secret is None:
            raise _not_sent(operation, _gone(order))
        try:
            return self._keys.pack(secret, order.certificate, operation.pfx)
        except KeyTrouble as trouble:
            raise _not_sent(operation, str(trouble)) from None

    def _is_over(self, order: CertificateOrder) -> bool:
        """Whether the key's last moment has passed, wiped by now or not."""
        return order.key_dies_at is not None and order.key_dies_at <= self._clock.now()


def _not_sent(operation: Operation, why: str) -> HostFault:
    return HostFault(
        FaultKind.UNSUPPORTED,
        operation.host,
        f"{operation.host}: {why}",
        executed="no",
        code="local-key-gone",
    )


def _gone(order: CertificateOrder) -> str:
    day = f" (its last day was {order.key_dies_at:%Y-%m-%d})" if order.key_dies_at else ""
    return (
        f"The key CertDesk made for {order.title} is not kept any more{day}. Nothing was imported. "
        f"Cancel the order and ask anew; the vendor may re-issue for the new CSR."
    )
