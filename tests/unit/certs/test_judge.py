"""Every single defect has its code, and a good bundle has none."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from bot.certs.codes import STEP_OF_CODE
from bot.certs.expectation import SeenSerial
from bot.certs.findings import Finding
from bot.certs.judge import Expectation, Verdict, judge_upload, read_leaf, rejudge
from bot.certs.names import DnsName
from tests.unit.certs.bundles import Delivery, pem, rolled
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
    tlv,
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


@pytest.mark.parametrize("what", DEFECTS)
def test_every_defect_has_its_code(what: str, vendor: ToyVendor, expectation: Expectation) -> None:
    """One thing is wrong; the first finding names it, nothing is issued."""
    defect = DEFECTS[what]
    certs = defect.certs(vendor)
    verdict = judged(certs, ordered(defect, certs[0], expectation), vendor)

    assert verdict.outcome == "refuse"
    assert deciding(verdict) == defect.code
    assert verdict.certificate is None


@pytest.mark.parametrize("seed", range(80))
def test_a_defect_keeps_its_code_in_every_writing(
    seed: int, vendor: ToyVendor, expectation: Expectation
) -> None:
    """Layout, encoding and packing hide no defect and make no other of it."""
    what = random.Random(seed).choice(list(DEFECTS))
    defect = DEFECTS[what]
    leaf, *others = defect.certs(vendor)
    made = rolled(
        Delivery(leaf=leaf, intermediates=tuple(others), roots=(vendor.r1, vendor.g2)), seed
    )
    order = ordered(defect, leaf, expectation)
    verdict = judge_upload(made.data, made.filename, order, anchors=[vendor.g2], at=NOW)

    assert (what, made.how, deciding(verdict)) == (what, made.how, defect.code)


def ordered(defect: Defect, leaf: x509.Certificate, expectation: Expectation) -> Expectation:
    """Return the order of a defect."""
    changes = dict(defect.expect or {})
    if changes.get("replaces") == "itself":
        changes["replaces"] = read_leaf(der(leaf))
    return replace(expectation, **changes)


def deciding(verdict: Verdict) -> str:
    """Return the code that decided."""
    return next(f for f in verdict.findings if f.severity == "refuse").code


def test_every_code_of_the_steps_has_a_defect() -> None:
    """The table above is complete for steps 6 to 14 (revocation is found elsewhere)."""
    wanted = {code for code, step in STEP_OF_CODE.items() if 6 <= step <= 14} - {"revoked"}

    assert {defect.code for defect in DEFECTS.values()} == wanted


def test_findings_are_gathered(vendor: ToyVendor, expectation: Expectation) -> None:
    """A person with several faults hears of all of them at once, the deciding one first."""
    certs = (vendor.leaf(names=NAMES[:1], days=300, usages=(CLIENT_AUTH,)), vendor.issuing)
    verdict = judged(certs, replace(expectation, issuers=("Sectigo Limited",)), vendor)

    assert [finding.code for finding in verdict.findings if finding.severity == "refuse"] == [
        "not_server_auth",
        "name_missing",
        "too_long",
        "chain_incomplete",
        "wrong_vendor",
    ]


ACCEPTED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "plain": ({}, {}, "accept"),
    "200 days exactly": ({"days": 200}, {}, "accept"),
    "398 days before the change": ({"not_before": EARLY, "days": 398}, {}, "accept"),
    "begins in four minutes": ({"not_before": NOW + timedelta(minutes=4)}, {}, "accept"),
    "upper case": (
        {"names": [n.upper() for n in NAMES], "subject": name(NAMES[0].upper())},
        {},
        "accept",
    ),
    "no common name": ({"subject": name("", ORGANISATION)}, {}, "accept"),
    "no basic constraints": ({"basic_constraints": False}, {}, "accept"),
    "EC with leave": (
        {"private": key("ec")},
        {"spki_der": spki(key("ec")), "allow_ec": True},
        "accept",
    ),
    "nothing seen before": (
        {},
        {"known_serials": frozenset({SeenSerial(issuer="CN=x", serial_hex="1", spki_sha256="")})},
        "accept",
    ),
    "right vendor": ({}, {"issuers": ("toy trust,  inc.",)}, "accept"),
    "www added": ({"names": [*NAMES, "www.mail.example.com"]}, {}, "accept_with_warnings"),
    "bare domain added": ({"names": [*NAMES, "example.com"]}, {}, "accept_with_warnings"),
    "covered by a wildcard": (
        {"names": ["*.example.com"], "subject": name("*.example.com")},
        {},
        "accept_with_warnings",
    ),
    "clientAuth too": ({"usages": (SERVER_AUTH, CLIENT_AUTH)}, {}, "accept"),
    "another usage too": (
        {"usages": (SERVER_AUTH, ExtendedKeyUsageOID.EMAIL_PROTECTION)},
        {},
        "accept_with_warnings",
    ),
    "clientAuth lost": ({}, {"replaces": REPLACED}, "accept_with_warnings"),
}


@pytest.mark.parametrize("what", ACCEPTED)
def test_what_is_allowed_is_accepted(
    what: str, vendor: ToyVendor, expectation: Expectation
) -> None:
    """At the last allowed value, and with what vendors do by themselves, a bundle passes."""
    leaf, order, outcome = ACCEPTED[what]
    certs = (vendor.leaf(**leaf), vendor.issuing, vendor.cross)
    verdict = judged(certs, replace(expectation, **order), vendor)

    assert verdict.outcome == outcome, verdict.findings
    assert verdict.certificate is not None


def timestamps(count: int) -> x509.UnrecognizedExtension:
    """Return an extension with so many transparency timestamps (RFC 6962 3.3)."""
    one = bytes(1 + 32 + 8 + 2) + b"\x04\x03" + b"\x00\x02" + b"ok"
    whole = b"".join(len(one).to_bytes(2) + one for _ in range(count))
    value = tlv(0x04, len(whole).to_bytes(2) + whole)
    return x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2"), value)


@pytest.mark.parametrize(
    ("days", "count", "enough"), [(198, 2, False), (198, 3, True), (90, 2, True)]
)
def test_transparency_timestamps_are_counted(
    days: int, count: int, enough: bool, vendor: ToyVendor, expectation: Expectation
) -> None:
    """Browsers want two for short lives and three for long ones; fewer are a note."""
    certs = (
        vendor.leaf(days=days, extra=((timestamps(count), False),)),
        vendor.issuing,
        vendor.cross,
    )
    verdict = judged(certs, expectation, vendor)

    assert verdict.outcome == "accept"
    assert ("few_scts" not in {finding.code for finding in verdict.findings}) is enough


def test_lost_client_auth_names_what_may_break(vendor: ToyVendor, expectation: Expectation) -> None:
    """The warning says which connections to look at."""
    certs = (vendor.leaf(), vendor.issuing, vendor.cross)
    verdict = judged(certs, replace(expectation, replaces=REPLACED), vendor)
    message = next(f.message for f in verdict.findings if f.code == "client_auth_lost")

    assert "hybrid" in message
    assert "partner" in message


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"not_before": NOW - timedelta(days=90), "serial": 5}, "older certificate"),
        ({"poison": True, "serial": 5}, "precertificate"),
        ({"issuer": "itself", "serial": 5}, "self-signed"),
    ],
)
def test_newest_final_certificate_is_chosen(
    other: dict[str, Any], why: str, vendor: ToyVendor, expectation: Expectation
) -> None:
    """A reissue for the same key and a precertificate do not make the choice unclear."""
    plan = replace(vendor.leaf_plan, **{k: v for k, v in other.items() if k != "issuer"})
    second = issue(plan, SELF if "issuer" in other else vendor.issuer)
    verdict = judged((second, vendor.leaf(), vendor.issuing, vendor.cross), expectation, vendor)

    assert verdict.outcome == "accept"
    assert why in verdict.ignored[0].why


def test_accepted_certificate_is_judged_again_before_installing(
    vendor: ToyVendor, expectation: Expectation
) -> None:
    """Time passes between approval and work: what was good is looked at once more, and can have gone bad."""
    certs = (vendor.leaf(), vendor.issuing, vendor.cross)
    issued = judged(certs, expectation, vendor).certificate
    assert issued is not None
    later = NOW + timedelta(days=195)

    today = rejudge(issued, expectation, anchors=[vendor.g2], at=NOW)
    then = rejudge(issued, expectation, anchors=[vendor.g2], at=later)
    elsewhere = rejudge(issued, expectation, anchors=[vendor.r1], at=NOW)
    other_key = rejudge(
        issued, replace(expectation, spki_der=spki(key("other"))), anchors=[vendor.g2], at=NOW
    )

    def codes(findings: Sequence[Finding]) -> list[str]:
        return [f.code for f in findings if f.severity == "refuse"]

    assert [codes(f) for f in (today, then, elsewhere, other_key)] == [
        [],
        ["expired"],
        ["chain_invalid"],
        ["key_mismatch"],
    ]


def test_nothing_can_slip_into_the_stored_path(vendor: ToyVendor, expectation: Expectation) -> None:
    """A CA added to the stored path is not needed for the proof, and stops the installation for that reason."""
    issued = judged((vendor.leaf(), vendor.issuing, vendor.cross), expectation, vendor).certificate
    assert issued is not None
    more = replace(issued, path=(*issued.path, der(toy_vendor("forger").issuing)))
    turned = replace(issued, path=issued.path[::-1])

    for stored in (more, turned):
        findings = rejudge(stored, expectation, anchors=[vendor.g2], at=NOW)

        assert [f.code for f in findings if f.severity == "refuse"] == ["chain_invalid"]


def test_damaged_store_is_said(vendor: ToyVendor, expectation: Expectation) -> None:
    """Stored bytes that rotted are refused with a sentence, not with an exception."""
    issued = judged((vendor.leaf(), vendor.issuing, vendor.cross), expectation, vendor).certificate
    assert issued is not None

    findings = rejudge(
        replace(issued, leaf_der=issued.leaf_der[:50]), expectation, anchors=[vendor.g2], at=NOW
    )

    assert [finding.code for finding in findings] == ["parse_error"]


def test_whole_but_unreadable_certificate_only_stops_what_needs_it(
    vendor: ToyVendor, expectation: Expectation
) -> None:
    """An old root nobody can read is a note beside a good chain, and the first reason where the chain breaks."""
    old = der(vendor.g2).replace(b"\x02\x01\x01\x30", b"\x02\x01\x00\x30", 1)
    good = b"".join(der(cert) for cert in (vendor.leaf(), vendor.issuing, vendor.cross))
    broken = der(vendor.leaf()) + der(vendor.issuing)
    fine, stopped = (
        judge_upload(data + old, "x.der", expectation, anchors=[vendor.g2], at=NOW)
        for data in (good, broken)
    )

    assert (fine.outcome, fine.findings[0].code, fine.findings[0].severity) == (
        "accept",
        "parse_error",
        "note",
    )
    assert [f.code for f in stopped.findings if f.severity == "refuse"] == [
        "parse_error",
        "chain_incomplete",
    ]
    assert "cannot be read" in fine.ignored[-1].why


def test_hostile_subject_stays_visible(vendor: ToyVendor, expectation: Expectation) -> None:
    """Marks and line breaks in a subject are shown as escapes in every sentence."""
    hostile = "mail\u202e\n*example*"
    certs = (vendor.leaf(subject=name(hostile), names=[NAMES[0]]), vendor.issuing, vendor.cross)
    verdict = judged(certs, expectation, vendor)
    text = "".join(f"{f.where}{f.message}{f.expected}{f.got}" for f in verdict.findings)

    assert "\u202e" not in text
    assert "\n" not in text
    assert "\\u202e" in text


def test_names_of_an_order_are_a_set(vendor: ToyVendor, expectation: Expectation) -> None:
    """The order of names means nothing."""
    turned = replace(expectation, names=tuple(DnsName(n) for n in reversed(NAMES)))

    assert judged((vendor.leaf(), vendor.issuing, vendor.cross), turned, vendor).outcome == "accept"
