"""
A plain-text talk with a mail service up to the point where TLS begins: SMTP, IMAP, POP.

Every read is capped and ends by a deadline, because the other side is not trusted to be short.
Nothing is sent but the few fixed words of the protocols; no name or password ever is.
"""

import socket
import time
from collections.abc import Callable
from typing import Final, Literal

Starttls = Literal["smtp", "imap", "pop3"]

_LONGEST_LINE: Final = 2048
_MOST_LINES: Final = 60


class TalkFault(Exception):
    """The service did not say what its protocol asks for; the text says what it did."""


class Talk:
    """
    Lines to and from one socket, until a deadline.

    Args:
        monotonic: seconds that never step.
        deadline: the moment of ``monotonic`` after which nothing is waited for.
    """

    def __init__(
        self,
        sock: socket.socket,
        *,
        deadline: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sock = sock
        self._deadline = deadline
        self._monotonic = monotonic
        self._buffer = b""

    def say(self, line: str) -> None:
        """Send one line."""
        self._set_timeout()
        self._sock.sendall(line.encode("ascii") + b"\r\n")

    def hear(self) -> str:
        """
        Read one line without its end.

        Raises:
            TalkFault: the line is too long, or the other side hung up.
            TimeoutError: the deadline passed.
        """
        while b"\n" not in self._buffer:
            if len(self._buffer) > _LONGEST_LINE:
                raise TalkFault("it sent a line without an end")
            self._set_timeout()
            received = self._sock.recv(_LONGEST_LINE)
            if not received:
                raise TalkFault("it hung up before TLS began")
            self._buffer += received
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line[:_LONGEST_LINE].decode("ascii", "replace").rstrip("\r")

    def check_silent(self) -> None:
        """
        Insist that nothing more was sent in the clear: it could pass for words said under TLS.

        Raises:
            TalkFault: more was sent.
        """
        if self._buffer:
            raise TalkFault("it sent more in clear text after agreeing to TLS")

    def _set_timeout(self) -> None:
        left = self._deadline - self._monotonic()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        self._sock.settimeout(left)


def ask_for_tls(talk: Talk, protocol: Starttls) -> None:
    """
    Bring the service to the point where the TLS handshake starts.

    Raises:
        TalkFault: it greets wrongly or offers no TLS.
        OSError: the connection broke or the deadline passed.
    """
    match protocol:
        case "smtp":
            _smtp(talk)
        case "imap":
            _expect(talk.hear(), "* ", "greet")
            talk.say("a1 STARTTLS")
            _expect(_tagged(talk), "a1 OK", "start TLS")
        case "pop3":
            _expect(talk.hear(), "+OK", "greet")
            talk.say("STLS")
            _expect(talk.hear(), "+OK", "start TLS")
    talk.check_silent()


def _smtp(talk: Talk) -> None:
    _expect(_replied(talk)[0], "220", "greet")
    talk.say("EHLO certdesk.invalid")
    offers = _replied(talk)
    _expect(offers[0], "250", "answer EHLO")
    if not any(line[4:].strip().upper() == "STARTTLS" for line in offers):
        raise TalkFault("it does not offer STARTTLS (no usable certificate for this connector?)")
    talk.say("STARTTLS")
    _expect(_replied(talk)[0], "220", "start TLS")


def _replied(talk: Talk) -> list[str]:
    """All lines of one SMTP reply; a hyphen after the code means that more follow (RFC 5321 4.2.1)."""
    lines: list[str] = []
    while len(lines) < _MOST_LINES:
        lines.append(talk.hear())
        if lines[-1][3:4] != "-":
            return lines
    raise TalkFault("its reply never ends")


def _tagged(talk: Talk) -> str:
    """The tagged line of one IMAP reply; untagged ones before it are skipped."""
    for _ in range(_MOST_LINES):
        line = talk.hear()
        if line.startswith("a1 "):
            return line
    raise TalkFault("its reply never ends")


def _expect(line: str, beginning: str, what: str) -> None:
    if not line.startswith(beginning):
        raise TalkFault(f"it would not {what}: it said {line[:80]!r}")
