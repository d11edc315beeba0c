"""
Certificate requests in the shape Windows gives them: Microsoft's attributes, PEM label with NEW.

Source: decoded sample requests (reference 5.1); what no sample shows is in sandbox/exchange/guesses.py.
"""

import base64
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from sandbox.exchange.engine import der
from sandbox.exchange.engine.state import HostState
from sandbox.exchange.engine.stores import public_bytes

PROVIDER: Final = "Microsoft RSA SChannel Cryptographic Provider"
_PROCESS: Final = "Microsoft.Exchange.ServiceHost.exe"
_PROCESS_2007: Final = "powershell.exe"

_OS_VERSION: Final = "1.3.6.1.4.1.311.13.2.3"
_CLIENT_INFO: Final = "1.3.6.1.4.1.311.21.20"
_ENROLMENT_CSP: Final = "1.3.6.1.4.1.311.13.2.2"
_EXTENSION_REQUEST: Final = "1.2.840.113549.1.9.14"
_SIGNATURE_OIDS: Final = {"sha1": "1.2.840.113549.1.1.5", "sha256": "1.2.840.113549.1.1.11"}


def build_csr(
    *, subject: x509.Name, names: list[str], key: RSAPrivateKey, state: HostState
) -> bytes:
    """The signed request as DER. Empty `names` means no SAN extension at all."""
    attributes = (
        _attribute(_OS_VERSION, der.ia5(state.profile.os_version)),
        _attribute(_CLIENT_INFO, _client_info(state)),
        _attribute(
            _ENROLMENT_CSP, der.sequence(der.integer(1), der.bmp(PROVIDER), der.bit_string(b""))
        ),
        _attribute(_EXTENSION_REQUEST, _extensions(names, key)),
    )
    info = der.sequence(
        der.integer(0),
        subject.public_bytes(),
        public_bytes(key),
        der.tlv(0xA0, *sorted(attributes)),
    )
    return der.sequence(info, *_signature(info, key, state))


def csr_pem(request: bytes) -> str:
    """The text New-ExchangeCertificate returns: NEW label, 64 columns, CRLF, a CRLF at the end."""
    text = base64.b64encode(request).decode()
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    label = "NEW CERTIFICATE REQUEST-----"
    return "\r\n".join([f"-----BEGIN {label}", *lines, f"-----END {label}", ""])


def _signature(info: bytes, key: RSAPrivateKey, state: HostState) -> tuple[bytes, bytes]:
    name = state.profile.csr_hash
    algorithm = hashes.SHA1() if name == "sha1" else hashes.SHA256()
    signed = key.sign(info, padding.PKCS1v15(), algorithm)
    return der.sequence(der.oid(_SIGNATURE_OIDS[name]), der.null()), der.bit_string(signed)


def _attribute(oid: str, value: bytes) -> bytes:
    return der.sequence(der.oid(oid), der.set_of(value))


def _client_info(state: HostState) -> bytes:
    account = f"{state.netbios_domain}\\{state.name}$"
    process = _PROCESS_2007 if state.profile.version == "2007" else _PROCESS
    return der.sequence(der.integer(5), der.utf8(state.fqdn), der.utf8(account), der.utf8(process))


def _extensions(names: list[str], key: RSAPrivateKey) -> bytes:
    wanted = [_extension(_key_usage(), critical=True)]
    if names:
        wanted.append(_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names])))
    wanted.append(_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True))
    wanted.append(_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key())))
    return der.sequence(*wanted)


def _extension(extension: x509.ExtensionType, *, critical: bool = False) -> bytes:
    flag = (der.true(),) if critical else ()
    return der.sequence(
        der.oid(extension.oid.dotted_string), *flag, der.octet_string(extension.public_bytes())
    )


def _key_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_encipherment=True,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
