"""Every single thing that can be wrong with a delivered certificate, as a table: what is uploaded, and the code it must get."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from bot.certs.expectation import SeenSerial
from bot.certs.judge import Expectation, Verdict, judge_upload, read_leaf
from tests.unit.certs.bundles import pem
from tests.unit.certs.toyca import (
    CLIENT_AUTH,
    NAMES,
    NOW,
    ORGANISATION,
    SERVER_AUTH,
    Issuer,
    Key,
    ToyVendor,
    ca_plan,
    der,
    issue,
    key,
    name,
    spki,
    toy_vendor,
    with_serial,
)

Certs = Sequence[x509.Certificate]
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")


@dataclass(frozen=True, kw_only=True)
class Defect:
    """One thing wrong: what is uploaded, and what the order says where that differs."""

    code: str
    certs: Callable[[ToyVendor], Certs]
    expect: dict[str, Any] | None = None


def leaf_with(**changes: Any) -> Callable[[ToyVendor], Certs]:
    """Return an upload whose leaf has fields of its plan changed."""
    return lambda vendor: (vendor.leaf(**changes), vendor.issuing, vendor.cross)


def leaf_key(private: Key) -> dict[str, Any]:
    """Return the changes of an order whose CSR holds another key."""
    return {"spki_der": spki(private)}


def path_with(
    *, hash_name: str = "sha256", issuing: dict[str, Any] | None = None
) -> Callable[[ToyVendor], Certs]:
    """Return an upload whose issuing CA certificate is made otherwise."""

    def certs(vendor: ToyVendor) -> Certs:
        r1, r1v1 = vendor.issuer_named("R1"), vendor.issuer_named("R1v1")
        changes: dict[str, Any] = {"serial": 9, "path_length": 0, "usages": (SERVER_AUTH,)}
        plan = ca_plan(r1v1, **(changes | (issuing or {})))
        return vendor.leaf(), issue(plan, r1, hash_name=hash_name), vendor.cross

    return certs


def below_issuer(common_name: str, private: Key, **changes: Any) -> Callable[[ToyVendor], Certs]:
    """Return an upload whose issuing CA has another key, certified by R1."""

    def certs(vendor: ToyVendor) -> Certs:
        issuer = Issuer(subject=name(common_name, ORGANISATION), private=private)
        ca = issue(ca_plan(issuer, **changes), vendor.issuer_named("R1"))
        return issue(vendor.leaf_plan, issuer), ca, vendor.cross

    return certs


def sha1_leaf(vendor: ToyVendor) -> Certs:
    """Return a leaf signed with SHA-1 by an otherwise good CA."""
    issuer = Issuer(subject=name("Toy SHA-1 CA", ORGANISATION), private=key("old", kind="2048"))
    ca = issue(ca_plan(issuer), vendor.issuer_named("R1"))
    return issue(vendor.leaf_plan, issuer, hash_name="sha1"), ca, vendor.cross


def sha1_path(vendor: ToyVendor) -> Certs:
    """Return a path whose middle link is signed with SHA-1."""
    middle = Issuer(subject=name("Toy SHA-1 CA", ORGANISATION), private=key("old", kind="2048"))
    low = Issuer(subject=name("Toy Low CA", ORGANISATION), private=key("low"))
    return (
        issue(vendor.leaf_plan, low),
        issue(ca_plan(low), middle, hash_name="sha1"),
        issue(ca_plan(middle), vendor.issuer_named("R1")),
        vendor.cross,
    )


def too_many_steps(vendor: ToyVendor) -> Certs:
    """Return a path with five intermediates."""
    steps = [
        Issuer(subject=name(f"Toy Step {number}", ORGANISATION), private=key(f"step{number}"))
        for number in range(4)
    ]
    above = vendor.issuer_named("R1")
    chain = [vendor.cross]
    for step in steps:
        chain.append(issue(ca_plan(step), above))
        above = step
    return issue(vendor.leaf_plan, above), *chain


def constrained(vendor: ToyVendor) -> Certs:
    """Return a path whose CA may not issue for our domain."""
    constraint = x509.NameConstraints([x509.DNSName("example.org")], None)
    return path_with(issuing={"extra": ((constraint, True),)})(vendor)


def issued_by_a_leaf(vendor: ToyVendor) -> Certs:
    """Return a leaf signed by somebody's genuine certificate that is no CA."""
    owner = Issuer(subject=name("www.example.org"), private=key("owner"))
    genuine = vendor.leaf(subject=owner.subject, private=owner.private, names=["www.example.org"])
    return issue(vendor.leaf_plan, owner), genuine, vendor.issuing, vendor.cross


def tampered(vendor: ToyVendor) -> Certs:
    """Return an issuing CA certificate with one changed bit in its signature."""
    spoilt = der(vendor.issuing)
    # The last byte of an ECDSA signature is the end of a number, so the structure stays whole.
    changed = spoilt[:-1] + bytes([spoilt[-1] ^ 1])
    return vendor.leaf(), x509.load_der_x509_certificate(changed), vendor.cross


