"""The Services of a certificate: computed from the host's settings, never stored (reference 4.3)."""

from typing import Final

from sandbox.exchange.engine.errors import unknown_service
from sandbox.exchange.engine.names import certificate_names
from sandbox.exchange.engine.state import HostState
from sandbox.exchange.engine.stores import StoredCertificate
from sandbox.exchange.profile import VersionProfile

# Flag order is also the order in which .NET prints the names; the letter is its place in the column.
ALL_SERVICES: Final = ("IMAP", "POP", "UM", "IIS", "SMTP", "Federation", "UMCallRouter")
_LETTERS: Final = dict(zip(ALL_SERVICES, "IPUWSFC", strict=True))


def known_services(profile: VersionProfile) -> tuple[str, ...]:
    """The names the parameter -Services can take on this version."""
    return ALL_SERVICES[: profile.service_letters]


def parse_services(text: str, profile: VersionProfile, cmdlet: str) -> frozenset[str]:
    """
    The services in a -Services argument such as `IIS, SMTP`; `None` is the empty set.

    Raises:
        CmdletFailure: error 35 for a name this version does not know (`UC` is one).
    """
    names = {name.lower(): name for name in known_services(profile)}
    wanted = [part.strip().lower() for part in text.split(",")]
    for part in wanted:
        if part not in names and part != "none":
            raise unknown_service(text, ", ".join(("None", *names.values())), cmdlet)
    return frozenset(names[part] for part in wanted if part != "none")


def services_of(stored: StoredCertificate, state: HostState) -> frozenset[str]:
    """Every service whose setting points at this certificate, by whatever that service goes by."""
    names = {name.lower() for name in certificate_names(stored.certificate)}
    thumbprint, mail_names = stored.thumbprint, state.directory().mail_names
    is_so = {
        "IMAP": mail_names.get("IMAP", "").lower() in names,
        "POP": mail_names.get("POP", "").lower() in names,
        "UM": state.um.thumbprint == thumbprint,
        "IIS": thumbprint in state.sites.values(),
        "SMTP": stored.network_service,
        "Federation": state.federation == thumbprint,
        "UMCallRouter": state.um_call_router.thumbprint == thumbprint,
    }
    return frozenset(name for name in known_services(state.profile) if is_so[name])


def show_services(services: frozenset[str]) -> str:
    """The flags as .NET prints them: `IMAP, POP, IIS, SMTP`, or `None`."""
    return ", ".join(name for name in ALL_SERVICES if name in services) or "None"


def services_column(services: frozenset[str], profile: VersionProfile) -> str:
    """ServicesStringForm: one place a service, a dot when absent; 5, 6 or 7 places by version."""
    return "".join(_LETTERS[name] if name in services else "." for name in known_services(profile))
