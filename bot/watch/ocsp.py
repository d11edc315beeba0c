"""
Asking an OCSP responder about one certificate, as bytes: the request, and what a response proves.

Sending is done elsewhere. Source: RFC 6960 sections 3.2 and 4.2.2; BR 4.9.9.
"""

from collections.abc import Iterator
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from bot.certs.rules import CLOCK_TOLERANCE
from bot.watch.standing import SIGNATURE_HASHES, Standing, Unproven, revoked

REQUEST_TYPE = "application/ocsp-request"


def responders_of(cert: x509.Certificate) -> tuple[str, ...]:
    """The addresses of the responders a certificate names."""
    try:
        access = cert.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(
        point.access_location.value
        for point in access
        if point.access_method == AuthorityInformationAccessOID.OCSP
        and isinstance(point.access_location, x509.UniformResourceIdentifier)
    )


def request_for(cert: x509.Certificate, issuer: x509.Certificate) -> bytes:
    """The request as DER. SHA-1 only names the issuer here; responders know no other (RFC 5019 2.1.1)."""
    builder = ocsp.OCSPRequestBuilder().add_certificate(cert, issuer, hashes.SHA1())  # noqa: S303 - a name, no proof
    return builder.build().public_bytes(serialization.Encoding.DER)


def standing_by_response(
    data: bytes, *, cert: x509.Certificate, issuer: x509.Certificate, at: datetime
) -> Standing:
    """
    Say what a response says about a certificate.

    Raises:
        Unproven: it is not readable, not the issuer's or its delegate's, about another certificate, or out of date.
    """
    try:
        return _standing(ocsp.load_der_ocsp_response(data), cert, issuer, at)
    except Unproven:
        raise
    except Exception as fault:
        # The library reports bad responses with many exceptions, some only when an attribute is read.
        raise Unproven("the responder's answer cannot be read") from fault


def _standing(
    response: ocsp.OCSPResponse, cert: x509.Certificate, issuer: x509.Certificate, at: datetime
) -> Standing:
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise Unproven(f"the responder answered {response.response_status.name.lower()}")
    _check_signed(response, issuer, at)
    single = _about(response, cert, issuer)
    if single.certificate_status is ocsp.OCSPCertStatus.REVOKED:
        moment = single.revocation_time_utc
        return revoked(f"{moment:%Y-%m-%d}" if moment else "some day", single.revocation_reason)
    if single.certificate_status is not ocsp.OCSPCertStatus.GOOD:
        raise Unproven("the responder does not know the certificate")
    if single.this_update_utc > at + CLOCK_TOLERANCE:
        raise Unproven("the responder's answer is of a later day")
    if single.next_update_utc is None or single.next_update_utc < at:
        raise Unproven("the responder's answer is out of date")
    return Standing(
        state="good", said=f"by the responder on {single.this_update_utc:%Y-%m-%d %H:%M} UTC"
    )


def _about(
    response: ocsp.OCSPResponse, cert: x509.Certificate, issuer: x509.Certificate
) -> ocsp.OCSPSingleResponse:
    asked = ocsp.load_der_ocsp_request(request_for(cert, issuer))
    for single in response.responses:
        if (
            single.serial_number == cert.serial_number
            and isinstance(single.hash_algorithm, hashes.SHA1)
            and single.issuer_key_hash == asked.issuer_key_hash
            and single.issuer_name_hash == asked.issuer_name_hash
        ):
            return single
    raise Unproven("the responder's answer is about another certificate")


def _check_signed(response: ocsp.OCSPResponse, issuer: x509.Certificate, at: datetime) -> None:
    algorithm = response.signature_hash_algorithm
    if algorithm is None or algorithm.name not in SIGNATURE_HASHES:
        raise Unproven("the responder's answer is signed too weakly")
    if not any(
        _has_signed(signer, response, algorithm) for signer in _signers(response, issuer, at)
    ):
        raise Unproven("the responder's answer is not signed by the issuer or its delegate")


def _signers(
    response: ocsp.OCSPResponse, issuer: x509.Certificate, at: datetime
) -> Iterator[x509.Certificate]:
    """The issuer itself, and certificates it issued for this purpose (RFC 6960 4.2.2.2)."""
    yield issuer
    for cert in response.certificates[:2]:
        values = [extension.value for extension in cert.extensions]
        is_delegate = any(
            isinstance(value, x509.ExtendedKeyUsage) and ExtendedKeyUsageOID.OCSP_SIGNING in value
            for value in values
        )
        if is_delegate and cert.not_valid_before_utc <= at <= cert.not_valid_after_utc:
            cert.verify_directly_issued_by(issuer)
            yield cert


def _has_signed(
    signer: x509.Certificate, response: ocsp.OCSPResponse, algorithm: hashes.HashAlgorithm
) -> bool:
    key, signed = signer.public_key(), response.tbs_response_bytes
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(response.signature, signed, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(response.signature, signed, ec.ECDSA(algorithm))
        else:
            return False
    except InvalidSignature:
        return False
    return True
