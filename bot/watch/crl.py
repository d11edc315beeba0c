"""
Reading a certificate revocation list: whose it is, whether it is about our certificate, and what it says.

Bytes in, a standing out; fetching is done elsewhere. Source: RFC 5280 sections 5 and 6.3.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from cryptography import x509

from bot.certs.rules import CLOCK_TOLERANCE
from bot.watch.standing import SIGNATURE_HASHES, Standing, Unproven, revoked


def lists_of(cert: x509.Certificate) -> tuple[str, ...]:
    """The addresses of the lists a certificate names; a list for some reasons only, or by another issuer, is left out."""
    try:
        points = cert.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return ()
    whole = (point for point in points if point.reasons is None and point.crl_issuer is None)
    return tuple(name for point in whole for name in _addresses(point.full_name))


def standing_by_list(
    data: bytes, *, cert: x509.Certificate, issuer: x509.Certificate, at: datetime
) -> Standing:
    """
    Say what a list says about a certificate.

    Args:
        data: what was fetched, DER or PEM.
        issuer: who signed the certificate, proven before.
        at: now, aware.

    Returns:
        ``revoked`` also by a list that is out of date (what was taken back stays so); ``good`` only by a current one.

    Raises:
        Unproven: the list is not readable, not the issuer's, not about this certificate, or out of date.
    """
    try:
        return _standing(_load(data), cert, issuer, at)
    except Unproven:
        raise
    except Exception as fault:
        # The library reports bad lists with many exceptions, some only when an attribute is read.
        raise Unproven("the list cannot be read") from fault


def _standing(
    crl: x509.CertificateRevocationList,
    cert: x509.Certificate,
    issuer: x509.Certificate,
    at: datetime,
) -> Standing:
    _check_signed(crl, issuer)
    _check_about(crl, cert)
    entry = crl.get_revoked_certificate_by_serial_number(cert.serial_number)
    if entry is not None:
        if any(extension.critical for extension in entry.extensions):
            raise Unproven("the list speaks for other issuers too")
        return revoked(f"{entry.revocation_date_utc:%Y-%m-%d}", _reason(entry))
    _check_current(crl, at)
    return Standing(state="good", said=f"by the list of {crl.last_update_utc:%Y-%m-%d %H:%M} UTC")


def _load(data: bytes) -> x509.CertificateRevocationList:
    if data.lstrip().startswith(b"-----BEGIN"):
        return x509.load_pem_x509_crl(data)
    return x509.load_der_x509_crl(data)


def _check_signed(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> None:
    if crl.issuer.public_bytes() != issuer.subject.public_bytes():
        raise Unproven("the list is another issuer's")
    algorithm = crl.signature_hash_algorithm
    if algorithm is None or algorithm.name not in SIGNATURE_HASHES:
        raise Unproven("the list is signed too weakly")
    # A key no CA certificate can have ends in the caller's guard.
    if not crl.is_signature_valid(issuer.public_key()):  # type: ignore[arg-type]
        raise Unproven("the list is not signed by the issuer")
    for extension in issuer.extensions:
        if isinstance(extension.value, x509.KeyUsage) and not extension.value.crl_sign:
            raise Unproven("the issuer may not sign lists")


def _check_about(crl: x509.CertificateRevocationList, cert: x509.Certificate) -> None:
    """Whether the list covers this certificate; issuers split theirs, and the parts carry one signature (RFC 5280 6.3.3 b)."""
    for extension in crl.extensions:
        value = extension.value
        if isinstance(value, x509.IssuingDistributionPoint):
            _check_part(value, cert)
        elif extension.critical:
            raise Unproven("the list is only a part or a supplement")


def _check_part(part: x509.IssuingDistributionPoint, cert: x509.Certificate) -> None:
    is_ca = _is_ca(cert)
    if (
        part.indirect_crl
        or part.only_some_reasons
        or part.only_contains_attribute_certs
        or (part.only_contains_user_certs and is_ca)
        or (part.only_contains_ca_certs and not is_ca)
        or part.relative_name is not None
    ):
        raise Unproven("the list is about other certificates")
    if part.full_name and not set(_addresses(part.full_name)) & set(lists_of(cert)):
        raise Unproven("the list is another part than the certificate names")


def _check_current(crl: x509.CertificateRevocationList, at: datetime) -> None:
    if crl.last_update_utc > at + CLOCK_TOLERANCE:
        raise Unproven(f"the list begins on {crl.last_update_utc:%Y-%m-%d %H:%M} UTC only")
    if crl.next_update_utc is None:
        raise Unproven("the list does not say how long it is good")
    if crl.next_update_utc < at:
        raise Unproven(f"the list is out of date since {crl.next_update_utc:%Y-%m-%d %H:%M} UTC")


def _reason(entry: x509.RevokedCertificate) -> x509.ReasonFlags | None:
    for extension in entry.extensions:
        if isinstance(extension.value, x509.CRLReason):
            return extension.value.reason
    return None


def _is_ca(cert: x509.Certificate) -> bool:
    values = [extension.value for extension in cert.extensions]
    return any(isinstance(value, x509.BasicConstraints) and value.ca for value in values)


_HTTP: Final = "http://"


def _addresses(names: list[x509.GeneralName] | None) -> Iterator[str]:
    for name in names or ():
        if isinstance(name, x509.UniformResourceIdentifier) and name.value.lower().startswith(
            _HTTP
        ):
            yield name.value
