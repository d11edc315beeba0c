"""Keys that CertDesk makes: born here, sealed at once, opened only to be packed for a host."""

import secrets
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from bot.certs.judge import IssuedCertificate
from bot.certs.pfx import PfxCipher, pack_pfx
from bot.domain.order import Wish
from bot.domain.sealed import Bond, SealedSecret
from bot.domain.subject import Subject
from bot.key_ports import KeyTrouble, KeyVault, MadeKey, Parcel
from bot.ports import Clock

_EXPONENT: Final = 65537
_PASSWORD_BYTES: Final = 24


class SealedKeys:
    """`bot.key_ports.LocalKeys` over a vault."""

    def __init__(self, vault: KeyVault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock

    def make(self, bond: Bond, wish: Wish, *, dies_at: datetime) -> MadeKey:
        """Make an RSA key and the request for what is wished; the key is sealed when this returns."""
        key = rsa.generate_private_key(public_exponent=_EXPONENT, key_size=wish.key_bits)
        plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        try:
            sealed = self._vault.seal(plain, bond)
        except ValueError as fault:
            raise KeyTrouble(
                f"CertDesk cannot keep a key: {fault}. No key was made and no CSR posted. Set CERTDESK_VAULT_KEY "
                f"(`certdesk vault-key` makes one), restart, then retry."
            ) from None
        secret = SealedSecret(
            bond=bond,
            key_id=self._vault.key_of(sealed),
            sealed=sealed,
            made_at=self._clock.now(),
            dies_at=dies_at,
        )
        return MadeKey(csr_pem=_request(key, wish), secret=secret)

    def pack(
        self, secret: SealedSecret, certificate: IssuedCertificate, cipher: PfxCipher
    ) -> Parcel:
        """Open the key and lock it with its certificate under a one-time password."""
        try:
            plain = self._vault.open_(secret.sealed, secret.bond)
        except ValueError as fault:
            raise KeyTrouble(
                f"The key of order {secret.bond.order_id} cannot be opened: {fault}. Nothing was imported. List vault key "
                f"{secret.key_id} in CERTDESK_VAULT_KEY again, restart, then retry."
            ) from None
        password = secrets.token_urlsafe(_PASSWORD_BYTES)
        try:
            return Parcel(
                pfx=pack_pfx(plain, certificate.leaf_der, password, cipher), password=password
            )
        except ValueError as fault:
            raise KeyTrouble(
                f"The key of order {secret.bond.order_id} cannot be packed: {fault}. Nothing was imported. "
                f"Cancel the order and ask anew."
            ) from None


def _request(key: rsa.RSAPrivateKey, wish: Wish) -> str:
    """The request as Exchange would shape it (exchange.md 5.1), signed with SHA-256 and without Windows' attributes."""
    names = x509.SubjectAlternativeName([x509.DNSName(name) for name in wish.names])
    usage = x509.KeyUsage(
        digital_signature=True, key_encipherment=True, content_commitment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(_name(wish.subject))
        .add_extension(names, critical=False)
        .add_extension(usage, critical=True)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return request.public_bytes(Encoding.PEM).decode("ascii")


def _name(subject: Subject) -> x509.Name:
    parts = (
        (NameOID.COUNTRY_NAME, subject.country),
        (NameOID.STATE_OR_PROVINCE_NAME, subject.state),
        (NameOID.LOCALITY_NAME, subject.locality),
        (NameOID.ORGANIZATION_NAME, subject.organization),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, subject.unit),
        (NameOID.COMMON_NAME, subject.common_name),
    )
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])
