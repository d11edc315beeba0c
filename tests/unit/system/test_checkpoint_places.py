"""Where checkpoints go, over real files and real sockets on loopback."""

import socket
import ssl
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest
import trustme

from bot.system.checkpoint_places import place_for
from bot.system.checkpoints import CheckpointTrouble

AT = datetime(2026, 11, 23, 12, 0, 0, 5, tzinfo=UTC)
LINE = '{"number":2}'
HEAD = b"<109>1 2026-11-23T12:00:00.000005Z "


def test_file_only_grows(tmp_path: Path) -> None:
    """Lines are added, what stands there stays, and strangers read nothing."""
    path = tmp_path / "checkpoints.jsonl"
    send = place_for(str(path))
    send("one", AT)
    send("two", AT)

    assert "one\ntwo\n" == path.read_text(encoding="ascii")
    assert 0 == stat.S_IMODE(path.stat().st_mode) & 0o007


def test_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """The sentence names the file; nothing is lost silently."""
    with pytest.raises(CheckpointTrouble, match=r"could not be written to .*no/where"):
        place_for(str(tmp_path / "no" / "where"))("one", AT)


def test_syslog_over_udp() -> None:
    """One datagram of RFC 5424."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)
        place_for(f"syslog+udp://127.0.0.1:{server.getsockname()[1]}")(LINE, AT)
        message = server.recv(4096)

    assert message.startswith(HEAD)
    assert message.endswith(b" certdesk - audit-checkpoint - " + LINE.encode())


def test_syslog_over_the_local_socket(tmp_path: Path) -> None:
    """The same through a socket file, as /dev/log is one."""
    path = tmp_path / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(path))
        server.settimeout(10)
        place_for(f"syslog+unix://{path}")(LINE, AT)
        message = server.recv(4096)

    assert message.startswith(HEAD)


def received(address: Callable[[int], str], context: ssl.SSLContext | None = None) -> bytes:
    """What a syslog server over TCP reads until the sender is done."""
    got = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def read() -> None:
            wire, _ = server.accept()
            with wire if context is None else context.wrap_socket(wire, server_side=True) as told:
                while part := told.recv(4096):
                    got.extend(part)

        reader = Thread(target=read)
        reader.start()
        place_for(address(server.getsockname()[1]))(LINE, AT)
        reader.join()
    return bytes(got)


def framed(message: bytes) -> bytes:
    """A message without its count of octets, which must be right (RFC 6587 3.4.1)."""
    count, _, rest = message.partition(b" ")
    assert int(count) == len(rest)
    return rest


def test_syslog_over_tcp() -> None:
    """The message comes with its length before it."""
    assert framed(received(lambda port: f"syslog+tcp://127.0.0.1:{port}")).startswith(HEAD)


def test_syslog_over_tls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The server must show a certificate the system trusts, for its name."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    told = received(lambda port: f"syslog+tls://localhost:{port}", context)

    assert framed(told).startswith(HEAD)


def test_server_that_is_away_is_told() -> None:
    """A connection nobody takes is a sentence, not a traceback."""
    with socket.socket() as held:  # bound, so nobody else gets it; not listening, so it refuses
        held.bind(("127.0.0.1", 0))
        place = place_for(f"syslog+tcp://127.0.0.1:{held.getsockname()[1]}")

        with pytest.raises(CheckpointTrouble, match="did not take the checkpoint"):
            place(LINE, AT)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "syslog://host",
        "http://host",
        "syslog+udp://",
        "syslog+tcp://h:999999",
        "syslog+unix://",
    ],
)
def test_what_is_no_place_is_refused_at_once(address: str) -> None:
    """A wrong setting is told before anything is signed."""
    with pytest.raises(CheckpointTrouble, match="no place for checkpoints"):
        place_for(address)
