"""
Signing in to a door by Kerberos, as requests wants it: a ticket in the first message, the host's proof in its answer.

One object belongs to one connection, like the sign-in itself. Both doors use it, so that none of them reads the
process's ticket cache, tries NTLM, or leaves out that the host must prove itself (winrm.md 3 and 4).
"""

import base64
import binascii
import re
from typing import Any, Final
from urllib.parse import urlsplit

import requests
import spnego
from requests.auth import AuthBase
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import SpnegoError

from bot.certs.binding import end_point_hash
from bot.exchange.access import HostAccess
from bot.exchange.faults import Accident
from bot.exchange.tickets import NoTicket, Tickets, no_ticket_for

_TOKEN: Final = re.compile(r"\bNegotiate\s+([A-Za-z0-9+/]+=*)", re.IGNORECASE)
_OFFER: Final = re.compile(r"\b(Negotiate|Kerberos)\b", re.IGNORECASE)
_UNAUTHORIZED: Final = 401
_GOOD: Final = 400


class TicketSignIn(AuthBase):
    """
    Authenticates one session of requests.

    Over http the ticket goes with the first message, which is empty. Over https the host is asked first, because the
    ticket is bound to the certificate it shows. A sealed conversation never signs in by itself again: its messages
    were sealed for the sign-in before, so it is the caller who must begin anew.

    Args:
        password: empty where a keytab signs in.
        url: the door's address.
    """

    def __init__(self, access: HostAccess, tickets: Tickets, *, password: str, url: str) -> None:
        self._access = access
        self._tickets = tickets
        self._password = password
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._is_tls = parts.scheme == "https"
        self._context: Any = None

    @property
    def contexts(self) -> dict[str, Any]:
        """What seals and opens the messages of this connection, by host, as pypsrp looks for it."""
        return {} if self._context is None else {self._host: self._context}

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Prepare a message; the first one over http carries the ticket."""
        request.headers["Connection"] = "Keep-Alive"
        if self._context is None and not self._is_tls:
            request.headers["Authorization"] = self._first_token(None)
        request.hooks["response"].append(self._answered)
        return request

    def wrap_winrm(self, _host: object, message: bytes) -> tuple[bytes, bytes]:
        """Seal a message; sealed bytes and their header, in pywinrm's order."""
        sealed = self._context.wrap_winrm(message)
        return sealed.data, sealed.header

    def unwrap_winrm(self, _host: object, sealed: bytes, header: bytes) -> bytes:
        """Open a message."""
        opened: bytes = self._context.unwrap_winrm(header, sealed)
        return opened

    def _answered(self, answer: requests.Response, **options: Any) -> requests.Response:
        if answer.status_code == _UNAUTHORIZED:
            if not self._is_tls or "Authorization" in answer.request.headers:
                # It took the ticket no more: the next one is made new.
                self._tickets.drop(self._access)
                return answer
            if not _OFFER.search(answer.headers.get("WWW-Authenticate", "")):
                return answer
            answer = self._again_with_ticket(answer, options)
        if self._context is not None and not self._context.complete:
            self._take_proof(answer)
        return answer

    def _again_with_ticket(
        self, answer: requests.Response, options: dict[str, Any]
    ) -> requests.Response:
        token = self._first_token(_shown_certificate(answer))
        # Reading it gives the connection back, so that the second message takes the same one.
        answer.content  # noqa: B018
        request = answer.request.copy()
        request.headers["Authorization"] = token
        second: requests.Response = answer.connection.send(request, **options)
        second.history.append(answer)
        second.request = request
        if second.status_code == _UNAUTHORIZED:
            self._tickets.drop(self._access)
            self._context = None
        return second

    def _first_token(self, certificate: bytes | None) -> str:
        cache = self._tickets.cache_for(self._access, self._password)
        wanted = spnego.ContextReq.default
        if self._access.delegate:
            wanted |= spnego.ContextReq.delegate
        binding = None
        if certificate is not None:
            binding = GssChannelBindings(
                application_data=b"tls-server-end-point:" + end_point_hash(certificate)
            )
        try:
            self._context = spnego.client(
                spnego.KerberosCCache(cache),
                hostname=self._access.spn_host or self._host,
                service="HTTP",
                channel_bindings=binding,
                context_req=wanted,
                protocol="kerberos",
            )
            token = self._context.step() or b""
            # By it pypsrp chooses the name of the sealing.
            self._context.response_auth_header = "negotiate"
        except SpnegoError as fault:
            self._context = None
            code = getattr(fault.base_error, "min_code", None)
            raise no_ticket_for(self._access, self._host, code) from fault
        return f"Negotiate {base64.b64encode(token).decode()}"

    def _take_proof(self, answer: requests.Response) -> None:
        """
        Let the host prove that it is the one the ticket was for.

        An error without a proof is handed on, since a host may fail before it gets so far; the sign-in then counts
        for nothing.
        """
        found = _TOKEN.search(answer.headers.get("WWW-Authenticate", ""))
        try:
            if found is not None:
                self._context.step(base64.b64decode(found[1], validate=True))
        except (SpnegoError, binascii.Error) as fault:
            self._context = None
            raise NoTicket(Accident.NOT_PROVEN) from fault
        if not self._context.complete:
            self._context = None
            if answer.status_code < _GOOD:
                raise NoTicket(Accident.NOT_PROVEN)


def _shown_certificate(answer: requests.Response) -> bytes | None:
    """The certificate the host showed on the connection of this answer, DER; before the answer is read."""
    socket = getattr(getattr(answer.raw, "connection", None), "sock", None)
    return socket.getpeercert(binary_form=True) if socket is not None else None
