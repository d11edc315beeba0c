"""The tests' network: this machine and nothing else."""

import ipaddress
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_LOCAL_NAMES = frozenset({"", "localhost"})
_NEVER_RESOLVES = ".invalid"  # RFC 6761 6.4


class NetworkClosed(Exception):
    """A test wanted to leave this machine. Not an OSError, so that no code takes it for bad weather."""


@contextmanager
def closed() -> Iterator[None]:
    """Refuse every connection and every look-up that is not loopback, until the end."""
    kept: dict[str, Any] = {
        name: getattr(socket.socket, name) for name in ("connect", "connect_ex", "sendto")
    }
    look_up = socket.getaddrinfo
    for name, method in kept.items():
        setattr(socket.socket, name, _guarded(method))
    socket.getaddrinfo = _guarded_look_up(look_up)
    try:
        yield
    finally:
        socket.getaddrinfo = look_up
        for name, method in kept.items():
            setattr(socket.socket, name, method)


def _guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    def checked(sock: socket.socket, *arguments: Any) -> Any:
        address = arguments[-1]
        if isinstance(address, tuple):
            _check(str(address[0]))
        return method(sock, *arguments)

    return checked


def _guarded_look_up(look_up: Callable[..., Any]) -> Callable[..., Any]:
    def checked(host: str | bytes | None, *arguments: Any, **more: Any) -> Any:
        name = host.decode("ascii") if isinstance(host, bytes) else host or ""
        if name.rstrip(".").endswith(_NEVER_RESOLVES):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        _check(name)
        return look_up(host, *arguments, **more)

    return checked


def _check(host: str) -> None:
    if host.lower() in _LOCAL_NAMES or host.lower().endswith(".localhost"):
        return
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        raise NetworkClosed(f"A test looked up {host!r}; only loopback is open.") from None
    if not (address.is_loopback or address.is_unspecified):
        raise NetworkClosed(f"A test dialled {host!r}; only loopback is open.")
