"""The extras a site needs to sign in to its hosts, looked for before the bot starts rather than at the first order."""

import importlib.util
from collections.abc import Callable

from bot.exchange.tickets import INSTALL_HINT, is_installed
from bot.site_file import HostSection, SiteFile


def missing_extras(
    site_file: SiteFile, *, has_kerberos: Callable[[], bool] = is_installed
) -> tuple[str, ...]:
    """A sentence for each host whose way to sign in is not installed."""
    has_credssp = importlib.util.find_spec("requests_credssp") is not None
    kerberos = () if has_kerberos() else _names(site_file, lambda host: host.wants_tickets)
    credssp = () if has_credssp else _names(site_file, lambda host: host.auth == "credssp")
    return (
        *(
            f"{name} is signed in to by Kerberos, which is not installed: {INSTALL_HINT}."
            for name in kerberos
        ),
        *(
            f"{name} is signed in to by CredSSP, which is not installed: pip install certdesk[credssp]."
            for name in credssp
        ),
    )


def _names(site_file: SiteFile, wants: Callable[[HostSection], bool]) -> tuple[str, ...]:
    return tuple(host.name for host in site_file.hosts if wants(host))
