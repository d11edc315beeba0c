"""Import-ExchangeCertificate: response to a pending request, then certificate, then PFX (reference 6.1)."""

import base64
import binascii
import re
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs7

from sandbox.exchange.engine.call import Call
from sandbox.exchange.engine.errors import (
    CmdletFailure,
    already_there,
    not_base64,
)
from sandbox.exchange.engine.pfx import open_pfx
from sandbox.exchange.engine.show import show_certificate
from sandbox.exchange.engine.state import HostState
from sandbox.exchange.engine.stores import (
    PendingRequest,
    StoredCertificate,
    public_bytes,
)
from sandbox.exchange.engine.values import PSObject

_BEGIN: Final = re.compile(r"\A\s*-----BEGIN (?:CERTIFICATE|PKCS7)-----\s*")
_END: Final = re.compile(r"\s*-----END (?:CERTIFICATE|PKCS7)-----\s*\Z")


def import_certificate(call: Call) -> list[PSObject]:
    """
    The imported certificate's object. Without a matching request or key it is imported all the same.

    Raises:
        CmdletFailure: errors 7 (there already), 8 (unreadable), 9 (not base64), 11 (nothing given).
    """
    if len(call.text("FriendlyName")) >= 64:
        raise CmdletFailure("The friendly name must be fewer than 64 characters long.")
    data = _decode(_source(call))
    certificates = _certificates(data)
    stored = _complete_request(certificates, call) or _load(certificates, data, call)
    if stored.thumbprint in call.host.stores.my:
        raise already_there(stored.thumbprint)
    call.host.stores.add_my(stored)
    return [show_certificate(stored, call.host)]


def _source(call: Call) -> bytes:
    data = call.data("FileData")
    if data is not None:
        return data
    path = call.text("Path") or call.text("FileName")
    if not path:
        raise CmdletFailure(
            "You must specify a value for either the FileData or Instance parameter."
        )
    content = call.host.files.read(path)
    if content is None:
        raise CmdletFailure(f"The file {path[:120]!r} cannot be read.", "ReadError", rpc=False)
    return content


def _decode(source: bytes) -> bytes:
    """DER from bytes or text: one outer pair of PEM lines is taken off, inner ones break it."""
    if any(byte >= 127 for byte in source):
        return source
    text = _END.sub("", _BEGIN.sub("", source.decode("ascii")))
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as bad:
        raise not_base64() from bad


def _certificates(data: bytes) -> list[x509.Certificate]:
    """The certificates in DER of one certificate or of PKCS#7; empty for anything else."""
    try:
        return [x509.load_der_x509_certificate(data)]
    except ValueError:
        pass
    try:
        return list(pkcs7.load_der_pkcs7_certificates(data))
    except ValueError:
        return []


def _complete_request(certificates: list[x509.Certificate], call: Call) -> StoredCertificate | None:
    """The certificate that answers a pending request, with that request's key; the request is gone then."""
    for certificate in certificates:
        pending = _pending_for(certificate, call.host)
        if pending is None:
            continue
        del call.host.stores.requests[pending.thumbprint]
        return StoredCertificate(
            certificate=certificate,
            key=pending.key,
            exportable=pending.exportable,
            friendly_name=call.text("FriendlyName") or pending.friendly_name,
        )
    return None


def _pending_for(certificate: x509.Certificate, host: HostState) -> PendingRequest | None:
    wanted = public_bytes(certificate)
    pending = host.stores.requests.values()
    return next((request for request in pending if public_bytes(request.key) == wanted), None)


def _load(certificates: list[x509.Certificate], data: bytes, call: Call) -> StoredCertificate:
    if certificates:
        return StoredCertificate(
            certificate=_leaf(certificates), friendly_name=call.text("FriendlyName")
        )
    key, certificate, provider = open_pfx(
        data, call.secret("Password"), call.host.profile.os_version
    )
    return StoredCertificate(
        certificate=certificate,
        key=key,
        exportable=call.flag("PrivateKeyExportable"),
        friendly_name=call.text("FriendlyName"),
        provider=provider,
    )


def _leaf(certificates: list[x509.Certificate]) -> x509.Certificate:
    """The first whose key usage lacks certificate signing; a CA certificate without key usage confuses this."""
    return next((one for one in certificates if not _signs_certificates(one)), certificates[0])


def _signs_certificates(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound:
        return False
