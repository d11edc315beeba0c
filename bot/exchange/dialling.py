"""What both doors to a host do before anything is sent: see that somebody is there, open the password."""

import socket
from collections.abc import Mapping
from typing import Final

from bot.exchange.access import HostAccess
from bot.exchange.faults import ACCIDENT_RULES, Accident, Moment, Rule, WireTrouble
from bot.exchange.refused import RefusedPasswords

PREFLIGHT_S: Final = 4.0


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

    Raises:
        WireTrouble: it cannot be opened, or the same one was refused at this door a moment ago.
    """
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


def accident(what: Accident, moment: Moment) -> WireTrouble:
    """The trouble for something that has no code of its own."""
    return WireTrouble(ACCIDENT_RULES[what], moment, code=what.value)
