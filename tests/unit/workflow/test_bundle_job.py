"""The bundle job: what the judge says becomes what happens to the order."""

from dataclasses import replace

import pytest

from bot.certs.compare import Change, rows_of
from bot.certs.findings import Finding
from bot.certs.judge import Verdict
from bot.certs.prints import Fingerprint
from bot.domain.ids import OrderId, UploadId
from bot.domain.order import CertificateOrder
from bot.domain.states import State, Work
from bot.workflow.bundle_job import broken, event_of
from bot.workflow.jobs import Apology
from tests.unit.domain.samples import RITA, certificate, order, wish
from tests.unit.workflow.house import House, accepted, refused
from tests.unit.workflow.plain_run import PlainRun
from tests.unit.workflow.requests import csr_for

SEVEN = OrderId(7)


def checking() -> House:
    """A house in which Rita's zip waits to be judged."""
    house = House()
    house.put(order(State.CHECKING, csr_pem=csr_for(wish()), upload_id=UploadId(1), uploader=RITA))
    house.put_file(SEVEN)
    return house


def play(house: House) -> CertificateOrder:
    """Judge it."""
    house.job(Work.CHECK_BUNDLE)(PlainRun(house.clock), SEVEN, house.order().version)
    return house.order()


def test_what_is_proven_goes_on_to_the_plan() -> None:
    """The certificate is kept, and the hosts are read next."""
    house = checking()

    after = play(house)

    assert (State.PROVEN, certificate()) == (after.state, after.certificate)
    assert [(Work.MAKE_PLAN, SEVEN)] == house.memory.works
    assert ["bundle_proven"] == house.whats()


def test_what_is_refused_waits_for_another_file_with_every_finding() -> None:
    """All the reasons, in the judge's order."""
    house = checking()
    house.judge.verdict = refused("name_missing", "expired")

    after = play(house)

    assert (State.ISSUED, None) == (after.state, after.certificate)
    assert ["name_missing", "expired"] == [finding.code for finding in after.findings]
    assert [{"findings": "name_missing, expired"}] == [e.facts for e in house.audit.entries(SEVEN)]


VERDICTS = [
    accepted(),
    refused("expired"),
    refused("private_key_present"),
    refused("zip_encrypted"),
]


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_file_s_bytes_go_with_its_verdict(verdict: Verdict) -> None:
    """A key may be in what nobody could look into; name and hash stay for the audit and the evidence."""
    house = checking()
    house.judge.verdict = verdict

    play(house)

    assert (b"", "b.zip", "0") == (
        house.orders.upload(UploadId(1)).data,
        house.orders.upload(UploadId(1)).name,
        house.orders.upload(UploadId(1)).sha256,
    )


def test_a_file_the_judge_broke_on_is_wiped_too() -> None:
    """Nobody will look at it again: the apology asks for another upload."""
    house = checking()

    Apology(house.orders, house.reporter)(SEVEN, "4711", Work.CHECK_BUNDLE)

    assert ["not_judged"] == [finding.code for finding in house.order().findings]
    assert b"" == house.orders.upload(UploadId(1)).data


def test_what_was_revoked_is_refused_after_the_judge_took_it() -> None:
    """The issuer's word counts like the judge's, and the certificate is not kept."""
    house = checking()
    house.revocation.revoked = frozenset({certificate().facts.sha256})

    after = play(house)

    assert (State.ISSUED, None) == (after.state, after.certificate)
    assert ["revoked"] == [finding.code for finding in after.findings]


def test_a_silent_issuer_is_a_warning() -> None:
    """Nobody to ask is no reason to stop, and people read it."""
    house = checking()
    house.revocation.silent = True

    after = play(house)

    assert State.PROVEN == after.state
    assert [("revocation_unknown", "warn")] == [(f.code, f.severity) for f in after.findings]


def test_nobody_is_asked_about_what_was_refused() -> None:
    """A stranger's certificate must not make us call addresses it names."""
    house = checking()
    house.judge.verdict = refused("untrusted_root")

    play(house)

    assert [] == house.revocation.asked


def test_what_differs_from_the_certificate_in_place_is_kept_for_the_card() -> None:
    """A renewal is laid beside what it renews: each difference is a row that only tells."""
    house = checking()
    old = certificate(key="RSA 4096", issuer="CN=Old CA", sha256=Fingerprint("99" * 32))
    house.put(order(State.INSTALLED, id=OrderId(3), certificate=old))
    house.put(replace(house.order(), wish=wish(renews=OrderId(3))))

    after = play(house)

    assert State.PROVEN == after.state
    assert [
        Change(label="Issuer", before="CN=Old CA", after=certificate().facts.issuer),
        Change(label="Key kind", before="RSA 4096", after="RSA 2048"),
    ] == list(rows_of(after.findings))


def test_a_certificate_beside_a_refusal_is_not_taken() -> None:
    """Should a verdict ever hold both, the refusal wins."""
    both = replace(refused("expired"), certificate=accepted().certificate)

    assert "bundle_refused" == event_of(both).kind


def test_a_judge_that_breaks_accepts_nothing() -> None:
    """The person reads an incident number, and the order waits for the file again."""
    finding: Finding = broken("4711").findings[0]

    assert ("not_judged", "refuse") == (finding.code, finding.severity)
    assert "4711" in finding.message


def test_an_order_that_is_checking_nothing_breaks_loudly() -> None:
    """So that it gets its apology; nothing is judged."""
    house = House()
    house.put(order(State.CHECKING))

    with pytest.raises(LookupError, match="order 7 is checking without an upload"):
        play(house)

    assert [] == house.judge.judged


def test_a_second_judgement_of_a_moved_order_changes_nothing() -> None:
    """Killed after the report and before it was kept: the step is run again, the order is not."""
    house = checking()
    version = house.order().version
    after = play(house)

    house.job(Work.CHECK_BUNDLE)(PlainRun(house.clock), SEVEN, version)

    assert after == house.order()
    assert ["bundle_proven"] == house.whats()
