"""Whether Exchange can use a certificate at all, and the reason it prints when it cannot."""

from collections.abc import Callable
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID

from sandbox.exchange.engine.errors import not_valid
from sandbox.exchange.engine.stores import StoredCertificate


def unfit_reason(stored: StoredCertificate) -> str | None:
    """The first reason that applies, in Exchange's order; None when it is fit. Trust and dates do not count."""
    if stored.key is None:
        return "PrivateKeyMissing"
    return next((reason for reason, is_so in _REASONS if is_so(stored.certificate)), None)


def check_fit(stored: StoredCertificate) -> None:
    """
    Pass when Exchange can use the certificate.

    Raises:
        CmdletFailure: errors 3 to 6 with the reason.
    """
    reason = unfit_reason(stored)
    if reason:
        raise not_valid(stored.thumbprint, reason)


def _is_not_rsa(certificate: x509.Certificate) -> bool:
    return not isinstance(certificate.public_key(), RSAPublicKey)


def _cannot_sign(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return not (usage.digital_signature or usage.content_commitment)


def _is_no_server(certificate: x509.Certificate) -> bool:
    try:
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    wanted = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    return not wanted & set(usages)


def _is_too_small(certificate: x509.Certificate) -> bool:
    key = certificate.public_key()
    return isinstance(key, RSAPublicKey) and key.key_size < 1024


_REASONS: Final[tuple[tuple[str, Callable[[x509.Certificate], bool]], ...]] = (
    ("KeyAlgorithmUnsupported", _is_not_rsa),
    ("SigningNotSupported", _cannot_sign),
    ("PkixKpServerAuthNotFoundInEnhancedKeyUsage", _is_no_server),
    ("PublicKeyUnsupportedSize", _is_too_small),
)
