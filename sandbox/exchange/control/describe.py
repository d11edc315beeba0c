"""The host's whole state as JSON-ready values: what /control/state answers and the page shows."""

from datetime import datetime

from cryptography.hazmat.primitives.serialization import Encoding

from sandbox.exchange.engine.exchange import VirtualExchange
from sandbox.exchange.engine.names import show_name
from sandbox.exchange.engine.services import services_of, show_services
from sandbox.exchange.engine.show import show_certificate
from sandbox.exchange.engine.state import HostState
from sandbox.exchange.engine.stores import PendingRequest, StoredCertificate, thumbprint_of
from sandbox.exchange.engine.values import Property
from sandbox.exchange.runner.protocol import show_time

Json = dict[str, object]
_SHOWN = (
    "Thumbprint",
    "Subject",
    "Issuer",
    "CertificateDomains",
    "NotBefore",
    "NotAfter",
    "HasPrivateKey",
    "PrivateKeyExportable",
    "FriendlyName",
    "Status",
    "RootCAType",
    "ServicesStringForm",
)


def describe(exchange: VirtualExchange) -> Json:
    """Stores, services, bindings, connectors and names, read in one moment."""
    with exchange.lock:
        state = exchange.state
        return {
            "name": state.name,
            "fqdn": state.fqdn,
            "version": state.profile.version,
            "build": state.profile.build_text,
            "now": show_time(state.now()),
            "stores": _stores(state),
            "default_smtp": state.default_smtp,
            "services": {
                thumbprint: show_services(services_of(stored, state))
                for thumbprint, stored in state.stores.my.items()
            },
            "bindings": {str(site): thumbprint for site, thumbprint in state.sites.items()},
            "require_ssl": state.require_ssl,
            "mail_names": dict(state.mail_names),
            "connectors": _connectors(state),
            "auth_certificate": state.auth_certificate,
            "auth_previous": state.auth_previous,
            "auth_next": state.auth_next,
            "listeners": {one.address: one.thumbprint for one in state.listeners},
            "edge_subscriptions": list(state.edge_subscriptions),
            "hybrid_certificate": state.hybrid_certificate,
            "files": state.files.sizes(),
        }


def _stores(state: HostState) -> Json:
    stores = state.stores
    return {
        "My": [_mine(stored, state) for stored in state.newest_first()],
        "REQUEST": [_pending(pending) for pending in stores.requests.values()],
        "CA": [
            {"Thumbprint": thumbprint, "Subject": show_name(one.subject)}
            for thumbprint, one in stores.ca.items()
        ],
        "Root": [
            {
                "Thumbprint": thumbprint,
                "Subject": show_name(root.certificate.subject),
                "RootCAType": root.kind,
            }
            for thumbprint, root in stores.root.items()
        ],
    }


def _mine(stored: StoredCertificate, state: HostState) -> Json:
    shown = show_certificate(stored, state).properties
    pem = stored.certificate.public_bytes(Encoding.PEM).decode()
    provider = {"KeyProvider": stored.provider, "KeyProviderType": stored.provider_type}
    has_key = provider if stored.key is not None else {}
    return {name: _plain(shown[name]) for name in _SHOWN} | has_key | {"Pem": pem}


def _pending(pending: PendingRequest) -> Json:
    return {
        "Thumbprint": thumbprint_of(pending.stand_in),
        "Subject": show_name(pending.stand_in.subject),
        "FriendlyName": pending.friendly_name,
        "CreatedAt": show_time(pending.created_at),
    }


def _connectors(state: HostState) -> list[Json]:
    return [
        {
            "kind": connector.kind,
            "name": connector.name,
            "fqdn": connector.fqdn,
            "port": connector.port if connector.kind == "Receive" else None,
            "tls_certificate_name": connector.tls_certificate_name or None,
        }
        for connector in state.connectors
    ]


def _plain(value: Property) -> object:
    return show_time(value) if isinstance(value, datetime) else value
