"""Log-on of one TCP connection: NTLM or Kerberos under Negotiate, CredSSP, Basic on every request, a client certificate."""

import base64
import binascii
import logging
from dataclasses import dataclass
from typing import Any, Final

import spnego
from spnego.channel_bindings import GssChannelBindings

from sandbox.exchange.wsman.accounts import Accounts
from sandbox.exchange.wsman.service import Principal

MUTUAL: Final = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"

_CHANNEL_BOUND: Final = 0x800

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """
    How a door may be logged on to.

    Args:
        basic: by a readable password too, inside TLS.
        kerberos_only: NTLM and CredSSP are refused, as at Exchange's own endpoint.
        binding: what every ticket and every NTLM answer must be bound to, as RFC 5929 prints it; empty: nothing is
            asked for (CbtHardeningLevel Relaxed), else it must be there and right (Strict).
    """

    basic: bool = False
    kerberos_only: bool = False
    binding: bytes = b""


class Logon:
    """What a connection has proven so far. It belongs to the connection and dies with it."""

    def __init__(self, accounts: Accounts, ways: Ways, *, shown: str = "") -> None:
        self.is_credssp = False
        self._shown = shown
        self.principal: Principal | None = None
        self.context: spnego.ContextProxy | None = None
        self._accounts = accounts
        self._ways = ways

    def challenges(self) -> list[str]:
        """The mechanisms a 401 offers."""
        if self._ways.kerberos_only:
            return ["Negotiate"]
        kerberos = ["Kerberos"] if self._accounts.has_kerberos else []
        basic = ['Basic realm="WSMAN"'] if self._ways.basic else []
        return ["Negotiate", *kerberos, *basic, "CredSSP"]

    def offer(self, header: str) -> str | None:
        """
        Take an Authorization header; gives back the token for the next leg, or None when there is none.

        Afterwards `principal` is set when the log-on is complete and right.
        """
        scheme, _, rest = header.partition(" ")
        match scheme.lower():
            case "basic" if self._ways.basic:
                self.principal = self._basic(rest)
                return None
            case "negotiate" | "ntlm" | "kerberos":
                return self._take_token(scheme, rest, protocol="negotiate")
            case "credssp" if not self._ways.kerberos_only:
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
            with self._accounts.turn():
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
            binding = self._ways.binding
            self.context = spnego.server(
                protocol=protocol,
                options=options,
                channel_bindings=GssChannelBindings(application_data=binding) if binding else None,
            )
        answer = self.context.step(token)
        is_kerberos = self.context.negotiated_protocol == "kerberos"
        is_let_in = is_kerberos or not self._ways.kerberos_only
        if is_kerberos and self._ways.binding and not _is_bound(self.context):
            is_let_in = False
        if self.context.complete and is_let_in:
            self.principal = self._accounts.principal(self.context.client_principal or "")
        return answer


def _is_bound(context: Any) -> bool:
    """
    Whether a Kerberos client bound its ticket to the connection.

    MIT's acceptor refuses a wrong binding by itself and lets a missing one pass, but says so in a flag that pyspnego
    does not hand on (GSS_C_CHANNEL_BOUND_FLAG).
    """
    while type(context).__name__ != "GSSAPIProxy":
        context = context._context  # noqa: SLF001 - the wrapped one; there is no public way to it
    return bool(context._context_attr & _CHANNEL_BOUND)  # noqa: SLF001 - see above
