"""
Enable-ExchangeCertificate, in two phases (reference 2.3 and 3).

Phase one applies everything that needs no confirmation. Phase two asks one question per remaining item,
in the order IIS, SMTP, UM, UMCallRouter; a question that nobody can answer leaves phase one done. Each item is
looked at when its turn has come: what fails there undoes nothing of the ones before.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.exchange.engine.call import Call
from sandbox.exchange.engine.directory import Connector
from sandbox.exchange.engine.errors import CmdletFailure, not_found, operation_failed
from sandbox.exchange.engine.languages import calendar, spoken
from sandbox.exchange.engine.names import certificate_names, is_dns_name, is_wildcard, show_name
from sandbox.exchange.engine.selection import smtp_certificate
from sandbox.exchange.engine.services import parse_services
from sandbox.exchange.engine.state import FRONT_END_SITE, HostState, UnifiedMessaging
from sandbox.exchange.engine.stores import StoredCertificate
from sandbox.exchange.engine.validity import check_fit
from sandbox.exchange.engine.values import PSObject


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """One thing to do; `question` is empty when it needs no confirmation."""

    apply: Callable[[], None]
    question: str = ""


def enable_certificate(call: Call) -> list[PSObject]:
    """Nothing on the output; what changed is seen by looking again."""
    services = parse_services(call.text("Services"), call.host.profile, call.cmdlet)
    _check_roles(services, call.host)
    stored = call.host.stores.my.get(call.thumbprint())
    if stored is None:
        raise not_found(call.thumbprint(), "ObjectNotFound")
    if not call.flag("NetworkServiceAllowed"):
        check_fit(stored)
    enable(call, stored, services)
    return []


def enable(call: Call, stored: StoredCertificate, services: frozenset[str]) -> None:
    """Put the certificate to the services' use; see the module for the order."""
    asking: list[_Item] = []
    for turn in _turns(call, stored, services):
        item = turn()
        if item.question:
            asking.append(item)
            continue
        item.apply()
        call.did_one()
    for item in asking:
        if call.ask(spoken(item.question, call.host.culture)):
            item.apply()
            call.did_one()


def smtp_question(old: StoredCertificate, new: StoredCertificate, culture: str = "en-US") -> str:
    """The message of the confirmation in English, its dates as the culture writes them."""
    return (
        "Overwrite the existing default SMTP certificate?\n\n"
        f"Current certificate: '{old.thumbprint}' (expires {_end(old, culture)})\n"
        f"Replace it with certificate: '{new.thumbprint}' (expires {_end(new, culture)})"
    )


def _turns(
    call: Call, stored: StoredCertificate, services: frozenset[str]
) -> list[Callable[[], _Item]]:
    """What is done, in the order of reference 2.3, steps 3 to 7; each is looked into when it is called."""
    host, turns = call.host, list[Callable[[], _Item]]()
    if "IIS" in services:
        turns.append(lambda: _web_item(call, stored))
    if services & {"POP", "IMAP", "SMTP"} or call.flag("NetworkServiceAllowed"):
        turns.append(lambda: _Item(apply=lambda: _grant(stored)))
    if "SMTP" in services:
        turns.append(lambda: _smtp_item(call, stored))
    if "POP" in services:
        turns.append(lambda: _mail_item(call, stored, "POP"))
    if "IMAP" in services:
        turns.append(lambda: _mail_item(call, stored, "IMAP"))
    if "UM" in services:
        turns.append(lambda: _um_item(call, stored, host.um, "UM"))
    if "UMCallRouter" in services:
        turns.append(lambda: _um_item(call, stored, host.um_call_router, "UM call router"))
    return turns


def _check_roles(services: frozenset[str], host: HostState) -> None:
    if "Federation" in services:
        raise CmdletFailure(
            "The Federation service cannot be enabled here. Use the federation trust cmdlets."
        )
    if services & {"UM", "UMCallRouter"} and not host.profile.has_um:
        raise CmdletFailure("The Unified Messaging service is not installed on this server.")
    if host.edge and services - {"SMTP"}:
        raise CmdletFailure("The requested service is not installed on this server.")


