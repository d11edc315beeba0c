"""The connection to Exchange's own endpoint: pypsrp's, made strict and patient as `retries.py` says."""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import certifi
import requests
from pypsrp.exceptions import WinRMError, WSManFaultError
from pypsrp.wsman import WSMan, WSManAction

from bot.exchange.access import Auth, HostAccess
from bot.exchange.allowance import CONNECT_S, Gate
from bot.exchange.faults import Moment, WireTrouble
from bot.exchange.gated import GatedAdapter
from bot.exchange.psrp_told import told
from bot.exchange.quiet import CONNECTION_S
from bot.exchange.retries import Message, Persistence
from bot.exchange.ticket_sign_in import TicketSignIn
from bot.exchange.tickets import Tickets

_OPERATION_TIMEOUT_S: Final = 20
_READ_TIMEOUT_S: Final = 30
_AUTH: Final[dict[Auth, str]] = {
    "kerberos": "kerberos",
    "credssp": "kerberos",
    "ntlm": "ntlm",
    "basic": "basic",
}
_ENVELOPE: Final = "{http://www.w3.org/2003/05/soap-envelope}Envelope"
_MOMENTS: Final = {
    Message.CREATE: Moment.OPEN,
    Message.COMMAND: Moment.SEND,
    Message.SEND: Moment.SEND,
    Message.RECEIVE: Moment.RECEIVE,
    Message.SIGNAL: Moment.CLOSE,
    Message.DELETE: Moment.CLOSE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """
    How a connection waits: seconds that never step, and how to let some pass; and where its tickets are from.

    Args:
        gate: asked before each request.
    """

    monotonic: Callable[[], float]
    pause: Callable[[float], object]
    tickets: Tickets
    gate: Gate


def connect(access: HostAccess, password: str, manner: Manner) -> WSMan:
    """A connection to the endpoint; nothing is sent yet."""
    parts = urlsplit(access.psrp_url)
    host, port = access.endpoint_address
    wsman = _StraightWSMan(
        server=host,
        port=port,
        path=parts.path.strip("/"),
        ssl=parts.scheme == "https",
        auth=_AUTH[access.auth],
        username=access.user,
        # By Kerberos the library gets no password: the sign-in is put in place for it.
        password=None if access.has_kerberos_endpoint else password,
        operation_timeout=_OPERATION_TIMEOUT_S,
        connection_timeout=int(CONNECT_S),
        read_timeout=_READ_TIMEOUT_S,
        no_proxy=True,
        negotiate_service="HTTP",
        negotiate_send_cbt=parts.scheme == "https",
    )
    # Declared as a choice of two, but handed on to requests, which takes a file of anchors as well.
    anchors: Any = access.ca_pem or certifi.where()
    wsman.transport.cert_validation = anchors
    sign_in = None
    if access.has_kerberos_endpoint:

        def sign_in() -> TicketSignIn:
            return TicketSignIn(access, manner.tickets, password=password, url=access.psrp_url)

    wsman.become_patient(manner, sealed=parts.scheme == "http", sign_in=sign_in)
    return wsman


class _StraightWSMan(WSMan):
    """
    pypsrp's connection, but a message is sent again only as the table says.

    A lost answer to a Receive is never asked for again: the host has handed it out (winrm.md 7).
    """

    def become_patient(
        self, manner: Manner, *, sealed: bool, sign_in: Callable[[], TicketSignIn] | None
    ) -> None:
        """Take up the rules; to be called once, before the first message."""
        self._manner = manner
        self._sign_in = sign_in
        self._used_s = manner.monotonic()
        self._persistence = Persistence(
            sealed=sealed, fresh_session=self._dial_anew, pause=manner.pause
        )
        self.transport.send = _only_envelopes(self.transport.send)  # type: ignore[method-assign] # its one way in
        self._dial_anew()

    def invoke(self, action: str, *args: Any, **kwargs: Any) -> ET.Element:
        """Send a message and give its answer, by the table of `retries.py`."""
        message = Message(action.rpartition("/")[2])
        kwargs["retries_on_read_timeout"] = 0

        def once() -> ET.Element:
            if self._manner.monotonic() - self._used_s > CONNECTION_S:
                self._dial_anew()
            with told(_MOMENTS[message]):
                answer = super(_StraightWSMan, self).invoke(action, *args, **kwargs)
            self._used_s = self._manner.monotonic()
            return answer

        try:
            return self._persistence.say(message, once)
        except WireTrouble as trouble:
            # The library looks at its own faults (an operation that timed out is none to it).
            raise trouble.__cause__ or trouble from None

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
        """Take a page that happens to be XML for no fault, and a quota told by WMI for one (winrm.md 6)."""
        fault = WSMan._parse_wsman_fault(xml_text)  # noqa: SLF001 - the one we stand in for
        if isinstance(fault.code, int):
            return fault
        told = ET.fromstring(xml_text).findtext(".//{*}error_Code") or ""  # noqa: S314 - as the library reads it
        if told.isdecimal():
            return WSManFaultError(int(told), fault.machine, fault.reason, None, None, None)
        if not fault.code:
            raise ET.ParseError("there is no fault in it")
        return fault

    def _dial_anew(self) -> None:
        """Begin a fresh connection that goes nowhere else: a redirect is an error (winrm.md 3)."""
        transport = self.transport
        transport.close()
        # The library builds its connection at the first message, which signs in; by then it must not follow any more.
        transport.session = transport._build_session()  # noqa: SLF001
        transport.session.max_redirects = 0
        for scheme in ("http://", "https://"):
            transport.session.mount(scheme, _ReadingAdapter(self._manner.gate))
        if self._sign_in is not None:
            transport.session.auth = self._sign_in()
        transport.encryption = None
        self._used_s = self._manner.monotonic()


def _only_envelopes(send: Callable[..., bytes]) -> Callable[..., bytes]:
    """Take no foreign page for an answer to another message, which is all the library looks at."""

    def sent(*args: Any, **options: Any) -> bytes:
        answer = send(*args, **options)
        if ET.fromstring(answer).tag != _ENVELOPE:  # noqa: S314 - as the library reads it
            raise ET.ParseError("the answer is no SOAP envelope")
        return answer

    return sent


class _ReadingAdapter(GatedAdapter):
    """Reads each answer at once: else a refused sign-in, which is raised half-way, leaves its connection open."""

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send, and read."""
        answer = super().send(*args, **kwargs)
        answer.content  # noqa: B018 - looking at it reads it, and gives the connection back
        return answer
