"""
Errors of a host that speaks another language: told by id, category and what no language changes.

Thumbprints, reasons in brackets, hex codes and names are the same on every host; sentences are not. These rows are looked
at last, when no English text did: each says only what its category makes certain, and Exchange's own words are shown
beside it.
"""

from typing import Final

from bot.domain.faults import FaultKind
from bot.exchange.call import Call, RemoteError
from bot.exchange.entry import CHECKED_FIRST, Entry, Untouched, names_ours

ACCESS_DENIED_TEXTS: Final = (
    "access is denied",
    "zugriff verweigert",
    "отказано в доступе",
    "accès refusé",
    "acceso denegado",
    "accesso negato",
    "acesso negado",
    "toegang geweigerd",
    "odmowa dostępu",
    "アクセスが拒否されました",
    "拒绝访问",
)
"""How Windows says error 5 in the languages Exchange is installed in most."""

_THUMBPRINT: Final = "{thumbprint}"
_FROM_EXCHANGE: Final = "Microsoft.Exchange.Management"

_NO_SCRIPT: Final = Untouched(
    why="A runspace without a language refuses a script whole, before it runs a word of it (exchange.md 1.2)."
)

EXACT_IDS: Final = {
    "InvalidOperation": Entry(
        number=28,
        code="QuestionUnanswered",
        kind=FaultKind.NOT_TAKEN,
        advice="Exchange asked something that nobody had decided. What needs no question was done; "
        "look at the host and make a new plan.",
        partly=("Enable-",),
    ),
    "HostFunctionNotImplemented": Entry(
        number=29,
        code="QuestionUnanswered",
        kind=FaultKind.NOT_TAKEN,
        advice="Exchange asked something that nobody had decided. What needs no question was done; "
        "look at the host and make a new plan.",
        partly=("Enable-",),
    ),
    "ScriptsNotAllowed": Entry(
        number=30,
        code="ScriptRefused",
        kind=FaultKind.UNSUPPORTED,
        advice="Exchange's endpoint takes no scripts; report it as a fault of CertDesk.",
        untouched=_NO_SCRIPT,
    ),
}
"""By the whole ``FullyQualifiedErrorId``: Exchange's own ids hold such words as parts."""

FOREIGN: Final = (
    Entry(
        number=43,
        code="DirectoryOutOfReach",
        texts=("Active Directory",),
        category="NotSpecified",
        kind=FaultKind.UNSUPPORTED,
        advice="Active Directory could not be read with this sign-in. Use Exchange's endpoint, or Kerberos with delegation.",
    ),
    Entry(
        number=1,
        code="CertificateNotFound",
        verbs=("Get-",),
        texts=(_THUMBPRINT,),
        category="NotSpecified",
        advice="The host does not hold this certificate (any more). Make a new plan.",
    ),
    Entry(
        number=2,
        code="CertificateNotFound",
        verbs=("Enable-", "Remove-", "Export-"),
        texts=(_THUMBPRINT,),
        category="ObjectNotFound",
        advice="The host does not hold this certificate (any more). Make a new plan.",
        untouched=CHECKED_FIRST,
    ),
    Entry(
        number=23,
        code="EdgeSubscription",
        verbs=("Enable-",),
        category="ObjectNotFound",
        advice="Something Exchange needs is not there: as a rule the old default certificate, while Edge credentials exist. "
        "Recreate the Edge subscription after this (Microsoft's procedure).",
    ),
    Entry(
        number=18,
        code="KeyAccessDenied",
        verbs=("Enable-", "New-"),
        texts=(_THUMBPRINT,),
        category="NotSpecified",
        advice="The certificate cannot be used as it is: as a rule its key's container is missing or belongs to somebody "
        "else. Repair the key on the host.",
    ),
    Entry(
        number=22,
        code="UnifiedMessagingTcp",
        verbs=("Enable-",),
        texts=("TCP",),
        category="NotSpecified",
        advice="Set UMStartupMode to TLS or Dual and restart UM, then retry.",
    ),
    Entry(
        number=12,
        code="KeyNotExportable",
        verbs=("Export-",),
        category="InvalidArgument",
        advice="The key was made as not exportable. Order anew with an exportable key, or one certificate a host.",
    ),
    Entry(
        number=11,
        code="SourceDataMissing",
        verbs=("Import-",),
        category="InvalidArgument",
        advice="Exchange missed or refused an argument; report it as a fault of CertDesk.",
    ),
    Entry(
        number=21,
        code="ServiceRefused",
        verbs=("Enable-",),
        category="InvalidArgument",
        kind=FaultKind.UNSUPPORTED,
        advice="Exchange refuses one of the services here: as a rule it is not installed on this server. Leave it out.",
    ),
    Entry(
        number=40,
        code="NotEnabledForSmtp",
        verbs=("Set-SendConnector", "Set-ReceiveConnector"),
        category="InvalidArgument",
        advice="Exchange refuses the value: as a rule a connector can only name a certificate that is enabled for SMTP on "
        "this server. Enable it for SMTP, then retry.",
    ),
    Entry(
        number=24,
        code="ServiceFailed",
        ids=(_FROM_EXCHANGE,),
        category="InvalidOperation",
        advice="Exchange's own service failed on the host, as a rule for lack of rights: see that Exchange Trusted Subsystem "
        "is in its local Administrators.",
    ),
)
"""Each part that is given must fit: verb, id, category, and one of the texts."""


def foreign_entry(call: Call, error: RemoteError) -> Entry | None:
    """Find the row of an error whose text nobody here can read; None when it is not known even so."""
    exact = EXACT_IDS.get(error.error_id)
    return exact or next((entry for entry in FOREIGN if _fits(entry, call, error)), None)


def _fits(entry: Entry, call: Call, error: RemoteError) -> bool:
    if entry.category != error.category or not call.cmdlet.startswith(entry.verbs or ("",)):
        return False
    if entry.ids and not any(part in error.error_id for part in entry.ids):
        return False
    return not entry.texts or any(_is_in(part, call, error.message) for part in entry.texts)


def _is_in(part: str, call: Call, message: str) -> bool:
    if part == _THUMBPRINT:
        return names_ours(call, message)
    return part.lower() in message.lower()
