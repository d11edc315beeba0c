"""Get-, Remove- and Export-ExchangeCertificate: looking, taking away, carrying elsewhere."""

import base64

from sandbox.exchange.engine.call import Call
from sandbox.exchange.engine.errors import CmdletFailure, not_exportable, not_found
from sandbox.exchange.engine.names import certificate_names, name_covers
from sandbox.exchange.engine.pfx import write_pfx
from sandbox.exchange.engine.selection import tls_name
from sandbox.exchange.engine.show import show_certificate, show_pending
from sandbox.exchange.engine.state import HostState
from sandbox.exchange.engine.stores import StoredCertificate
from sandbox.exchange.engine.validity import check_fit, unfit_reason
from sandbox.exchange.engine.values import PSObject

_INTERNAL = (
    "The internal transport certificate cannot be removed because that would cause the Microsoft "
    "Exchange Transport service to stop. To replace the internal transport certificate, create a new "
    "certificate. The new certificate will automatically become the internal transport certificate. "
    "You can then remove the existing certificate."
)


def get_certificate(call: Call) -> list[PSObject]:
    """One certificate, or every usable one and every pending request, newest first."""
    thumbprint = call.thumbprint()
    if call.has("Thumbprint") and thumbprint:
        return [_get_one(thumbprint, call.host)]
    stores = call.host.stores
    if thumbprint and (thumbprint in stores.my or thumbprint in stores.requests):
        return [_get_one(thumbprint, call.host)]
    # A null or unknown -Identity lists everything: so says the documentation, and so it is.
    return _get_all(call)


def remove_certificate(call: Call) -> list[PSObject]:
    """
    Nothing on the output. Asks first unless Confirm is $false.

    Raises:
        CmdletFailure: error 2, or one of the refusals 13 to 15, in Exchange's order.
    """
    thumbprint, host = call.thumbprint(), call.host
    if call.flag("Confirm", default=True) and not call.ask(_removal_question(thumbprint)):
        return []
    if host.stores.requests.pop(thumbprint, None) is not None:
        return []
    stored = host.stores.my.get(thumbprint)
    if stored is None:
        raise not_found(thumbprint, "ObjectNotFound")
    _check_removable(stored, host)
    del host.stores.my[thumbprint]
    return []


def export_certificate(call: Call) -> list[PSObject]:
    """A PFX in property FileData; for a pending request its PKCS#10 again."""
    thumbprint = call.thumbprint()
    pending = call.host.stores.requests.get(thumbprint)
    if pending is not None:
        if call.flag("BinaryEncoded"):
            return [PSObject(properties={"FileData": pending.csr_der})]
        return [PSObject(text=pending.csr_pem)]
    stored = call.host.stores.my.get(thumbprint)
    if stored is None:
        raise not_found(thumbprint, "ObjectNotFound")
    return [_export(stored, call)]


def _get_one(thumbprint: str, host: HostState) -> PSObject:
    pending = host.stores.requests.get(thumbprint)
    if pending is not None:
        return show_pending(pending, host)
    stored = host.stores.my.get(thumbprint)
    if stored is None:
        raise not_found(thumbprint, "NotSpecified")
    check_fit(stored)
    return show_certificate(stored, host)


def _get_all(call: Call) -> list[PSObject]:
    host, wanted = call.host, call.listed("DomainName")
    certificates = [
        (stored.certificate.not_valid_before_utc, show_certificate(stored, host))
        for stored in host.newest_first()
        if unfit_reason(stored) is None and _covers_all(stored, wanted)
    ]
    requests = [
        (pending.created_at, show_pending(pending, host))
        for pending in host.stores.requests.values()
        if not wanted
    ]
    newest_first = sorted([*certificates, *requests], key=lambda pair: pair[0], reverse=True)
    return [shown for _, shown in newest_first]


def _covers_all(stored: StoredCertificate, wanted: list[str]) -> bool:
    names = certificate_names(stored.certificate)
    return all(any(name_covers(name, one) for name in names) for one in wanted)


def _removal_question(thumbprint: str) -> str:
    return (
        "Are you sure you want to perform this action?\n"
        f"Remove certificate with thumbprint {thumbprint} from the computer's certificate store?"
    )


def _check_removable(stored: StoredCertificate, host: HostState) -> None:
    assigned = {
        "Unified Messaging": host.um.thumbprint,
        "Unified Messaging Call Router": host.um_call_router.thumbprint,
        "federation": host.federation,
    }
    if stored.thumbprint == host.default_smtp:
        raise CmdletFailure(_INTERNAL)
    for what, thumbprint in assigned.items():
        if stored.thumbprint == thumbprint:
            raise CmdletFailure(f"The {what} certificate cannot be removed: it is in use.")
    tagged = [
        connector.name
        for connector in host.connectors
        if connector.kind == "Send" and connector.tls_certificate_name == tls_name(stored)
    ]
    if tagged:
        raise CmdletFailure(_tagged(tagged))


def _tagged(names: list[str]) -> str:
    return (
        f"These certificates are tagged with following Send Connectors : {', '.join(names)}. Removing "
        "and replacing certificates from Send Connector would break the mail flow. If you still want "
        "to proceed then replace or remove these certificates from Send Connector and then try this "
        "command."
    )


def _export(stored: StoredCertificate, call: Call) -> PSObject:
    if stored.key is None or not stored.exportable:
        raise not_exportable()
    password = call.secret("Password") or ""
    pfx = write_pfx(stored, password)
    path = call.text("Path") or call.text("FileName")
    if path:
        call.host.files.write(path, pfx)
    if call.flag("BinaryEncoded"):
        return PSObject(properties={"FileData": pfx})
    return PSObject(properties={"FileData": pfx}, text=base64.b64encode(pfx).decode())
