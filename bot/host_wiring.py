"""How the site's Exchange hosts are reached and proven: addresses, sign-in and anchors, from settings and site file."""

import os
from collections.abc import Collection
from pathlib import Path
from urllib.parse import urlsplit

import certifi

from bot.domain.ids import HostName, VendorName
from bot.exchange.access import HostAccess
from bot.exchange.hosts import WinRMHosts
from bot.exchange.session import Deadlines
from bot.settings import BadSettings, Settings, secret_from
from bot.site_file import HostSection, SiteFile
from bot.system.clock import SystemClock
from bot.system.stopwatch import BootStopwatch, since_start
from bot.watch.probe import ProbeTarget, TlsProber


def build_hosts(
    settings: Settings,
    site_file: SiteFile,
    clock: SystemClock,
    stopwatch: BootStopwatch | None = None,
) -> WinRMHosts:
    """
    The Exchange hosts of the site.

    Args:
        stopwatch: the one of whoever notes deadlines.
    """
    # Once for all of them: it reads the whole site file.
    hidden = settings.hidden_variables
    accesses = tuple(_access(settings, host, hidden) for host in site_file.hosts)
    deadlines = Deadlines(change_s=settings.command_deadline_s)
    return WinRMHosts(
        accesses, clock, deadlines=deadlines, monotonic=since_start, stopwatch=stopwatch
    )


def build_prober(settings: Settings, site_file: SiteFile) -> TlsProber:
    """The prober, with the ports and anchors of the site."""
    targets = tuple(
        ProbeTarget(
            host=HostName(h.name),
            address=_connect_to(h),
            ports={str(name): port for name, port in h.ports.items()},
        )
        for h in site_file.hosts
    )
    return TlsProber(targets, anchors_pem=_all_anchors(settings, site_file))


def anchor_files(settings: Settings, site_file: SiteFile) -> dict[VendorName, Path]:
    """The roots and intermediates of each vendor that has its own, as PEM files."""
    return {
        VendorName(vendor.name): _beside(settings, vendor.anchors)
        for vendor in site_file.vendors
        if vendor.anchors
    }


def _access(settings: Settings, host: HostSection, hidden: Collection[str]) -> HostAccess:
    def password() -> str:
        try:
            return secret_from(
                host.password_env, host.password_file, host.password_command, hidden=hidden
            )
        except BadSettings as bad:
            # What the hosts' room knows as "the secret cannot be opened"; the sentences hold no secret.
            raise LookupError(str(bad)) from None

    return HostAccess(
        name=HostName(host.name),
        version=host.version,
        winrm_url=host.winrm,
        auth=host.auth,
        user=host.user,
        password=password,
        shell=host.shell,
        psrp_url=host.psrp,
        door=host.door,
        cert_pem=str(_beside(settings, host.cert_pem)) if host.cert_pem else "",
        key_pem=str(_beside(settings, host.key_pem)) if host.key_pem else "",
        keytab=str(_beside(settings, host.keytab)) if host.keytab else "",
        spn_host=host.spn_host,
        delegate=host.delegate,
        ca_pem=str(_beside(settings, host.ca_pem)) if host.ca_pem else None,
    )


def _connect_to(host: HostSection) -> str:
    return host.connect_to or urlsplit(host.winrm).hostname or host.name


def _all_anchors(settings: Settings, site_file: SiteFile) -> str:
    """What the site's clients trust: the vendors' own anchors, Mozilla's list for the others."""
    files = {
        _beside(settings, vendor.anchors) if vendor.anchors else Path(certifi.where())
        for vendor in site_file.vendors
    }
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(files))


def _beside(settings: Settings, name: str) -> Path:
    return settings.config.parent / os.path.expandvars(name)
