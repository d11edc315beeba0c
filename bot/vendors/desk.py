"""
A vendor's desk where a person does the work: the way through the portal, from packaged guides.

Guides are data (`guides/*.toml`); no vendor's name stands in the code, and nothing here reaches a vendor.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from bot.domain.order import CertificateOrder
from bot.domain.site import Site

FALLBACK = "other"
"""The guide for every vendor that has none of its own."""

_SLOTS_SOLD = (5, 10, 15, 20, 30, 40, 50, 100)
"""How many names multi-name certificates hold, as sold (vendors.md 2.1)."""


class GuidedDesk:
    """`bot.ports.VendorDesk` over the packaged guides."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def guide(self, order: CertificateOrder) -> tuple[str, ...]:
        """The steps for this order at its vendor, as plain sentences in order."""
        vendor = self._site.vendor(order.wish.vendor)
        guides = load_guides()
        steps = guides.get(vendor.guide if vendor else FALLBACK, guides[FALLBACK])
        facts = _facts(order) | {"vendor": vendor.title if vendor else order.wish.vendor}
        return tuple(step.format_map(facts) for step in steps)


@cache
def load_guides() -> Mapping[str, tuple[str, ...]]:
    """Every packaged guide by its name: sentences with places for an order's facts."""
    folder = files("bot.vendors") / "guides"
    return {
        file.name.removesuffix(".toml"): tuple(tomllib.loads(file.read_text("utf-8"))["steps"])
        for file in folder.iterdir()
        if file.name.endswith(".toml")
    }


def _facts(order: CertificateOrder) -> dict[str, str]:
    names = len(order.wish.names)
    slots = next((sold for sold in _SLOTS_SOLD if sold >= names), names)
    return {
        "common_name": order.wish.subject.common_name,
        "names": "1 name" if names == 1 else f"{names} names",
        "slots": str(slots),
        "organization": order.wish.subject.organization or "your organisation",
    }
