"""Certificate requests on a host: making one, and finding one again by its friendly name."""

import base64
import binascii
import hashlib
import textwrap

from bot.exchange import cmdlets
from bot.exchange.call import Call
from bot.exchange.dialect import Dialect
from bot.exchange.session import Runner
from bot.exchange.talk import run, run_one, run_rows, unreadable
from bot.ports import CsrAsk

_MARK = "CERTIFICATE REQUEST-----"


def find_request(runner: Runner, dialect: Dialect, ask: CsrAsk) -> str | None:
    """
    Find the newest pending request with this friendly name.

    Returns:
        Its PEM, LF line ends; None when there is none.
    """
    call = cmdlets.get_pending()
    rows = run_rows(runner, call, width=len(cmdlets.PENDING))
    mine = [row for row in rows if row[0] == ask.friendly_name and row[1]]
    if mine:
        newest = max(mine, key=lambda row: row[2] or "")
        return _pem_of(runner, call, newest[1] or "")
    is_pending = any(row[0] == ask.friendly_name and not row[1] for row in rows)
    if dialect.csr_as == "file" and is_pending:
        return _read_request(runner, request_file(ask.friendly_name))
    return None


def make_request(runner: Runner, dialect: Dialect, ask: CsrAsk) -> str:
    """Have the host make key and CSR once; the PEM of what it made, LF line ends."""
    if dialect.csr_as == "text":
        call = _new_request(ask)
        return _pem_of(runner, call, run_one(runner, call)[0] or "")
    name = request_file(ask.friendly_name)
    # 2007 refuses to write over a file; one of an earlier attempt with this name is of no use.
    run(runner, cmdlets.delete_file(name))
    path = run_one(runner, cmdlets.file_path(name))[0] or ""
    run(runner, _new_request(ask, path=path))
    pem = _read_request(runner, name)
    if pem is None:
        raise unreadable(runner.host, _new_request(ask), "no request file was written")
    return pem


def request_file(friendly_name: str) -> str:
    """The file a request is written to on 2007; the same for the same friendly name."""
    return f"csr-{hashlib.sha256(friendly_name.encode()).hexdigest()[:24]}.req"


def _new_request(ask: CsrAsk, *, path: str = "") -> Call:
    return cmdlets.new_request(
        subject=ask.wish.subject,
        names=ask.wish.names,
        key_bits=ask.wish.key_bits,
        exportable=ask.wish.exportable,
        friendly_name=ask.friendly_name,
        path=path,
    )


def _read_request(runner: Runner, name: str) -> str | None:
    """Read a request file; None when it is not there."""
    call = cmdlets.read_file(name)
    reply = runner.run(call)
    if any(error.category == "ObjectNotFound" for error in reply.errors):
        return None
    content = run_one(runner, call)[0] or ""
    try:
        data = base64.b64decode(content, validate=True)
    except binascii.Error as fault:
        raise unreadable(runner.host, call, "the file's bytes did not come as base64") from fault
    encoding = "utf-16-le" if b"\x00" in data[:4] else "ascii"
    return _pem_of(runner, call, data.decode(encoding, "replace").lstrip("\ufeff"))


def _pem_of(runner: Runner, call: Call, text: str) -> str:
    """Write a request in the one form CertDesk keeps, whatever label and line ends it came with."""
    lines = [line.strip() for line in text.splitlines()]
    body = "".join(line for line in lines if line and not line.startswith("-----"))
    try:
        der = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as fault:
        raise unreadable(runner.host, call, "the request is not base64") from fault
    if not der:
        raise unreadable(runner.host, call, "the request is empty")
    wrapped = "\n".join(textwrap.wrap(base64.b64encode(der).decode("ascii"), 64))
    return f"-----BEGIN {_MARK}\n{wrapped}\n-----END {_MARK}\n"
