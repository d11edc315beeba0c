"""The JSON of a verdict is the contract, and the card's rows say what changed."""

import json
from datetime import timedelta

import pytest

from bot.certs.compare import (
    Change,
    as_findings,
    changes,
    compare_names,
    rows_of,
    usage_names,
)
from bot.certs.findings import BadMaterial, note, refuse, warn
from bot.certs.judge import Expectation, judge_upload, read_leaf, with_findings
from bot.certs.names import DnsName
from bot.certs.report import as_json
from tests.unit.certs.bundles import pem
from tests.unit.certs.toyca import CLIENT_AUTH, NAMES, NOW, SERVER_AUTH, ToyVendor, der, key, name

ORDERED = tuple(DnsName(text) for text in NAMES)


def test_accepted_bundle_as_json(vendor: ToyVendor, expectation: Expectation) -> None:
    """The whole contract of `bundle inspect --json`, compared as a whole."""
    leaf = vendor.leaf()
    upload = pem(leaf, vendor.cross, vendor.issuing, vendor.g2)
    verdict = judge_upload(upload, "x.pem", expectation, anchors=[vendor.g2], at=NOW)
    facts, issuing, cross = (read_leaf(der(cert)) for cert in (leaf, vendor.issuing, vendor.cross))
    page = json.loads(json.dumps(as_json(verdict)))

    assert [finding["code"] for finding in page.pop("findings")] == ["few_scts", "days_left"]
    assert page == {
        "verdict": "accept",
        "leaf": {
            "subject": "CN=mail.example.com",
            "issuer": "CN=Toy TLS Intermediate CA DV - R1v1,O=Toy Trust\\, Inc.",
            "serial_hex": "4a1b2c3d4e5f6",
            "names": list(NAMES),
            "not_before": "2026-11-19T12:00:00Z",
            "not_after": "2027-06-05T11:59:59Z",
            "key": "RSA 2048",
            "sha256": facts.sha256,
            "thumbprint": facts.thumbprint,
        },
        "install": [
            {"subject": ca.subject, "sha256": ca.sha256, "thumbprint": ca.thumbprint}
            for ca in (issuing, cross)
        ],
        "ignored": [
            {
                "subject": "CN=Toy Root Certificate Authority - G2,O=Toy Trust\\, Inc.",
                "sha256": read_leaf(der(vendor.g2)).sha256,
                "why": "a root that is trusted already; roots are never imported",
            }
        ],
    }


def test_refused_upload_as_json(expectation: Expectation) -> None:
    """Where nothing was found, nothing is invented."""
    page = as_json(judge_upload(b"", "x.zip", expectation, anchors=[], at=NOW))

    assert (page["verdict"], page["leaf"], page["install"], page["ignored"]) == (
        "refuse",
        None,
        [],
        [],
    )


def test_finding_as_json_has_its_four_fields(expectation: Expectation) -> None:
    """Code, severity, where and message are always there."""
    page = as_json(judge_upload(b"", "x.zip", expectation, anchors=[], at=NOW))
    findings = page["findings"]

    assert isinstance(findings, list)
    assert {"code", "severity", "where", "message"} <= findings[0].keys()


def test_unchanged_certificate_has_no_rows(vendor: ToyVendor) -> None:
    """Nothing to see is said by an empty table."""
    facts = read_leaf(der(vendor.leaf()))

    assert changes(facts, approved=ORDERED, replaces=facts) == ()


def test_every_change_has_its_row(vendor: ToyVendor) -> None:
    """Names, subject, issuer, key, usage and lifetime: each difference is one row."""
    before = read_leaf(
        der(
            vendor.leaf(
                usages=(SERVER_AUTH, CLIENT_AUTH),
                days=397,
                not_before=NOW - timedelta(days=390),
                subject=name("old.example.com"),
            )
        )
    )
    after = read_leaf(
        der(vendor.leaf(names=[NAMES[0], "www.example.com"], private=key("ec"), serial=5))
    )
    rows = {row.label: row for row in changes(after, approved=ORDERED, replaces=before)}

    assert rows["Names lost"] == Change(label="Names lost", before=NAMES[1], after="")
    assert rows["Names added"] == Change(label="Names added", before="", after="www.example.com")
    assert rows["Subject"].after == "CN=mail.example.com"
    assert rows["Key kind"].after == "EC P-256"
    assert rows["Usage"] == Change(
        label="Usage", before="serverAuth, clientAuth", after="serverAuth"
    )
    assert rows["Lifetime"].before == "396 days"
    assert rows["Key"].before != rows["Key"].after


def test_rows_travel_as_findings(vendor: ToyVendor) -> None:
    """They are kept and told with the other findings, and come back as they went in; they decide nothing."""
    before, after = (read_leaf(der(vendor.leaf(days=days, serial=days))) for days in (198, 90))
    rows = changes(after, approved=(*ORDERED, DnsName("www.example.com")), replaces=before)
    told = as_findings(rows)

    assert rows == rows_of((*told, note("days_left", "x", "y")))
    assert {("changed", "note")} == {(finding.code, finding.severity) for finding in told}
    assert [finding.message for finding in told] == [
        "Names lost: nothing instead of 'www.example.com'.",
        "Lifetime: '89 days' instead of '197 days'.",
    ]


def test_findings_made_elsewhere_join_at_their_steps(
    vendor: ToyVendor, expectation: Expectation
) -> None:
    """One that refuses takes the certificate away, one that warns only warns."""
    upload = pem(vendor.leaf(), vendor.issuing, vendor.cross)
    verdict = judge_upload(upload, "x.pem", expectation, anchors=[vendor.g2], at=NOW)

    bad = with_findings(verdict, (refuse("revoked", "x", "Revoked."),))
    odd = with_findings(verdict, (warn("revocation_unknown", "x", "Unknown."),))

    assert ("refuse", None) == (bad.outcome, bad.certificate)
    assert ["revoked", "few_scts", "days_left"] == [finding.code for finding in bad.findings]
    assert ("accept_with_warnings", verdict.certificate) == (odd.outcome, odd.certificate)


def test_names_are_compared_as_sets() -> None:
    """Order is no difference."""
    assert compare_names(ORDERED, ORDERED[::-1]) == ((), ())


def test_unknown_usage_keeps_its_number() -> None:
    """A usage nobody named is shown by its number."""
    assert usage_names(["1.2.3", "2.5.29.37.0"]) == "1.2.3, any"
    assert usage_names([]) == "none"


def test_certificate_of_a_host_is_read(vendor: ToyVendor) -> None:
    """Self-signed host certificates have single labels and odd names; they are shown as they stand."""
    facts = read_leaf(der(vendor.leaf(names=["EX01", "ex01.corp.local", "a_b"])))

    assert facts.names == ("ex01", "ex01.corp.local", "a_b")


def test_damaged_certificate_of_a_host_is_said(vendor: ToyVendor) -> None:
    """Bytes that are no certificate end in a sentence."""
    with pytest.raises(BadMaterial, match="cannot be read"):
        read_leaf(der(vendor.leaf())[:100])


def test_longer_lifetime_is_no_row(vendor: ToyVendor) -> None:
    """Only days lost are worth a row, and added names alone make one row."""
    short, long = (read_leaf(der(vendor.leaf(days=days))) for days in (90, 198))
    added = changes(long, approved=ORDERED[:1], replaces=short)
    lost = changes(long, approved=(*ORDERED, DnsName("www.example.com")))

    assert [row.label for row in added] == ["Names added"]
    assert [row.label for row in lost] == ["Names lost"]
