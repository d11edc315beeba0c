"""How each service talks: just enough HTTP, SMTP, IMAP and POP3 for a client to see its certificate."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sandbox.exchange.net.doorman import Guest

Context = Callable[[], ssl.SSLContext | None]
_LONGEST_LINE: Final = 2048
_PAGE: Final = b"<!doctype html><title>Outlook</title><p>This is the sandbox's web site."


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a text protocol says. `{tag}` is the client's IMAP tag."""

    greeting: str
    starttls: str
    ready: str
    no_tls: str
    replies: dict[str, str]
    goodbye: tuple[str, str]
    unknown: str


def smtp_words(fqdn: str, *, offers_tls: bool) -> Words:
    """SMTP as a Receive connector speaks it; STARTTLS is offered only when there is a certificate."""
    offer = f"250-{fqdn} Hello [127.0.0.1]\r\n250-SIZE 37748736\r\n"
    return Words(
        greeting=f"220 {fqdn} Microsoft ESMTP MAIL Service ready",
        starttls="STARTTLS",
        ready="220 2.0.0 SMTP server ready",
        no_tls="454 4.7.0 TLS not available",
        replies={
            "EHLO": offer + ("250-STARTTLS\r\n" if offers_tls else "") + "250 8BITMIME",
            "HELO": f"250 {fqdn} Hello [127.0.0.1]",
            "NOOP": "250 2.0.0 OK",
            "RSET": "250 2.0.0 Resetting",
        },
        goodbye=("QUIT", "221 2.0.0 Service closing transmission channel"),
        unknown="500 5.3.3 Unrecognized command",
    )


def imap_words() -> Words:
    """IMAP4 before log-on."""
    return Words(
        greeting="* OK The Microsoft Exchange IMAP4 service is ready.",
        starttls="STARTTLS",
        ready="{tag} OK Begin TLS negotiation now.",
        no_tls="{tag} NO TLS is not available.",
        replies={
            "CAPABILITY": "* CAPABILITY IMAP4 IMAP4rev1 STARTTLS LOGINDISABLED\r\n"
            "{tag} OK CAPABILITY completed.",
            "NOOP": "{tag} OK NOOP completed.",
        },
        goodbye=("LOGOUT", "* BYE Microsoft Exchange Server IMAP4 server signing off.\r\n{tag} OK"),
        unknown="{tag} BAD Command Error. 12",
    )


def pop_words() -> Words:
    """POP3 before log-on."""
    return Words(
        greeting="+OK The Microsoft Exchange POP3 service is ready.",
        starttls="STLS",
        ready="+OK Begin TLS negotiation.",
        no_tls="-ERR TLS is not available.",
        replies={"CAPA": "+OK\r\nTOP\r\nUIDL\r\nSTLS\r\n.", "NOOP": "+OK"},
        goodbye=("QUIT", "+OK Microsoft Exchange Server POP3 server signing off."),
        unknown="-ERR Protocol error. 14",
    )


def serve_web(guest: Guest, context: Context) -> None:
    """HTTPS: one plain answer, then closed."""
    current = context()
    if current is None:
        return
    guest.start_tls(current)
    _read_head(guest)
    head = (
        "HTTP/1.1 200 OK\r\nServer: Microsoft-IIS/10.0\r\nContent-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(_PAGE)}\r\nConnection: close\r\n\r\n"
    )
    guest.socket.sendall(head.encode() + _PAGE)


def serve_implicit(guest: Guest, context: Context, words: Words) -> None:
    """TLS from the first byte, then the text protocol."""
    current = context()
    if current is None:
        return
    guest.start_tls(current)
    _say(guest, words.greeting)
    _converse(guest, words, lambda: None)


def serve_starttls(guest: Guest, context: Context, words: Words) -> None:
    """The text protocol in clear until the client asks for TLS."""
    _say(guest, words.greeting)
    _converse(guest, words, context)


def _converse(guest: Guest, words: Words, context: Context) -> None:
    is_tagged = "{tag}" in words.ready
    while line := _read_line(guest):
        tag, verb = _split(line, is_tagged=is_tagged)
        if verb == words.goodbye[0]:
            _say(guest, words.goodbye[1].replace("{tag}", tag))
            return
        if verb == words.starttls:
            _upgrade(guest, words, context, tag)
        else:
            _say(guest, words.replies.get(verb, words.unknown).replace("{tag}", tag))


def _upgrade(guest: Guest, words: Words, context: Context, tag: str) -> None:
    current = context()
    if current is None or isinstance(guest.socket, ssl.SSLSocket):
        _say(guest, words.no_tls.replace("{tag}", tag))
        return
    _say(guest, words.ready.replace("{tag}", tag))
    guest.start_tls(current)


def _split(line: bytes, *, is_tagged: bool) -> tuple[str, str]:
    words = line.decode("ascii", "replace").split()
    if not is_tagged:
        return "", words[0].upper() if words else ""
    return (words[0] if words else "*"), (words[1].upper() if len(words) > 1 else "")


def _say(guest: Guest, text: str) -> None:
    guest.socket.sendall(text.encode("ascii", "replace") + b"\r\n")


def _read_line(guest: Guest) -> bytes:
    """One line with its end, byte by byte so that nothing of a TLS handshake is swallowed; empty at the end."""
    line = b""
    while not line.endswith(b"\n") and len(line) < _LONGEST_LINE:
        byte = guest.socket.recv(1)
        if not byte:
            return b""
        line += byte
    return line


def _read_head(guest: Guest) -> None:
    while (line := _read_line(guest)) and line.strip():
        pass
