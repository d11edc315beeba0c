"""From the options of ``bundle inspect`` to what the judge takes, and to the verdict."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.certs.anchors import read_anchors
from bot.certs.certificate import Unreadable, read_certificate
from bot.certs.csr import parse_csr
from bot.certs.findings import BadMaterial, Finding
from bot.certs.judge import Expectation, Verdict, read_leaf, with_findings
from bot.certs.names import BadName, DnsName, parse_dns_name
from bot.certs.pem import blocks_of, to_text
from bot.certs.rules import UPLOAD_LIMIT
from bot.certs.vendors import ISSUERS_BY_VENDOR, issuers_of
from bot.domain.ids import VendorName
from bot.settings import BadSettings, load_settings
from bot.system.judge import judge_guarded, world_list
from bot.system.lint import is_installed, lint
from bot.watch.fetching import Fetcher
from bot.watch.revocation import HttpRevocation


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """
    The options, as they were typed.

    Args:
        names: empty for those of the CSR or of the certificate.
        anchors: None for Mozilla's list.
        vendor: empty for any.
        revocation: ask the issuers too.
        lint: let the linter add its notes.
    """

    csr_file: Path | None
    key_of: Path | None
    names: tuple[str, ...]
    at: datetime
    anchors: Path | None
    vendor: str
    allow_ec: bool
    revocation: bool
    lint: bool


def judge_file(file: Path, wanted: Wanted) -> Verdict:
    """
    Judge one file in a guarded process.

    Raises:
        BadSettings: an option names something that cannot be used; nothing was judged.
    """
    if wanted.lint and not is_installed():
        raise BadSettings(
            ("--lint needs the extra: pip install 'certdesk[lint]'. Nothing was judged.",)
        )
    anchors_pem = _anchors_pem(wanted.anchors)
    verdict = judge_guarded(_read(file), file.name, _expectation(wanted), anchors_pem, wanted.at)
    if wanted.revocation:
        verdict = _joined(verdict, lambda: _asked(verdict, anchors_pem, wanted.at))
    if wanted.lint:
        verdict = _joined(verdict, lambda: lint(_leaf_der(verdict)))
    return verdict


def _joined(verdict: Verdict, more: Callable[[], tuple[Finding, ...]]) -> Verdict:
    """Nothing more is asked about what was refused."""
    return verdict if verdict.certificate is None else with_findings(verdict, more())


def _asked(verdict: Verdict, anchors_pem: bytes, at: datetime) -> tuple[Finding, ...]:
    if verdict.certificate is None:
        return ()
    fetcher = Fetcher(allow_loopback=load_settings().world == "sandbox")
    revocation = HttpRevocation(fetcher, lambda _: read_anchors(anchors_pem), _Standing(at))
    return revocation.check(verdict.certificate, vendor=VendorName(""))


def _leaf_der(verdict: Verdict) -> bytes:
    return verdict.certificate.leaf_der if verdict.certificate else b""


class _Standing:
    """A clock that stands at the moment that was asked for."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at


def _expectation(wanted: Wanted) -> Expectation:
    spki_der, known_names = _key_and_names(wanted)
    names = _names(wanted.names) or known_names
    return Expectation(
        spki_der=spki_der,
        names=names,
        issuers=_issuers(wanted.vendor),
        allow_ec=wanted.allow_ec,
        allow_wildcards=any(name.startswith("*.") for name in names),
    )


def _names(names: tuple[str, ...]) -> tuple[DnsName, ...]:
    try:
        return tuple(parse_dns_name(name) for name in names)
    except BadName as bad:
        raise BadSettings((f"--name: {bad} Nothing was judged.",)) from None


def _issuers(vendor: str) -> tuple[str, ...]:
    if not vendor:
        return ()
    try:
        return issuers_of(vendor)
    except KeyError:
        known = ", ".join(sorted(ISSUERS_BY_VENDOR))
        raise BadSettings(
            (f"--vendor {vendor[:80]!r} is none of {known}. Nothing was judged.",)
        ) from None


def _anchors_pem(file: Path | None) -> bytes:
    pem = world_list().read_bytes() if file is None else _read(file)
    if not read_anchors(pem):
        raise BadSettings((f"--anchors {file} holds no PEM certificate. Nothing was judged.",))
    return pem


def _key_and_names(wanted: Wanted) -> tuple[bytes, tuple[DnsName, ...]]:
    file = wanted.csr_file or wanted.key_of
    if file is None:
        raise BadSettings(("Give either --csr or --public-key-of. Nothing was judged.",))
    data = _read(file)
    try:
        if wanted.csr_file is not None:
            csr = parse_csr(data)
            return csr.spki_der, csr.names
        cert = read_certificate(_first_der(data), where=file.name)
        return cert.spki_der, read_leaf(cert.der).names
    except (BadMaterial, Unreadable) as bad:
        raise BadSettings((f"{file} cannot be used, so nothing was judged: {bad}",)) from None


def _first_der(data: bytes) -> bytes:
    """The first certificate of a PEM text; other bytes as they are."""
    blocks = (block.data for block in blocks_of(to_text(data)) if block.data)
    return next(blocks, data)


def _read(file: Path) -> bytes:
    """Read a file, of a large one only so much that its size is seen; a trusted list may be larger than an upload."""
    try:
        with file.open("rb") as opened:
            return opened.read(4 * UPLOAD_LIMIT)
    except OSError as fault:
        raise BadSettings(
            (f"{file} cannot be read ({fault.strerror}). Nothing was judged.",)
        ) from None
