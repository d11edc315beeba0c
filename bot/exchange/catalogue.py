"""
Errors of Exchange's cmdlets, as a table: how each is recognised and what the operator is told.

The id and the category come first, text second, because texts are localised; an error that is not
here is shown whole. Source: exchange.md 8, whose numbers the rows carry.

Whether something was changed before the error came is not known, unless a row says why it is. Two rows stay silent on
purpose: "already exists" (7), because a PFX's key is written before it is said (6.1 steps 3 and 5), and a refused input
of New- (38), because the reference does not tell whether the key is made before it.
"""

from typing import Final

from bot.domain.faults import FaultKind
from bot.exchange.advice import FOR_ASSIGNED, FOR_CONNECTORS, FOR_DEFAULT
from bot.exchange.call import Call, RemoteError
from bot.exchange.entry import (
    CHECKED_FIRST,
    NEVER_OPENED,
    NO_COMMAND,
    NOT_BOUND,
    REFUSED_FIRST,
    Entry,
    Untouched,
    is_told_by,
)
from bot.exchange.foreign import ACCESS_DENIED_TEXTS, foreign_entry

_CONNECTORS: Final = ("Set-SendConnector", "Set-ReceiveConnector")

_ROLE_CHECKED: Final = Untouched(
    why="Enable looks at the server's roles in step 1, before it writes (exchange.md 2.3)."
)
_VALUE_REFUSED: Final = Untouched(
    why="The connector's new value itself is refused: there is nothing else to write (exchange.md 8, row 40)."
)
_SOURCE_READ_FIRST: Final = Untouched(
    why="Import reads its source in step 3 and adds in step 6; what matches a request was not found (exchange.md 6.1)."
)
_WRITES_ONCE: Final = Untouched(
    why="Removing is one write (exchange.md 2.5), as is what the runner does to a store: that was denied.",
    by=("Remove-", "store."),
)
_ONE_CALL: Final = Untouched(
    why="They make one call to the Service Host (exchange.md 0), and nobody took it. Enable makes another after a question.",
    by=("New-", "Import-", "Remove-"),
)
_RUNNER_REFUSED: Final = Untouched(
    why="The runner looks at what it is asked before it does anything (docs/runner.md)."
)

