"""A host as setup leaves it: its certificates, bindings, connectors and names (reference section 9)."""

from datetime import timedelta
from typing import Final

from sandbox.exchange.clock import HostClock
from sandbox.exchange.engine.directory import Connector
from sandbox.exchange.engine.selfsigned import cn, new_key, self_signed
from sandbox.exchange.engine.state import (
    BACK_END_SITE,
    FRONT_END_SITE,
    HostState,
    Listener,
)
from sandbox.exchange.engine.stores import StoredCertificate
from sandbox.exchange.profile import VersionProfile

AUTH_SUBJECT: Final = "Microsoft Exchange Server Auth Certificate"
_AGE: Final = timedelta(days=30)
_MANAGEMENT: Final = "0.0.0.0:8172"
_WITH_BACK_END: Final = (15, 0, 0, 0)


def fresh_host(
    *,
    name: str,
    domain: str,
    profile: VersionProfile,
    clock: HostClock,
    smtp_fqdn: str | None = None,
    edge: bool = False,
) -> HostState:
    """The state of a host on which setup has just run. `smtp_fqdn` is what its connectors call themselves."""
    state = HostState(name=name, domain=domain, profile=profile, clock=clock, edge=edge)
    state.accepted_domains.append(domain)
    own = _own_certificate(state)
    state.default_smtp = own.thumbprint
    if not edge:
        _add_mailbox_side(state, own)
    management = _management_certificate(state)
    state.listeners.append(Listener(address=_MANAGEMENT, thumbprint=management.thumbprint))
    state.connectors.extend(_connectors(state, smtp_fqdn or state.fqdn))
    return state


def _add_mailbox_side(state: HostState, own: StoredCertificate) -> None:
    """What an Edge Transport server has none of: web sites, POP and IMAP, the organization's Auth certificate."""
    state.mail_names.update({"POP": state.name, "IMAP": state.name})
    state.sites[FRONT_END_SITE] = own.thumbprint
    if state.profile.build >= _WITH_BACK_END:
        state.sites[BACK_END_SITE] = own.thumbprint
        state.auth_certificate = _auth_certificate(state).thumbprint


def _own_certificate(state: HostState) -> StoredCertificate:
    return _add(
        state,
        subject=state.name,
        names=[state.name, state.fqdn],
        friendly_name="Microsoft Exchange",
        network_service=True,
        trusted=True,
    )


def _auth_certificate(state: HostState) -> StoredCertificate:
    return _add(
        state,
        subject=AUTH_SUBJECT,
        friendly_name=AUTH_SUBJECT,
        exportable=True,
        network_service=True,
    )


def _management_certificate(state: HostState) -> StoredCertificate:
    name = f"{state.profile.wmsvc}-{state.name}"
    return _add(state, subject=name, friendly_name="WMSVC", days=10 * 365, trusted=True)


def _add(
    state: HostState,
    *,
    subject: str,
    friendly_name: str,
    names: list[str] | None = None,
    exportable: bool = False,
    network_service: bool = False,
    trusted: bool = False,
    days: int = 5 * 365,
) -> StoredCertificate:
    key = new_key()
    start = state.now() - _AGE
    certificate = self_signed(
        subject=cn(subject), names=names or [], key=key, start=start, days=days
    )
    if trusted:
        state.stores.add_root(certificate, "Registry")
    return state.stores.add_my(
        StoredCertificate(
            certificate=certificate,
            key=key,
            exportable=exportable,
            friendly_name=friendly_name,
            network_service=network_service,
        )
    )


def _connectors(state: HostState, fqdn: str) -> list[Connector]:
    front = "Default Frontend" if state.profile.build >= _WITH_BACK_END else "Default"
    client = "Client Frontend" if state.profile.build >= _WITH_BACK_END else "Client"
    return [
        Connector(kind="Receive", name=f"{front} {state.name}", fqdn=fqdn, port=25),
        Connector(kind="Receive", name=f"{client} {state.name}", fqdn=fqdn, port=587),
        Connector(kind="Send", name="Internet", fqdn=fqdn, sources=[state.name]),
    ]
