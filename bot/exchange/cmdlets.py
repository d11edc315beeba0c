"""
Every call CertDesk makes on a host, built from values and a dialect; nothing else builds calls.

No call holds text that came from outside as anything but a typed value.
"""

from collections.abc import Sequence
from typing import Final, Literal

from bot.certs.names import DnsName
from bot.certs.prints import Thumbprint
from bot.domain.plan import Renaming, Service
from bot.domain.subject import Subject
from bot.exchange.call import Call, Secret, SmtpDecision, Switch, Value
from bot.exchange.dialect import Dialect

CERTIFICATE: Final = (
    "Thumbprint",
    "RawData",
    "Services",
    "Status",
    "FriendlyName",
    "HasPrivateKey",
    "Subject",
    "Issuer",
    "IISServices",
    "RootCAType",
)
"""What is asked of each certificate a host shows."""

PENDING: Final = ("FriendlyName", "CertificateRequest", "NotBefore")
"""What is asked to find a pending request again."""

RECEIVE_CONNECTOR: Final = ("Name", "Fqdn", "TlsCertificateName", "Identity")
SEND_CONNECTOR: Final = (*RECEIVE_CONNECTOR, "SourceTransportServers")
"""Which servers send through it: each of them needs the certificate the connector names."""
WAITING: Final = (
    "Thumbprint",
    "Status",
    "FriendlyName",
    "Subject",
    "RawData",
    "CertificateRequest",
)
"""What is asked to tell whose a pending request is."""

SERVER: Final = ("AdminDisplayVersion", "ServerRole")
AUTH: Final = (
    "CurrentCertificateThumbprint",
    "PreviousCertificateThumbprint",
    "NextCertificateThumbprint",
)
MAIL_NAME: Final = "X509CertificateName"
DEFAULT_SMTP: Final = "InternalTransportCertificateThumbprint"


def hello() -> Call:
    """Ask who and where the host is."""
    return Call(op="hello")


def connect(shell: str, fqdn: str) -> Call:
    """Load the cmdlets, as a snap-in or through Exchange's own endpoint on the same host."""
    if shell == "session":
        uri = f"http://{fqdn}/PowerShell/"
        return Call(op="connect", values=(("Mode", "session"), ("Uri", uri)))
    return Call(op="connect", values=(("Mode", "snapin"),))


def parameters_of(cmdlet: str) -> Call:
    """Ask which parameters a cmdlet has on this build."""
    return Call(op="parameters", values=(("Cmdlet", cmdlet),))


def list_store(store: str) -> Call:
    """List one of the machine's stores: thumbprint, DER, whether there is a key, friendly name."""
    return Call(op="store.list", values=(("Store", store),))


def add_intermediate(der: bytes) -> Call:
    """Put a CA certificate into the machine's intermediates; harmless when it is there."""
    return Call(op="store.add", values=(("Store", "CA"), ("Der", der)))


def remove_intermediate(thumbprint: Thumbprint) -> Call:
    """Take a CA certificate out of the machine's intermediates; harmless when it is not there."""
    return Call(op="store.remove", values=(("Store", "CA"), ("Thumbprint", thumbprint)))


def write_file(name: str, data: bytes) -> Call:
    """Write a file into CertDesk's folder; the answer is its full path."""
    return Call(op="file.write", values=(("Name", name), ("Data", data)))


def file_path(name: str) -> Call:
    """Ask for a full path in CertDesk's folder."""
    return Call(op="file.path", values=(("Name", name),))


def read_file(name: str) -> Call:
    """Read a file of CertDesk's folder."""
    return Call(op="file.read", values=(("Name", name),))


def delete_file(name: str) -> Call:
    """Delete a file of CertDesk's folder; harmless when it is not there."""
    return Call(op="file.delete", values=(("Name", name),))


def get_certificates() -> Call:
    """All certificates and pending requests that Exchange shows."""
    return Call(op="cmdlet", cmdlet="Get-ExchangeCertificate", wants=CERTIFICATE)


def get_pending() -> Call:
    """Pending requests with their PKCS#10, among the certificates."""
    return Call(op="cmdlet", cmdlet="Get-ExchangeCertificate", wants=PENDING)


def get_waiting() -> Call:
    """Everything Exchange shows, with what tells a pending request and its public key."""
    return Call(op="cmdlet", cmdlet="Get-ExchangeCertificate", wants=WAITING)


def get_default_smtp(dialect: Dialect, server: str) -> Call:
    """The default SMTP certificate of this one server; without its name the whole organisation would answer."""
    values = (("Identity", server),)
    return Call(op="cmdlet", cmdlet=dialect.transport_cmdlet, values=values, wants=(DEFAULT_SMTP,))


def get_server(server: str) -> Call:
    """Version, build and roles of a server as its own directory knows them."""
    values = (("Identity", server),)
    return Call(op="cmdlet", cmdlet="Get-ExchangeServer", values=values, wants=SERVER)


def list_web_bindings() -> Call:
    """What IIS and HTTP.SYS know of HTTPS: sites, listeners, Require SSL of each site's root."""
    return Call(op="web.bindings")


def get_mail_settings(service: Literal[Service.POP, Service.IMAP], server: str) -> Call:
    """The name by which POP or IMAP of this server finds its certificate."""
    cmdlet = f"Get-{service.title()}Settings"
    return Call(op="cmdlet", cmdlet=cmdlet, values=(("Server", server),), wants=(MAIL_NAME,))


