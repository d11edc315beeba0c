"""
The connection to a WinRM listener: pywinrm's, made strict and straight, with a sign-in of its own for Kerberos.

With `winrm.py` and `winrm_reading.py` the only file that names winrm or requests.
"""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any, Final

import certifi
import requests
from winrm.exceptions import WinRMError
from winrm.protocol import Protocol as WsmanProtocol
from winrm.transport import Transport

from bot.exchange.access import HostAccess
from bot.exchange.allowance import Gate
from bot.exchange.ticket_sign_in import TicketSignIn
from bot.exchange.tickets import Tickets
from bot.exchange.winrm_reading import go_straight

_READ_TIMEOUT_S: Final = 30
_OPERATION_TIMEOUT_S: Final = 20
_SOAP: Final = "http://www.w3.org/2003/05/soap-envelope"
_ADDRESSING: Final = "http://schemas.xmlsoap.org/ws/2004/08/addressing"


class _StrictProtocol(WsmanProtocol):
    """pywinrm's protocol, but each answer must be an envelope, and the answer to this very message."""

    def send_message(self, message: str) -> bytes:
        """Send, and look at the answer before anybody reads it."""
        answer: bytes = super().send_message(message)
        root = ET.fromstring(answer)  # noqa: S314 - as the library reads it
        asked = ET.fromstring(message).findtext(f".//{{{_ADDRESSING}}}MessageID")  # noqa: S314 - our own
        if root.tag != f"{{{_SOAP}}}Envelope":
            raise ET.ParseError("the answer is no SOAP envelope")
        if root.findtext(f".//{{{_ADDRESSING}}}RelatesTo") not in {asked, None}:
            raise WinRMError("the answer belongs to another message")
        return answer


class _StraightTransport(Transport):
    """
    pywinrm's transport, but it goes nowhere else: a redirect is an error (winrm.md 3).

    Args:
        gate: what every request passes.
    """

    def __init__(self, gate: Gate, **options: Any) -> None:
        super().__init__(**options)
        self._gate = gate

    def build_session(self) -> requests.Session:
        """Give the session, which is the library's but for redirects."""
        if self.session:
            return self.session
        try:
            session = super().build_session()
        except BaseException:
            # The library keeps a session whose sign-in failed, and would send the next message unsealed over it.
            self.close_session()
            raise
        go_straight(session, self._gate)
        return session

    def setup_encryption(self, session: requests.Session) -> None:
        """Forbid redirects before the very first message, which signs in."""
        go_straight(session, self._gate)
        super().setup_encryption(session)


class _TicketTransport(_StraightTransport):
    """
    The same by Kerberos, with tickets of our own: the library knows only the process's ticket cache.

    Args:
        sign_in: makes the sign-in of one connection.
    """

    def __init__(self, sign_in: Callable[[], TicketSignIn], gate: Gate, **options: Any) -> None:
        # To the library it is a sign-in that needs no library and no secret; it is put in place of before any message.
        super().__init__(gate, auth_method="basic", username="-", password="", **options)
        self._sign_in = sign_in

    def build_session(self) -> requests.Session:
        """Give the session; over http it is signed in by then."""
        if self.session:
            return self.session
        session = super().build_session()
        session.auth = self._sign_in()
        if self.endpoint.lower().startswith("http:"):
            try:
                self.setup_encryption(session)
            except BaseException:
                self.close_session()
                raise
        return session

    def setup_encryption(self, session: requests.Session) -> None:
        """Sign in by an empty message, and seal what follows."""
        # Only while the library makes its seal: the next session must not be signed in by the library itself.
        self.auth_method = "kerberos"
        try:
            super().setup_encryption(session)
        finally:
            self.auth_method = "basic"


def protocol_for(
    access: HostAccess,
    password: str,
    tickets: Tickets,
    gate: Gate,
    *,
    read_s: int = _READ_TIMEOUT_S,
    operation_s: int = _OPERATION_TIMEOUT_S,
) -> WsmanProtocol:
    """
    A connection to the listener; nothing is sent yet. It belongs to one thread.

    Args:
        gate: asked before each request.
    """
    protocol = _StrictProtocol(
        endpoint=access.winrm_url,
        transport=access.auth,
        username=access.user,
        password=password,
        cert_pem=access.cert_pem or None,
        cert_key_pem=access.key_pem or None,
        read_timeout_sec=read_s,
        operation_timeout_sec=operation_s,
        proxy=None,
    )
    common: dict[str, Any] = {
        "endpoint": access.winrm_url,
        "ca_trust_path": access.ca_pem or certifi.where(),
        # There is no setting to skip it: a listener without a good certificate is spoken to over sealed http.
        "server_cert_validation": "validate",
        "read_timeout_sec": read_s,
        "message_encryption": "auto",
        "proxy": None,
    }
    if access.auth == "kerberos":
        protocol.transport = _TicketTransport(
            lambda: TicketSignIn(access, tickets, password=password, url=access.winrm_url),
            gate,
            **common,
        )
        return protocol
    protocol.transport = _StraightTransport(
        gate,
        auth_method=access.auth,
        username=access.user,
        password=password,
        cert_pem=access.cert_pem or None,
        cert_key_pem=access.key_pem or None,
        **common,
    )
    return protocol
