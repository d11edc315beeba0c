"""What both doors to a host do before anything is sent: see that somebody is there, open the password."""

import socket
import ssl
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bot.exchange.access import HostAccess
from bot.exchange.faults import ACCIDENT_RULES, Accident, Moment, Rule, WireTrouble
from bot.exchange.refused import RefusedPasswords

PREFLIGHT_S: Final = 4.0
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def check_port(address: tuple[str, int], rules: Mapping[Accident, Rule] = ACCIDENT_RULES) -> None:
    """
    Dial first: a black hole would cost the whole read time-out inside a library.

    Args:
        rules: what it means at this door that nobody answers.

    Raises:
        WireTrouble: nobody answers there.
    """
    try:
        with socket.create_connection(address, timeout=PREFLIGHT_S):
            return
    except OSError as fault:
        code = type(fault).__name__
        raise WireTrouble(rules[Accident.NO_ROUTE], Moment.OPEN, code=code) from fault


def open_password(access: HostAccess, refused: RefusedPasswords, *, door: str) -> str:
    """
    Open the secret late, and tell a failure there from one of the wire.

    Args:
        refused: the passwords that are not to be tried for now.
        door: the address it is for.

    A client certificate or a keytab needs no password: its files are looked at instead, and the answer is empty.

    Raises:
        WireTrouble: it cannot be opened, or the same one was refused at this door a moment ago.
    """
    if access.auth == "certificate":
        _check_client_files(access)
        return ""
    if access.keytab:
        _check_keytab(access)
        return ""
    try:
        password = access.password()
    except (OSError, ValueError, LookupError) as fault:
        raise accident(Accident.NO_SECRET, Moment.OPEN) from fault
    waits_s = refused.waits_s(door, access.user, password)
    if waits_s:
        trouble = accident(Accident.REFUSED_BEFORE, Moment.OPEN)
        trouble.note = (
            f"It is not tried again for {max(1, round(waits_s / 60))} min unless it is changed."
        )
        raise trouble
    return password


def _check_client_files(access: HostAccess) -> None:
    """The key signs in for whoever can read it: it must belong to its owner alone."""
    for path in (Path(access.cert_pem), Path(access.key_pem)):
        try:
            mode = path.stat().st_mode
        except OSError as fault:
            raise _bad_client_file(
                f"{path.name} cannot be read ({type(fault).__name__})."
            ) from fault
        if path == Path(access.key_pem) and mode & _OTHERS:
            raise _bad_client_file(
                f"{path.name} is open to others than its owner (mode {stat.S_IMODE(mode):o}); make it 600."
            )
    try:
        ssl.create_default_context().load_cert_chain(access.cert_pem, access.key_pem, password="")
    except (OSError, ValueError) as fault:
        raise _bad_client_file(
            "Certificate and key do not fit, or are no PEM without a password."
        ) from fault


def _check_keytab(access: HostAccess) -> None:
    """Whoever can read it signs in as the account: it must belong to its owner alone."""
    path = Path(access.keytab)
    trouble = accident(Accident.KEYTAB, Moment.OPEN)
    try:
        mode = path.stat().st_mode
    except OSError as fault:
        trouble.note = f"{path.name} cannot be read ({type(fault).__name__})."
        raise trouble from fault
    if mode & _OTHERS:
        trouble.note = f"{path.name} is open to others than its owner (mode {stat.S_IMODE(mode):o}); make it 600."
        raise trouble


def _bad_client_file(note: str) -> WireTrouble:
    trouble = accident(Accident.CLIENT_KEY, Moment.OPEN)
    trouble.note = note
    return trouble


def accident(what: Accident, moment: Moment) -> WireTrouble:
    """The trouble for something that has no code of its own."""
    return WireTrouble(ACCIDENT_RULES[what], moment, code=what.value)
