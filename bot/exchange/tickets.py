"""
Kerberos tickets got from a password or a keytab, kept in memory alone and renewed by themselves.

With `ticket_sign_in.py` the only file that names Kerberos' libraries, which are an extra: `gssapi` and `krb5`. The
process's own ticket cache (`kinit`, KRB5CCNAME) is neither read nor written, and nothing here falls back to NTLM.
"""

import importlib
import importlib.util
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from bot.exchange.access import HostAccess
from bot.exchange.faults import Accident
from bot.exchange.refused import RefusedPasswords

LIBRARIES: Final = ("gssapi", "krb5")
INSTALL_HINT: Final = "pip install certdesk[kerberos] (it is built from source: gcc, python3-dev and libkrb5-dev first)"

_RENEW_BEFORE_S: Final = 600.0
"""A ticket with less than this left is not begun a conversation with."""

_BEARS_S: Final = 300.0

_KDC: Final = "kerberos"
"""The door a password is told to: the realm's, whichever host it is for."""

_MIT_BASE: Final = -1765328384
"""KRB5KDC_ERR_NONE of MIT's error table; the protocol's own codes (RFC 4120 7.5.9) are counted from it."""

CODES: Final[dict[int, Accident]] = {
    _MIT_BASE + 1: Accident.KDC_ACCOUNT,  # its entry has expired
    _MIT_BASE + 6: Accident.KDC_USER,
    _MIT_BASE + 7: Accident.KDC_SPN,
    _MIT_BASE + 18: Accident.KDC_ACCOUNT,  # revoked: locked or disabled
    _MIT_BASE + 23: Accident.KDC_ACCOUNT,  # the password must be changed
    _MIT_BASE + 24: Accident.KDC_PASSWORD,
    _MIT_BASE + 31: Accident.KDC_PASSWORD,  # the answer does not open with this key
    _MIT_BASE + 33: Accident.KDC_CLOCK,  # not valid yet
    _MIT_BASE + 37: Accident.KDC_CLOCK,
    _MIT_BASE + 128 + 26: Accident.KDC_AWAY,  # the realm is not known: no KDC is named for it
    _MIT_BASE + 156: Accident.KDC_AWAY,
    _MIT_BASE + 210: Accident.KDC_PASSWORD,
}
"""What MIT's codes mean to the operator; recognised by number, because the texts are translated."""


class NoTicket(Exception):
    """
    There is no ticket, so nothing was sent to the host.

    Args:
        what: which of Kerberos' reasons.
        note: what the operator needs beside it; outside text already quoted.
    """

    def __init__(self, what: Accident, *, note: str = "") -> None:
        self.what = what
        self.note = note
        super().__init__(f"{what} {note}".strip())


def is_installed() -> bool:
    """Whether the extra is there."""
    return all(importlib.util.find_spec(name) for name in LIBRARIES)