CATALOGUE: Final[tuple[Entry, ...]] = (
    Entry(
        number=34,
        code="ParameterUnknown",
        ids=("NamedParameterNotFound",),
        kind=FaultKind.UNSUPPORTED,
        advice="The build of the host wants other parameters: check the version in the configuration.",
        untouched=NOT_BOUND,
    ),
    Entry(
        number=36,
        code="SelectRefused",
        texts=("'select-object' is not recognized",),
        kind=FaultKind.UNSUPPORTED,
        advice="Exchange's endpoint of this host shows no properties of its objects. Set the host's door to winrm.",
        untouched=NO_COMMAND,
    ),
    Entry(
        number=36,
        code="ConnectorRoleMissing",
        verbs=_CONNECTORS,
        ids=("CommandNotFoundException",),
        kind=FaultKind.UNSUPPORTED,
        advice="The account has no role for connectors, so this one goes on naming the certificate of before. Give its "
        "role group the roles Send Connectors and Receive Connectors (Organization Management has them), or have an "
        "administrator run the line of the plan; then retry. What was installed before stays.",
        untouched=NO_COMMAND,
    ),
    Entry(
        number=40,
        code="NotEnabledForSmtp",
        verbs=_CONNECTORS,
        texts=("enabled for the smtp", "enabled for smtp"),
        advice="A connector can only name a certificate that is enabled for SMTP on this server. Enable it for SMTP, "
        "then retry.",
        untouched=_VALUE_REFUSED,
    ),
    Entry(
        number=36,
        code="CmdletUnknown",
        ids=("CommandNotFoundException",),
        kind=FaultKind.UNSUPPORTED,
        advice="The Exchange tools were not loaded, or the account has no role for this cmdlet. "
        "Check the host's shell setting and the account's role group (Server Management).",
        untouched=NO_COMMAND,
    ),
    Entry(
        number=36,
        code="NotOnTheList",
        ids=("NotOnTheList", "StoreRefused", "NotOneCertificate", "UnknownOperation"),
        kind=FaultKind.UNSUPPORTED,
        advice="The runner refuses this by itself; report it as a fault of CertDesk.",
        untouched=_RUNNER_REFUSED,
    ),
    Entry(
        number=37,
        code="SnapInMissing",
        ids=("AddPSSnapInRead",),
        texts=("snap-in",),
        kind=FaultKind.UNSUPPORTED,
        advice="Run CertDesk against a 64-bit PowerShell on a host with the Exchange management tools.",
    ),
    Entry(
        number=3,
        code="PrivateKeyMissing",
        texts=("PrivateKeyMissing",),
        advice="The private key is not on this host: the CSR was made elsewhere or its request is gone. "
        "Import where the CSR was made, try certutil -repairstore my <serial>, or ask the vendor for a re-key.",
        untouched=CHECKED_FIRST,
    ),
    Entry(
        number=4,
        code="KeyAlgorithmUnsupported",
        texts=("KeyAlgorithmUnsupported",),
        advice="Exchange here takes no EC keys. Order an RSA certificate, or switch EC support on.",
        untouched=CHECKED_FIRST,
    ),
    Entry(
        number=5,
        code="ServerAuthMissing",
        texts=("PkixKpServerAuthNotFoundInEnhancedKeyUsage",),
        advice="The certificate is not for servers: the vendor issued another product. Ask for a TLS certificate.",
        untouched=CHECKED_FIRST,
    ),
    Entry(
        number=6,
        code="PrivateKeyNotAccessible",
        texts=("PrivateKeyNotAccessible", "CspKeyContainerInfo"),
        advice="The key's container is damaged or locked. Try certutil -repairstore my <serial>.",
        untouched=CHECKED_FIRST,
    ),
    Entry(
        number=3,
        code="NotValidForExchange",
        texts=("is not valid for use with exchange server",),
        advice="Exchange says why in the brackets; it will not use this certificate. Ask the vendor for a re-key.",
        untouched=CHECKED_FIRST,
    ),
    Entry(
        number=7,
        code="AlreadyImported",
        verbs=("Import-",),
        texts=("already exists",),
        advice="It was imported before; go on with enabling, after looking whether it has its key.",
    ),
    Entry(
        number=7,
        code="AlreadyImported",
        verbs=("Import-",),
        category="WriteError",
        advice="It was imported before; go on with enabling, after looking whether it has its key.",
    ),
    Entry(
        number=8,
        code="SourceDataRefused",
        verbs=("Import-",),
        texts=("wrong password was specified", "properly base64"),
        advice="Exchange could not read the data, or the password is not the one of the file.",
        untouched=_SOURCE_READ_FIRST,
    ),
    Entry(
        number=8,
        code="SourceDataRefused",
        verbs=("Import-",),
        category="ReadError",
        advice="Exchange could not read the data, or the root above it is not trusted on the host.",
    ),
    Entry(
        number=12,
        code="KeyNotExportable",
        verbs=("Export-",),
        texts=("isn't exportable", "couldn't be exported"),
        advice="The key was made as not exportable. Order anew with an exportable key, or one certificate a host.",
    ),
    Entry(
        number=13,
        code="DefaultSmtpCertificate",
        verbs=("Remove-",),
        texts=("internal transport certificate cannot be removed",),
        advice=f"It is the default SMTP certificate. {FOR_DEFAULT}",
        untouched=REFUSED_FIRST,
    ),
    Entry(
        number=14,
        code="NamedByConnectors",
        verbs=("Remove-",),
        texts=("tagged with following send connectors",),
        advice=FOR_CONNECTORS,
        untouched=REFUSED_FIRST,
    ),
    Entry(
        number=15,
        code="StillAssigned",
        verbs=("Remove-",),
        texts=("unified messaging", "um call router", "federation"),
        category="InvalidArgument",
        advice=FOR_ASSIGNED,
        untouched=REFUSED_FIRST,
    ),
    Entry(
        number=15,
        code="StillAssigned",
        verbs=("Remove-",),
        category="InvalidArgument",
        advice=f"Something still uses it, and Exchange says what. {FOR_DEFAULT} {FOR_ASSIGNED} {FOR_CONNECTORS}",
        untouched=REFUSED_FIRST,
    ),
    Entry(
        number=2,
        code="CertificateNotFound",
        texts=("was not found",),
        advice="The host does not hold this certificate (any more). Make a new plan.",
        untouched=CHECKED_FIRST,
    ),
    Entry(
        number=18,
        code="KeyAccessDenied",
        texts=("insufficient rights to grant network service",),
        advice="The key's container is missing or belongs to somebody else. Repair the key on the host.",
    ),
    Entry(
        number=28,
        code="QuestionUnanswered",
        texts=("noninteractive", "does not support user interaction"),
        kind=FaultKind.NOT_TAKEN,
        advice="Exchange asked something that nobody had decided. What needs no question was done; "
        "look at the host and make a new plan.",
        partly=("Enable-",),
    ),
    Entry(
        number=24,
        code="ServiceAccessDenied",
        texts=ACCESS_DENIED_TEXTS,
        kind=FaultKind.ACCESS_DENIED,
        advice="Put Exchange Trusted Subsystem (and the account) into the host's local Administrators, then retry.",
        untouched=_WRITES_ONCE,
    ),
    Entry(
        number=25,
        code="ConnectorFqdnIllegal",
        texts=("0xe0434352",),
        advice="A receive connector has an illegal FQDN (an underscore, say). Correct it, then retry.",
    ),
    Entry(
        number=26,
        code="SnapInOutsideShell",
        texts=("0xe0434f4d",),
        kind=FaultKind.UNSUPPORTED,
        advice="The snap-in does not work here. Set the host's shell to session.",
    ),
    Entry(
        number=23,
        code="EdgeSubscription",
        texts=("edge subscription",),
        advice="The old default is not in the store while Edge credentials exist: "
        "recreate the Edge subscription after this (Microsoft's procedure).",
    ),
    Entry(
        number=35,
        code="ServiceUnknown",
        ids=("CannotConvertArgument", "ParameterArgumentTransformationError"),
        kind=FaultKind.UNSUPPORTED,
        advice="The host does not know one of the values. Check services and key size.",
        untouched=NOT_BOUND,
    ),
    Entry(
        number=21,
        code="ServiceNotInstalled",
        verbs=("Enable-",),
        texts=("not installed on this server",),
        kind=FaultKind.UNSUPPORTED,
        advice="Leave the service out on this host.",
        untouched=_ROLE_CHECKED,
    ),
    Entry(
        number=22,
        code="UnifiedMessagingTcp",
        verbs=("Enable-",),
        texts=("tcp mode", "startup mode"),
        advice="Set UMStartupMode to TLS or Dual and restart UM, then retry.",
    ),
    Entry(
        number=27,
        code="ServiceHostStopped",
        texts=(
            "(1753)",
            "(1722)",
            "0x6d9",
            "0x6ba",
            "endpoint mapper",
            "rpc server is unavailable",
        ),
        kind=FaultKind.BUSY,
        advice="Start the service MSExchangeServiceHost on the host, then retry.",
        untouched=_ONE_CALL,
    ),
    Entry(
        number=27,
        code="ServiceHostStopped",
        category="ResourceUnavailable",
        kind=FaultKind.BUSY,
        advice="Start the service MSExchangeServiceHost on the host, then retry.",
    ),
    Entry(
        number=31,
        code="NoManagementRole",
        texts=("isn't assigned to any management roles",),
        kind=FaultKind.ACCESS_DENIED,
        advice="Put the service account into the role group Server Management.",
        untouched=NEVER_OPENED,
    ),
    Entry(
        number=32,
        code="NoServerInSite",
        texts=("failed to connect to an exchange server",),
        ids=("PSSessionOpenFailed",),
        kind=FaultKind.UNREACHABLE,
        advice="The account cannot be handed on to Exchange's endpoint. Use Kerberos with delegation or "
        "CredSSP, or set the host's shell to snapin.",
        untouched=NEVER_OPENED,
    ),
    Entry(
        number=38,
        code="InputRefused",
        verbs=("New-",),
        category="InvalidArgument",
        advice="Exchange refuses a name, the key size or the friendly name. Correct the order.",
    ),
)


def entry_for(call: Call, error: RemoteError) -> Entry | None:
    """Find the row of an error, in the words of any host; None when it is not known."""
    told = next((entry for entry in CATALOGUE if is_told_by(entry, call, error)), None)
    return told or foreign_entry(call, error)
