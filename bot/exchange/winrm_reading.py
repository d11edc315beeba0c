"""
What pywinrm and requests raise, read as the one trouble of a wire (winrm.md 3, "What is raised when").

Beside `winrm.py` the only file that names them.
"""

import contextlib
import socket
import ssl
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any, Final

import requests
from winrm import transport
from winrm.exceptions import (
    AuthenticationError,
    WinRMError,
    WinRMOperationTimeoutError,
    WinRMTransportError,
    WSManFaultError,
)

from bot.exchange.access import Auth
from bot.exchange.allowance import Gate, TooLate
from bot.exchange.dialling import accident
from bot.exchange.faults import (
    HTTP_RULES,
    UNKNOWN_HTTP,
    UNKNOWN_WSMAN,
    WSMAN_RULES,
    Accident,
    Moment,
    WireTrouble,
    heeding,
)
from bot.exchange.gated import GatedAdapter
from bot.exchange.tickets import INSTALL_HINT, NoTicket, is_installed

_LIBRARY_FAULTS: Final = (
    WinRMError,
    WinRMTransportError,
    WinRMOperationTimeoutError,
    requests.RequestException,
    ET.ParseError,
    OSError,
    # pywinrm reads answers with next(...), asserts and text of missing nodes: a foreign page ends in these.
    StopIteration,
    AssertionError,
    RuntimeError,
    LookupError,
    AttributeError,
    TypeError,
    ValueError,
)
_CHAIN_LENGTH: Final = 12


@contextlib.contextmanager
def told(moment: Moment) -> Iterator[None]:
    """Let every failure of the libraries leave as `WireTrouble`."""
    try:
        yield
    except NoTicket as fault:
        raise _no_ticket(fault, moment) from fault
    except TooLate as fault:
        raise accident(Accident.TOO_LATE, moment) from fault
    except _LIBRARY_FAULTS as fault:
        raise _trouble(fault, moment) from fault
    except Exception as fault:
        # CredSSP tells inside its own tokens that the sign-in was refused; its library is an extra.
        if not type(fault).__module__.startswith(("requests_credssp", "spnego")):
            raise
        raise _sign_in_trouble(moment) from fault


class _ClosingAdapter(GatedAdapter):
    """Closes the last answer with the session: a refused sign-in, raised half-way, leaves it unread and open."""

    last: requests.Response | None = None

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send, and remember the answer."""
        self.last = super().send(*args, **kwargs)
        return self.last

    def close(self) -> None:
        """Close what was left open, too."""
        if self.last is not None:
            self.last.close()
        super().close()


def go_straight(session: requests.Session, gate: Gate) -> None:
    """Let a session follow no redirect (winrm.md 3), leave no connection open, and send nothing too late."""
    session.max_redirects = 0
    for scheme in ("http://", "https://"):
        if not isinstance(session.adapters.get(scheme), _ClosingAdapter):
            session.mount(scheme, _ClosingAdapter(gate))


def check_installed(auth: Auth) -> None:
    """
    See that the library behind a sign-in is there; it is an extra for two of them.

    Raises:
        WireTrouble: it is not.
    """
    if auth == "credssp" and not transport.HAVE_CREDSSP:
        raise _missing("The extra credssp is missing: pip install certdesk[credssp].")
    if auth == "kerberos" and not is_installed():
        raise _missing(f"The extra kerberos is missing: {INSTALL_HINT}.")


def _missing(note: str) -> WireTrouble:
    trouble = accident(Accident.NO_EXTRA, Moment.OPEN)
    trouble.note = note
    return trouble


def _no_ticket(fault: NoTicket, moment: Moment) -> WireTrouble:
    trouble = accident(fault.what, moment)
    trouble.note = fault.note
    return trouble


def _sign_in_trouble(moment: Moment) -> WireTrouble:
    """While signing in it was refused; later a sealed answer could not be opened."""
    if moment is Moment.OPEN:
        return WireTrouble(HTTP_RULES[401], moment, code="http-401")
    return accident(Accident.BROKEN, moment)


def _trouble(fault: Exception, moment: Moment) -> WireTrouble:
    if type(fault).__module__.startswith(("requests_credssp", "spnego")):
        return _sign_in_trouble(moment)
    match fault:
        case AuthenticationError():
            return WireTrouble(HTTP_RULES[401], moment, code="http-401")
        case WSManFaultError():
            return _wsman_trouble(fault, moment)
        case WinRMOperationTimeoutError():
            return WireTrouble(WSMAN_RULES[2150858793], moment, code="2150858793")
        case WinRMTransportError():
            rule = HTTP_RULES.get(fault.code, UNKNOWN_HTTP)
            return WireTrouble(rule, moment, code=f"http-{fault.code}")
        case _:
            return accident(_accident_of(fault, moment), moment)


def _wsman_trouble(fault: WSManFaultError, moment: Moment) -> WireTrouble:
    code = fault.wsman_fault_code if fault.wsman_fault_code is not None else fault.wmierror_code
    rule = WSMAN_RULES.get(code, UNKNOWN_WSMAN) if code is not None else UNKNOWN_WSMAN
    note = "" if rule is not UNKNOWN_WSMAN else f"It said {str(fault.reason)[:200]!r}."
    raw = str(code or fault.fault_subcode or "")
    return WireTrouble(heeding(rule, code, str(fault.reason)), moment, code=raw, note=note)


def _accident_of(fault: Exception, moment: Moment) -> Accident:
    if is_unsent(fault):
        return Accident.NO_ROUTE
    match fault:
        case requests.exceptions.SSLError():
            return tls_accident(fault, moment)
        case requests.TooManyRedirects():
            return Accident.REDIRECT
        case requests.ReadTimeout():
            return Accident.READ_TIMEOUT
        case requests.RequestException() | OSError():
            return Accident.BROKEN
        case WinRMError():
            # What pywinrm says when a sealed answer cannot be opened.
            return Accident.BROKEN
        case _:
            return Accident.NOT_SOAP


def tls_accident(fault: Exception, moment: Moment) -> Accident:
    """
    Tell a certificate that was not accepted from a connection that broke inside TLS.

    Only in the first case is it certain that nothing was sent: requests raises the same for both.
    """
    if any(isinstance(one, ssl.SSLCertVerificationError) for one in _causes(fault)):
        return Accident.TLS
    is_cut = any(
        isinstance(one, ssl.SSLEOFError | ssl.SSLZeroReturnError) for one in _causes(fault)
    )
    return Accident.BROKEN if is_cut or moment is not Moment.OPEN else Accident.TLS


def is_unsent(fault: BaseException) -> bool:
    """Say whether no connection was made, so that certainly nothing was sent."""
    if isinstance(fault, requests.ConnectTimeout | socket.gaierror | ConnectionRefusedError):
        return True
    names = {type(one).__name__ for one in _causes(fault)}
    return bool(names & {"NewConnectionError", "NameResolutionError", "ConnectTimeoutError"})


def _causes(fault: BaseException) -> Iterator[BaseException]:
    """The fault and what lies inside it: requests and urllib3 wrap in arguments, reasons and causes."""
    waiting, seen = [fault], 0
    while waiting and seen < _CHAIN_LENGTH:
        one = waiting.pop()
        seen += 1
        yield one
        inside = [*one.args[:2], getattr(one, "reason", None), one.__cause__]
        waiting.extend(part for part in inside if isinstance(part, BaseException))
