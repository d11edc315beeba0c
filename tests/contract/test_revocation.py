"""
What `bot.ports.Revocation` promises: by the fake, and by real HTTP from a toy issuer on this machine.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import pytest

from bot.certs.findings import Finding
from bot.certs.judge import IssuedCertificate
from bot.certs.prints import Fingerprint, fingerprint_of
from bot.domain.ids import VendorName
from bot.ports import Revocation
from bot.watch.fetching import Fetcher
from bot.watch.revocation import HttpRevocation
from sandbox.vendor.authority import Authority, LeafWish, make_key
from tests.fakes.revocation import FakeRevocation
from tests.unit.certs.toyca import NOW, toy_vendor
from tests.unit.watch.issuer import Page, Standing, ToyIssuer, issued, pages, serving

TOY = VendorName("toy")


@dataclass(frozen=True, kw_only=True)
class Case:
    """A port, a certificate to ask about, and the switches of the world behind it."""

    port: Revocation
    certificate: IssuedCertificate
    issuer: ToyIssuer | None
    fake: FakeRevocation | None

    def revoke(self, which: str) -> None:
        """Take the leaf or the intermediate back."""
        if self.fake is not None:
            prints: dict[str, Fingerprint] = {
                "leaf": self.certificate.facts.sha256,
                "intermediate": fingerprint_of(self.certificate.path[0]),
            }
            self.fake.revoked = frozenset({prints[which]})
        if self.issuer is not None:
            self.issuer.revoked.add(which)

    def silence(self) -> None:
        """Nobody answers any more."""
        if self.fake is not None:
            self.fake.silent = True
        if self.issuer is not None:
            self.issuer.is_silent = True

    def ask(self) -> tuple[Finding, ...]:
        """Ask the port."""
        return self.port.check(self.certificate, vendor=TOY)


@pytest.fixture(params=["fake", "http"])
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    """The fake, and the adapter over real HTTP."""
    issuer = ToyIssuer()
    with serving(issuer) as certificate:
        if request.param == "fake":
            fake = FakeRevocation()
            yield Case(port=fake, certificate=certificate, issuer=None, fake=fake)
        else:
            fetcher = Fetcher(allow_loopback=True, wall_s=60.0)
            port = HttpRevocation(fetcher, lambda _: (toy_vendor().g2,), Standing(NOW))
            yield Case(port=port, certificate=certificate, issuer=issuer, fake=None)


def test_what_nobody_took_back_is_noted(case: Case) -> None:
    """One note, and nothing that stops."""
    assert [("not_revoked", "note")] == [(f.code, f.severity) for f in case.ask()]


@pytest.mark.parametrize("which", ["leaf", "intermediate"])
def test_what_was_taken_back_refuses(case: Case, which: str) -> None:
    """The leaf, or a CA above it."""
    case.revoke(which)

    told = case.ask()

    assert [("revoked", "refuse")] == [(f.code, f.severity) for f in told]
    assert "Nothing was installed" in told[0].message


def test_an_issuer_that_cannot_be_asked_warns(case: Case) -> None:
    """And never raises."""
    case.silence()

    assert {("revocation_unknown", "warn")} == {(f.code, f.severity) for f in case.ask()}


def _page(data: bytes) -> Page:
    return 200, {}, data


def test_the_toy_vendor_s_own_list_proves_its_leaf() -> None:
    """The sandbox is a stranger: its leaf names its list, and the list is good for it; an impostor's is not."""
    authority = Authority()
    impostor = Authority(copied=authority)
    issuer = ToyIssuer()
    with pages(issuer) as address:
        leaf = authority.issue(
            LeafWish(
                public_key=make_key().public_key(),
                names=("mail.example.com",),
                not_before=NOW,
                not_after=NOW + timedelta(days=198),
                repository=f"{address}/repository/",
            )
        )
        port = HttpRevocation(
            Fetcher(allow_loopback=True), lambda _: (authority.anchor,), Standing(NOW)
        )
        certificate = issued(leaf, authority.issuing, authority.cross)
        told = []
        for signer in (authority, impostor):
            data = signer.revocation_list(at=NOW)
            issuer.pages["/repository/dv-r1v1.crl"] = partial(_page, data)
            told.append([finding.code for finding in port.check(certificate, vendor=TOY)])

    assert [["not_revoked"], ["revocation_unknown"]] == told
