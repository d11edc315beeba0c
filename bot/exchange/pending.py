"""Certificate requests on a host: making one, finding one again, listing all that wait, dropping one."""

import base64
import binascii
import hashlib
import textwrap

from bot.certs.csr import Csr, parse_csr
from bot.certs.findings import BadMaterial
from bot.certs.leaf import LeafFacts, read_leaf
from bot.certs.prints import parse_thumbprint
from bot.domain.faults import FaultKind, HostFault
from bot.domain.pending import ClearAsk, key_of
from bot.domain.plan import Receipt
from bot.domain.surroundings import PendingCertificate
from bot.exchange import cmdlets
from bot.exchange.call import Call
from bot.exchange.dialect import Dialect
from bot.exchange.session import Runner
from bot.exchange.talk import Row, run, run_one, run_rows, unreadable
from bot.exchange.warned import cautions_of
from bot.ports import CsrAsk

STATUS = "PendingRequest"
"""``Status`` of what waits for its certificate (exchange.md 4.3)."""

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


def list_requests(runner: Runner) -> tuple[PendingCertificate, ...]:
    """Every request that waits on the host, with its public key as far as the host shows it."""
    call = cmdlets.get_waiting()
    rows = run_rows(runner, call, width=len(cmdlets.WAITING))
    return tuple(_waiting(runner, call, row) for row in rows if row[1] == STATUS)


def drop_request(runner: Runner, ask: ClearAsk) -> Receipt:
    """
    Drop one pending request, once; whatever else carries its handle by now is left alone.

    Raises:
        HostFault: of the calls; UNSUPPORTED, nothing changed, when its public key is not that of the order's CSR.

    Source: exchange.md 2.5 (removing drops a pending request; its key container is not wiped).
    """
    found = [one for one in list_requests(runner) if one.thumbprint == ask.thumbprint]
    if not found:
        return Receipt(seen="was not there any more")
    wanted = key_of(ask.csr_pem)
    if not wanted or any(
        (r.key_sha256, r.friendly_name) != (wanted, ask.friendly_name) for r in found
    ):
        raise HostFault(
            FaultKind.UNSUPPORTED,
            runner.host,
            f"{runner.host}: the pending request {ask.thumbprint} is not the one of {ask.friendly_name!r}: its name or "
            "its public key is another one. It was left alone. Look at it in Exchange.",
            executed="no",
            code="request-not-ours",
        )
    reply = run(runner, cmdlets.remove_certificate(ask.thumbprint))
    return Receipt(warnings=cautions_of(reply), seen="dropped")


def _waiting(runner: Runner, call: Call, row: Row) -> PendingCertificate:
    """What stands in for the certificate has the request's key; where the request is shown too, both must agree."""
    thumbprint, _, friendly_name, subject, raw, request = row[:6]
    stand_in, csr = _stand_in(raw), _shown_csr(request)
    shown = {stand_in.spki_sha256 if stand_in else "", csr.key.spki_sha256 if csr else ""}
    keys = shown - {""}
    try:
        handle = parse_thumbprint(thumbprint or "")
    except ValueError as fault:
        raise unreadable(runner.host, call, "a thumbprint is not readable") from fault
    return PendingCertificate(
        thumbprint=handle,
        friendly_name=friendly_name or "",
        subject=subject or (stand_in.subject if stand_in else ""),
        not_before=stand_in.not_before if stand_in else None,
        names=csr.names if csr else stand_in.names if stand_in else (),
        key_sha256=keys.pop() if len(keys) == 1 else "",
    )


def _stand_in(raw: str | None) -> LeafFacts | None:
    try:
        return read_leaf(base64.b64decode(raw or "", validate=True))
    except (binascii.Error, BadMaterial):
        return None


def _shown_csr(text: str | None) -> Csr | None:
    """Somebody else's may be of a kind CertDesk would not order; then only what stands in for it is read."""
    try:
        return parse_csr(text) if text else None
    except BadMaterial:
        return None


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
