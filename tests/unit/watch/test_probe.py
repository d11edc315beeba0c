"""What is asked for in a handshake, and how a failure is told."""

import socket
import threading
from collections.abc import Iterator

import pytest

from bot.certs.names import DnsName
from bot.watch.probe import probe_address, probed_name
from tests.unit.exchange.samples import Authority

_ANCHOR = Authority().anchors_pem
_TELLS = [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((), ""),
        (("mail.example.com", "example.com"), "mail.example.com"),
        (("*.example.com", "example.com"), "example.com"),
        (("*.example.com",), "probe.example.com"),
    ],
)
def test_the_name_is_one_a_client_would_use(names: tuple[str, ...], expected: str) -> None:
    """A plain name comes first; below a wildcard any name stands for all."""
    assert probed_name([DnsName(name) for name in names]) == expected


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A port on loopback on which nobody has accepted yet."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.mark.parametrize("spoken", _TELLS)
def test_what_is_not_tls_is_told(listener: socket.socket, spoken: bytes) -> None:
    """A service that does not speak TLS is a value with a reason."""

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(spoken)

    thread = threading.Thread(target=serve)
    thread.start()
    shown = probe_address(
        "127.0.0.1",
        listener.getsockname()[1],
        starttls=None,
        name=DnsName("mail.example.com"),
        anchors_pem=_ANCHOR,
        timeout_s=5,
    )
    thread.join()

    assert not shown.proven
    assert shown.detail.startswith("No handshake with 127.0.0.1:")


def test_a_name_that_does_not_resolve_is_told() -> None:
    """A wrong address is a value too."""
    shown = probe_address(
        "ex01.invalid", 443, starttls=None, name=DnsName("a.example.com"), anchors_pem=_ANCHOR
    )

    assert shown.detail == "No handshake with ex01.invalid:443: the name does not resolve."
