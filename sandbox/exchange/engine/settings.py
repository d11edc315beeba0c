"""The cmdlets around the certificate: server, transport, connectors, POP and IMAP settings."""

from typing import Literal

from sandbox.exchange.engine.call import Call
from sandbox.exchange.engine.directory import Connector
from sandbox.exchange.engine.errors import CmdletFailure, no_such_object
from sandbox.exchange.engine.names import is_dns_name
from sandbox.exchange.engine.selection import tls_name
from sandbox.exchange.engine.values import PSObject


def get_server(call: Call) -> list[PSObject]:
    """This server, as Active Directory lists it."""
    host = call.host
    _check_identity(call)
    properties = {
        "Name": host.name,
        "Fqdn": host.fqdn,
        "Domain": host.domain,
        "AdminDisplayVersion": host.profile.admin_display_version,
        "ServerRole": "Edge" if host.edge else host.profile.roles,
        "Edition": "Standard",
    }
    return [PSObject(properties=properties, text=host.name)]


def get_transport(call: Call) -> list[PSObject]:
    """The transport settings; InternalTransportCertificateThumbprint is the default SMTP certificate."""
    host = call.host
    _check_identity(call)
    properties = {
        "Name": host.name,
        "InternalTransportCertificateThumbprint": host.directory().default_smtp,
    }
    return [PSObject(properties=properties, text=host.name)]


def get_send_connectors(call: Call) -> list[PSObject]:
    return _get_connectors(call, "Send")


def get_receive_connectors(call: Call) -> list[PSObject]:
    return _get_connectors(call, "Receive")


def set_send_connector(call: Call) -> list[PSObject]:
    return _set_connector(call, "Send")


def set_receive_connector(call: Call) -> list[PSObject]:
    return _set_connector(call, "Receive")


def get_pop_settings(call: Call) -> list[PSObject]:
    return _get_mail(call, "POP")


def get_imap_settings(call: Call) -> list[PSObject]:
    return _get_mail(call, "IMAP")


def set_pop_settings(call: Call) -> list[PSObject]:
    return _set_mail(call, "POP")


def set_imap_settings(call: Call) -> list[PSObject]:
    return _set_mail(call, "IMAP")


def connector_identity(call: Call, connector: Connector) -> str:
    """Receive connectors are named under their server, Send connectors belong to the organization."""
    if connector.kind == "Send":
        return connector.name
    return f"{call.host.name}\\{connector.name}"


def _get_connectors(call: Call, kind: Literal["Send", "Receive"]) -> list[PSObject]:
    all_ = call.host.directory().connectors
    if call.text("Identity"):
        wanted = _find_connector(call, kind).name
        found = [one for one in all_ if (one.kind, one.name) == (kind, wanted)]
    else:
        found = [one for one in all_ if one.kind == kind]
    return [_show_connector(call, connector) for connector in found]


def _show_connector(call: Call, connector: Connector) -> PSObject:
    identity = connector_identity(call, connector)
    properties = {
        "Identity": identity,
        "Name": connector.name,
        "Fqdn": connector.fqdn,
        "TlsCertificateName": connector.tls_certificate_name or None,
        "SourceTransportServers": connector.sources if connector.kind == "Send" else None,
        "Enabled": True,
        "Bindings": [f"0.0.0.0:{connector.port}"] if connector.kind == "Receive" else None,
        "Server": call.host.name if connector.kind == "Receive" else None,
    }
    return PSObject(properties=properties, text=identity)


def _set_connector(call: Call, kind: Literal["Send", "Receive"]) -> list[PSObject]:
    """An empty or null TlsCertificateName clears it, and transport goes back to choosing by the FQDN."""
    connector = _find_connector(call, kind)
    pinned = call.text("TlsCertificateName")
    if pinned:
        _check_enabled_for_smtp(call, pinned)
    if call.has("TlsCertificateName"):
        connector.tls_certificate_name = pinned
    connector.fqdn = call.text("Fqdn") or connector.fqdn
    return []


def _check_enabled_for_smtp(call: Call, pinned: str) -> None:
    mine = call.host.stores.my.values()
    if not any(stored.network_service and tls_name(stored) == pinned for stored in mine):
        raise CmdletFailure(
            f"The certificate {pinned[:200]!r} is not enabled for the SMTP protocol on this server.",
            "InvalidArgument",
            rpc=False,
        )


def _find_connector(call: Call, kind: Literal["Send", "Receive"]) -> Connector:
    server, _, name = call.text("Identity").rpartition("\\")
    # A bare name means this server's; a Send connector has no server in its identity.
    is_elsewhere = bool(server) and (kind == "Send" or not call.host.is_called(server))
    for connector in call.host.connectors:
        if connector.kind == kind and connector.name.lower() == name.lower() and not is_elsewhere:
            return connector
    raise no_such_object(call.text("Identity"), call.host.domain)


def _get_mail(call: Call, service: str) -> list[PSObject]:
    properties = {
        "Server": call.host.name,
        "X509CertificateName": call.host.directory().mail_names.get(service, ""),
        "ProtocolName": "POP3" if service == "POP" else "IMAP4",
    }
    return [PSObject(properties=properties, text=call.host.name)]


def _set_mail(call: Call, service: str) -> list[PSObject]:
    name = call.text("X509CertificateName")
    if not is_dns_name(name) or name.startswith("*"):
        raise CmdletFailure(f"{name[:80]!r} isn't a valid X509CertificateName.", rpc=False)
    call.host.mail_names[service] = name
    call.warn(
        f"Changes to {service} settings will only take effect after all Microsoft Exchange "
        f"{service} services are restarted on server {call.host.name}."
    )
    return []


def _check_identity(call: Call) -> None:
    given = call.text("Identity")
    if given and not call.host.is_called(given):
        raise no_such_object(given, call.host.domain)
