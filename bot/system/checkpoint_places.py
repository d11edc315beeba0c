"""
Where checkpoints go: a file that only grows, or a syslog server, which CertDesk cannot take them back from.

Source: RFC 5424 (the message), RFC 5426 (UDP), RFC 6587 3.4.1 (TCP, octet counting), RFC 5425 (TLS).
"""

import errno
import os
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from bot.system.checkpoints import CheckpointTrouble

Send = Callable[[str, datetime], None]

_AUDIT_NOTICE: Final = 13 * 8 + 5
"""Facility "log audit", severity "notice" (RFC 5424 6.2.1)."""

_WAIT_S: Final = 10.0
_PORTS: Final = {"syslog+udp": 514, "syslog+tcp": 514, "syslog+tls": 6514}


def place_for(address: str) -> Send:
    """
    The way to a place.

    Args:
        address: a path, or ``syslog+udp://HOST[:514]``, ``syslog+tcp://HOST[:514]``, ``syslog+tls://HOST[:6514]``,
            ``syslog+unix:///dev/log``.

    Raises:
        CheckpointTrouble: it is none of these; and from the way itself, when the place does not take a line.
    """
    if address and "://" not in address:
        return lambda line, _at: _append(Path(address), line)
    parts = urlsplit(address)
    if parts.scheme == "syslog+unix" and parts.path:
        return lambda line, at: _sent(address, lambda: _to_socket(parts.path, _message(line, at)))
    try:
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        host, port = None, None
    if host is None or port is None or parts.scheme not in _PORTS:
        raise CheckpointTrouble(
            f"CERTDESK_CHECKPOINT_TO={address!r} is no place for checkpoints, so none was written. Write a path, or "
            f"syslog+udp://HOST, syslog+tcp://HOST, syslog+tls://HOST, syslog+unix:///dev/log."
        )
    send = _datagram if parts.scheme == "syslog+udp" else _stream
    tls = parts.scheme == "syslog+tls"
    return lambda line, at: _sent(address, lambda: send(host, port, _message(line, at), is_tls=tls))


def _append(path: Path, line: str) -> None:
    """Add a line and wait until the disk has it; opened for adding only."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            _write_whole(handle, f"{line}\n".encode("ascii"))
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as err:
        raise CheckpointTrouble(
            f"The checkpoint could not be written to {path}: {err.strerror}."
        ) from None


def _write_whole(handle: int, line: bytes) -> None:
    if os.write(handle, line) != len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _message(line: str, at: datetime) -> bytes:
    """One message of RFC 5424; the text is ASCII, so it needs no byte order mark."""
    when = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    host = "".join(char for char in socket.gethostname() if "!" <= char <= "~")[:255] or "-"
    return f"<{_AUDIT_NOTICE}>1 {when} {host} certdesk - audit-checkpoint - {line}".encode("ascii")


def _sent(address: str, send: Callable[[], None]) -> None:
    try:
        send()
    except OSError as err:
        raise CheckpointTrouble(
            f"{address} did not take the checkpoint: {err.strerror or type(err).__name__}."
        ) from None


def _to_socket(path: str, message: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
        wire.settimeout(_WAIT_S)
        wire.connect(path)
        wire.send(message)


def _datagram(host: str, port: int, message: bytes, *, is_tls: bool) -> None:  # noqa: ARG001 - called like `_stream`
    family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, proto) as wire:
        wire.settimeout(_WAIT_S)
        wire.sendto(message, address)


def _stream(host: str, port: int, message: bytes, *, is_tls: bool) -> None:
    framed = f"{len(message)} ".encode("ascii") + message
    with socket.create_connection((host, port), timeout=_WAIT_S) as wire:
        if not is_tls:
            wire.sendall(framed)
            return
        # The system's own trust, as for any other server of the company; SSL_CERT_FILE names another.
        with ssl.create_default_context().wrap_socket(wire, server_hostname=host) as sealed:
            sealed.sendall(framed)
