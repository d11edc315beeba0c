"""
What no operation of CertDesk may ever hold: the Auth certificate.

It signs OAuth tokens for the whole organisation, shows SMTP and serves no TLS; enabling, giving back or removing it
as part of a TLS job breaks sign-in (exchange.md 7 trap 8). The binding on 444 and the default SMTP certificate are guarded where
operations are made: nothing here or there names a web site, and SMTP changes only by an answered question.
"""

from collections.abc import Iterable
from typing import Final

from bot.certs.prints import Thumbprint
from bot.domain.faults import FaultKind, HostFault
from bot.domain.ids import HostName
from bot.domain.plan import HostCertificate, Operation, OperationKind, Snapshot
from bot.domain.surroundings import AuthCertificates
from bot.exchange.distinguished import name_parts

_SUBJECT: Final = name_parts("CN=Microsoft Exchange Server Auth Certificate")
_HOLDING: Final = frozenset(
    {
        OperationKind.IMPORT_CERTIFICATE,
        OperationKind.ENABLE_SERVICES,
        OperationKind.ENABLE_SMTP,
        OperationKind.ENABLE_SMTP_KEEPING_DEFAULT,
        OperationKind.RESTORE_SMTP_DEFAULT,
        OperationKind.REMOVE_CERTIFICATE,
    }
)
"""Operations that do something with the certificate they name."""


def is_auth(held: HostCertificate, auth: AuthCertificates | None) -> bool:
    """Say whether it is an Auth certificate: by the organisation's word, and by its subject where that is unknown."""
    named = auth.all if auth is not None else ()
    return held.thumbprint in named or name_parts(held.subject) == _SUBJECT


def is_auth_thumbprint(snapshot: Snapshot, thumbprint: Thumbprint | None) -> bool:
    """The same for a handle; one the host does not show can only be known by the organisation's word."""
    held = snapshot.certificate(thumbprint)
    if held is not None:
        return is_auth(held, snapshot.auth)
    return snapshot.auth is not None and thumbprint in snapshot.auth.all


def check_operations(snapshot: Snapshot, operations: Iterable[Operation]) -> None:
    """
    Refuse a plan that holds the Auth certificate of its host, however it came in.

    Raises:
        HostFault: UNSUPPORTED, ``auth-certificate``.
    """
    for operation in operations:
        if operation.kind in _HOLDING and is_auth_thumbprint(snapshot, operation.thumbprint):
            raise auth_refusal(snapshot.host, operation.thumbprint)


def auth_refusal(host: HostName, thumbprint: Thumbprint) -> HostFault:
    """The fault for an operation that names the Auth certificate."""
    return HostFault(
        FaultKind.UNSUPPORTED,
        host,
        f"{host}: {thumbprint} is the Auth certificate of the organisation, which CertDesk never enables, gives back "
        "or removes. Nothing was changed by this step. Renew it by its own procedure (Set-AuthConfig); "
        "for this order choose another certificate by hand.",
        executed="no",
        code="auth-certificate",
    )
