"""The path is found in any bag, and forged look-alikes change nothing."""

from dataclasses import replace
from itertools import pairwise

import pytest
from cryptography import x509

from bot.certs import rules
from bot.certs.certificate import Certificate, read_certificate
from bot.certs.chain import find_signers, index_anchors
from bot.certs.path_rules import prove_chain
from tests.unit.certs.toyca import (
    NOW,
    ORGANISATION,
    Issuer,
    ToyVendor,
    ca_plan,
    der,
    issue,
    key,
    name,
    toy_vendor,
)

FORGER = Issuer(subject=name("Forger Root"), private=key("forger root"))


def read(*certs: x509.Certificate) -> list[Certificate]:
    """Return certificates as the judge reads them."""
    return [read_certificate(der(cert), where="test") for cert in certs]


def names_of(vendor: ToyVendor, *bag: x509.Certificate) -> list[str] | None:
    """Return the titles of the proven path, or None."""
    leaf, *others = read(vendor.leaf(), *bag)
    path = prove_chain(leaf, others, anchors=[vendor.g2], at=NOW).path
    return None if path is None else [cert.title for cert in path.intermediates]


def right_path() -> list[str]:
    """Return the titles of the one right path."""
    return ["Toy TLS Intermediate CA DV - R1v1", "Toy TLS Root CA - R1"]


def key_id(cert: x509.Certificate) -> bytes:
    """Return the key identifier a certificate claims."""
    return cert.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def look_alikes(vendor: ToyVendor, role: str, count: int) -> list[x509.Certificate]:
    """Return forged certificates with the right name and the right key identifier, and keys of the forger's own."""
    true = {"R1v1": vendor.issuing, "R1": vendor.cross}[role]
    plan = ca_plan(vendor.issuer_named(role), key_id=key_id(true))
    return [
        issue(replace(plan, private=key(f"decoy{number}"), serial=1000 + number), FORGER)
        for number in range(count)
    ]


def stolen_keys(vendor: ToyVendor, role: str, count: int) -> list[x509.Certificate]:
    """Return certificates for the vendor's real name and public key, issued by a forger: true edges into nowhere."""
    plan = ca_plan(vendor.issuer_named(role))
    return [issue(replace(plan, serial=2000 + number), FORGER) for number in range(count)]


@pytest.mark.parametrize("role", ["R1v1", "R1"])
def test_ninety_look_alikes_do_not_hide_the_path(role: str, vendor: ToyVendor) -> None:
    """Names and key identifiers are claims: the key that made the signature is found among ninety that say they did."""
    bag = [*look_alikes(vendor, role, 90), vendor.issuing, vendor.cross]

    assert names_of(vendor, *bag) == right_path()


@pytest.mark.parametrize("role", ["R1v1", "R1"])
def test_copied_keys_do_not_hide_the_path(role: str, vendor: ToyVendor) -> None:
    """A forger can certify the vendor's own public key; such dead ends never enter the search."""
    forger_root = issue(ca_plan(FORGER), FORGER)
    bag = [*stolen_keys(vendor, role, 36), forger_root, vendor.issuing, vendor.cross]

    assert names_of(vendor, *bag) == right_path()


def test_unusual_key_identifiers_do_not_hide_the_path(vendor: ToyVendor) -> None:
    """A CA may compute its identifier in its own way; look-alikes that copy it cost signature checks and no more."""
    odd = replace(vendor.issuer_named("R1v1"), key_id=b"own way of naming")
    true = issue(ca_plan(odd, key_id=odd.key_id, path_length=0), vendor.issuer_named("R1"))
    plan = ca_plan(odd, key_id=odd.key_id)
    decoys = [issue(replace(plan, private=key(f"decoy{n}")), FORGER) for n in range(37)]
    leaf, *bag = read(issue(vendor.leaf_plan, odd), *decoys, true, vendor.cross)

    assert prove_chain(leaf, bag, anchors=[vendor.g2], at=NOW).path is not None


def test_signature_checks_are_counted(vendor: ToyVendor) -> None:
    """The work for a bag of look-alikes is bounded, whatever its size."""
    other_way = replace(vendor.issuer_named("R1v1"), key_id=b"own way of naming")
    plan = ca_plan(other_way, key_id=other_way.key_id)
    decoys = [issue(replace(plan, private=key(f"decoy{n}")), FORGER) for n in range(120)]
    leaf, *bag = read(issue(vendor.leaf_plan, other_way), *decoys)

    signers = find_signers(leaf, bag, index_anchors((vendor.g2,)))

    assert signers.checks.left == -1
    assert prove_chain(leaf, bag, anchors=[vendor.g2], at=NOW).findings[0].code == "chain_invalid"


def test_shortest_sound_path_is_taken(vendor: ToyVendor) -> None:
    """With a second, direct way to the anchor the longer one is not installed."""
    direct = issue(ca_plan(vendor.issuer_named("R1v1"), serial=50), vendor.issuer_named("G2"))

    assert names_of(vendor, vendor.issuing, vendor.cross, direct) == [right_path()[0]]


