"""
What a failure means at Exchange's own endpoint, where it means another thing than at WinRM's. No library here.

Codes not named here mean the same at both doors. Source: exchange.md 8 (31, 33, 41), winrm.md 5 and 6.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bot.domain.faults import FaultKind
from bot.exchange.faults import (
    ACCIDENT_RULES,
    HTTP_RULES,
    UNKNOWN_HTTP,
    UNKNOWN_WSMAN,
    WSMAN_RULES,
    Accident,
    Moment,
    Rule,
    WireTrouble,
    heeding,
)

NO_ROLE_MARK: Final = "AuthZ-CmdletAccessDeniedException"
"""How Exchange's front end names error 31 in every language; the number beside it is not documented."""

NO_ROLE: Final = Rule(
    kind=FaultKind.ACCESS_DENIED,
    happened="the account signed in at Exchange's endpoint and has no management role there",
    advice="Put the service account into the role group Server Management, then retry.",
    never_ran=True,
)

_NOT_HERE: Final = Rule(
    kind=FaultKind.UNSUPPORTED,
    happened="there is no endpoint of Exchange at this address",
    advice="Check psrp in the configuration: http://<the server's own name>/PowerShell/, port 80.",
    never_ran=True,
)
_DENIED: Final = replace(
    WSMAN_RULES[5],
    happened="the account signed in at Exchange's endpoint but may not open a session",
    advice="Check its RemotePowerShellEnabled and its role group (Server Management), then retry.",
)

ENDPOINT_WSMAN_RULES: Final[Mapping[int, Rule]] = {
    **WSMAN_RULES,
    5: _DENIED,
    2147942405: _DENIED,
    2150858811: _NOT_HERE,
    # Said of the message itself: the host does not know the session it names, so it was not run. A pipeline whose
    # last part was refused like this was never whole. Behind it, waiting for the answer, it says nothing of the cmdlet.
    2150858843: replace(
        WSMAN_RULES[2150858843],
        happened="the session is gone (restart, idle time or recycling)",
        never_ran=True,
    ),
    2150859173: replace(
        WSMAN_RULES[2150859173],
        happened="the account has as many Exchange sessions open as it may have",
    ),
}

ENDPOINT_HTTP_RULES: Final[Mapping[int, Rule]] = {
    **HTTP_RULES,
    401: replace(
        HTTP_RULES[401],
        advice="Check the user (name@REALM), the password and the clock; the endpoint wants Kerberos and the "
        "server's own name in psrp. Retry by hand: repeated wrong passwords lock the account.",
    ),
    403: _DENIED,
    404: _NOT_HERE,
}

ENDPOINT_ACCIDENT_RULES: Final[Mapping[Accident, Rule]] = {
    **ACCIDENT_RULES,
    Accident.NO_ROUTE: replace(
        ACCIDENT_RULES[Accident.NO_ROUTE],
        happened="nobody answers at the address of Exchange's endpoint",
        advice="Check that the host is up, the name resolves and the firewall lets port 80 through.",
    ),
    Accident.TLS: replace(
        ACCIDENT_RULES[Accident.TLS],
        happened="the certificate of Exchange's endpoint was not accepted",
        advice="Use http, which Kerberos encrypts, or name the certificate's anchor in ca_pem.",
    ),
    Accident.REDIRECT: replace(
        ACCIDENT_RULES[Accident.REDIRECT],
        advice="Put the server's own final address into psrp; redirects are never followed.",
    ),
    Accident.NOT_SOAP: replace(
        ACCIDENT_RULES[Accident.NOT_SOAP],
        happened="something that is not Exchange's endpoint answered",
    ),
}


def http_trouble(status: int, moment: Moment) -> WireTrouble:
    """The trouble behind an HTTP status without a fault in its answer."""
    rule = ENDPOINT_HTTP_RULES.get(status, UNKNOWN_HTTP)
    return WireTrouble(rule, moment, code=f"http-{status}")


def wsman_trouble(code: int | str | None, reason: str, moment: Moment) -> WireTrouble:
    """
    The trouble behind a fault of WS-Management.

    Args:
        reason: its text; looked at only for the word by which Exchange marks a missing role.
    """
    if NO_ROLE_MARK in reason:
        return WireTrouble(NO_ROLE, moment, code="NoManagementRole")
    number = code if isinstance(code, int) else None
    known = ENDPOINT_WSMAN_RULES.get(number) if number is not None else None
    note = "" if known is not None else f"It said {reason[:200]!r}."
    rule = heeding(known or UNKNOWN_WSMAN, number, reason)
    return WireTrouble(rule, moment, code=str(code or ""), note=note)


def endpoint_accident(what: Accident, moment: Moment, *, note: str = "") -> WireTrouble:
    """The trouble for something that has no code of its own."""
    return WireTrouble(ENDPOINT_ACCIDENT_RULES[what], moment, code=what.value, note=note)
