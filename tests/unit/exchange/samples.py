"""An authority, an order and a certificate for it: what tests of the hosts begin with."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from bot.certs.judge import IssuedCertificate
from bot.certs.leaf import read_leaf
from bot.certs.names import DnsName
from bot.domain.ids import HostName, OrderId, PersonId, VendorName
from bot.domain.order import CertificateOrder, Wish
from bot.domain.plan import Service
from bot.domain.states import State
from bot.domain.subject import Subject
from bot.ports import CsrAsk

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
EX01 = HostName("EX01")
MAIL = DnsName("mail.example.com")
AUTODISCOVER = DnsName("autodiscover.example.com")
ALL_BUT_UM = (Service.IIS, Service.SMTP, Service.IMAP, Service.POP)


class SetClock:
    """A `Clock` that stands where it was set."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        """Where it was set."""
        return self.at


class Authority:
    """A vendor in small: a root, an intermediate, and leaves for anybody's CSR."""

    def __init__(self, *, at: datetime = NOW, name: str = "Example") -> None:
        self._at = at
        self._keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
        root, issuing = _name(f"{name} Root"), _name(f"{name} Issuing CA, 1")
        self.root = self._ca(root, root, self._keys[0].public_key())
        self.intermediate = self._ca(issuing, root, self._keys[1].public_key())

    @property
    def anchors_pem(self) -> str:
        """The root, for those who shall trust it."""
        return self.root.public_bytes(Encoding.PEM).decode()

    def answer(self, csr_pem: str, *, days: int = 198) -> IssuedCertificate:
        """The certificate for a CSR: its names, its key, its subject."""
        csr = x509.load_pem_x509_csr(csr_pem.encode())
        names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        builder = self._builder(csr.subject, self.intermediate.subject, csr.public_key(), days)
        leaf = (
            builder.add_extension(names, critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(self._keys[1], hashes.SHA256())
        )
        return issued(leaf, self.intermediate)

    def _ca(
        self, subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
    ) -> x509.Certificate:
        builder = self._builder(subject, issuer, key, 3650).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        return builder.sign(self._keys[0], hashes.SHA256())

    def _builder(
        self, subject: x509.Name, issuer: x509.Name, key: Any, days: int
    ) -> x509.CertificateBuilder:
        start = self._at - timedelta(hours=1)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + timedelta(days=days))
        )


def issued(leaf: x509.Certificate, *path: x509.Certificate) -> IssuedCertificate:
    """What the judge would make of a leaf and its path."""
    der = leaf.public_bytes(Encoding.DER)
    return IssuedCertificate(
        leaf_der=der,
        path=tuple(one.public_bytes(Encoding.DER) for one in path),
        facts=read_leaf(der),
    )


def wish(**parts: Any) -> Wish:
    """A wish for mail.example.com on EX01 with every service but UM."""
    whole: dict[str, Any] = {
        "hosts": (EX01,),
        "subject": Subject(
            common_name=MAIL, country="US", state="WA", organization="Example, Inc."
        ),
        "names": (MAIL, AUTODISCOVER),
        "key_bits": 2048,
        "exportable": False,
        "services": ALL_BUT_UM,
        "vendor": VendorName("example"),
        "reason": "the old one ends",
    }
    return Wish(**{**whole, **parts})


def order(**parts: Any) -> CertificateOrder:
    """Order 27, proven, for this wish."""
    return CertificateOrder(
        id=OrderId(27),
        version=7,
        state=State.PROVEN,
        wish=wish(**parts),
        requester=PersonId("T1:UANNA"),
        home="C1",
        placed_at=NOW,
        changed_at=NOW,
    )


def ask(name: str = "CertDesk 27/1", *, host: HostName = EX01, **parts: Any) -> CsrAsk:
    """The question for this wish's CSR."""
    return CsrAsk(host=host, wish=wish(**parts), friendly_name=name)


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "US"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example Vendor"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
