"""Fetching from an address somebody else chose: what is never dialled, and when it ends."""

import ipaddress
import socket
from collections.abc import Callable, Iterator

import pytest

from bot.watch.fetching import Fetcher, NotFetched, Question, is_public
from tests.unit.watch.issuer import Page, ToyIssuer, pages

HERE = Fetcher(allow_loopback=True, wall_s=60.0)
WORLD = Fetcher()


@pytest.fixture
def issuer() -> ToyIssuer:
    """Somebody who serves what the test says."""
    return ToyIssuer()


@pytest.fixture
def address(issuer: ToyIssuer) -> Iterator[str]:
    """Where they serve it."""
    with pages(issuer) as url:
        yield url


def page(body: bytes = b"", status: int = 200, **headers: str) -> Callable[[], Page]:
    """A page to serve."""
    return lambda: (status, headers, body)


def test_a_page_is_fetched(issuer: ToyIssuer, address: str) -> None:
    """Path and query as they stand."""
    issuer.pages["/a.crl?x=1"] = page(b"list")

    assert b"list" == HERE.fetch(f"{address}/a.crl?x=1")


def test_a_question_is_sent_along(issuer: ToyIssuer, address: str) -> None:
    """With its length and its kind."""
    issuer.pages["/"] = page(b"answer")

    assert b"answer" == HERE.fetch(f"{address}", Question(body=b"q", content_type="text/plain"))


@pytest.mark.parametrize("status", [204, 403, 404, 500])
def test_only_an_answer_counts(issuer: ToyIssuer, address: str, status: int) -> None:
    """And the sentence names what came instead."""
    issuer.pages["/a"] = page(b"", status)

    with pytest.raises(NotFetched, match=str(status)):
        HERE.fetch(f"{address}/a")


def test_a_redirect_is_followed_twice_at_most(issuer: ToyIssuer, address: str) -> None:
    """A circle ends."""
    issuer.pages["/a"] = page(b"", 302, Location="/b")
    issuer.pages["/b"] = page(b"found")
    issuer.pages["/round"] = page(b"", 301, Location="/round")

    assert b"found" == HERE.fetch(f"{address}/a")
    with pytest.raises(NotFetched, match="one redirect too many"):
        HERE.fetch(f"{address}/round")
    assert 3 == issuer.asked.count("/round")


@pytest.mark.parametrize(
    "target",
    [
        "https://example.com/", "file:///etc/passwd", "ftp://example.com/", "ldap://example.com/",
        "http://u:p@127.0.0.1/", "gopher://127.0.0.1/",
    ],
)  # fmt: skip
def test_no_redirect_leads_to_another_scheme(issuer: ToyIssuer, address: str, target: str) -> None:
    """The list may be anywhere, and it is fetched over plain http."""
    issuer.pages["/a"] = page(b"", 302, Location=target)

    with pytest.raises(NotFetched):
        HERE.fetch(f"{address}/a")
    assert ["/a"] == issuer.asked


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://10.0.0.1/", "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/", "http://[fe80::1]/", "http://[::ffff:10.0.0.1]/",
        "http://0.0.0.0/", "http://100.64.0.1/", "http://224.0.0.1/", "http://[2002:a00:1::]/",
        "http://[64:ff9b::a00:1]/", "http://2130706433/",
    ],
)  # fmt: skip
def test_nothing_inside_is_ever_dialled(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate that names an address of our own network gets no call from us."""
    monkeypatch.setattr(socket, "getaddrinfo", _as_resolvers_do)
    monkeypatch.setattr(socket, "create_connection", _never)

    with pytest.raises(NotFetched, match="not a public address"):
        WORLD.fetch(url)


def _as_resolvers_do(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
    """Addresses in every writing, without a resolver."""
    known = {"localhost": "127.0.0.1"}
    text = known.get(host, host)
    address = text if ":" in text else socket.inet_ntoa(socket.inet_aton(text))
    return [(socket.AF_UNSPEC, socket.SOCK_STREAM, 6, "", (address, port))]


def _never(*_: object, **__: object) -> None:
    raise AssertionError("somebody was called")


def test_the_toy_world_opens_loopback_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other private networks stay closed there too."""
    monkeypatch.setattr(socket, "getaddrinfo", _as_resolvers_do)
    monkeypatch.setattr(socket, "create_connection", _never)

    with pytest.raises(NotFetched, match="not a public address"):
        HERE.fetch("http://10.0.0.1/")


@pytest.mark.parametrize(
    "url",
    [
        "", "x", "http://", "http://exa mple.com/", "http://example.com/\r\nHost: evil", "http://exämple.com/",
        "http://example.com:99999/", "http://example.com:8080/", "http://[::1", "http://example.com/" + "a" * 1000,
        "http://u@example.com/", "https://example.com/",
    ],
)  # fmt: skip
def test_what_is_no_plain_address_is_not_dialled(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Line ends, names and passwords, ports of their own: not followed, not even looked up."""
    monkeypatch.setattr(socket, "getaddrinfo", _never)

    with pytest.raises(NotFetched):
        WORLD.fetch(url)


def test_what_was_checked_is_what_is_dialled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is looked up once; a second look could give another address."""
    dialled: list[object] = []

    def looked_up(*_: object, **__: object) -> list[object]:
        place = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 80))
        return [place, (*place[:4], ("93.184.216.34", 80))]

    def dial(where: object, **_: object) -> None:
        dialled.append(where)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    monkeypatch.setattr(socket, "create_connection", dial)

    with pytest.raises(NotFetched, match="cannot be reached"):
        WORLD.fetch("http://crl.example.com/a.crl")
    assert [("93.184.216.34", 80)] == dialled