@dataclass(slots=True)
class _Kept:
    """One identity's ticket, as far as there is one."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    cache: Any = None
    ends_s: float = 0.0
    skew_s: float = 0.0


class Tickets:
    """
    The tickets of a process, one for each host and identity. Safe to use from every thread.

    Args:
        refused: the passwords that are not to be tried for now.
        monotonic: seconds that never step.
        wall: the machine's clock, seconds since 1970: what Kerberos compares.
    """

    def __init__(
        self,
        refused: RefusedPasswords,
        monotonic: Callable[[], float],
        *,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._refused = refused
        self._monotonic = monotonic
        self._wall = wall
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str, str], _Kept] = {}

    def cache_for(self, access: HostAccess, password: str) -> str:
        """
        The name of a cache in this process's memory that holds a good ticket, got now if there is none.

        Args:
            password: empty where a keytab signs in.

        Raises:
            NoTicket: the KDC gave none, or the same password was refused there a moment ago.
        """
        kept = self._of(access)
        with kept.lock:
            if kept.cache is None or self._monotonic() > kept.ends_s - _RENEW_BEFORE_S:
                self._renew(kept, access, password)
            return f"{kept.cache.cache_type.decode()}:{kept.cache.name.decode()}"

    def clock_note(self, access: HostAccess) -> str:
        """
        A sentence on the KDC's clock, with a blank before it; empty when it is near enough.

        The library follows the KDC's clock, so a difference shows only when a host refuses the ticket.
        """
        skew_s = self._of(access).skew_s
        if abs(skew_s) <= _BEARS_S:
            return ""
        return f" The KDC's clock differs from this machine's by {skew_s:+.0f} s; Kerberos bears {_BEARS_S:.0f}."

    def drop(self, access: HostAccess) -> None:
        """Forget what is kept: the host took it no more, or nobody will ask again."""
        kept = self._of(access)
        with kept.lock:
            self._destroy(kept)

    def _of(self, access: HostAccess) -> _Kept:
        with self._lock:
            return self._kept.setdefault((access.name.lower(), access.user, access.keytab), _Kept())

    def _renew(self, kept: _Kept, access: HostAccess, password: str) -> None:
        if not access.keytab:
            waits_s = self._refused.waits_s(_KDC, access.user, password)
            if waits_s:
                raise NoTicket(
                    Accident.REFUSED_BEFORE,
                    note=f"It is not tried again for {max(1, round(waits_s / 60))} min unless it is changed.",
                )
        self._destroy(kept)
        krb5 = importlib.import_module("krb5")
        try:
            kept.cache, times = _get_ticket(krb5, access, password)
        except krb5.Krb5Error as fault:
            reason = _reason(int(fault.err_code), access)
            if reason.what is Accident.KDC_PASSWORD and not access.keytab:
                self._refused.remember(_KDC, access.user, password)
            raise reason from fault
        self._refused.forget(_KDC, access.user)
        kept.ends_s = self._monotonic() + times.endtime - times.authtime
        kept.skew_s = times.authtime - self._wall()

    def _destroy(self, kept: _Kept) -> None:
        cache, kept.cache = kept.cache, None
        if cache is not None:
            # A cache in memory outlives its handle; without this a process that runs for months would fill up.
            krb5 = importlib.import_module("krb5")
            krb5.cc_destroy(krb5.init_context(), cache)


def spn_of(access: HostAccess, host: str) -> str:
    """The service a ticket is asked for, as people write it; WinRM and Exchange's endpoint both are HTTP."""
    return f"HTTP/{access.spn_host or host}"


def no_ticket_for(access: HostAccess, host: str, code: int | None) -> NoTicket:
    """
    Why there is no ticket for a service.

    Args:
        host: that of the door's address.
        code: MIT's, as an unsigned number of 32 bits or as it is; None: the library said none.
    """
    reason = _reason(code or 0, access)
    note = f"The service is {spn_of(access, host)}."
    return NoTicket(reason.what, note=note if reason.what is Accident.KDC_SPN else reason.note)


def _get_ticket(krb5: Any, access: HostAccess, password: str) -> tuple[Any, Any]:
    # A context of its own each time: they are cheap, and not to be shared between threads.
    context = krb5.init_context()
    principal = krb5.parse_name_flags(context, access.user.encode())
    options = krb5.get_init_creds_opt_alloc(context)
    krb5.get_init_creds_opt_set_canonicalize(options, True)
    krb5.get_init_creds_opt_set_forwardable(options, access.delegate)
    if access.keytab:
        keytab = krb5.kt_resolve(context, f"FILE:{access.keytab}".encode())
        found = krb5.get_init_creds_keytab(context, principal, options, keytab=keytab)
    else:
        found = krb5.get_init_creds_password(
            context, principal, options, password=password.encode("utf-8", "replace")
        )
    cache = krb5.cc_new_unique(context, b"MEMORY")
    krb5.cc_initialize(context, cache, found.client)
    krb5.cc_store_cred(context, cache, found)
    return cache, found.times


def _reason(code: int, access: HostAccess) -> NoTicket:
    signed = code - 2**32 if code >= 2**31 else code
    what = CODES.get(signed, Accident.TICKET)
    realm = access.user.rpartition("@")[2] if "@" in access.user else "the machine's default realm"
    notes = {
        Accident.TICKET: f"Kerberos' code is {signed}.",
        Accident.KDC_AWAY: f"The realm is {realm}.",
        Accident.KDC_USER: f"The user is {access.user!r}.",
    }
    return NoTicket(what, note=notes.get(what, ""))
