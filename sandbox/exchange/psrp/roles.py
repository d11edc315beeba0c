"""Who may run which cmdlet: management roles and role groups, as one table each. Values only."""

from collections.abc import Mapping
from typing import Final

from sandbox.exchange.engine.dialect import CMDLETS

RoleGroup = str

_CERTIFICATES: Final = frozenset(name for name in CMDLETS if name.endswith("-ExchangeCertificate"))
_VIEW_ONLY: Final = frozenset(
    name for name in CMDLETS if name.startswith("Get-") and name not in _CERTIFICATES
)

ROLES: Final[Mapping[str, frozenset[str]]] = {
    "Exchange Server Certificates": _CERTIFICATES,
    "View-Only Configuration": _VIEW_ONLY,
    "Receive Connectors": frozenset({"Get-ReceiveConnector", "Set-ReceiveConnector"}),
    "Send Connectors": frozenset({"Get-SendConnector", "Set-SendConnector"}),
    "POP3 And IMAP4 Protocols": frozenset(
        f"{verb}-{what}Settings" for verb in ("Get", "Set") for what in ("Pop", "Imap")
    ),
}

GROUPS: Final[Mapping[RoleGroup, tuple[str, ...]]] = {
    "Organization Management": tuple(ROLES),
    "Server Management": (
        "Exchange Server Certificates",
        "View-Only Configuration",
        "Receive Connectors",
        "POP3 And IMAP4 Protocols",
    ),
    "View-Only Organization Management": ("View-Only Configuration",),
}


def cmdlets_of(group: RoleGroup) -> frozenset[str]:
    """What a member of the group finds in the session; nothing for a group that is not in the table."""
    return frozenset().union(*(ROLES[role] for role in GROUPS.get(group, ())))
