"""
A thousand bundles in a row in one process: what of them stays in memory.

The worker gives each judgement a process of its own; this shows that nothing depends on that.
"""

import gc
import json
import random
import resource
import tracemalloc
from typing import Final

from bot.certs.judge import Expectation, judge_upload
from bot.certs.names import DnsName
from tests.unit.certs.bundles import delivery, pem, rolled
from tests.unit.certs.defects import DEFECTS
from tests.unit.certs.test_archive import ATTACKS
from tests.unit.certs.toyca import NAMES, NOW, spki, toy_vendor

LIMIT_KIB: Final = 256.0
_BUNDLES: Final = 1000
_WARM_UP: Final = 200
_KIB: Final = 1024


def measure() -> dict[str, object]:
    """Return how much Python memory is held after the run that was not held before it; the ratio is the limit over that."""
    uploads = _uploads()
    expectation = Expectation(
        spki_der=spki(toy_vendor().leaf_plan.private), names=tuple(DnsName(text) for text in NAMES)
    )
    tracemalloc.start()
    _judge_all(uploads[:_WARM_UP], expectation)
    before, rss_before = _held_kib(), _rss_kib()
    refused = _judge_all(uploads, expectation)
    growth, rss_growth = _held_kib() - before, _rss_kib() - rss_before
    tracemalloc.stop()
    return {
        "name": "judge_leak",
        "what": f"{len(uploads)} bundles in a row, against {LIMIT_KIB:.0f} KiB that may stay (KiB held afterwards)",
        "ratio": round(LIMIT_KIB / max(growth, 1.0), 2),
        "goal": 1.0,
        "holds": growth < LIMIT_KIB,
        "held_kib": round(growth, 1),
        "largest_process_growth_kib": rss_growth,
        "bundles": len(uploads),
        "refused": refused,
    }


def _uploads() -> list[bytes]:
    """Honest bundles in every writing, every defect, every attack, shuffled by a seeded die."""
    vendor = toy_vendor()
    given = delivery(vendor)
    bad = [pem(*defect.certs(vendor)) for defect in DEFECTS.values()]
    bad += [data for data, _ in ATTACKS.values()]
    die = random.Random(1)
    return [
        rolled(given, number).data if number % 2 else die.choice(bad) for number in range(_BUNDLES)
    ]


def _judge_all(uploads: list[bytes], expectation: Expectation) -> int:
    anchors = [toy_vendor().g2]
    verdicts = (judge_upload(u, "b.zip", expectation, anchors=anchors, at=NOW) for u in uploads)
    return sum(verdict.outcome == "refuse" for verdict in verdicts)


def _held_kib() -> float:
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    return held / _KIB


def _rss_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
