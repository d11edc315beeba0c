"""
Certificate requests: any writing of one to a checked value, and the question whether it is what was ordered.

A request is public; a private key beside it is refused.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from bot.certs import der as asn1
from bot.certs import pem, rules
from bot.certs.findings import BadMaterial, Finding, refuse, show, show_all
from bot.certs.keys import KeyFacts, broken_key_fault, ca_key_fault, key_facts, spki_of
from bot.certs.names import BadName, DnsName, parse_dns_name
from bot.certs.request_form import is_self_proven, load_request
from bot.certs.shapes import shape_of
from bot.certs.windows import windows_attributes

_WHERE: Final = "CSR"
_LABEL: Final = "CERTIFICATE REQUEST"


@dataclass(frozen=True, slots=True, kw_only=True)
class Csr:
    """
    A request whose own signature was checked.

    `pem` is canonical (label CERTIFICATE REQUEST, 64 columns, line feeds) and `der` the same bytes; `subject` is RFC 4514; `names` are those of the
    SAN, or the common name when there is no SAN, in the order of the request; `windows` are the attributes that Windows adds, as (label, value):
    the vendor sees them too.
    """

    pem: str
    der: bytes
    subject: str
    common_name: str
    names: tuple[DnsName, ...]
    key: KeyFacts
    spki_der: bytes
    signature_hash: str
    windows: tuple[tuple[str, str], ...]


def parse_csr(data: bytes | str) -> Csr:
    """
    Read a request in any writing: PEM with and without NEW, CRLF, BOM, UTF-16, bare base64, DER.

    Raises:
        BadMaterial: private_key_present, csr_unreadable, csr_not_signed, name_bad or weak_key, all that apply.

    Source: RFC 2986 4.2 (the request is signed with its own key), RFC 7468 7 (labels).
    """
    der = _find_request(data if isinstance(data, bytes) else data.encode("utf-8", "replace"))
    try:
        return _read(load_request(der), der)
    except BadMaterial:
        raise
    except Exception as fault:
        # The library reports bad requests with many exceptions that have no common base.
        raise BadMaterial((_unreadable(str(fault)),)) from fault


def check_csr(csr: Csr, *, names: Sequence[DnsName], key_bits: int, common_name: str) -> None:
    """
    Check that a request is the one that was ordered; names are compared as sets.

    Args:
        csr: the parsed request.
        names: the approved names.
        key_bits: the size of the RSA key that was asked for.
        common_name: the approved common name, empty for none.

    Raises:
        BadMaterial: name_missing, name_extra, cn_mismatch, weak_key, with every finding.
    """
    findings = (
        *_name_findings(csr, names),
        *_common_name_findings(csr, common_name),
        *_key_findings(csr, key_bits),
    )
    if findings:
        raise BadMaterial(findings)


def _find_request(data: bytes) -> bytes:
    if len(data) > rules.CERTIFICATE_SIZE_LIMIT:
        largest = rules.CERTIFICATE_SIZE_LIMIT // rules.KIB
        raise BadMaterial((_unreadable(f"it has more than {largest} KiB"),))
    if shape_of(data) == "csr":
        return asn1.first_element(data).whole
    text = pem.to_text(data)
    blocks = tuple(pem.blocks_of(text))
    if any("PRIVATE KEY" in block.label and block.has_body for block in blocks):
        raise BadMaterial((_key_beside(),))
    runs = [block.data for block in blocks if block.data is not None]
    bare = None if blocks else pem.bare_base64(text)
    for run in (*runs, *([] if bare is None else [bare])):
        if shape_of(run) == "csr":
            return asn1.first_element(run).whole
    raise BadMaterial((_unreadable("no certificate request was found in it"),))


def _read(request: x509.CertificateSigningRequest, der: bytes) -> Csr:
    public_key = request.public_key()
    spki = spki_of(public_key)
    key = key_facts(public_key, spki)
    # The key comes first: checking a signature with a monstrous key would cost seconds.
    if weakness := ca_key_fault(key) or broken_key_fault(public_key):
        raise BadMaterial((_weak(weakness),))
    common_names = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    common_name = str(common_names[0].value) if common_names else ""
    names, findings = _names(request, common_name)
    if not is_self_proven(request, der):
        findings.insert(0, _not_signed())
    if findings:
        raise BadMaterial(tuple(findings))
    algorithm = request.signature_hash_algorithm
    return Csr(
        pem=pem.armour(_LABEL, der),
        der=der,
        subject=request.subject.rfc4514_string(),
        common_name=common_name,
        names=names,
        key=key,
        spki_der=spki,
        signature_hash="none" if algorithm is None else algorithm.name,
        windows=windows_attributes(request),
    )


def _names(
    request: x509.CertificateSigningRequest, common_name: str
) -> tuple[tuple[DnsName, ...], list[Finding]]:
    texts = [common_name] if common_name else []
    for extension in request.extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            texts = extension.value.get_values_for_type(x509.DNSName)
    names: dict[DnsName, None] = {}
    bad: list[Finding] = []
    for text in texts:
        try:
            names[parse_dns_name(text)] = None
        except BadName as fault:
            bad.append(refuse("name_bad", _WHERE, f"The CSR cannot be used: {fault}"))
    return tuple(names), bad


def _name_findings(csr: Csr, names: Sequence[DnsName]) -> Iterator[Finding]:
    expected, got = ", ".join(names), ", ".join(csr.names)
    missing = [name for name in names if name not in csr.names]
    added = [name for name in csr.names if name not in names]
    if missing:
        yield refuse(
            "name_missing",
            _WHERE,
            f"The CSR lacks names that were approved: {show_all(missing)}. It was not sent on. Make a new CSR.",
            expected=expected,
            got=got,
        )
    if added:
        yield refuse(
            "name_extra",
            _WHERE,
            f"The CSR asks for names that nobody approved: {show_all(added)}. It was not sent on. Make a new CSR.",
            expected=expected,
            got=got,
        )


def _common_name_findings(csr: Csr, common_name: str) -> Iterator[Finding]:
    if csr.common_name.lower() != common_name.lower():
        yield refuse(
            "cn_mismatch",
            _WHERE,
            f"The CSR has the common name {show(csr.common_name)}, and {show(common_name)} was approved. "
            "It was not sent on. Make a new CSR.",
            expected=common_name,
            got=csr.common_name[:80],
        )


def _key_findings(csr: Csr, key_bits: int) -> Iterator[Finding]:
    if csr.key.kind == "RSA" and csr.key.bits < max(key_bits, rules.RSA_MINIMUM):
        yield refuse(
            "weak_key",
            _WHERE,
            f"The CSR holds a key of {csr.key.bits} bits, and {key_bits} were asked for. It was not sent on. Make a new CSR.",
            expected=str(key_bits),
            got=str(csr.key.bits),
        )


def _unreadable(why: str) -> Finding:
    return refuse(
        "csr_unreadable",
        _WHERE,
        f"The CSR cannot be read: {show(why)}. Nothing was done with it. "
        "Give the whole text with its BEGIN and END lines, or make a new CSR.",
    )


def _not_signed() -> Finding:
    return refuse(
        "csr_not_signed",
        _WHERE,
        "The signature of the CSR does not fit its own key, so it was changed or cut. Nothing was done with it. Make a new CSR.",
    )


def _weak(why: str) -> Finding:
    return refuse(
        "weak_key",
        _WHERE,
        f"The key of the CSR may not be used: {why}. It was not sent on. Make a new CSR with an RSA key.",
    )


def _key_beside() -> Finding:
    return refuse(
        "private_key_present",
        _WHERE,
        "A private key stands beside the CSR. Nothing was done with it, and the key must count as known to others now. "
        "Make a new CSR on the host and give only the request.",
    )
