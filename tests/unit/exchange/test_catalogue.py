"""Exchange's own errors: recognised by id and category before text, told so that somebody can act."""

from collections.abc import Iterator

import pytest

from bot.certs.prints import Thumbprint
from bot.domain.faults import Executed, FaultKind, HostFault
from bot.domain.plan import Observation, Service
from bot.exchange import cmdlets
from bot.exchange.advice import FOR_ASSIGNED, FOR_CONNECTORS, FOR_DEFAULT
from bot.exchange.call import Call, RemoteError
from bot.exchange.catalogue import CATALOGUE, entry_for
from bot.exchange.dialect import DIALECTS
from bot.exchange.failed import CmdletFailed, cmdlet_fault
from bot.exchange.foreign import EXACT_IDS, FOREIGN
from tests.unit.exchange.samples import EX01

_T = Thumbprint("A" * 40)
_RPC = "A special Rpc error occurs on server EX01: "
_GET = cmdlets.get_certificates()
_IMPORT = cmdlets.import_certificate("mail", data=b"\x30")
_ENABLE = cmdlets.enable(_T, (Service.SMTP,), force=False, keep_http=False)
_REMOVE = cmdlets.remove_certificate(_T)
_NEW = Call(op="cmdlet", cmdlet="New-ExchangeCertificate")
_NAME = Call(op="cmdlet", cmdlet="Set-SendConnector")
_TRANSPORT = cmdlets.get_default_smtp(DIALECTS["2019"], "EX01")
_ID = "A39CF339,Microsoft.Exchange.Management.SystemConfigurationTasks.X"


def _not_valid(reason: str) -> str:
    return f"{_RPC}The certificate with thumbprint {_T} was found but is not valid for use with Exchange Server (reason: {reason})."


_KNOWN: list[tuple[Call, str, str, str, str, Executed]] = [
    (
        _GET,
        "The term 'Select-Object' is not recognized as the name of a cmdlet, function, script file, or operable program.",
        "ObjectNotFound",
        "CommandNotFoundException",
        "SelectRefused",
        "no",
    ),
    (
        _GET,
        f"{_RPC}The certificate with thumbprint {_T} was not found.",
        "NotSpecified",
        _ID,
        "CertificateNotFound",
        "no",
    ),
    (
        _ENABLE,
        f"{_RPC}The certificate with thumbprint {_T} was not found.",
        "ObjectNotFound",
        _ID,
        "CertificateNotFound",
        "no",
    ),
    (_ENABLE, _not_valid("PrivateKeyMissing"), "NotSpecified", _ID, "PrivateKeyMissing", "no"),
    (
        _ENABLE,
        _not_valid("KeyAlgorithmUnsupported"),
        "NotSpecified",
        _ID,
        "KeyAlgorithmUnsupported",
        "no",
    ),
    (
        _ENABLE,
        _not_valid("PkixKpServerAuthNotFoundInEnhancedKeyUsage"),
        "NotSpecified",
        _ID,
        "ServerAuthMissing",
        "no",
    ),
    (
        _ENABLE,
        _not_valid("PrivateKeyNotAccessible"),
        "NotSpecified",
        _ID,
        "PrivateKeyNotAccessible",
        "no",
    ),
    (_ENABLE, _not_valid("SigningNotSupported"), "NotSpecified", _ID, "NotValidForExchange", "no"),
    (
        _IMPORT,
        f"{_RPC}Cannot import certificate. A certificate with the thumbprint {_T} already exists.",
        "WriteError",
        _ID,
        "AlreadyImported",
        "maybe",
    ),
    (
        _IMPORT,
        "Ein Zertifikat mit diesem Fingerabdruck ist vorhanden.",
        "WriteError",
        _ID,
        "AlreadyImported",
        "maybe",
    ),
    (
        _IMPORT,
        f"{_RPC}The source data cannot be imported or the wrong password was specified.",
        "ReadError",
        _ID,
        "SourceDataRefused",
        "no",
    ),
    (
        _REMOVE,
        f"{_RPC}The internal transport certificate cannot be removed because that would cause the Microsoft Exchange Transport service to stop.",
        "InvalidArgument",
        _ID,
        "DefaultSmtpCertificate",
        "no",
    ),
    (
        _REMOVE,
        f"{_RPC}These certificates are tagged with following Send Connectors : A, B.",
        "InvalidArgument",
        _ID,
        "NamedByConnectors",
        "no",
    ),
    (
        _REMOVE,
        f"{_RPC}The Unified Messaging certificate cannot be removed: it is in use.",
        "InvalidArgument",
        _ID,
        "StillAssigned",
        "no",
    ),
    (
        _REMOVE,
        "Das Zertifikat kann nicht entfernt werden.",
        "InvalidArgument",
        _ID,
        "StillAssigned",
        "no",
    ),
    (
        _ENABLE,
        "Windows PowerShell is in NonInteractive mode. Read and Prompt functionality is not available.",
        "InvalidOperation",
        "InvalidOperation",
        "QuestionUnanswered",
        "yes",
    ),
    (
        _ENABLE,
        "The Exchange Certificate operation has failed with an exception on server EX01. The error message is: Access is denied.",
        "InvalidOperation",
        _ID,
        "ServiceAccessDenied",
        "maybe",
    ),
    (
        _ENABLE,
        "The Exchange Certificate operation has failed with an exception on server EX01. The error message is: Unknown error (0xe0434352)",
        "InvalidOperation",
        _ID,
        "ConnectorFqdnIllegal",
        "maybe",
    ),
    (
        _ENABLE,
        "The Exchange Certificate operation has failed with an exception.  The error message is: Unknown error (0xe0434f4d)",
        "InvalidOperation",
        _ID,
        "SnapInOutsideShell",
        "maybe",
    ),
    (
        _ENABLE,
        "There are no more endpoints available from the endpoint mapper. (0x6D9)",
        "ResourceUnavailable",
        _ID,
        "ServiceHostStopped",
        "maybe",
    ),
    (
        _IMPORT,
        "Es wurde kein Parameter gefunden.",
        "InvalidArgument",
        "NamedParameterNotFound,Import-ExchangeCertificate",
        "ParameterUnknown",
        "no",
    ),
    (
        _ENABLE,
        "Cannot bind parameter 'Services'.",
        "InvalidArgument",
        "CannotConvertArgumentNoMessage,X",
        "ServiceUnknown",
        "no",
    ),
    (
        _TRANSPORT,
        "The term 'Get-TransportService' is not recognized",
        "ObjectNotFound",
        "CommandNotFoundException",
        "CmdletUnknown",
        "no",
    ),
    (
        cmdlets.connect("session", "ex01"),
        "Failed to connect to an Exchange server in the current site.",
        "OpenError",
        "PSSessionOpenFailed",
        "NoServerInSite",
        "no",
    ),
]


