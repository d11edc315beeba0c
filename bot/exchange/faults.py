"""
What can go wrong on the wire to a host, as tables: which kind, what it means, what to do next.

Recognised by code, never by text, because texts are localised. No library is named here.
Sources: the WS-Management fault list and the measurements behind it (winrm.md 3, 6 and 7 point 8).
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from bot.domain.faults import Executed, FaultKind, HostFault
from bot.domain.ids import HostName
from bot.exchange.call import Call
from bot.exchange.quiet import AGAIN_S, ENDS_S


class Moment(StrEnum):
    """Which message was on the wire; before SEND nothing of a request has left."""

    OPEN = "opening the shell"
    START = "starting PowerShell"
    SEND = "sending the request"
    RECEIVE = "waiting for the answer"
    CLOSE = "giving the shell back"


class Accident(StrEnum):
    """What happens without a fault code of WS-Management or a status of HTTP."""

    NO_ROUTE = "no-route"
    TLS = "tls"
    REDIRECT = "redirect"
    READ_TIMEOUT = "read-timeout"
    BROKEN = "broken-connection"
    NOT_SOAP = "not-soap"
    DEADLINE = "deadline"
    ENDED = "ended"
    RUNNER_REFUSED = "runner-refused"
    BAD_FRAME = "bad-frame"
    BAD_VALUE = "bad-value"
    TOO_LATE = "too-late"
    TICKET = "no-ticket"
    KDC_AWAY = "no-kdc"
    KDC_USER = "kerberos-user"
    KDC_ACCOUNT = "kerberos-account"
    KDC_PASSWORD = "kerberos-password"
    KDC_SPN = "kerberos-spn"
    KDC_CLOCK = "kerberos-clock"
    NOT_PROVEN = "host-not-proven"
    KEYTAB = "keytab-file"
    NO_SECRET = "no-secret"
    REFUSED_BEFORE = "password-refused-before"
    CLIENT_KEY = "client-key-file"
    NO_EXTRA = "sign-in-not-installed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """
    One row of a table.

    Args:
        happened: goes on after "<host>: ".
        advice: what the operator does next.
        never_ran: the message in question was certainly not executed, whatever it carried.
        retry_after_s: when another try makes sense; None leaves it to the caller.
    """

    kind: FaultKind
    happened: str
    advice: str
    never_ran: bool = False
    retry_after_s: float | None = None


class WireTrouble(Exception):
    """
    The wire failed; who asked what is added by the session.

    Args:
        code: the raw code, for search.
        note: what else was seen, for example the mechanisms offered; outside text already quoted.
    """

    def __init__(self, rule: Rule, moment: Moment, *, code: str, note: str = "") -> None:
        self.rule = rule
        self.moment = moment
        self.code = code
        self.note = note
        super().__init__(f"{rule.happened} while {moment} ({code})")


_AGAIN: Final = "It passes by itself as a rule; if it stays so, look at the WinRM service of the host, then retry."
_ENDS_BY_ITSELF: Final = (
    f"What a killed process left open the host ends by itself after {ENDS_S // 60} minutes; if it stays so, somebody else "
    "works with this account: end the shells nobody needs on the host (docs/runbook.md), then retry."
)
_BUG: Final = "Report it with the code: CertDesk or the host's version of WinRM is at fault."
_LOOK: Final = "Check that the host is up and its network is well."


def _busy(happened: str, *, retry_after_s: float = 30.0) -> Rule:
    return Rule(
        kind=FaultKind.BUSY,
        happened=happened,
        advice=_AGAIN,
        never_ran=True,
        retry_after_s=retry_after_s,
    )


def _full(happened: str) -> Rule:
    """What killed processes left open ends by itself: it is waited for, for much longer than that takes."""
    return replace(_busy(happened, retry_after_s=AGAIN_S), advice=_ENDS_BY_ITSELF)


def _lost(happened: str) -> Rule:
    return Rule(kind=FaultKind.UNREACHABLE, happened=happened, advice=_LOOK)


def _bug(happened: str, *, never_ran: bool = True) -> Rule:
    return Rule(kind=FaultKind.PROTOCOL, happened=happened, advice=_BUG, never_ran=never_ran)


def _set_up(happened: str, advice: str) -> Rule:
    return Rule(kind=FaultKind.UNSUPPORTED, happened=happened, advice=advice, never_ran=True)


def _no_ticket(happened: str, advice: str) -> Rule:
    return Rule(kind=FaultKind.SIGN_IN, happened=happened, advice=advice, never_ran=True)


_DENIED: Final = Rule(
    kind=FaultKind.ACCESS_DENIED,
    happened="the account signed in but may not open a shell",
    advice="Make the service account a local administrator of the host (WinRM needs it), then retry.",
    never_ran=True,
)

WSMAN_RULES: Final[dict[int, Rule]] = {
    5: _DENIED,
    2147942405: _DENIED,
    87: _bug("WinRM called a parameter wrong"),
    170: _busy("WinRM is busy with the shell", retry_after_s=5.0),
    995: _lost("the shell or the WinRM service went down"),
    1726: _lost("the process behind the shell died"),
    1816: _busy("the host is short of memory for shells"),
    2147942402: _bug("the host did not find PowerShell"),
    2147942606: _bug("the command line was too long for the host"),
    2150858767: _bug("WinRM called a header wrong"),
    2150858793: Rule(
        kind=FaultKind.TIMEOUT,
        happened="WinRM did not finish in the time it was given",
        advice=_AGAIN,
    ),
    2150858811: _set_up(
        "no WinRM shell is offered at this address",
        "Check the port and the path of winrm_url (5985 or 5986, /wsman).",
    ),
    2150858815: _busy("WinRM is busy with other requests"),
    2150858824: _bug("the answer was larger than the host may send", never_ran=False),
    2150858843: _lost("the shell is gone (restart, idle time or recycling)"),
    2150859173: _full("the account has as many shells open as it may have"),
    2150859174: _busy("the account has as many operations open as it may have"),
    2150859175: _busy("the account sent more requests than it may"),
    2150859176: _busy("the host got more requests than it allows"),
    2150859179: _busy("as many accounts have shells open as the host allows"),
    2150859180: _set_up(
        "the host accepts no remote shells",
        'Allow them: winrm set winrm/config/winrs @{AllowRemoteShellAccess="true"}.',
    ),
    2150859222: _lost("a command with the same id is there already"),
    2150859223: _lost("a shell with the same id is there already"),
    2150859236: _full("the account has as many shells open as the plug-in allows"),
    2150859240: _busy("the account has as many operations open as the plug-in allows"),
    2150859241: _busy("the shell runs as many commands as it may"),
    3221225477: _lost("the WinRM provider crashed"),
}
"""By the code of ``WSManFault`` (or of ``MSFT_WmiError``)."""

HTTP_RULES: Final[dict[int, Rule]] = {
    400: Rule(
        kind=FaultKind.UNREACHABLE,
        happened="the host could not decrypt the message and dropped it",
        advice=_AGAIN,
        never_ran=True,
    ),
    401: Rule(
        kind=FaultKind.SIGN_IN,
        happened="the sign-in was refused",
        advice="Check the user, the password and the clock, then retry by hand: "
        "repeated wrong passwords lock the account.",
        never_ran=True,
    ),
    403: _DENIED,
    404: _set_up(
        "there is no WinRM at this address", "Check the path of winrm_url; it is usually /wsman."
    ),
    411: _bug("the host wants another form of request"),
    413: _bug("the request was larger than the host takes"),
    500: _bug(
        "the host answered with an empty failure (it may demand encryption)", never_ran=False
    ),
    503: _busy("the WinRM service is not ready"),
}
"""By HTTP status, when there was no SOAP fault in the answer."""

ACCIDENT_RULES: Final[dict[Accident, Rule]] = {
    Accident.NO_ROUTE: Rule(
        kind=FaultKind.UNREACHABLE,
        happened="nobody answers at the WinRM address",
        advice="Check that the host is up, the name resolves and the firewall lets WinRM through.",
        never_ran=True,
    ),
    Accident.TLS: Rule(
        kind=FaultKind.PROTOCOL,
        happened="the certificate of the WinRM listener was not accepted",
        advice="Give the listener a certificate for its name, or name its anchor in ca_pem.",
        never_ran=True,
    ),
    Accident.REDIRECT: _set_up(
        "the address sent CertDesk elsewhere",
        "Put the final address into winrm_url; redirects are never followed.",
    ),
    Accident.READ_TIMEOUT: Rule(
        kind=FaultKind.TIMEOUT, happened="no answer came in time", advice=_LOOK
    ),
    Accident.BROKEN: _lost("the connection broke"),
    Accident.NOT_SOAP: _bug("something that is not WinRM answered", never_ran=False),
    Accident.DEADLINE: Rule(
        kind=FaultKind.TIMEOUT,
        happened="the host did not finish before the deadline",
        advice="Look whether the Exchange services of the host answer at all.",
    ),
    Accident.ENDED: _lost("PowerShell on the host ended before it answered"),
    Accident.RUNNER_REFUSED: _bug("the bootstrap refused the runner"),
    Accident.BAD_FRAME: _bug("the runner's answer could not be read", never_ran=False),
    Accident.BAD_VALUE: Rule(
        kind=FaultKind.UNSUPPORTED,
        happened="a value cannot be sent to a host",
        advice="Write it without control characters.",
        never_ran=True,
    ),
    Accident.TOO_LATE: Rule(
        kind=FaultKind.BUSY,
        happened="waiting and reading had used up so much of the time kept for this command that it was not sent",
        advice="It is tried again by itself. If it stays so, the host answers slowly: look at its load, or raise "
        "CERTDESK_COMMAND_DEADLINE_S.",
        never_ran=True,
    ),
    Accident.NO_SECRET: Rule(
        kind=FaultKind.SIGN_IN,
        happened="the password could not be opened, so no sign-in was tried",
        advice="Check where the configuration says the password is kept, then retry.",
        never_ran=True,
    ),
    Accident.REFUSED_BEFORE: Rule(
        kind=FaultKind.SIGN_IN,
        happened="this password was refused here a moment ago, so no sign-in was tried (it could lock the account)",
        advice="Correct the stored password of the service account, then retry.",
        never_ran=True,
    ),
    Accident.CLIENT_KEY: Rule(
        kind=FaultKind.SIGN_IN,
        happened="the client's certificate or its key cannot be used, so no sign-in was tried",
        advice="Mend the file that is named, then retry.",
        never_ran=True,
    ),
    Accident.NO_EXTRA: Rule(
        kind=FaultKind.SIGN_IN,
        happened="this way to sign in is not installed",
        advice="Install CertDesk with its extra of the same name (kerberos or credssp), or set another auth.",
        never_ran=True,
    ),
    Accident.TICKET: _no_ticket(
        "Kerberos gave no ticket",
        "Try the account with kinit and kvno on this machine: they say more. Then retry.",
    ),
    Accident.KDC_AWAY: Rule(
        kind=FaultKind.UNREACHABLE,
        happened="no KDC of the realm could be reached, so nothing was sent to the host",
        advice="Check that a domain controller answers on port 88 and that krb5.conf or DNS names one for the realm.",
        never_ran=True,
    ),
    Accident.KDC_USER: _no_ticket(
        "the KDC knows no such account",
        "Correct user in the configuration: name@REALM, then retry.",
    ),
    Accident.KDC_ACCOUNT: _no_ticket(
        "the KDC gives this account no ticket: it is locked, disabled or expired, or its password is",
        "Have the service account put right in the directory, then retry.",
    ),
    Accident.KDC_PASSWORD: _no_ticket(
        "the KDC refused the password or the key of the account",
        "Correct the stored password (or make the keytab anew), then retry: wrong ones lock the account.",
    ),
    Accident.KDC_SPN: _no_ticket(
        "the KDC knows no service of this name",
        "Use the server's own full name in winrm and psrp, or name it in spn_host; setspn -L <server> lists what there is.",
    ),
    Accident.KDC_CLOCK: _no_ticket(
        "the clocks of this machine and of the KDC differ by more than Kerberos bears (300 s)",
        "Set this machine's clock by the domain's time service, then retry.",
    ),
    Accident.NOT_PROVEN: _no_ticket(
        "whoever answered did not prove to be the host the Kerberos ticket is for",
        "Check the address, spn_host and what stands between (a proxy, a load balancer), then retry.",
    ),
    Accident.KEYTAB: _no_ticket(
        "the keytab cannot be used, so no sign-in was tried",
        "Mend the file that is named, then retry.",
    ),
}
"""By what happened to the connection."""

_TOO_FAST: Final = frozenset({2150859175, 2150859176})
_WAIT: Final = re.compile(r"(\d[\d.,\u00a0\u202f]*)\D*\Z")
_SHORTEST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 900.0


def heeding(rule: Rule, code: int | None, reason: str) -> Rule:
    """
    Let a rule wait as long as a throttling host says.

    Args:
        reason: its text in any language; the last figure in it is the wait in milliseconds (winrm.md 5).
    """
    found = _WAIT.search(reason) if code in _TOO_FAST else None
    if found is None:
        return rule
    wait_s = int(re.sub(r"\D", "", found[1])) / 1000
    return replace(rule, retry_after_s=min(max(wait_s, _SHORTEST_WAIT_S), _LONGEST_WAIT_S))


UNKNOWN_WSMAN: Final = _bug("WinRM answered with a fault CertDesk does not know", never_ran=False)
UNKNOWN_HTTP: Final = _bug("the address answered with an unexpected HTTP status", never_ran=False)


def executed_by(trouble: WireTrouble, call: Call | None) -> Executed:
    """
    Say whether a call can have run on the host when the wire failed like this.

    Once the request has left, a fault on the way of its answer proves nothing: not even one that says
    that the message asking for the answer was not executed.
    """
    if call is None or not call.changes:
        return "no"
    match trouble.moment:
        case Moment.OPEN | Moment.START | Moment.CLOSE:
            return "no"
        case Moment.SEND:
            return "no" if trouble.rule.never_ran else "maybe"
        case Moment.RECEIVE:
            return "maybe"


def host_fault(host: HostName, trouble: WireTrouble, call: Call | None) -> HostFault:
    """Turn a failure of the wire into the fault the operator reads."""
    executed = executed_by(trouble, call)
    outcome = (
        f"Whether {call.title} ran is not known; the host is looked at before anything is repeated."
        if call is not None and executed == "maybe"
        else "Nothing was changed by it."
    )
    note = f" {trouble.note}" if trouble.note else ""
    return HostFault(
        trouble.rule.kind,
        host,
        f"{host}: {trouble.rule.happened} while {trouble.moment}.{note} {outcome} {trouble.rule.advice}",
        executed=executed,
        code=trouble.code,
        retry_after_s=trouble.rule.retry_after_s,
    )
