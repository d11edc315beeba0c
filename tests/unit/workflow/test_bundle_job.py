"""The bundle job: what the judge says becomes what happens to the order."""

import pytest

from bot.certs.csr import parse_csr
from bot.certs.findings import Finding
from bot.certs.names import DnsName
from bot.domain.ids import OrderId, UploadId
from bot.domain.order import CertificateOrder, Upload
from bot.domain.states import State, Work
from bot.workflow.bundle_job import SECRETS, broken, event_of, expectation_for
from tests.unit.domain.samples import NOON, RITA, certificate, order, site, wish
from tests.unit.workflow.house import House, accepted, refused
from tests.unit.workflow.plain_run import PlainRun
from tests.unit.workflow.requests import csr_for

SEVEN = OrderId(7)


def checking() -> House:
    """A house in which Rita's zip waits to be judged."""
    house = House()
    house.put(order(State.CHECKING, csr_pem=csr_for(wish()), upload_id=UploadId(1), uploader=RITA))
    house.orders.add_upload(
        Upload(order_id=SEVEN, name="b.zip", data=b"PK", sha256="0", by=RITA, at=NOON)
    )
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


@pytest.mark.parametrize("code", ["private_key_present", "pkcs12_refused"])
def test_a_key_that_travelled_through_chat_is_not_kept(code: str) -> None:
    """The bytes are wiped; the name and the hash stay for the audit."""
    house = checking()
    house.judge.verdict = refused("expired", code)

    play(house)

    assert (b"", "b.zip") == (
        house.orders.upload(UploadId(1)).data,
        house.orders.upload(UploadId(1)).name,
    )
    assert code in SECRETS


def test_a_file_without_secrets_is_kept() -> None:
    """Evidence is not thrown away for another reason."""
    house = checking()
    house.judge.verdict = refused("expired")

    play(house)

    assert b"PK" == house.orders.upload(UploadId(1)).data


def test_the_measure_is_the_order_and_its_csr() -> None:
    """Key of the CSR, names of the order, issuers of the vendor, days of the policy; never the upload."""
    given = order(csr_pem=csr_for(wish()))

    expectation = expectation_for(given, site())

    assert parse_csr(given.csr_pem).spki_der == expectation.spki_der
    assert (given.wish.names, ("Toy Trust, Inc.",), 7) == (
        expectation.names, expectation.issuers, expectation.minimum_days,
    )  # fmt: skip
    assert not expectation.allow_wildcards


def test_a_wildcard_is_allowed_where_it_was_ordered() -> None:
    """And only there."""
    star = wish(names=(DnsName("*.example.com"),))

    assert expectation_for(order(wish=star, csr_pem=csr_for(wish())), site()).allow_wildcards


def test_a_certificate_beside_a_refusal_is_not_taken() -> None:
    """Should a verdict ever hold both, the refusal wins."""
    from dataclasses import replace

    both = replace(refused("expired"), certificate=accepted().certificate)

    assert "bundle_refused" == event_of(both).kind


def test_a_judge_that_breaks_accepts_nothing() -> None:
    """The person reads an incident number, and the order waits for the file again."""
    finding: Finding = broken("4711").findings[0]

    assert ("not_judged", "refuse") == (finding.code, finding.severity)
    assert "4711" in finding.message


def test_a_second_judgement_of_a_moved_order_changes_nothing() -> None:
    """Killed after the report and before it was kept: the step is run again, the order is not."""
    house = checking()
    version = house.order().version
    after = play(house)

    house.job(Work.CHECK_BUNDLE)(PlainRun(house.clock), SEVEN, version)

    assert after == house.order()
    assert ["bundle_proven"] == house.whats()
