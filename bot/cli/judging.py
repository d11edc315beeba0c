"""From the options of ``bundle inspect`` to what the judge takes."""

from datetime import datetime
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bot.certs.csr import parse_csr
from bot.certs.findings import BadMaterial
from bot.certs.judge import Expectation, Verdict, read_leaf
from bot.certs.names import BadName, DnsName, parse_dns_name
from bot.certs.vendors import ISSUERS_BY_VENDOR, issuers_of
from bot.settings import BadSettings
from bot.system.guard import TookTooLong, run_guarded
from bot.system.judge import START_S, WALL_S, judge_in_child, too_long


def judge_file(
    file: Path,
    *,
    csr_file: Path | None,
    key_of: Path | None,
    names: tuple[str, ...],
    at: datetime,
    anchors: Path | None,
    vendor: str,
    allow_ec: bool,
) -> Verdict:
    """
    Judge one file in a guarded process.

    Raises:
        BadSettings: an option names something that cannot be used; nothing was judged.
    """
    spki_der, known_names = _key_and_names(csr_file, key_of)
    wanted = _names(names) or known_names
    expectation = Expectation(
        spki_der=spki_der,
        names=wanted,
        issuers=_issuers(vendor),
        allow_ec=allow_ec,
        allow_wildcards=any(name.startswith("*.") for name in wanted),
    )
    try:
        verdict: Verdict = run_guarded(
            judge_in_child,
            file.read_bytes(),
            file.name,
            expectation,
            _anchors_pem(anchors),
            at,
            wall_s=WALL_S + START_S,
        )
    except TookTooLong:
        return too_long()
    return verdict


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
            (f"--vendor {vendor!r} is none of {known}. Nothing was judged.",)
        ) from None


def _anchors_pem(file: Path | None) -> bytes:
    if file is None:
        return Path(certifi.where()).read_bytes()
    try:
        pem = file.read_bytes()
        x509.load_pem_x509_certificates(pem)
    except (OSError, ValueError) as err:
        raise BadSettings(
            (f"--anchors {file} cannot be read, so nothing was judged: {err}",)
        ) from None
    return pem


def _key_and_names(csr_file: Path | None, key_of: Path | None) -> tuple[bytes, tuple[DnsName, ...]]:
    try:
        if csr_file is not None:
            csr = parse_csr(csr_file.read_bytes())
            return csr.spki_der, csr.names
        data = key_of.read_bytes() if key_of else b""
        certificate = (
            x509.load_pem_x509_certificate(data)
            if b"-----BEGIN" in data
            else x509.load_der_x509_certificate(data)
        )
        names = read_leaf(certificate.public_bytes(Encoding.DER)).names
        key = certificate.public_key()
        return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), names
    except (BadMaterial, OSError, ValueError) as err:
        raise BadSettings(
            (f"{csr_file or key_of} cannot be read, so nothing was judged: {err}",)
        ) from None