def test_expired_cross_certificate_is_passed_by(vendor: ToyVendor) -> None:
    """Old cross-certificates lie in many bundles; a sound twin is found beside them."""
    old = issue(ca_plan(vendor.issuer_named("R1"), serial=51, days=30), vendor.issuer_named("G2"))

    assert names_of(vendor, old, vendor.issuing, vendor.cross) == right_path()
    assert names_of(vendor, old, vendor.issuing) is None


def test_hierarchy_without_key_identifiers_is_built(vendor: ToyVendor) -> None:
    """Key identifiers help; old hierarchies that write none are built by name and signature."""
    r1v1, r1, g2 = (vendor.issuer_named(role) for role in ("R1v1", "R1", "G2"))
    issuing = issue(ca_plan(r1v1, writes_key_ids=False), r1)
    cross = issue(ca_plan(r1, serial=5), g2)
    root_copy = issue(ca_plan(r1, writes_key_ids=False), r1)

    assert names_of(vendor, root_copy, issuing, cross) == right_path()


@pytest.mark.parametrize("width", [3, 9])
def test_search_through_a_maze_ends(width: int, vendor: ToyVendor) -> None:
    """More ways to the anchor than are looked at, all of them expired at the top: it stops and refuses."""
    steps = [
        Issuer(subject=name(f"Level {n}", ORGANISATION), private=key(f"level{n}")) for n in range(4)
    ]
    top, above = steps[-1], vendor.issuer_named("G2")
    bag = [
        issue(ca_plan(low, serial=300 + 20 * n + m), high)
        for n, (low, high) in enumerate(pairwise(steps))
        for m in range(width)
    ]
    bag += [issue(ca_plan(top, serial=400 + m, days=10), above) for m in range(width)]
    leaf, *others = read(issue(vendor.leaf_plan, steps[0]), *bag)
    chain = prove_chain(leaf, others, anchors=[vendor.g2], at=NOW)

    assert chain.path is None
    assert {finding.code for finding in chain.findings} == {"chain_invalid"}


def test_circles_end(vendor: ToyVendor) -> None:
    """Two CAs that certify each other are walked once."""
    a, b = (Issuer(subject=name(f"Ring {n}", ORGANISATION), private=key(f"ring{n}")) for n in "ab")
    ring = [issue(ca_plan(a, serial=n), b) for n in range(60, 70)]
    ring += [issue(ca_plan(b, serial=n), a) for n in range(70, 80)]
    leaf, *bag = read(issue(vendor.leaf_plan, a), *ring)

    assert prove_chain(leaf, bag, anchors=[vendor.g2], at=NOW).path is None


def test_dead_branches_do_not_use_up_the_search(vendor: ToyVendor) -> None:
    """Hundreds of ways that end nowhere stand beside the one that does not."""
    rings = [
        Issuer(subject=name(f"Maze {number}", ORGANISATION), private=key(f"maze{number}"))
        for number in range(3)
    ]
    maze = [
        issue(ca_plan(low, serial=100 + 10 * n + m), high)
        for n, low in enumerate(rings)
        for m, high in enumerate(rings)
        if low is not high
    ]
    ways = [
        issue(ca_plan(vendor.issuer_named("R1"), serial=200 + n), rings[n % 3]) for n in range(24)
    ]

    assert names_of(vendor, *maze, *ways, vendor.issuing, vendor.cross) == right_path()


def test_key_made_to_be_slow_is_not_tried(vendor: ToyVendor) -> None:
    """A look-alike with an enormous RSA key is passed over unread."""
    slow = [
        replace(cert, key=replace(cert.key, kind="RSA", bits=rules.RSA_CA_MAXIMUM + 8))
        for cert in read(*look_alikes(vendor, "R1v1", 3))
    ]
    (leaf,) = read(vendor.leaf())
    signers = find_signers(leaf, slow, index_anchors((vendor.g2,)))

    assert signers.checks.left == rules.SIGNATURE_CHECK_LIMIT


def test_root_in_the_bag_is_never_an_anchor() -> None:
    """A whole foreign hierarchy, root included, proves nothing."""
    forger, vendor = toy_vendor("forger"), toy_vendor()
    leaf, *bag = read(forger.leaf(), forger.issuing, forger.cross, forger.g2, forger.r1)

    assert prove_chain(leaf, bag, anchors=[vendor.g2], at=NOW).path is None


def test_known_young_root_says_where_to_get_its_cross_certificate() -> None:
    """For GoDaddy's R1 the sentence names file, thumbprint and place."""
    r1 = Issuer(subject=name("GoDaddy TLS Root CA - R1", "GoDaddy Inc."), private=key("gd r1"))
    ca = Issuer(subject=name("GoDaddy TLS Intermediate CA DV - R1v1"), private=key("gd dv"))
    vendor = toy_vendor()
    for bag in ([issue(ca_plan(ca), r1)], [issue(ca_plan(ca), r1), issue(ca_plan(r1), r1)]):
        leaf, *others = read(issue(vendor.leaf_plan, ca), *bag)
        finding = prove_chain(leaf, others, anchors=[vendor.g2], at=NOW).findings[0]

        assert finding.code == "chain_incomplete"
        assert "gd_tls_root-r1-cross-g2" in finding.message
        assert "9708542D763B1AAFC12CD5B65B3BC9E182F71FC4" in finding.message
        assert "repository" in finding.message