def test_too_much_is_not_taken(issuer: ToyIssuer, address: str) -> None:
    """A list without an end is cut off."""
    issuer.pages["/a"] = page(b"x" * 200_000)

    with pytest.raises(NotFetched, match="more than 1000 bytes"):
        Fetcher(allow_loopback=True, most_bytes=1000).fetch(f"{address}/a")


@pytest.mark.parametrize(
    "sent",
    [b"", b"hello", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000],
    ids=["nothing", "no answer", "cut short", "a head without end"],
)  # fmt: skip
def test_an_answer_that_is_none_is_said(sent: bytes) -> None:
    """Whatever the other side does, it is a sentence."""
    with _speaking(sent) as port, pytest.raises(NotFetched):
        HERE.fetch(f"http://127.0.0.1:{port}/")


def test_waiting_ends_with_the_deadline_of_the_whole() -> None:
    """One byte now and then does not keep us: the clock of the whole runs, not that of each byte."""
    ticks = iter([0.0, 0.0, 1.0, 2.5])

    with _speaking(b"HTTP/1.1 200 OK\r\n") as port, pytest.raises(NotFetched, match="in time"):
        Fetcher(allow_loopback=True, wall_s=2.0, monotonic=lambda: next(ticks, 9.0)).fetch(
            f"http://127.0.0.1:{port}/"
        )


class _speaking:  # noqa: N801 - reads like a verb
    """A server that says one thing to the first caller and hangs up."""

    def __init__(self, sent: bytes) -> None:
        from threading import Thread

        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = Thread(target=self._serve, args=(sent,))

    def __enter__(self) -> int:
        self._thread.start()
        port: int = self._listener.getsockname()[1]
        return port

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        self._listener.close()

    def _serve(self, sent: bytes) -> None:
        caller, _ = self._listener.accept()
        with caller:
            caller.recv(4096)
            try:
                caller.sendall(sent)
            except OSError:
                return


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("10.1.2.3", False), ("127.0.0.1", False),
        ("::1", False), ("fd00::1", False), ("::ffff:93.184.216.34", False), ("2002::1", False), ("224.0.0.1", False),
    ],
)  # fmt: skip
def test_public_is_what_the_world_can_see(address: str, public: bool) -> None:
    """Addresses that hide another one in themselves are not."""
    assert public is is_public(ipaddress.ip_address(address))
