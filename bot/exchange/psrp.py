"""
One session at Exchange's own endpoint, over pypsrp: cmdlets as typed data, questions answered as decided.

The only file that names pypsrp. No script ever leaves here, the endpoint has no language for one. A session
belongs to the thread that opened it.
"""

import contextlib
import logging
import struct
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import certifi
import requests
from pypsrp.complex_objects import HostMethodIdentifier, ObjectMeta, PSInvocationState
from pypsrp.exceptions import (
    AuthenticationError,
    WinRMError,
    WinRMTransportError,
    WSManFaultError,
)
from pypsrp.host import PSHost, PSHostUserInterface
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan, WSManAction
from spnego.exceptions import SpnegoError

from bot.exchange.access import Auth, HostAccess
from bot.exchange.call import Call, Reply, Secret, SmtpDecision, Switch, Value
from bot.exchange.dialling import check_port, open_password
from bot.exchange.faults import Accident, Moment, WireTrouble, host_fault
from bot.exchange.frames import BadValue, check_text
from bot.exchange.psrp_faults import (
    ENDPOINT_ACCIDENT_RULES,
    endpoint_accident,
    http_trouble,
    wsman_trouble,
)
from bot.exchange.psrp_question import NotDecided, answer_index, question_fault
from bot.exchange.psrp_reading import read_label, read_reply
from bot.exchange.session import Deadlines

_CONFIGURATION: Final = "Microsoft.Exchange"
_OPERATION_TIMEOUT_S: Final = 20
_READ_TIMEOUT_S: Final = 30
_CONNECT_TIMEOUT_S: Final = 5
_AUTH: Final[dict[Auth, str]] = {
    "kerberos": "kerberos",
    # The endpoint takes no CredSSP and needs none: it is no second hop (exchange.md 1.3).
    "credssp": "kerberos",
    "ntlm": "ntlm",
    "basic": "basic",
}

# It logs each failure that is told as a fault here, and at DEBUG whole messages with their parameters.
logging.getLogger("pypsrp").setLevel(logging.CRITICAL)


class ExchangeEndpoint:
    """A `Conversation` that knows the operation ``cmdlet`` alone."""

    def __init__(
        self, access: HostAccess, *, deadlines: Deadlines, monotonic: Callable[[], float]
    ) -> None:
        self.host = access.name
        self._access = access
        self._deadlines = deadlines
        self._monotonic = monotonic
        self._console = _Host()
        self._wsman: WSMan | None = None
        self._pool: RunspacePool | None = None

    def open(self) -> None:
        """
        Sign in and open a session.

        Raises:
            HostFault: nobody there, not let in, no role, too many sessions; nothing stays open.
        """
        try:
            with _told(Moment.OPEN):
                self._open()
        except WireTrouble as trouble:
            self.close()
            raise host_fault(self.host, trouble, None) from trouble

    def run(self, call: Call) -> Reply:
        """Run one cmdlet, once; the session is closed when the wire failed or a question was left unanswered."""
        self._console.decision = call.decision
        try:
            return self._run(call)
        except WireTrouble as trouble:
            self.close()
            raise host_fault(self.host, trouble, call) from trouble
        except NotDecided as unsaid:
            self.close()
            raise question_fault(self.host, call, unsaid) from unsaid

    def close(self) -> None:
        """Give the session back, at most in two tries: a broken sealed connection cannot be taken up again."""
        wsman, pool = self._wsman, self._pool
        self._wsman = self._pool = None
        if wsman is None:
            return
        for _ in range(2 if pool is not None else 0):
            try:
                pool.shell.close()  # type: ignore[union-attr] # the loop is empty without a pool
            except (AuthenticationError, requests.Timeout):
                break
            except _LIBRARY_FAULTS:
                wsman.close()
                _dial_anew(wsman)
                continue
            break
        wsman.close()

    def _open(self) -> None:
        check_port(self._access.endpoint_address, ENDPOINT_ACCIDENT_RULES)
        password = open_password(self._access)
        self._wsman = _connection(self._access, password)
        self._pool = RunspacePool(
            self._wsman, host=self._console, configuration_name=_CONFIGURATION
        )
        self._pool.open()

    def _run(self, call: Call) -> Reply:
        pool = self._pool
        if pool is None:
            raise endpoint_accident(Accident.ENDED, Moment.OPEN)
        with _told(Moment.OPEN):
            shell = _pipeline(pool, call)
        with _told(Moment.SEND):
            shell.begin_invoke()
        limit = self._deadlines.change_s if call.changes else self._deadlines.read_s
        with _told(Moment.RECEIVE):
            self._wait(shell, self._monotonic() + limit)
            reply = read_reply(call, shell.output, shell.streams)
        with contextlib.suppress(*_LIBRARY_FAULTS):
            # The answer is here: that the host keeps the pipeline until the session ends is no reason to lose it.
            shell.close()
        return reply

    def _wait(self, shell: PowerShell, deadline: float) -> None:
        """Take what comes until the end; the deadline is looked at between messages."""
        while shell.state == PSInvocationState.RUNNING:
            shell.poll_invoke()
            if shell.state == PSInvocationState.RUNNING and self._monotonic() > deadline:
                raise endpoint_accident(Accident.DEADLINE, Moment.RECEIVE)


