"""The runner's operations on files, all in one folder of the virtual host's own disk."""

import re
from typing import Final

from sandbox.exchange.engine.exchange import VirtualExchange
from sandbox.exchange.engine.values import Property
from sandbox.exchange.runner.errors import invalid, missing
from sandbox.exchange.runner.protocol import RunnerRequest

Row = list[Property]
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def write_file(request: RunnerRequest, exchange: VirtualExchange, user: str) -> list[Row]:
    """The full path."""
    path = _path(request, user)
    with exchange.lock:
        exchange.state.files.write(path, request.data("Data"))
    return [[path]]


def name_path(request: RunnerRequest, exchange: VirtualExchange, user: str) -> list[Row]:
    """The full path; nothing is written."""
    return [[_path(request, user)]]


def read_file(request: RunnerRequest, exchange: VirtualExchange, user: str) -> list[Row]:
    """The content."""
    path = _path(request, user)
    with exchange.lock:
        content = exchange.state.files.read(path)
    if content is None:
        raise missing(f"Could not find file '{path}'.", "FileNotFoundException")
    return [[content]]


def delete_file(request: RunnerRequest, exchange: VirtualExchange, user: str) -> list[Row]:
    """1 deleted, 0 was not there."""
    path = _path(request, user)
    with exchange.lock:
        return [[exchange.state.files.delete(path)]]


def _path(request: RunnerRequest, user: str) -> str:
    name = request.text("Name")
    if not _NAME.fullmatch(name):
        raise invalid(f"The name {name[:80]!r} is not a plain file name.", "NameRefused")
    return rf"C:\Users\{user}\AppData\Local\Temp\CertDesk\{name}"
