"""The judge of bundles behind its guard: a process that can be ended, and the anchors it trusts."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import certifi
from cryptography import x509

from bot.certs.findings import Finding
from bot.certs.judge import Expectation, IssuedCertificate, Verdict, judge_upload, rejudge
from bot.domain.ids import VendorName
from bot.ports import Clock
from bot.system.guard import TookTooLong, run_guarded

WALL_S = 5.0
"""What a whole judgement may take (vendors.md 6.2), start of the process not counted."""

START_S = 10.0
"""Allowance for the process's own start on a busy machine."""


class GuardedJudge:
    """
    A `BundleJudge`.

    Args:
        anchors: the PEM file of trusted roots by vendor; a vendor without one is judged against Mozilla's
            list as certifi packages it.
    """

    def __init__(self, anchors: Mapping[VendorName, Path], clock: Clock) -> None:
        self._anchors = anchors
        self._clock = clock

    def judge(
        self, data: bytes, name: str, expectation: Expectation, *, vendor: VendorName
    ) -> Verdict:
        """Judge an upload."""
        anchors_pem = self.anchors_pem(vendor)
        try:
            verdict: Verdict = run_guarded(
                judge_in_child,
                data,
                name,
                expectation,
                anchors_pem,
                self._clock.now(),
                wall_s=START_S + WALL_S,
            )
        except TookTooLong:
            return too_long()
        return verdict

    def rejudge(
        self, certificate: IssuedCertificate, expectation: Expectation, *, vendor: VendorName
    ) -> tuple[Finding, ...]:
        """Judge the stored certificate once more; it was proven before, so no guard is needed."""
        anchors = x509.load_pem_x509_certificates(self.anchors_pem(vendor))
        return rejudge(certificate, expectation, anchors=anchors, at=self._clock.now())

    def anchors_pem(self, vendor: VendorName) -> bytes:
        """The trusted roots for one vendor, as PEM."""
        return self._anchors.get(vendor, Path(certifi.where())).read_bytes()


def judge_in_child(
    data: bytes, name: str, expectation: Expectation, anchors_pem: bytes, at: datetime
) -> Verdict:
    """What the guarded process does."""
    anchors = x509.load_pem_x509_certificates(anchors_pem)
    return judge_upload(data, name, expectation, anchors=anchors, at=at)


def too_long() -> Verdict:
    """The verdict on a file that kept the judge too long."""
    finding = Finding(
        code="took_too_long",
        severity="refuse",
        where="",
        message=(
            f"Looking at this file took longer than {WALL_S:.0f} seconds or more memory than allowed, so "
            f"it was refused and nothing was imported. Upload the zip exactly as the vendor gave it."
        ),
    )
    return Verdict(outcome="refuse", findings=(finding,), certificate=None, leaf=None, ignored=())
