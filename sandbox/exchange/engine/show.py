"""Certificates and pending requests as the objects Get-ExchangeCertificate gives back."""

import base64

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding

from sandbox.exchange.engine.chain import is_self_signed, root_kind, status
from sandbox.exchange.engine.names import certificate_names, show_name
from sandbox.exchange.engine.services import services_column, services_of, show_services
from sandbox.exchange.engine.state import HostState
from sandbox.exchange.engine.stores import PendingRequest, StoredCertificate, thumbprint_of
from sandbox.exchange.engine.values import Property, PSObject

_ACCESS_RULE = "System.Security.AccessControl.CryptoKeyAccessRule"


def show_certificate(stored: StoredCertificate, state: HostState) -> PSObject:
    """The object of a certificate in store My, every computed property read now."""
    certificate = stored.certificate
    services = services_of(stored, state)
    sites = [site for site, bound in state.sites.items() if bound == stored.thumbprint]
    properties: dict[str, Property] = {
        **_plain(certificate, state),
        "AccessRules": [_ACCESS_RULE] * (3 if stored.network_service else 2 if stored.key else 0),
        "CertificateRequest": "",
        "FriendlyName": stored.friendly_name or show_name(certificate.issuer),
        "HasPrivateKey": stored.key is not None,
        "IISServices": [f"IIS://{state.name}/W3SVC/{site}" for site in sites],
        "IsSelfSigned": is_self_signed(certificate),
        "PrivateKeyExportable": stored.exportable,
        "RootCAType": root_kind(certificate, state.stores),
        "Services": show_services(services),
        "ServicesStringForm": services_column(services, state.profile),
        "Status": status(certificate, state),
    }
    return PSObject(properties=properties, text=show_name(certificate.subject))


def show_pending(pending: PendingRequest, state: HostState) -> PSObject:
    """The object of a request that waits: Status PendingRequest, no services, the PKCS#10 inside."""
    properties: dict[str, Property] = {
        **_plain(pending.stand_in, state),
        "AccessRules": [_ACCESS_RULE] * 2,
        "CertificateRequest": base64.b64encode(pending.csr_der).decode(),
        "FriendlyName": pending.friendly_name,
        "HasPrivateKey": True,
        "IISServices": [],
        "IsSelfSigned": True,
        "PrivateKeyExportable": pending.exportable,
        "RootCAType": "None",
        "Services": "None",
        "ServicesStringForm": services_column(frozenset(), state.profile),
        "Status": "PendingRequest",
    }
    return PSObject(properties=properties, text=show_name(pending.stand_in.subject))


def _plain(certificate: x509.Certificate, state: HostState) -> dict[str, Property]:
    thumbprint = thumbprint_of(certificate)
    return {
        "CertificateDomains": certificate_names(certificate),
        "Identity": f"{state.fqdn}\\{thumbprint}",
        "Issuer": show_name(certificate.issuer),
        "NotAfter": certificate.not_valid_after_utc,
        "NotBefore": certificate.not_valid_before_utc,
        "PublicKeySize": _key_bits(certificate),
        "RawData": certificate.public_bytes(Encoding.DER),
        "SerialNumber": _serial(certificate.serial_number),
        "Subject": show_name(certificate.subject),
        "Thumbprint": thumbprint,
    }


def _serial(number: int) -> str:
    digits = f"{number:X}"
    return digits.zfill(len(digits) + len(digits) % 2)


def _key_bits(certificate: x509.Certificate) -> int:
    key = certificate.public_key()
    return key.key_size if isinstance(key, RSAPublicKey | EllipticCurvePublicKey) else 0
