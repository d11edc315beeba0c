"""
Fetching one small thing over plain HTTP from an address that somebody else chose.

The address stands in a certificate, so it is as foreign as anything: only http, only public addresses, dialled exactly as they
were looked up, a few redirects under the same rules, a cap on bytes and a deadline for the whole. What comes back proves nothing by
itself; lists and responses are signed. No proxy is used.
"""

import http.client
import io
import ipaddress
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from bot.certs.findings import show

MOST_BYTES: Final = 8 * 1024 * 1024
LONGEST_S: Final = 5.0
_HEAD_BYTES: Final = 64 * 1024
_LONGEST_URL: Final = 1000
_REDIRECTS: Final = 2
_CHUNK: Final = 64 * 1024
_HTTP_PORT: Final = 80
_OK: Final = 200
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_NAT64: Final = ipaddress.ip_network("64:ff9b::/32")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotFetched(Exception):
    """Nothing usable came; the text says why, as the middle of a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is sent along; nothing for a plain GET."""

    body: bytes = b""
    content_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetcher:
    """
    Fetches within limits.

    Args:
        allow_loopback: the toy world lives on this machine, on ports of its own; nowhere else may this be set.
        wall_s: for one fetch with all its redirects, looking the name up not counted.
    """

    allow_loopback: bool = False
    most_bytes: int = MOST_BYTES
    wall_s: float = LONGEST_S
    monotonic: Callable[[], float] = field(default=time.monotonic)

    def fetch(self, url: str, question: Question | None = None) -> bytes:
        """
        Fetch the body of a 200 answer.

        Raises:
            NotFetched: for whatever the address, the network or the other side did.
        """
        deadline = self.monotonic() + self.wall_s
        for _ in range(_REDIRECTS + 1):
            answer = self._once(self._checked(url), question, deadline)
            if answer.status == _OK:
                return answer.body
            if answer.status not in _MOVED or not answer.location or question is not None:
                raise NotFetched(f"{show(url)} answered {answer.status}")
            url = urljoin(url, answer.location)
        raise NotFetched(f"{show(url)} is one redirect too many")

    def _checked(self, url: str) -> SplitResult:
        if len(url) > _LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
            raise NotFetched(f"{show(url)} is no address")
        try:
            parts = urlsplit(url)
            port = parts.port or _HTTP_PORT
        except ValueError:
            raise NotFetched(f"{show(url)} is no address") from None
        if parts.scheme != "http" or not parts.hostname or "@" in parts.netloc:
            raise NotFetched(f"{show(url)} is no plain http address")
        if port != _HTTP_PORT and not self.allow_loopback:
            raise NotFetched(f"{show(url)} names a port of its own")
        return parts

    def _once(self, url: SplitResult, question: Question | None, deadline: float) -> "_Answer":
        host, port = url.hostname or "", url.port or _HTTP_PORT
        try:
            address = self._address(host, port)
            with socket.create_connection((address, port), timeout=self._left(deadline)) as sock:
                sock.sendall(_request(url, question))
                return _read_answer(self._everything(sock, deadline))
        except TimeoutError:
            raise NotFetched(f"{show(host)} did not answer in time") from None
        except (OSError, UnicodeError, http.client.HTTPException) as fault:
            raise NotFetched(f"{show(host)} cannot be reached ({type(fault).__name__})") from fault

    def _address(self, host: str, port: int) -> str:
        """The address to dial: looked up once, so that what was checked is what is dialled."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        for *_, place in found:
            address = ipaddress.ip_address(str(place[0]).partition("%")[0])
            if is_public(address) or (self.allow_loopback and address.is_loopback):
                return str(address)
        raise NotFetched(f"{show(host)} is not a public address, so it was not asked")

    def _everything(self, sock: socket.socket, deadline: float) -> bytes:
        """All that is sent until the other side hangs up, which it was asked to do."""
        received = bytearray()
        while True:
            sock.settimeout(self._left(deadline))
            chunk = sock.recv(_CHUNK)
            if not chunk:
                return bytes(received)
            received += chunk
            if len(received) > self.most_bytes + _HEAD_BYTES:
                raise NotFetched(f"more than {self.most_bytes} bytes were sent")

    def _left(self, deadline: float) -> float:
        left = deadline - self.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def is_public(address: Address) -> bool:
    """Whether an address belongs to the world; none that hides an IPv4 address in itself does."""
    if isinstance(address, ipaddress.IPv6Address) and (
        address.ipv4_mapped or address.sixtofour or address.teredo or address in _NAT64
    ):
        return False
    return address.is_global and not address.is_multicast


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    status: int
    location: str
    body: bytes


class _Recorded:
    """What `http.client` needs of a socket, over bytes that are here already."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)


def _request(url: SplitResult, question: Question | None) -> bytes:
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    lines = [
        f"{'POST' if question else 'GET'} {path} HTTP/1.1",
        f"Host: {url.netloc}",
        "User-Agent: certdesk",
        "Accept: */*",
        "Connection: close",
    ]
    if question is None:
        return "\r\n".join([*lines, "", ""]).encode("ascii")
    lines += [f"Content-Type: {question.content_type}", f"Content-Length: {len(question.body)}"]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + question.body


def _read_answer(data: bytes) -> _Answer:
    # It asks the socket for a file and for nothing else.
    response = http.client.HTTPResponse(_Recorded(data))  # type: ignore[arg-type]
    response.begin()
    return _Answer(
        status=response.status,
        location=response.getheader("Location", ""),
        body=response.read(),
    )
