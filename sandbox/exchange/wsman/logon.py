"""Log-on of one TCP connection: NTLM under Negotiate in two legs, or Basic on every request."""

import base64
import binascii
import logging

import spnego

from sandbox.exchange.wsman.accounts import Accounts
from sandbox.exchange.wsman.service import Principal

_log = logging.getLogger(__name__)


class Logon:
    """What a connection has proven so far. It belongs to the connection and dies with it."""

    def __init__(self, accounts: Accounts, *, with_basic: bool) -> None:
        self.principal: Principal | None = None
        self.context: spnego.ContextProxy | None = None
        self._accounts = accounts
        self._with_basic = with_basic

    def challenges(self) -> list[str]:
        """The mechanisms a 401 offers."""
        return ["Negotiate", 'Basic realm="WSMAN"'] if self._with_basic else ["Negotiate"]

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
                return self._negotiate(scheme, rest)
            case _:
                self.principal = None
                return None

    def _basic(self, encoded: str) -> Principal | None:
        try:
            user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return self._accounts.check_password(user, password) if colon else None

    def _negotiate(self, scheme: str, encoded: str) -> str | None:
        try:
            token = base64.b64decode(encoded, validate=True)
            with self._accounts.ntlm_turn():
                answer = self._step(token)
        except Exception:
            # Whatever the acceptor trips over, Windows answers 401 and says nothing more.
            _log.debug("log-on refused", exc_info=True)
            self.context = self.principal = None
            return None
        return f"{scheme} {base64.b64encode(answer).decode()}" if answer else None

    def _step(self, token: bytes) -> bytes | None:
        if self.context is None or self.context.complete:
            self.principal = None
            self.context = spnego.server(
                protocol="negotiate", options=spnego.NegotiateOptions.use_negotiate
            )
        answer = self.context.step(token)
        if self.context.complete:
            self.principal = self._accounts.principal(self.context.client_principal or "")
        return answer