class _Host(PSHost):
    """
    The host object of a session: it answers what was decided for the call under way, and nothing else.

    Without one, a question is never answered and never ends.
    """

    def __init__(self) -> None:
        super().__init__(None, None, False, "CertDesk", None, PSHostUserInterface(), "1.0")
        self.decision: SmtpDecision | None = None

    def run_method(
        self,
        method_identifier: HostMethodIdentifier,
        args: list[Any],
        runspace: RunspacePool,
        pipeline: PowerShell | None = None,
    ) -> Any:
        """Give the decided answer; whatever else wants a person raises `NotDecided`."""
        if str(method_identifier) == "PromptForChoice":
            _, message, choices, _ = args
            return answer_index(str(message), [read_label(one) for one in choices], self.decision)
        try:
            return super().run_method(method_identifier, args, runspace, pipeline)
        except (NotImplementedError, AttributeError) as fault:
            asked = f"{method_identifier} {' '.join(str(arg) for arg in args)}"
            raise NotDecided("UnknownQuestion", asked, "which nobody has decided") from fault


class _StraightWSMan(WSMan):
    """pypsrp's connection, but a lost answer is not asked for again: the host has handed it out (winrm.md 7)."""

    def receive(
        self,
        resource_uri: str,
        resource: ET.Element,
        option_set: Any = None,
        selector_set: Any = None,
        timeout: int | None = None,
    ) -> ET.Element:
        """Ask once."""
        answer = self.invoke(
            WSManAction.RECEIVE, resource_uri, resource, option_set, selector_set, timeout
        )
        body = answer.find("{http://www.w3.org/2003/05/soap-envelope}Body")
        if body is None:
            raise WinRMError("The answer has no body.")
        return body

    @staticmethod
    def _parse_wsman_fault(xml_text: str) -> WSManFaultError:
        """Take a page that happens to be XML for no fault: its HTTP status says more."""
        fault = WSMan._parse_wsman_fault(xml_text)  # noqa: SLF001 - the one we stand in for
        if not fault.code:
            raise ET.ParseError("there is no fault in it")
        return fault


