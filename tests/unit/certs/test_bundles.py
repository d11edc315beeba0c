"""Every shape of an honest bundle is read, and all of them mean the same."""

import pytest

from bot.certs.judge import Expectation, Verdict, judge_upload
from tests.unit.certs.bundles import (
    ENCODINGS,
    LAYOUTS,
    PACKINGS,
    Delivery,
    Sample,
    delivery,
    p7b,
    pem,
    rolled,
    sample,
)
from tests.unit.certs.toyca import NOW, ToyVendor, der


@pytest.fixture(scope="module")
def given(vendor: ToyVendor) -> Delivery:
    """Return the certificates that every bundle of this file holds."""
    return delivery(vendor)


def _judge(made: Sample, vendor: ToyVendor, expectation: Expectation) -> Verdict:
    return judge_upload(made.data, made.filename, expectation, anchors=[vendor.g2], at=NOW)


def _assert_proven(verdict: Verdict, given: Delivery, how: str) -> None:
    assert verdict.outcome == "accept", (how, verdict.findings)
    assert verdict.certificate is not None
    assert (verdict.certificate.leaf_der, *verdict.certificate.path) == tuple(
        der(cert) for cert in given.chain
    )


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_in_every_encoding_is_proven(
    layout: str, encoding: str, given: Delivery, vendor: ToyVendor, expectation: Expectation
) -> None:
    """What a vendor packs, in whatever encoding, ends in the same leaf and the same path."""
    made = sample(given, layout=layout, encoding=encoding, packing="deflated")

    _assert_proven(_judge(made, vendor, expectation), given, made.how)


@pytest.mark.parametrize("packing", PACKINGS)
def test_every_packing_is_proven(
    packing: str, given: Delivery, vendor: ToyVendor, expectation: Expectation
) -> None:
    """Streamed, stored, nested or littered, an archive is read the same."""
    made = sample(given, layout="GoDaddy for IIS", encoding="pem", packing=packing)

    _assert_proven(_judge(made, vendor, expectation), given, made.how)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_is_proven_without_an_archive(
    encoding: str, given: Delivery, vendor: ToyVendor, expectation: Expectation
) -> None:
    """A single file or a pasted text is as good as a zip."""
    made = Sample(how=encoding, filename="pasted.txt", data=ENCODINGS[encoding](*given.chain))

    _assert_proven(_judge(made, vendor, expectation), given, made.how)


@pytest.mark.parametrize("seed", range(60))
def test_rolled_bundles_are_proven(
    seed: int, given: Delivery, vendor: ToyVendor, expectation: Expectation
) -> None:
    """Layout, encoding, packing, order and duplicates chosen by a die change nothing."""
    made = rolled(given, seed)

    _assert_proven(_judge(made, vendor, expectation), given, made.how)


def test_bare_base64_is_read(vendor: ToyVendor, expectation: Expectation, given: Delivery) -> None:
    """Some portals show the certificate as base64 without its BEGIN and END lines."""
    text = b"".join(p7b(*given.chain).splitlines()[1:-1])

    _assert_proven(
        _judge(Sample(how="bare", filename="text", data=text), vendor, expectation), given, "bare"
    )


def test_young_root_in_the_anchors_makes_the_cross_certificate_needless(
    vendor: ToyVendor, expectation: Expectation, given: Delivery
) -> None:
    """The import list is what the anchors need: with R1 trusted, the shorter path is taken."""
    verdict = judge_upload(pem(*given.chain), "x.pem", expectation, anchors=[vendor.r1], at=NOW)

    assert verdict.certificate is not None
    assert verdict.certificate.path == (der(vendor.issuing),)


def test_what_is_left_aside_is_explained(
    vendor: ToyVendor, expectation: Expectation, given: Delivery
) -> None:
    """Roots and foreign certificates are listed with their reason, and nothing else is."""
    upload = pem(*given.chain, *given.roots)
    verdict = judge_upload(upload, "x.pem", expectation, anchors=[vendor.g2], at=NOW)

    assert sorted(other.why for other in verdict.ignored) == [
        "a root that is trusted already; roots are never imported",
        "a self-signed certificate; roots are never imported",
    ]