def _web_item(call: Call, stored: StoredCertificate) -> _Item:
    host, keeps_http = call.host, call.flag("DoNotRequireSsl")

    def bind() -> None:
        host.sites[FRONT_END_SITE] = stored.thumbprint
        host.require_ssl = host.require_ssl or not keeps_http

    if host.require_ssl or keeps_http or call.flag("Force"):
        return _Item(apply=bind)
    return _Item(
        apply=bind,
        question="Do you want to enforce SSL communication on the root web site? If not, "
        "rerun the cmdlet with the -DoNotRequireSSL parameter.",
    )


def _grant(stored: StoredCertificate) -> None:
    if stored.key is None:
        raise CmdletFailure(
            "Insufficient rights to grant Network Service access to the certificate with "
            f"thumbprint {stored.thumbprint}.",
            "NotSpecified",
        )
    stored.network_service = True


def _smtp_item(call: Call, stored: StoredCertificate) -> _Item:
    host = call.host
    by_fqdn: dict[str, list[Connector]] = {}
    for connector in host.receive_connectors():
        _check_connector(connector, host)
        by_fqdn.setdefault(connector.fqdn.lower(), []).append(connector)
    for connectors in by_fqdn.values():
        _warn_if_another_wins(call, stored, connectors)

    def replace_default() -> None:
        before, host.default_smtp = host.default_smtp, stored.thumbprint
        # Active Directory is saved before the Edge credentials are encrypted anew (reference 7, trap 7).
        _check_edge_credentials(host, before)

    old = host.stores.my.get(host.default_smtp or "")
    if old is None or old is stored or call.flag("Force"):
        return _Item(apply=replace_default)
    return _Item(apply=replace_default, question=smtp_question(old, stored, host.culture))


def _check_connector(connector: Connector, host: HostState) -> None:
    if not is_dns_name(connector.fqdn):
        raise operation_failed(host.name, "Unknown error (0xe0434352)")


def _check_edge_credentials(host: HostState, before: str | None) -> None:
    if host.edge_credentials and (before or "") not in host.stores.my:
        raise CmdletFailure(
            "The internal transport certificate is damaged or missing in Active Directory. "
            "Edge subscriptions must be recreated.",
            "ObjectNotFound",
        )


def _warn_if_another_wins(call: Call, stored: StoredCertificate, matching: list[Connector]) -> None:
    """Warning 19, once for the connectors of one FQDN that the certificate itself names."""
    fqdn = matching[0].fqdn
    winner = smtp_certificate(matching[0], call.host)
    is_ours = fqdn.lower() in {name.lower() for name in certificate_names(stored.certificate)}
    if not is_ours or winner is None or winner is stored:
        return
    if winner.thumbprint == call.host.default_smtp:
        return
    call.warn(
        "This certificate will not be used for external TLS connections with an FQDN of "
        f"'{fqdn}' because the CA-signed certificate with thumbprint '{winner.thumbprint}' takes "
        "precedence. The following connectors match that FQDN: "
        f"{', '.join(connector.name for connector in matching)}."
    )


def _mail_item(call: Call, stored: StoredCertificate, service: str) -> _Item:
    def rename() -> None:
        names = certificate_names(stored.certificate)
        if not names or is_wildcard(names[0]):
            call.warn(_no_fqdn(stored, service))
        else:
            call.host.mail_names[service] = names[0]

    return _Item(apply=rename)


def _no_fqdn(stored: StoredCertificate, service: str) -> str:
    """Warnings 16 and 17; `cannot used` is how the real one reads."""
    subject = show_name(stored.certificate.subject)
    names = certificate_names(stored.certificate)
    return (
        f"This certificate with thumbprint {stored.thumbprint} and subject "
        f"'{names[0] if names else subject}' cannot used for {service} SSL/TLS connections because "
        "the subject is not a Fully Qualified Domain Name (FQDN). Use command "
        f"Set-{service}Settings to set X509CertificateName to the FQDN of the service."
    )


def _um_item(call: Call, stored: StoredCertificate, um: UnifiedMessaging, what: str) -> _Item:
    if um.startup_mode == "TCP":
        raise CmdletFailure(f"The {what} service starts in TCP mode.", "NotSpecified")

    def assign() -> None:
        um.thumbprint = stored.thumbprint

    question = f"Overwrite the existing {what} certificate?"
    return _Item(apply=assign, question="" if call.flag("Force") else question)


def _end(stored: StoredCertificate, culture: str) -> str:
    return calendar(stored.certificate.not_valid_after_utc, culture)
