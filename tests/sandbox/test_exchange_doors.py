"""A host's doors while it is down: nobody answers there, and nobody else can move in."""

import socket
from collections.abc import Iterator

import pytest

from sandbox.exchange.net.doorman import Doorman, Guest
from sandbox.loopback import given_by_chance, unused_port


@pytest.fixture
def doorman() -> Iterator[Doorman]:
    """One who opens nothing yet."""
    doorman = Doorman("EX01")
    yield doorman
    doorman.stop()


def _greet(guest: Guest) -> None:
    guest.socket.sendall(b"hello")


def _hear(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        return connection.recv(16)


def test_shut_doors_are_refused_and_open_again_on_their_ports(doorman: Doorman) -> None:
    """As a host that restarts: the same addresses, each with what is behind it."""
    ports = [doorman.open(_greet), doorman.open(_greet)]

    for _ in range(3):
        doorman.shut_doors()
        for port in ports:
            with pytest.raises(ConnectionRefusedError):
                _hear(port)
        doorman.reopen_doors()
        assert [_hear(port) for port in ports] == [b"hello", b"hello"]


def test_nobody_moves_in_while_the_doors_are_shut(doorman: Doorman) -> None:
    """Other programs are given free ports all the time; one of them would keep the host down for ever."""
    port = doorman.open(_greet)
    doorman.shut_doors()

    with socket.socket() as lodger, pytest.raises(OSError, match="in use"):
        lodger.bind(("127.0.0.1", port))

    doorman.reopen_doors()
    assert _hear(port) == b"hello"


def test_a_stopped_host_leaves_its_ports_to_others() -> None:
    """Also where it was down when it was stopped."""
    doorman = Doorman("EX01")
    port = doorman.open(_greet, port=unused_port())
    doorman.shut_doors()
    doorman.stop()

    with socket.create_server(("127.0.0.1", port)) as lodger:
        assert lodger.getsockname()[1] == port


def test_a_port_that_is_kept_for_later_is_none_that_is_given_by_chance() -> None:
    """A server that is stopped and started again finds its port as it left it."""
    low, high = given_by_chance()
    ports = {unused_port() for _ in range(50)}

    assert len(ports) > 40
    assert all(1024 < port < low or high < port < 65536 for port in ports)
