"""What the organization knows beside its servers: OAuth certificates, subscribed Edge servers, the hybrid configuration."""

from sandbox.exchange.engine.call import Call
from sandbox.exchange.engine.values import PSObject


def get_auth_config(call: Call) -> list[PSObject]:
    """The one OAuth configuration; all of its certificates by thumbprint."""
    host = call.host
    properties = {
        "Name": "Auth Configuration",
        "CurrentCertificateThumbprint": host.auth_certificate,
        "PreviousCertificateThumbprint": host.auth_previous,
        "NextCertificateThumbprint": host.auth_next,
        "ServiceName": "00000002-0000-0ff1-ce00-000000000000",
    }
    return [PSObject(properties=properties, text="Auth Configuration")]


def get_edge_subscriptions(call: Call) -> list[PSObject]:
    """Every subscribed Edge server, or the one that is named."""
    wanted = call.text("Identity").lower()
    return [
        PSObject(properties={"Name": name, "Site": f"{call.host.domain}/Sites/First"}, text=name)
        for name in call.host.edge_subscriptions
        if wanted in {"", name.lower()}
    ]


def get_hybrid_configuration(call: Call) -> list[PSObject]:
    """None or one."""
    named = call.host.hybrid_certificate
    if named is None:
        return []
    properties = {"Name": "Hybrid Configuration", "TlsCertificateName": named or None}
    return [PSObject(properties=properties, text="Hybrid Configuration")]
