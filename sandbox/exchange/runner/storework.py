"""The runner's operations on certificate stores: list any, change the intermediates only."""

from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from sandbox.exchange.engine.exchange import VirtualExchange
from sandbox.exchange.engine.stores import Stores, thumbprint_of
from sandbox.exchange.engine.values import Property
from sandbox.exchange.runner.errors import RunnerError, refused
from sandbox.exchange.runner.protocol import RunnerRequest

Row = list[Property]
_STORES: Final = ("My", "CA", "Root", "REQUEST")


def list_store(request: RunnerRequest, exchange: VirtualExchange) -> list[Row]:
    """Thumbprint, RawData, HasPrivateKey, FriendlyName of each certificate in a store."""
    name = request.text("Store")
    if name not in _STORES:
        raise refused(f"There is no store {name[:40]!r} here.", "StoreRefused")
    with exchange.lock:
        return _rows(name, exchange.state.stores)


def add_intermediate(request: RunnerRequest, exchange: VirtualExchange) -> list[Row]:
    """Thumbprint, and 1 added or 0 there already."""
    _check_store(request)
    try:
        certificate = x509.load_der_x509_certificate(request.data("Der"))
    except ValueError as bad:
        raise RunnerError(
            "Cannot find the requested object.", "NotSpecified", "CryptographicException"
        ) from bad
    with exchange.lock:
        added = exchange.state.stores.add_ca(certificate)
    return [[thumbprint_of(certificate), added]]


def remove_intermediate(request: RunnerRequest, exchange: VirtualExchange) -> list[Row]:
    """Thumbprint, and 1 removed or 0 not there."""
    _check_store(request)
    thumbprint = request.text("Thumbprint").upper()
    with exchange.lock:
        removed = exchange.state.stores.ca.pop(thumbprint, None) is not None
    return [[thumbprint, removed]]


def _check_store(request: RunnerRequest) -> None:
    if request.text("Store") != "CA":
        raise refused("Only the store CA may be changed.", "StoreRefused")


def _rows(name: str, stores: Stores) -> list[Row]:
    match name:
        case "My":
            mine = stores.my.values()
            return [[s.thumbprint, s.der, s.key is not None, s.friendly_name] for s in mine]
        case "REQUEST":
            waiting = stores.requests.values()
            return [[p.thumbprint, _der(p.stand_in), True, p.friendly_name] for p in waiting]
        case "CA":
            return [[thumbprint, _der(one), False, ""] for thumbprint, one in stores.ca.items()]
        case _:
            roots = stores.root.items()
            return [[thumbprint, _der(one.certificate), False, ""] for thumbprint, one in roots]


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)
