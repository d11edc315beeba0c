"""The guides through the portals: whole, numbered by their order, with the order's own facts."""

import re
from dataclasses import replace

import pytest

from bot.certs.names import DnsName
from bot.domain.ids import VendorName
from bot.domain.site import Vendor
from bot.vendors.desk import FALLBACK, GuidedDesk, load_guides
from tests.unit.handlers import scene

GUIDES = ("godaddy", "digicert", "sectigo", "other")


def desk(guide: str) -> GuidedDesk:
    """A desk whose one vendor has this guide."""
    vendor = Vendor(name=VendorName("v"), title="The {vendor} & Co", guide=guide)
    return GuidedDesk(replace(scene.SITE, vendors=(vendor,)))


def test_the_packaged_guides() -> None:
    """Every guide named in the documentation is in the package."""
    assert set(load_guides()) == set(GUIDES)


@pytest.mark.parametrize("guide", GUIDES)
def test_every_step_is_a_whole_sentence(guide: str) -> None:
    """No place for a fact stays open, and no markup or number is in the text."""
    order = scene.order(wish=scene.wish(vendor=VendorName("v")))
    steps = desk(guide).guide(order)

    assert len(steps) >= 6
    for step in steps:
        assert step.endswith(".")
        assert not re.search(r"[*_`<>]|^\d", step)
        assert "{" not in step.replace("The {vendor} & Co", "")


@pytest.mark.parametrize("guide", GUIDES)
def test_the_ways_of_every_desk_are_said(guide: str) -> None:
    """Paste the CSR, check the names, prove control, report the number, upload the zip as it came."""
    told = " ".join(desk(guide).guide(scene.order(wish=scene.wish(vendor=VendorName("v")))))

    for needed in (
        "BEGIN and END",
        "mail.example.com",
        "I submitted the CSR",
        "as it came",
        "2 names",
    ):
        assert needed in told


@pytest.mark.parametrize("vendor", ["gone", "v"])
def test_an_unknown_vendor_or_guide_gets_the_general_one(vendor: str) -> None:
    """A vendor that left the configuration, or has no guide, still has a way through its portal."""
    order = scene.order(wish=scene.wish(vendor=VendorName(vendor)))

    assert len(desk("no-such-guide").guide(order)) == len(load_guides()[FALLBACK])


@pytest.mark.parametrize(
    ("names", "slots"), [(1, "5"), (6, "10"), (51, "100"), (100, "100"), (101, "101")]
)
def test_the_size_to_buy_holds_every_name(names: int, slots: str) -> None:
    """Multi-name certificates are sold in sizes; the next one is named."""
    many = tuple(DnsName(f"h{n}.example.com") for n in range(names))
    order = scene.order(wish=scene.wish(vendor=VendorName("v"), names=many))

    assert f"holds {slots}." in desk("godaddy").guide(order)[0]
