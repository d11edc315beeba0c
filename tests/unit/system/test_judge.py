"""The judge behind its guard."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from bot.certs.findings import Finding, note
from bot.certs.judge import Expectation
from bot.certs.names import DnsName
from bot.domain.ids import VendorName
from bot.system import judge as judge_module
from bot.system.guard import TookTooLong
from bot.system.judge import GuardedJudge
from tests.unit.certs.bundles import pem
from tests.unit.certs.toyca import NAMES, NOW, spki, toy_vendor

TOY = VendorName("toy")
OTHER = VendorName("other")


class Standing:
    """A clock that stands at the toy vendor's now."""

    def __init__(self, at: datetime = NOW) -> None:
        self._at = at

    def now(self) -> datetime:
        """The moment."""
        return self._at


@pytest.fixture
def anchors(tmp_path: Path) -> dict[VendorName, Path]:
    """The toy vendor's root, as the site file would name it."""
    path = tmp_path / "toy.pem"
    path.write_bytes(toy_vendor().g2.public_bytes(Encoding.PEM))
    return {TOY: path}


def expectation() -> Expectation:
    """What was ordered."""
    names = tuple(DnsName(name) for name in NAMES)
    return Expectation(spki_der=spki(toy_vendor().leaf_plan.private), names=names)


def upload() -> bytes:
    """What the vendor delivers."""
    vendor = toy_vendor()
    return pem(vendor.leaf(), vendor.issuing, vendor.cross)


def test_an_honest_bundle_passes_the_guard(anchors: dict[VendorName, Path]) -> None:
    """The verdict comes out of the child as it was made there, against the vendor's own anchors."""
    guarded = GuardedJudge(anchors, Standing())

    verdict = guarded.judge(upload(), "b.pem", expectation(), vendor=TOY)
    assert "accept" == verdict.outcome
    assert verdict.certificate is not None
    assert () == tuple(
        finding
        for finding in guarded.rejudge(verdict.certificate, expectation(), vendor=TOY)
        if finding.severity == "refuse"
    )


def test_a_vendor_without_anchors_is_judged_against_the_world_s(
    anchors: dict[VendorName, Path],
) -> None:
    """Our toy root is not among Mozilla's."""
    verdict = GuardedJudge(anchors, Standing()).judge(
        upload(), "b.pem", expectation(), vendor=OTHER
    )

    assert "refuse" == verdict.outcome
    assert {"untrusted_root", "chain_incomplete"} & {finding.code for finding in verdict.findings}


def test_time_counts_when_it_is_judged_once_more(anchors: dict[VendorName, Path]) -> None:
    """A certificate that expired between the proof and the installation is refused."""
    verdict = GuardedJudge(anchors, Standing()).judge(upload(), "b.pem", expectation(), vendor=TOY)
    assert verdict.certificate is not None

    later = GuardedJudge(anchors, Standing(NOW + timedelta(days=300)))

    codes = {f.code for f in later.rejudge(verdict.certificate, expectation(), vendor=TOY)}
    assert "expired" in codes


def test_the_linter_is_heard_after_the_verdict_and_changes_nothing(
    anchors: dict[VendorName, Path],
) -> None:
    """Its notes join what was accepted; what was refused it does not see."""
    seen: list[bytes] = []

    def linter(der: bytes) -> tuple[Finding, ...]:
        seen.append(der)
        return (note("lint", "lint", "A note."),)

    guarded = GuardedJudge(anchors, Standing(), linter=linter)

    accepted = guarded.judge(upload(), "b.pem", expectation(), vendor=TOY)
    refused = guarded.judge(b"PK", "b.zip", expectation(), vendor=TOY)

    assert accepted.certificate is not None
    assert ("accept", "refuse") == (accepted.outcome, refused.outcome)
    assert [accepted.certificate.leaf_der] == seen
    assert "lint" in {finding.code for finding in accepted.findings}


def test_a_file_that_keeps_the_judge_too_long_is_refused_in_words(
    anchors: dict[VendorName, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the code that the contract names, and nothing of it is taken."""

    def never(*_: object, **__: object) -> None:
        raise TookTooLong

    monkeypatch.setattr(judge_module, "run_guarded", never)

    verdict = GuardedJudge(anchors, Standing()).judge(b"PK", "b.zip", expectation(), vendor=TOY)

    assert ("refuse", None) == (verdict.outcome, verdict.certificate)
    assert ["took_too_long"] == [finding.code for finding in verdict.findings]
    assert "nothing was imported" in verdict.findings[0].message