def get_auth_config() -> Call:
    """The OAuth certificates of the organisation; from 2013 on."""
    return Call(op="cmdlet", cmdlet="Get-AuthConfig", wants=AUTH)


def get_edge_subscriptions() -> Call:
    """The Edge servers that are subscribed to the organisation."""
    return Call(op="cmdlet", cmdlet="Get-EdgeSubscription", wants=("Name",))


def get_hybrid() -> Call:
    """The hybrid configuration of the organisation, none or one; from 2010 on."""
    return Call(op="cmdlet", cmdlet="Get-HybridConfiguration", wants=("TlsCertificateName",))


def get_send_connectors() -> Call:
    """All send connectors; they belong to the organisation."""
    return Call(op="cmdlet", cmdlet="Get-SendConnector", wants=SEND_CONNECTOR)


def get_receive_connectors(server: str) -> Call:
    """The receive connectors of this server."""
    values = (("Server", server),)
    return Call(op="cmdlet", cmdlet="Get-ReceiveConnector", values=values, wants=RECEIVE_CONNECTOR)


def set_connector(connector: Renaming, pair: str) -> Call:
    """
    Make a connector name a certificate.

    Args:
        pair: ``<I>issuer<S>subject``, as Exchange itself prints the two.
    """
    values = (("Identity", connector.identity), ("TlsCertificateName", pair))
    return Call(op="cmdlet", cmdlet=f"Set-{connector.direction.title()}Connector", values=values)


def new_request(
    *,
    subject: Subject,
    names: Sequence[DnsName],
    key_bits: int,
    exportable: bool,
    friendly_name: str,
    path: str = "",
) -> Call:
    """
    Make key and CSR. The common name stands first among the names: Exchange does not add it (exchange.md 5.3).

    Args:
        path: where Exchange 2007 writes the request; empty for all others, which answer with its text.
    """
    values: tuple[tuple[str, Value], ...] = (
        ("GenerateRequest", Switch.PRESENT),
        ("SubjectName", subject.as_exchange()),
        ("DomainName", tuple(names)),
        ("KeySize", key_bits),
        ("PrivateKeyExportable", exportable),
        ("FriendlyName", friendly_name),
    )
    if path:
        values = (*values, ("Path", path))
    wants = ("Thumbprint",) if path else (".",)
    return Call(op="cmdlet", cmdlet="New-ExchangeCertificate", values=values, wants=wants)


def import_certificate(friendly_name: str, *, data: bytes = b"", path: str = "") -> Call:
    """Complete a pending request with its certificate, as bytes or (2007) as a file on the host."""
    source: tuple[str, Value] = ("Path", path) if path else ("FileData", data)
    values: tuple[tuple[str, Value], ...] = (source,)
    if friendly_name:
        values = (*values, ("FriendlyName", friendly_name))
    return Call(
        op="cmdlet", cmdlet="Import-ExchangeCertificate", values=values, wants=("Thumbprint",)
    )


def import_pfx(friendly_name: str, *, data: bytes, password: Secret) -> Call:
    """Put certificate and key into the store from a PFX; the key cannot be exported from there."""
    values: tuple[tuple[str, Value], ...] = (
        ("FileData", data),
        ("Password", password),
        ("PrivateKeyExportable", False),
        ("FriendlyName", friendly_name),
    )
    return Call(
        op="cmdlet", cmdlet="Import-ExchangeCertificate", values=values, wants=("Thumbprint",)
    )


def export_certificate(thumbprint: Thumbprint, password: Secret) -> Call:
    """Certificate and key as a PFX under a password."""
    values: tuple[tuple[str, Value], ...] = (
        ("Thumbprint", thumbprint),
        ("BinaryEncoded", Switch.PRESENT),
        ("Password", password),
    )
    return Call(
        op="cmdlet", cmdlet="Export-ExchangeCertificate", values=values, wants=("FileData",)
    )


def enable(
    thumbprint: Thumbprint,
    services: Sequence[Service],
    *,
    force: bool,
    keep_http: bool,
    decision: SmtpDecision | None = None,
) -> Call:
    """
    Bind services to a certificate. Services can only be added, never taken off.

    Args:
        force: answer every question with yes; for SMTP that replaces the default, so a person has decided it.
        keep_http: leave "Require SSL" of the web site's root as it is.
        decision: answer the SMTP question with it instead of forcing a yes.
    """
    values: tuple[tuple[str, Value], ...] = (
        ("Thumbprint", thumbprint),
        ("Services", ",".join(services)),
    )
    if keep_http:
        values = (*values, ("DoNotRequireSsl", Switch.PRESENT))
    if force:
        values = (*values, ("Force", Switch.PRESENT))
    return Call(op="cmdlet", cmdlet="Enable-ExchangeCertificate", values=values, decision=decision)


def remove_certificate(thumbprint: Thumbprint) -> Call:
    """Remove a certificate from the machine's store; the confirmation has been given by a person before."""
    values: tuple[tuple[str, Value], ...] = (("Thumbprint", thumbprint), ("Confirm", False))
    return Call(op="cmdlet", cmdlet="Remove-ExchangeCertificate", values=values)
