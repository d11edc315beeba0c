"""The talk before TLS, against services that behave and services that do not."""

import socket
from collections.abc import Iterator

import pytest

from bot.watch.dialogue import Starttls, Talk, TalkFault, ask_for_tls

_GOOD: dict[Starttls, bytes] = {
    "smtp": b"220 ex01\r\n250-ex01\r\n250-SIZE 1\r\n250 STARTTLS\r\n220 go\r\n",
    "imap": b"* OK ready\r\n* CAPABILITY IMAP4\r\na1 OK begin\r\n",
    "pop3": b"+OK ready\r\n+OK begin\r\n",
}
_SAID: dict[Starttls, bytes] = {
    "smtp": b"EHLO certdesk.invalid\r\nSTARTTLS\r\n",
    "imap": b"a1 STARTTLS\r\n",
    "pop3": b"STLS\r\n",
}
_BAD: list[tuple[Starttls, bytes, str]] = [
    ("smtp", b"554 no\r\n", "would not greet"),
    ("smtp", b"220 ex01\r\n250 SIZE 1\r\n", "does not offer STARTTLS"),
    ("smtp", b"220 ex01\r\n250 STARTTLS\r\n454 not now\r\n", "would not start TLS"),
    ("smtp", b"220-x\r\n" * 70, "never ends"),
    ("smtp", b"x" * 5000, "without an end"),
    ("smtp", b"", "hung up"),
    ("imap", b"* OK ready\r\na1 BAD what\r\n", "would not start TLS"),
    ("imap", b"* OK ready\r\n" + b"* X\r\n" * 70, "never ends"),
    ("imap", b"<html>\r\n", "would not greet"),
    ("pop3", b"+OK ready\r\n-ERR no\r\n", "would not start TLS"),
    ("pop3", b"+OK ready\r\n+OK begin\r\n+OK injected\r\n", "in clear text"),
]

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Our end and the service's end of a connection."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.mark.parametrize("protocol", list(_GOOD))
def test_a_service_is_brought_to_tls_with_fixed_words(pair: Pair, protocol: Starttls) -> None:
    """Each protocol says its few words and stops right before the handshake."""
    ours, theirs = pair
    theirs.sendall(_GOOD[protocol])
    ask_for_tls(Talk(ours, deadline=10, monotonic=lambda: 0), protocol)

    assert theirs.recv(1000) == _SAID[protocol]


@pytest.mark.parametrize(("protocol", "spoken", "why"), _BAD)
def test_a_misbehaving_service_is_a_fault(
    pair: Pair, protocol: Starttls, spoken: bytes, why: str
) -> None:
    """Whatever it says, the talk ends with a reason, and within the caps."""
    ours, theirs = pair
    theirs.sendall(spoken)
    theirs.shutdown(socket.SHUT_WR)
    with pytest.raises(TalkFault, match=why):
        ask_for_tls(Talk(ours, deadline=10, monotonic=lambda: 0), protocol)


def test_a_silent_service_ends_by_the_deadline(pair: Pair) -> None:
    """When the time is over nothing is waited for any more."""
    ours, _ = pair
    with pytest.raises(TimeoutError):
        ask_for_tls(Talk(ours, deadline=10, monotonic=lambda: 10), "pop3")
