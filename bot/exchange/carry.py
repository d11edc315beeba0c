"""
Bringing a certificate with its private key to a host that has no request for it.

From the host that made the key, only when it was ordered as exportable and the plan said so; or from CertDesk, when it made
the key. The PFX lives in memory under a password nobody sees; on the new host the key is not exportable (exchange.md 7 trap 9).
"""

import base64
import binascii
import secrets

from bot.certs.judge import IssuedCertificate
from bot.domain.faults import FaultKind, HostFault
from bot.domain.ids import HostName
from bot.exchange import cmdlets
from bot.exchange.call import Reply, Secret
from bot.exchange.session import Runner
from bot.exchange.snapshot import find_held
from bot.exchange.talk import run, run_one, unreadable
from bot.key_ports import Parcel

_PASSWORD_BYTES = 24


def pack_key(runner: Runner, certificate: IssuedCertificate) -> Parcel | None:
    """
    Export certificate and key from this host; None when it does not have both.

    Raises:
        HostFault: KeyNotExportable above all.
    """
    held = find_held(runner, certificate.facts.sha256)
    if held is None or not held.has_key:
        return None
    password = Secret(text=secrets.token_urlsafe(_PASSWORD_BYTES))
    call = cmdlets.export_certificate(certificate.facts.thumbprint, password)
    try:
        pfx = base64.b64decode(run_one(runner, call)[0] or "", validate=True)
    except binascii.Error as fault:
        raise unreadable(runner.host, call, "the PFX did not come as base64") from fault
    return Parcel(pfx=pfx, password=password.text)


def unpack_key(runner: Runner, friendly_name: str, parcel: Parcel) -> Reply:
    """Import certificate and key; the key is not exportable from here."""
    call = cmdlets.import_pfx(friendly_name, data=parcel.pfx, password=Secret(text=parcel.password))
    return run(runner, call)


def key_gone(host: HostName, source: HostName) -> HostFault:
    """The fault where the key's host does not have certificate and key any more; a bare certificate is of no use."""
    return HostFault(
        FaultKind.UNSUPPORTED,
        host,
        f"{host}: the certificate with its key is not on {source} any more, so nothing was imported here. "
        f"Bring it back to {source}, or to this host by hand, then retry; else order anew.",
        executed="no",
        code="KeyGone",
    )