@pytest.mark.parametrize(("call", "message", "category", "error_id", "code", "executed"), _KNOWN)
def test_a_known_error_is_recognised(
    call: Call, message: str, category: str, error_id: str, code: str, executed: Executed
) -> None:
    """Each error of the reference leads to its own code, and says what was done."""
    error = RemoteError(message=message, category=category, error_id=error_id)
    fault = cmdlet_fault(EX01, call, error)

    assert (fault.code, fault.executed) == (code, executed if call.changes else "no")
    assert fault.sentence.startswith(f"EX01: {call.title} failed. Exchange said ")


_STEPS_1_AND_2 = {
    "CertificateNotFound",
    "PrivateKeyMissing",
    "KeyAlgorithmUnsupported",
    "ServerAuthMissing",
    "PrivateKeyNotAccessible",
    "NotValidForExchange",
    "ServiceNotInstalled",
}
_BEFORE_IT_RAN = {
    "ParameterUnknown",
    "ServiceUnknown",
    "SelectRefused",
    "CmdletUnknown",
    "NotOnTheList",
    "NoManagementRole",
    "NoServerInSite",
    "ScriptRefused",
}
_ABROAD = [*EXACT_IDS.items(), *(("", row) for row in FOREIGN)]


def _errors_of(call: Call, *, about: str) -> Iterator[RemoteError]:
    """Every error that is a row of the catalogue for this call, its text told of a certificate."""
    for row in CATALOGUE:
        if call.cmdlet.startswith(row.verbs or ("",)):
            for text in row.texts or ("",):
                yield RemoteError(message=f"{text} {about}", category=row.category, error_id="")
            for part in row.ids:
                yield RemoteError(message=about, category=row.category, error_id=part)
    for exact, row in _ABROAD:
        if call.cmdlet.startswith(row.verbs or ("",)):
            for text in row.texts or ("",):
                error_id = exact or (row.ids or (_ID,))[0]
                yield RemoteError(
                    message=f"{text} {about}", category=row.category, error_id=error_id
                )


@pytest.mark.parametrize(
    ("about", "known"),
    [(_T, _STEPS_1_AND_2 | _BEFORE_IT_RAN), ("B" * 40, _BEFORE_IT_RAN | {"ServiceNotInstalled"})],
)
def test_enable_changed_nothing_only_where_it_had_not_begun(about: str, known: set[str]) -> None:
    """It undoes nothing: a no is left to what comes before it writes, and to its checks of the certificate it was given."""
    faults = [cmdlet_fault(EX01, _ENABLE, error) for error in _errors_of(_ENABLE, about=about)]

    assert {fault.code for fault in faults if fault.executed == "no"} == known
    assert {"ServiceAccessDenied", "ServiceHostStopped", "KeyAccessDenied"} <= {
        fault.code for fault in faults if fault.executed == "maybe"
    }


_WRITES: list[tuple[Call, set[str]]] = [
    (_IMPORT, {"SourceDataRefused", "ServiceHostStopped"}),
    (_NEW, {"ServiceHostStopped"}),
    (
        _REMOVE,
        {
            "DefaultSmtpCertificate",
            "NamedByConnectors",
            "StillAssigned",
            "ServiceHostStopped",
            "ServiceAccessDenied",
            *(_STEPS_1_AND_2 - {"ServiceNotInstalled"}),
        },
    ),
    (_NAME, {"NotEnabledForSmtp", "ConnectorRoleMissing"}),
]


