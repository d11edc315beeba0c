"""Log-on of one TCP connection: NTLM under Negotiate, CredSSP, Basic on every request, or a client certificate."""

import base64
import binascii
import logging
from typing import Final

import spnego

from sandbox.exchange.wsman.accounts import Accounts
from sandbox.exchange.wsman.service import Principal

MUTUAL: Final = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"

_log = logging.getLogger(__name__)


class Logon:
    """What a connection has proven so far. It belongs to the connection and dies with it."""

    def __init__(self, accounts: Accounts, *, with_basic: bool, shown: str = "") -> None:
        self.is_credssp = False
        self._shown = shown
        self.principal: Principal | None = None
        self.context: spnego.ContextProxy | None = None
        self._accounts = accounts
        self._with_basic = with_basic

    def challenges(self) -> list[str]:
        """The mechanisms a 401 offers."""
        return ["Negotiate", *(['Basic realm="WSMAN"'] if self._with_basic else []), "CredSSP"]

    def offer(self, header: str) -> str | None:
        """
        Take an Authorization header; gives back the token for the next leg, or None when there is none.

        Afterwards `principal` is set when the log-on is complete and right.
        """
        scheme, _, rest = header.partition(" ")
        match scheme.lower():
            case "basic" if self._with_basic:
                self.principal = self._basic(rest)
                return None
            case "negotiate" | "ntlm":
                return self._take_token(scheme, rest, protocol="negotiate")
            case "credssp":
                return self._take_token(scheme, rest, protocol="credssp")
            case mutual if mutual == MUTUAL:
                # The certificate was proven in the handshake; here it is looked up whose it is.
                self.principal = self._accounts.principal(self._shown) if self._shown else None
                return None
            case _:
                self.principal = None
                return None

    def _basic(self, encoded: str) -> Principal | None:
        try:
            user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return self._accounts.check_password(user, password) if colon else None

    def _take_token(self, scheme: str, encoded: str, *, protocol: str) -> str | None:
        try:
            token = base64.b64decode(encoded, validate=True)
            with self._accounts.ntlm_turn():
                answer = self._step(token, protocol)
        except Exception:
            # Whatever the acceptor trips over, Windows answers 401 and says nothing more.
            _log.debug("log-on refused", exc_info=True)
            self.context = self.principal = None
            return None
        return f"{scheme} {base64.b64encode(answer).decode()}" if answer else None

    def _step(self, token: bytes, protocol: str) -> bytes | None:
        self.is_credssp = protocol == "credssp"
        if self.context is None or self.context.complete:
            self.principal = None
            options = (
                spnego.NegotiateOptions.none
                if self.is_credssp
                else spnego.NegotiateOptions.use_negotiate
            )
            self.context = spnego.server(protocol=protocol, options=options)
        answer = self.context.step(token)
        if self.context.complete:
            self.principal = self._accounts.principal(self.context.client_principal or "")
        return answer
