"""Ports of loopback for servers that are started later, or stopped and started again on the same one."""

import random
import socket
from pathlib import Path
from typing import Final

_LOOPBACK: Final = "127.0.0.1"
_RANGE: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
_COMMON_RANGE: Final = (32768, 65535)
"""Linux's, and with it that of IANA (RFC 6335 section 6: from 49152), where the kernel does not tell its own."""
_FIRST: Final = 10000
_TRIES: Final = 1000
_chance: Final = random.SystemRandom()
"""A seed of a test run gives the same numbers to all its processes: they would meet at one port."""


def given_by_chance() -> tuple[int, int]:
    """The first and the last port which the kernel gives to whoever asks for any."""
    try:
        low, high = _RANGE.read_text(encoding="ascii").split()
    except OSError:
        return _COMMON_RANGE
    return int(low), int(high)


def unused_port() -> int:
    """
    A port on which nobody listens, and which no other program is given by chance until somebody does.

    Raises:
        OSError: none was found.
    """
    low, _ = given_by_chance()
    for _ in range(_TRIES):
        port = _chance.randrange(_FIRST, max(low, _FIRST + 1000))
        with socket.socket() as probe:
            try:
                probe.bind((_LOOPBACK, port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port between {_FIRST} and {low} on {_LOOPBACK}")