@pytest.mark.parametrize(("call", "known"), _WRITES, ids=[call.title for call, _ in _WRITES])
def test_a_no_of_the_others_stands_in_the_reference(call: Call, known: set[str]) -> None:
    """Whatever the reference does not place before the first write leaves a doubt."""
    faults = [cmdlet_fault(EX01, call, error) for error in _errors_of(call, about=_T)]
    told = {fault.code for fault in faults if fault.executed == "no"}

    assert told - _BEFORE_IT_RAN == known
    assert told >= _BEFORE_IT_RAN - {"CmdletUnknown"}


def test_a_removal_abroad_that_is_refused_changed_nothing() -> None:
    """Its category is that of Exchange's refusals, which come before it removes, in any language."""
    error = RemoteError(message="Nein.", category="InvalidArgument", error_id=_ID)

    assert cmdlet_fault(EX01, _REMOVE, error).executed == "no"


def _looked(fault: CmdletFailed, seen: Observation | HostFault) -> str:
    def look() -> Observation:
        if isinstance(seen, HostFault):
            raise seen
        return seen

    return fault.looked_at(look).sentence


_DENIED = RemoteError(message="Access is denied.", category="InvalidOperation", error_id=_ID)


def test_what_a_look_shows_stands_before_what_to_do() -> None:
    """What happened, what a look shows, what to do: in this order, whatever it shows."""
    fault = cmdlet_fault(EX01, _ENABLE, _DENIED)
    away = HostFault(FaultKind.UNREACHABLE, EX01, "EX01 is away.", executed="no")
    half = _looked(fault, Observation(done=False, seen="it serves IIS"))
    whole = _looked(fault, Observation(done=True, seen="it serves IIS, POP"))
    blind = _looked(fault, away)

    assert "is repeated. A look right after it showed: it serves IIS. Put Exchange" in half
    assert "A look right after it showed all that was asked for: it serves IIS, POP. Put" in whole
    assert "failed as well (host-unreachable), so what it left is not known. Put" in blind


def test_what_changed_nothing_is_not_looked_at() -> None:
    """One message less to a host that refused before it began."""
    error = RemoteError(message="x", category="", error_id="NamedParameterNotFound,X")
    fault = cmdlet_fault(EX01, _ENABLE, error)
    told = _looked(fault, Observation(done=True, seen="it serves IIS"))

    assert told == fault.sentence


def test_an_unknown_error_is_shown_and_leaves_a_doubt() -> None:
    """What nobody has seen before is quoted whole, and may have changed something."""
    error = RemoteError(message="Something 'odd'\r\nhappened", category="X", error_id="Y,Z")
    fault = cmdlet_fault(EX01, _ENABLE, error)

    assert (fault.kind, fault.executed, fault.code) == (FaultKind.CMDLET_ERROR, "maybe", "Y,Z")
    assert "\"Something 'odd' happened\"" in fault.sentence


def test_a_long_message_is_cut() -> None:
    """A card has limits, and so has patience."""
    error = RemoteError(message="x" * 5000, category="", error_id="")

    assert len(cmdlet_fault(EX01, _ENABLE, error).sentence) < 900


def test_every_row_can_be_found() -> None:
    """No row is hidden behind an earlier one, and each has a way to be recognised and an advice."""
    for entry in CATALOGUE:
        verb = entry.verbs[0] if entry.verbs else "Enable-"
        call = Call(op="cmdlet", cmdlet=f"{verb}ExchangeCertificate")
        message = entry.texts[0] if entry.texts else ""
        error = RemoteError(
            message=message, category=entry.category, error_id=(entry.ids or ("",))[0]
        )
        found = entry_for(call, error)

        assert found is not None
        assert found.code == entry.code
        assert entry.advice.endswith(".")


_REFUSED = [
    ("internal transport certificate cannot be removed", FOR_DEFAULT),
    ("tagged with following Send Connectors : A", FOR_CONNECTORS),
    ("The federation certificate cannot be removed", FOR_ASSIGNED),
]


@pytest.mark.parametrize(("said", "advice"), _REFUSED)
def test_a_refused_removal_is_advised_as_it_would_have_been_before(said: str, advice: str) -> None:
    """What the retirement foresees and what Exchange refuses lead to the same sentence."""
    error = RemoteError(message=said, category="InvalidArgument", error_id=_ID)

    assert advice in cmdlet_fault(EX01, _REMOVE, error).sentence


def test_a_refusal_in_another_language_names_every_reason() -> None:
    """Its category alone says that something still uses the certificate."""
    error = RemoteError(message="Nein.", category="InvalidArgument", error_id=_ID)
    told = cmdlet_fault(EX01, _REMOVE, error).sentence

    assert all(advice in told for advice in (FOR_DEFAULT, FOR_ASSIGNED, FOR_CONNECTORS))