def forged(vendor: ToyVendor) -> Certs:
    """Return the bundle of somebody who copied every name and issued for our key."""
    forger = toy_vendor("forger")
    return forger.leaf(), forger.issuing, forger.cross, forger.r1, forger.g2


SELF = Issuer(subject=name(NAMES[0]), private=key("leaf", kind="2048"))
REPLACED = read_leaf(der(toy_vendor().leaf(usages=(SERVER_AUTH, CLIENT_AUTH), serial=77)))
EARLY = datetime(2026, 3, 1, tzinfo=UTC)

DEFECTS: dict[str, Defect] = {
    # step 6
    "only CA certificates": Defect(code="no_leaf", certs=lambda v: (v.issuing, v.cross)),
    "somebody else's leaf": Defect(
        code="key_mismatch", certs=leaf_with(private=key("other"), names=["www.example.org"])
    ),
    "our names with another key": Defect(
        code="key_mismatch", certs=leaf_with(private=key("other"))
    ),
    "two leaves of one moment": Defect(
        code="ambiguous_leaf", certs=lambda v: (v.leaf(), v.leaf(serial=99), v.issuing, v.cross)
    ),
    # step 7
    "leaf is a CA": Defect(code="is_ca", certs=leaf_with(ca=True)),
    "leaf may sign certificates": Defect(code="is_ca", certs=leaf_with(key_cert_sign=True)),
    "precertificate": Defect(code="precertificate", certs=leaf_with(poison=True)),
    "clientAuth only": Defect(code="not_server_auth", certs=leaf_with(usages=(CLIENT_AUTH,))),
    "anyExtendedKeyUsage only": Defect(
        code="not_server_auth",
        certs=leaf_with(usages=(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)),
    ),
    "no extended key usage": Defect(code="not_server_auth", certs=leaf_with(usages=None)),
    "key usage without a handshake": Defect(
        code="not_server_auth", certs=leaf_with(handshake=False)
    ),
    # step 8
    "RSA 1024": Defect(
        code="weak_key",
        certs=leaf_with(private=key("small", kind="1024")),
        expect=leaf_key(key("small", kind="1024")),
    ),
    "RSA 2052": Defect(
        code="weak_key",
        certs=leaf_with(private=key("odd", kind="2052")),
        expect=leaf_key(key("odd", kind="2052")),
    ),
    "EC without leave": Defect(
        code="weak_key", certs=leaf_with(private=key("ec")), expect=leaf_key(key("ec"))
    ),
    "P-521 with leave": Defect(
        code="weak_key",
        certs=leaf_with(private=key("p521", kind="P-521")),
        expect=leaf_key(key("p521", kind="P-521")) | {"allow_ec": True},
    ),
    "SHA-1 leaf": Defect(code="weak_signature", certs=sha1_leaf),
    "SHA-1 link": Defect(code="weak_signature", certs=sha1_path),
    "RSA 1024 issuer": Defect(
        code="weak_key", certs=below_issuer("Toy Weak CA", key("small", kind="1024"))
    ),
    # step 9
    "a name is missing": Defect(code="name_missing", certs=leaf_with(names=NAMES[:1])),
    "other names": Defect(code="name_missing", certs=leaf_with(names=["mail.example.org"])),
    "no names at all": Defect(code="name_missing", certs=leaf_with(names=None)),
    "wildcard where none is wanted": Defect(
        code="name_missing",
        certs=leaf_with(names=["*.example.com"], subject=name("*.example.com")),
        expect={"allow_wildcards": False},
    ),
    "wildcard one level too high": Defect(
        code="name_missing",
        certs=leaf_with(names=["*.com.example.com", "mail.example.com"]),
    ),
    "a name too many": Defect(
        code="name_extra", certs=leaf_with(names=[*NAMES, "evil.example.com"])
    ),
    "a foreign name": Defect(code="name_extra", certs=leaf_with(names=[*NAMES, "example.org"])),
    "an internal name": Defect(code="name_extra", certs=leaf_with(names=[*NAMES, "ex01.local"])),
    "an internal name that was asked for": Defect(
        code="name_bad",
        certs=leaf_with(names=[*NAMES, "ex01.local"]),
        expect={"names": (*NAMES, "ex01.local")},
    ),
    "an underscore": Defect(code="name_bad", certs=leaf_with(names=[*NAMES, "a_b.example.com"])),
    "a final dot": Defect(code="name_bad", certs=leaf_with(names=[NAMES[0] + ".", NAMES[1]])),
    "an address": Defect(
        code="name_bad", certs=leaf_with(other_names=[x509.RFC822Name("a@example.com")])
    ),
    "101 names": Defect(
        code="name_bad",
        certs=leaf_with(names=[f"n{number}.example.com" for number in range(101)]),
        expect={"names": tuple(f"n{number}.example.com" for number in range(100))},
    ),
    "common name elsewhere": Defect(
        code="cn_not_in_san", certs=leaf_with(subject=name("www.example.com"))
    ),
    "common name is a sentence": Defect(
        code="cn_not_in_san", certs=leaf_with(subject=name("Our mail server"))
    ),
    # step 10
    "not yet valid": Defect(
        code="not_yet_valid", certs=leaf_with(not_before=NOW + timedelta(minutes=6))
    ),
    "expired": Defect(code="expired", certs=leaf_with(not_before=NOW - timedelta(days=199))),
    "six days left": Defect(code="expired", certs=leaf_with(not_before=NOW - timedelta(days=192))),
    "201 days": Defect(code="too_long", certs=leaf_with(days=201)),
    "200 days and a second": Defect(code="too_long", certs=leaf_with(days=200 + 1 / 86_400)),
    "399 days before the change": Defect(
        code="too_long", certs=leaf_with(not_before=EARLY, days=399)
    ),
    # step 11
    "intermediates missing": Defect(code="chain_incomplete", certs=lambda v: (v.leaf(),)),
    "cross-certificate missing": Defect(
        code="chain_incomplete", certs=lambda v: (v.leaf(), v.issuing)
    ),
    "young root in place of the cross-certificate": Defect(
        code="chain_incomplete", certs=lambda v: (v.leaf(), v.issuing, v.r1)
    ),
    "forged vendor": Defect(code="untrusted_root", certs=forged),
    "forged vendor without its root": Defect(code="chain_invalid", certs=lambda v: forged(v)[:3]),
    "self-signed": Defect(code="untrusted_root", certs=lambda v: (issue(v.leaf_plan, SELF),)),
    "tampered intermediate": Defect(code="chain_invalid", certs=tampered),
    "expired intermediate": Defect(
        code="chain_invalid",
        certs=path_with(issuing={"not_before": datetime(2020, 1, 1, tzinfo=UTC), "days": 365}),
    ),
    "intermediate for code signing": Defect(
        code="chain_invalid",
        certs=path_with(issuing={"usages": (ExtendedKeyUsageOID.CODE_SIGNING,)}),
    ),
    "intermediate without cA": Defect(
        code="chain_invalid", certs=path_with(issuing={"ca": False, "path_length": None})
    ),
    "intermediate that may not sign": Defect(
        code="chain_invalid", certs=path_with(issuing={"key_cert_sign": False})
    ),
    "intermediate with an unknown critical extension": Defect(
        code="chain_invalid", certs=path_with(issuing={"extra": ((UNKNOWN, True),)})
    ),
    "leaf with an unknown critical extension": Defect(
        code="chain_invalid", certs=leaf_with(extra=((UNKNOWN, True),))
    ),
    "serial of 21 bytes": Defect(
        code="chain_invalid",
        certs=lambda v: (
            with_serial(v.leaf(), b"\x7f" * 21, v.issuer.private),
            v.issuing,
            v.cross,
        ),
    ),
    "path length broken": Defect(
        code="chain_invalid",
        certs=lambda v: (
            *below_low(v),
            issue(ca_plan(v.issuer_named("R1v1"), path_length=0), v.issuer_named("R1")),
            v.cross,
        ),
    ),
    "name constraint broken": Defect(code="chain_invalid", certs=constrained),
    "issued by a leaf": Defect(code="chain_invalid", certs=issued_by_a_leaf),
    "five intermediates": Defect(code="chain_invalid", certs=too_many_steps),
    # step 12
    "another vendor": Defect(
        code="wrong_vendor",
        certs=leaf_with(),
        expect={"issuers": ("DigiCert Inc", "Sectigo Limited")},
    ),
    # step 14
    "installed already": Defect(
        code="already_known",
        certs=leaf_with(usages=(SERVER_AUTH, CLIENT_AUTH), serial=77),
        expect={"replaces": "itself"},
    ),
    "serial seen with another key": Defect(
        code="already_known",
        certs=leaf_with(serial=0xABC),
        expect={
            "known_serials": frozenset(
                {SeenSerial(issuer=REPLACED.issuer, serial_hex="abc", spki_sha256="0" * 64)}
            )
        },
    ),
}


def below_low(vendor: ToyVendor) -> Certs:
    """Return a leaf and a CA that stands where only leaves may stand."""
    low = Issuer(subject=name("Toy Low CA", ORGANISATION), private=key("low"))
    return issue(vendor.leaf_plan, low), issue(ca_plan(low), vendor.issuer_named("R1v1"))


def judged(certs: Certs, expectation: Expectation, vendor: ToyVendor) -> Verdict:
    """Judge certificates given as PEM."""
    return judge_upload(pem(*certs), "x.pem", expectation, anchors=[vendor.g2], at=NOW)


def ordered(defect: Defect, leaf: x509.Certificate, expectation: Expectation) -> Expectation:
    """Return the order of a defect."""
    changes = dict(defect.expect or {})
    if changes.get("replaces") == "itself":
        changes["replaces"] = read_leaf(der(leaf))
    return replace(expectation, **changes)


def deciding(verdict: Verdict) -> str:
    """Return the code that decided."""
    return next(f for f in verdict.findings if f.severity == "refuse").code
