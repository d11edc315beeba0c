"""Every single defect has its code, and a good bundle has none."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from bot.certs.codes import STEP_OF_CODE
from bot.certs.expectation import SeenSerial
from bot.certs.findings import Finding
from bot.certs.judge import Expectation, judge_upload, rejudge
from bot.certs.names import DnsName
from tests.unit.certs.bundles import Delivery, rolled
from tests.unit.certs.defects import DEFECTS, EARLY, REPLACED, SELF, deciding, judged, ordered
from tests.unit.certs.toyca import (
    CLIENT_AUTH,
    NAMES,
    NOW,
    ORGANISATION,
    SERVER_AUTH,
    ToyVendor,
    der,
    issue,
    key,
    name,
    spki,
    tlv,
    toy_vendor,
)


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


def test_every_code_of_the_steps_has_a_defect() -> None:
    """The table above is complete for steps 6 to 14 (revocation is found elsewhere)."""
    wanted = {code for code, step in STEP_OF_CODE.items() if 6 <= step <= 14 and step != 13}

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
    "no key usage": ({"writes_key_usage": False}, {}, "accept"),
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
    nowhere = rejudge(issued, expectation, anchors=[], at=NOW)
    other_key = rejudge(
        issued, replace(expectation, spki_der=spki(key("other"))), anchors=[vendor.g2], at=NOW
    )

    def codes(findings: Sequence[Finding]) -> list[str]:
        return [f.code for f in findings if f.severity == "refuse"]

    assert [codes(f) for f in (today, then, elsewhere, nowhere, other_key)] == [
        [],
        ["expired"],
        ["chain_invalid"],
        ["chain_incomplete"],
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
    """A CA nobody can read is a note beside a good chain, and the first reason where the chain breaks."""
    old = der(vendor.cross).replace(b"\x02\x01\x03\x30", b"\x02\x01\x00\x30", 1)
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
