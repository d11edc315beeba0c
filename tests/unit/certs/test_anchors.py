"""Trusted roots as lists give them, the world's own list and those of other packages among them."""

import importlib.util
from pathlib import Path

import certifi
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from bot.certs.anchors import read_anchors
from bot.certs.certificate import read_certificate
from bot.certs.judge import Expectation, judge_upload
from bot.certs.pem import armour, blocks_of, to_text
from tests.unit.certs.bundles import pem
from tests.unit.certs.toyca import NOW, ToyVendor, der, der_with_serial

ZERO = b"\x00"


def shipped() -> list[Path]:
    """Every file with certificates that an installed package brings along."""
    site = Path(certifi.where()).parents[1]
    found = [Path(certifi.where())]
    # Tests of OpenSSL-like packages and pip's own copy of the list: whatever is there.
    found += sorted(site.rglob("*.pem")) + sorted(site.rglob("*.crt")) + sorted(site.rglob("*.cer"))
    return [path for path in dict.fromkeys(found) if b"BEGIN CERTIFICATE" in path.read_bytes()]


def test_the_world_s_list_is_read_whole() -> None:
    """Not one root is lost, those with the serial number zero included, and nothing warns."""
    text = Path(certifi.where()).read_bytes()
    anchors = read_anchors(text)
    titles = {anchor.subject.rfc4514_string().split(",")[0] for anchor in anchors}

    assert text.count(b"BEGIN CERTIFICATE") == len(anchors)
    assert {
        "CN=Go Daddy Root Certificate Authority - G2",
        "CN=Starfield Root Certificate Authority - G2",
    } <= titles


@pytest.mark.parametrize("path", shipped(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_certificate_that_packages_ship_is_read_to_the_end(path: Path) -> None:
    """Real CA certificates of twenty-five years: names, keys, dates, extensions."""
    for block in blocks_of(to_text(path.read_bytes())):
        if block.label != "CERTIFICATE" or not block.data:
            continue
        cert = read_certificate(block.data, where=path.name)

        assert cert.subject
        assert cert.not_before < cert.not_after
        assert cert.x509.public_bytes(Encoding.DER) == block.data


def test_there_is_real_material() -> None:
    """The test above looks at something."""
    assert importlib.util.find_spec("certifi")
    assert sum(path.read_bytes().count(b"BEGIN CERTIFICATE") for path in shipped()) > 100


def test_a_list_without_certificates_is_empty() -> None:
    """Keys, requests and noise anchor nothing."""
    assert () == read_anchors(b"") == read_anchors(b"\xff\x00") == read_anchors(b"no list")
    assert () == read_anchors(armour("CERTIFICATE", b"no certificate").encode())


def test_one_bad_entry_does_not_stop_the_others(vendor: ToyVendor) -> None:
    """What cannot be loaded is left out."""
    text = armour("CERTIFICATE", b"0\x03\x02\x01\x01").encode() + pem(vendor.g2)

    assert (vendor.g2,) == read_anchors(text)


def test_a_root_with_serial_zero_anchors_a_path(
    vendor: ToyVendor, expectation: Expectation
) -> None:
    """GoDaddy's G2 is one: in the list it is trusted, in the bundle it is a root like others."""
    root = der_with_serial(vendor.g2, ZERO, vendor.issuer_named("G2").private)
    anchors = read_anchors(armour("CERTIFICATE", root).encode())
    chain = b"".join(der(cert) for cert in (vendor.leaf(), vendor.issuing, vendor.cross))

    verdict = judge_upload(chain + root, "x.der", expectation, anchors=anchors, at=NOW)

    assert "accept" == verdict.outcome
    assert ["few_scts", "days_left"] == [finding.code for finding in verdict.findings]
    assert ["a root that is trusted already; roots are never imported"] == [
        other.why for other in verdict.ignored
    ]


def test_a_missing_intermediate_is_said_beside_a_root_with_serial_zero(
    vendor: ToyVendor, expectation: Expectation
) -> None:
    """The bundle with the root and without the cross-certificate: what is missing decides, not the odd root."""
    root = der_with_serial(vendor.g2, ZERO, vendor.issuer_named("G2").private)
    data = der(vendor.leaf()) + der(vendor.issuing) + root
    anchors = read_anchors(armour("CERTIFICATE", root).encode())

    verdict = judge_upload(data, "x.der", expectation, anchors=anchors, at=NOW)

    assert ["chain_incomplete"] == [f.code for f in verdict.findings if f.severity == "refuse"]
