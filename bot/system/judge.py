"""The judge of bundles behind its guard: a process that can be ended, and the anchors it trusts."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import certifi
from cryptography import x509

from bot.certs.anchors import read_anchors
from bot.certs.findings import Finding
from bot.certs.judge import (
    Expectation,
    IssuedCertificate,
    Verdict,
    judge_upload,
    rejudge,
    with_findings,
)
from bot.domain.ids import VendorName
from bot.ports import Clock
from bot.system.guard import TookTooLong, run_guarded
from bot.system.lint import Linter, no_lint

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
        linter: adds its notes to what was accepted; it never changes a verdict.
    """

    def __init__(
        self, anchors: Mapping[VendorName, Path], clock: Clock, *, linter: Linter = no_lint
    ) -> None:
        self._anchors = anchors
        self._clock = clock
        self._linter = linter

    def judge(
        self, data: bytes, name: str, expectation: Expectation, *, vendor: VendorName
    ) -> Verdict:
        """Judge an upload."""
        now = self._clock.now()
        verdict = judge_guarded(data, name, expectation, self._anchors_pem(vendor), now)
        if verdict.certificate is None:
            return verdict
        return with_findings(verdict, self._linter(verdict.certificate.leaf_der))

    def rejudge(
        self, certificate: IssuedCertificate, expectation: Expectation, *, vendor: VendorName
    ) -> tuple[Finding, ...]:
        """Judge the stored certificate once more; it was proven before, so no guard is needed."""
        return rejudge(certificate, expectation, anchors=self.anchors(vendor), at=self._clock.now())

    def anchors(self, vendor: VendorName) -> tuple[x509.Certificate, ...]:
        """The trusted roots for one vendor."""
        return read_anchors(self._anchors_pem(vendor))

    def _anchors_pem(self, vendor: VendorName) -> bytes:
        return self._anchors.get(vendor, world_list()).read_bytes()


def world_list() -> Path:
    """Mozilla's list of trusted roots, as certifi packages it."""
    return Path(certifi.where())


def judge_guarded(
    data: bytes, name: str, expectation: Expectation, anchors_pem: bytes, at: datetime
) -> Verdict:
    """Judge in a process that is ended when it takes too long; then that is the verdict."""
    try:
        verdict: Verdict = run_guarded(
            judge_in_child, data, name, expectation, anchors_pem, at, wall_s=START_S + WALL_S
        )
    except TookTooLong:
        return too_long()
    return verdict


def judge_in_child(
    data: bytes, name: str, expectation: Expectation, anchors_pem: bytes, at: datetime
) -> Verdict:
    """What the guarded process does."""
    return judge_upload(data, name, expectation, anchors=read_anchors(anchors_pem), at=at)


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
