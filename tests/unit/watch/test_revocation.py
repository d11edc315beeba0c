"""Whom revocation asks, in which order, and what it says when nobody helps."""

from itertools import count

from cryptography import x509

from bot.certs.findings import Finding
from bot.domain.ids import VendorName
from bot.watch.fetching import Fetcher
from bot.watch.revocation import HttpRevocation
from tests.unit.certs.toyca import NOW, toy_vendor
from tests.unit.watch.issuer import (
    Page,
    Standing,
    ToyIssuer,
    asks_at,
    crl,
    issued,
    leaf_naming,
    pages,
    points_at,
    response,
)

VENDOR = toy_vendor()
TOY = VendorName("toy")


def asked(
    leaf: x509.Certificate, *, anchors: tuple[x509.Certificate, ...] = (VENDOR.g2,)
) -> tuple[Finding, ...]:
    """Ask about a leaf below the toy vendor's plain path."""
    port = HttpRevocation(
        Fetcher(allow_loopback=True, wall_s=60.0), lambda _: anchors, Standing(NOW)
    )
    return port.check(issued(leaf, VENDOR.issuing, VENDOR.cross), vendor=TOY)


def test_a_responder_helps_where_the_list_does_not() -> None:
    """The list is asked first; one proof is enough."""
    issuer = ToyIssuer()
    with pages(issuer) as address:
        leaf = leaf_naming(points_at(f"{address}/none.crl"), asks_at(f"{address}/ocsp"))
        issuer.pages["/ocsp"] = lambda: (200, {}, response(leaf))

        told = asked(leaf)

    assert ["not_revoked"] == [finding.code for finding in told]
    assert ["/none.crl", "/ocsp"] == issuer.asked


def test_a_good_list_leaves_the_responder_in_peace() -> None:
    """It would learn which certificate is installed where."""
    issuer = ToyIssuer()
    with pages(issuer) as address:
        told = asked(leaf_naming(points_at(f"{address}/leaf.crl"), asks_at(f"{address}/ocsp")))

    assert ["not_revoked"] == [finding.code for finding in told]
    assert ["/leaf.crl"] == issuer.asked


def test_the_second_address_is_tried_and_the_third_is_not() -> None:
    """A certificate with a hundred addresses does not send us around."""
    issuer = ToyIssuer()
    with pages(issuer) as address:
        two = leaf_naming(points_at(f"{address}/1", f"{address}/leaf.crl"))
        three = leaf_naming(points_at(f"{address}/1", f"{address}/2", f"{address}/leaf.crl"))

        assert ["not_revoked"] == [finding.code for finding in asked(two)]
        assert ["revocation_unknown"] == [finding.code for finding in asked(three)]


def test_a_whole_inquiry_has_its_end() -> None:
    """When the first address took all the time, the second is left alone, and that is said."""
    issuer = ToyIssuer()
    ticks = count(0.0, 10.0)
    with pages(issuer) as address:
        leaf = leaf_naming(points_at(f"{address}/none", f"{address}/leaf.crl"))
        fetcher = Fetcher(allow_loopback=True, wall_s=1000.0, monotonic=lambda: next(ticks))
        port = HttpRevocation(fetcher, lambda _: (VENDOR.g2,), Standing(NOW))
        [told] = port.check(issued(leaf, VENDOR.issuing, VENDOR.cross), vendor=TOY)

    assert "revocation_unknown" == told.code
    assert ["/none"] == issuer.asked


def test_the_first_reason_is_told() -> None:
    """Of what went wrong, the list's own reason says most."""
    issuer = ToyIssuer(pages={"/leaf.crl": _forged})
    with pages(issuer) as address:
        [told] = asked(leaf_naming(points_at(f"{address}/leaf.crl"), asks_at(f"{address}/ocsp")))

    assert "warn" == told.severity
    assert "another issuer's" in told.message


def _forged() -> Page:
    return 200, {}, crl("R1", [])


def test_a_leaf_that_names_nobody_is_a_warning_and_an_intermediate_is_not() -> None:
    """Leaves must name somebody; cross-certificates of the toy vendor do not, and nothing is said of them."""
    [told] = asked(VENDOR.leaf())

    assert "revocation_unknown" == told.code
    assert "neither a list nor a responder" in told.message


def test_a_root_that_is_no_longer_trusted_leaves_the_last_step_unknown() -> None:
    """Then nobody here can check the signature on its list."""
    issuer = ToyIssuer()
    with pages(issuer) as address:
        told = asked(leaf_naming(points_at(f"{address}/leaf.crl")), anchors=(VENDOR.r1,))

    assert ["revocation_unknown"] == [finding.code for finding in told]
    assert "not known here any more" in told[0].message


def test_outside_the_toy_world_this_machine_is_not_asked() -> None:
    """The same certificate, and no call."""
    issuer = ToyIssuer()
    with pages(issuer) as address:
        leaf = leaf_naming(points_at(f"{address}/leaf.crl"))
        port = HttpRevocation(Fetcher(), lambda _: (VENDOR.g2,), Standing(NOW))
        [told] = port.check(issued(leaf, VENDOR.issuing, VENDOR.cross), vendor=TOY)

    assert "revocation_unknown" == told.code
    assert [] == issuer.asked
