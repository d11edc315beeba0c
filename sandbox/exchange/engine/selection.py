"""Which certificate a mail service takes in a handshake. The web takes the one bound to site 1."""

from sandbox.exchange.engine.chain import is_self_signed
from sandbox.exchange.engine.directory import Connector
from sandbox.exchange.engine.names import certificate_names, name_covers, show_name
from sandbox.exchange.engine.state import FRONT_END_SITE, HostState
from sandbox.exchange.engine.stores import StoredCertificate
from sandbox.exchange.engine.validity import unfit_reason


def web_certificate(state: HostState) -> StoredCertificate | None:
    """What the Default Web Site serves on 443."""
    return state.stores.my.get(state.sites.get(FRONT_END_SITE, ""))


def smtp_certificate(connector: Connector, state: HostState) -> StoredCertificate | None:
    """
    What STARTTLS serves on a connector.

    In order: the newest that TlsCertificateName names; the newest CA-signed one for the connector's FQDN;
    the default SMTP certificate. Only certificates enabled for SMTP count in the first two.
    """
    candidates = [s for s in state.newest_first() if s.network_service and _is_usable(s, state)]
    pinned = [s for s in candidates if tls_name(s) == connector.tls_certificate_name]
    fitting = [s for s in candidates if _fits(s, connector.fqdn)]
    default = state.stores.my.get(state.default_smtp or "")
    return next(iter([*pinned, *fitting]), default)


def mail_certificate(service: str, state: HostState) -> StoredCertificate | None:
    """What POP or IMAP serves: the newest usable one that stands for X509CertificateName, CA-signed first."""
    wanted = state.mail_names.get(service, "")
    fitting = [s for s in state.newest_first() if _is_usable(s, state) and _covers(s, wanted)]
    signed = [s for s in fitting if not is_self_signed(s.certificate)]
    return next(iter([*signed, *fitting]), None)


def tls_name(stored: StoredCertificate) -> str:
    """The pair a connector's TlsCertificateName holds: `<I>issuer<S>subject`."""
    return f"<I>{show_name(stored.certificate.issuer)}<S>{show_name(stored.certificate.subject)}"


def _fits(stored: StoredCertificate, fqdn: str) -> bool:
    return _covers(stored, fqdn) and not is_self_signed(stored.certificate)


def _covers(stored: StoredCertificate, wanted: str) -> bool:
    return any(name_covers(name, wanted) for name in certificate_names(stored.certificate))


def _is_usable(stored: StoredCertificate, state: HostState) -> bool:
    certificate = stored.certificate
    is_current = certificate.not_valid_before_utc <= state.now() <= certificate.not_valid_after_utc
    return is_current and unfit_reason(stored) is None