class _ReadingAdapter(requests.adapters.HTTPAdapter):
    """Reads each answer at once: else a refused sign-in, which is raised half-way, leaves its connection open."""

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send, and read."""
        answer = super().send(*args, **kwargs)
        answer.content  # noqa: B018 - looking at it reads it, and gives the connection back
        return answer


_LIBRARY_FAULTS: Final = (
    WinRMError,
    SpnegoError,
    requests.RequestException,
    ET.ParseError,
    OSError,
    struct.error,
    # pypsrp reads answers without looking whether the parts are there: a foreign page ends in these.
    LookupError,
    RuntimeError,
    AttributeError,
    TypeError,
    ValueError,
)


@contextlib.contextmanager
def _told(moment: Moment) -> Iterator[None]:
    try:
        yield
    except BadValue as fault:
        raise endpoint_accident(Accident.BAD_VALUE, Moment.SEND, note=str(fault)) from fault
    except _LIBRARY_FAULTS as fault:
        raise _trouble(fault, moment) from fault


def _connection(access: HostAccess, password: str) -> WSMan:
    parts = urlsplit(access.psrp_url)
    host, port = access.endpoint_address
    wsman = _StraightWSMan(
        server=host,
        port=port,
        path=parts.path.strip("/"),
        ssl=parts.scheme == "https",
        auth=_AUTH[access.auth],
        username=access.user,
        password=password,
        operation_timeout=_OPERATION_TIMEOUT_S,
        connection_timeout=_CONNECT_TIMEOUT_S,
        read_timeout=_READ_TIMEOUT_S,
        no_proxy=True,
        negotiate_service="HTTP",
        negotiate_send_cbt=parts.scheme == "https",
    )
    # Declared as a choice of two, but handed on to requests, which takes a file of anchors as well.
    anchors: Any = False if access.allow_insecure else access.ca_pem or certifi.where()
    wsman.transport.cert_validation = anchors
    _dial_anew(wsman)
    return wsman


def _dial_anew(wsman: WSMan) -> None:
    """A fresh connection that goes nowhere else: a redirect is an error (winrm.md 3)."""
    transport = wsman.transport
    # The library builds its connection at the first message, which signs in; by then it must not follow any more.
    transport.session = transport._build_session()  # noqa: SLF001
    transport.session.max_redirects = 0
    transport.session.mount("http://", _ReadingAdapter())
    transport.encryption = None


def _pipeline(pool: RunspacePool, call: Call) -> PowerShell:
    """The pipeline a call means: the cmdlet, and Select-Object where properties are wanted (exchange.md 4.5)."""
    shell = PowerShell(pool).add_cmdlet(call.cmdlet)
    for name, value in call.values:
        shell.add_parameter(name, _argument(pool, value))
    if call.wants and call.wants != (".",):
        shell.add_cmdlet("Select-Object").add_parameter("Property", list(call.wants))
    return shell


def _argument(pool: RunspacePool, value: Value) -> Any:
    match value:
        case Switch():
            return None
        case Secret():
            pool.exchange_keys()
            return pool.serialize(check_text(value.text), ObjectMeta("SS"))
        case str():
            return str(check_text(value))
        case tuple():
            return [str(check_text(item)) for item in value]
        case _:
            return value


def _trouble(fault: Exception, moment: Moment) -> WireTrouble:
    match fault:
        case AuthenticationError():
            return http_trouble(401, moment)
        case WSManFaultError():
            return wsman_trouble(fault.code, str(fault.reason or ""), moment)
        case WinRMTransportError():
            return http_trouble(int(fault.code), moment)
        case _:
            return endpoint_accident(_accident_of(fault, moment), moment)


def _accident_of(fault: Exception, moment: Moment) -> Accident:
    match fault:
        case requests.ConnectTimeout():
            return Accident.NO_ROUTE
        case requests.exceptions.SSLError():
            return Accident.TLS
        case requests.TooManyRedirects():
            return Accident.REDIRECT
        case requests.ReadTimeout():
            return Accident.READ_TIMEOUT
        case SpnegoError():
            # While signing in there is no ticket; later a sealed answer could not be opened.
            return Accident.TICKET if moment is Moment.OPEN else Accident.BROKEN
        case requests.RequestException() | OSError():
            return Accident.BROKEN
        case _:
            return Accident.NOT_SOAP
