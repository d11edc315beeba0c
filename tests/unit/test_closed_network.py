"""The tests' own network guard: this machine is open, everything else is not."""

import socket

import pytest

from tests.network import NetworkClosed


@pytest.mark.parametrize("address", ["93.184.216.34", "10.0.0.1", "2606:4700::1111"])
def test_other_machines_cannot_be_dialled(address: str) -> None:
    """A connection that would leave this machine is a failed test, not bad weather."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as sock, pytest.raises(NetworkClosed):
        sock.connect((address, 443))


def test_other_names_cannot_be_looked_up() -> None:
    """Not even a name is asked for outside."""
    with pytest.raises(NetworkClosed):
        socket.getaddrinfo("example.com", 443)


def test_name_that_never_resolves_fails_as_it_would_in_the_world() -> None:
    """RFC 6761 keeps .invalid unresolved; code may be tested with it."""
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("nowhere.invalid", 443)


def test_loopback_is_open() -> None:
    """Servers of the tests are reached by address and by name."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for host in ("127.0.0.1", "localhost"):
            with socket.create_connection((host, port)):
                pass
