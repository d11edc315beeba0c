"""The questions and settings on which enabling hangs (exchange.md 2.3, 3, 7; 8 rows 13 to 25)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.faults import FaultKind
from bot.domain.plan import Answer, Service, Step
from bot.domain.states import State
from sandbox.exchange.engine.state import HostState
from sandbox.exchange.engine.stores import StoredCertificate
from tests.scenarios.farm import EX01, Farm, Member, farm_of

ENABLE = "Enable-ExchangeCertificate"
_FOUR = (Service.IIS, Service.POP, Service.IMAP, Service.SMTP)


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    """One host of 2019."""
    with farm_of(tmp_path) as opened:
        yield opened


@pytest.fixture(params=["winrm", "psrp"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Farm]:
    """One host of 2019 by either door."""
    with farm_of(tmp_path, Member(door=request.param)) as opened:
        yield opened


def _state(farm: Farm) -> HostState:
    return farm.machines[EX01].engine.state


def _another(farm: Farm) -> str:
    """A certificate of the host that is not the default."""
    state = _state(farm)
    return next(held for held in state.stores.my if held != state.default_smtp)


def _forced(farm: Farm) -> int:
    journal = farm.machines[EX01].engine.journal.listed()
    return sum("Force" in str(one["parameters"]) for one in journal)


def test_a_default_that_is_not_in_the_store_cannot_be_kept(either: Farm) -> None:
    """No could not be given back: the plan says that with No SMTP stays as it is, and so it does."""
    state = _state(either)
    del state.stores.my[str(state.default_smtp)]
    before = state.default_smtp
    either.ready()
    either.approve(Answer.NO)
    after = either.install()

    assert "is not in the host's store" in either.forecast()
    assert after.state is State.INSTALLED
    assert state.default_smtp == before
    assert _forced(either) == 0


def test_a_default_that_changed_since_the_answer_stops_the_host(either: Farm) -> None:
    """People decided about another certificate: nothing is changed, and the sentence names both."""
    either.ready()
    either.approve(Answer.YES)
    state = _state(either)
    decided, state.default_smtp = state.default_smtp, _another(either)
    before = either.ran()
    after = either.install()

    assert (after.state, after.fault_code) == (State.FAILED, "smtp-default-changed")
    assert str(decided) in after.detail
    assert str(state.default_smtp) in after.detail
    assert "This run changed nothing on this host." in after.detail
    assert either.ran() == before


def test_a_certificate_that_is_the_default_already_is_not_asked_about(either: Farm) -> None:
    """A second plan after a Yes has no question, forces nothing and changes no default."""
    either.ready()
    either.approve(Answer.YES)
    either.install()
    before, forced = _state(either).default_smtp, _forced(either)
    certificate = either.order().certificate
    assert certificate is not None
    either.prove(certificate)
    either.make_plan()

    assert either.host_plan().question is None
    either.approve()
    assert either.install().state is State.INSTALLED
    assert (_state(either).default_smtp, _forced(either)) == (before, forced)


def test_no_default_at_all_is_set_without_a_question(either: Farm) -> None:
    """Active Directory holds none: Exchange asks nothing, and the plan says that SMTP gets the new one."""
    _state(either).default_smtp = None
    either.ready()
    either.approve()
    after = either.install()

    assert either.host_plan().question is None
    assert after.state is State.INSTALLED
    assert _state(either).default_smtp == either.plan().thumbprint


def test_a_connector_whose_fqdn_is_no_name_of_the_certificate_is_told(either: Farm) -> None:
    """With No port 25 goes on showing the old one: foreseen, and proven on the other services only."""
    for connector in _state(either).connectors:
        connector.fqdn = "relay.internal.example.net"
    either.ready()
    either.approve(Answer.NO)
    after = either.install()

    assert (
        "answers as 'relay.internal.example.net', which is not among its names" in either.forecast()
    )
    assert after.state is State.INSTALLED


def test_a_connector_with_an_underscore_is_named_as_the_cause(either: Farm) -> None:
    """Error 25 says 0xe0434352; the operator reads which kind of name to correct, and Retry goes on."""
    either.ready()
    either.approve()
    connector = next(c for c in _state(either).connectors if c.kind == "Receive")
    good, connector.fqdn = connector.fqdn, "mail_relay.example.com"
    failed = either.install()
    connector.fqdn = good

    assert (failed.state, failed.fault_code) == (State.FAILED, FaultKind.CMDLET_ERROR)
    assert "A receive connector has an illegal FQDN (an underscore, say)" in failed.detail
    assert either.retry().state is State.INSTALLED
    assert either.count("Import-ExchangeCertificate") == 1


def test_an_enable_that_failed_half_way_is_told_as_it_is(either: Farm) -> None:
    """Rights end after IIS was bound: the card says what serves and what does not, and Retry does the rest once."""
    state = _state(either)
    either.ready(services=_FOUR)
    either.approve()
    either.spoil(do="access_denied", cmdlet=ENABLE, after=1, times=0)
    failed = either.install()
    bound, enabled = state.sites[1], either.count(ENABLE)
    either.calm()
    mended = either.retry()
    mine = either.plan().thumbprint

    assert (failed.state, failed.fault_code) == (State.FAILED, FaultKind.ACCESS_DENIED)
    assert "it serves IIS, and does not serve POP, IMAP yet" in failed.detail
    assert "Nothing was changed" not in failed.detail
    assert "Put Exchange Trusted Subsystem" in failed.detail
    assert (bound, enabled) == (mine, 0)
    assert mended.state is State.INSTALLED
    assert state.mail_names == {"POP": "mail.example.com", "IMAP": "mail.example.com"}
    assert either.count("Import-ExchangeCertificate") == 1


def test_a_name_that_fits_already_does_not_pass_for_enabled(either: Farm) -> None:
    """A renewal under the same name shows POP and IMAP before its key is opened to them: no look may end it there."""
    state = _state(either)
    state.mail_names = {"POP": "mail.example.com", "IMAP": "mail.example.com"}
    either.ready(services=_FOUR)
    either.approve()
    either.spoil(do="access_denied", cmdlet=ENABLE, after=1)
    failed = either.install()
    mine = either.plan().thumbprint
    opened = state.stores.my[mine].network_service
    mended = either.retry()

    assert "it serves IIS, and does not serve POP, IMAP yet" in failed.detail
    assert (opened, state.stores.my[mine].network_service) == (False, True)
    assert mended.state is State.INSTALLED


def test_an_enable_that_failed_half_way_is_rolled_back(either: Farm) -> None:
    """What it had bound before it failed goes back to the certificate of before, though it never said that it was done."""
    state = _state(either)
    before = state.sites[1]
    either.ready(services=_FOUR)
    either.approve()
    either.spoil(do="rpc_down", cmdlet=ENABLE, after=1, times=0)
    failed = either.install()
    during = state.sites[1]
    either.calm()
    after = either.roll_back()

    assert (failed.state, failed.fault_code) == (State.FAILED, FaultKind.BUSY)
    assert during == either.plan().thumbprint
    assert (after.state, state.sites[1]) == (State.ROLLED_BACK, before)


@pytest.mark.parametrize("answer", list(Answer))
def test_rights_that_end_between_the_key_and_the_question_leave_the_default(
    either: Farm, answer: Answer
) -> None:
    """SMTP fails between Enable's two phases: the default is told as it is, and after Retry it is as was answered."""
    state = _state(either)
    before = state.default_smtp
    either.ready(services=(Service.IIS, Service.SMTP))
    either.approve(answer)
    either.spoil(do="access_denied", cmdlet=ENABLE, nth=2, after=1, times=0)
    failed = either.install()
    between = state.default_smtp
    either.calm()
    mended = either.retry()
    mine = either.plan().thumbprint

    assert (failed.state, failed.fault_code) == (State.FAILED, FaultKind.ACCESS_DENIED)
    assert "A look right after it showed" in failed.detail
    assert str(before) in failed.detail
    assert between == before
    assert mended.state is State.INSTALLED
    assert state.default_smtp == (mine if answer is Answer.YES else before)


def test_require_ssl_that_was_off_stays_off(either: Farm) -> None:
    """Behind SSL off-loading it must not be switched on by the way: no question comes, and the root keeps its setting."""
    _state(either).require_ssl = False
    either.ready()
    either.approve()
    after = either.install()

    assert after.state is State.INSTALLED
    assert _state(either).require_ssl is False


def test_um_that_starts_in_tcp_mode_fails_by_itself(tmp_path: Path) -> None:
    """What came before it stays done, the sentence says which mode is wanted, and after the mending Retry ends it."""
    services = (Service.IIS, Service.SMTP, Service.UM)
    with farm_of(tmp_path, Member(version="2013")) as farm:
        _state(farm).um.startup_mode = "TCP"
        farm.ready(services=services)
        farm.approve()
        failed = farm.install()
        _state(farm).um.startup_mode = "Dual"
        after = farm.retry()

        assert "UM takes it only when its startup mode is TLS or Dual" in farm.forecast()
        assert failed.state is State.FAILED
        assert "Set UMStartupMode to TLS or Dual" in failed.detail
        assert "enable services" in failed.detail
        assert after.state is State.INSTALLED
        assert _state(farm).um.thumbprint == farm.plan().thumbprint


def test_the_back_end_keeps_its_certificate(either: Farm) -> None:
    """Port 444 is site 2's and stays with it through installation and roll-back."""
    before = _state(either).sites[2]
    either.ready()
    either.approve(Answer.YES)
    either.install()
    during = _state(either).sites[2]
    either.roll_back()

    assert (during, _state(either).sites[2]) == (before, before)


def test_a_stored_certificate_of_somebody_else_is_left_alone(either: Farm) -> None:
    """The Auth certificate and the management service's are where they were, with what they had."""

    def found() -> dict[str, tuple[bool, bool]]:
        mine: dict[str, StoredCertificate] = _state(either).stores.my
        return {
            thumbprint: (stored.key is not None, stored.network_service)
            for thumbprint, stored in mine.items()
        }

    before = found()
    either.ready()
    either.approve(Answer.YES)
    either.install()

    after = found()
    del after[str(either.plan().thumbprint)]

    assert after == before


def test_a_root_put_in_by_hand_is_told_on_a_hybrid_server(either: Farm) -> None:
    """RootCAType is read through both doors: foreseen from what the host holds, and said when the host is read back."""
    state = _state(either)
    state.hybrid_certificate = "<I>CN=Old CA<S>CN=mail.example.com"
    for root in list(state.stores.root.values()):
        state.stores.add_root(root.certificate, "Registry")
    either.ready()
    either.approve()
    foreseen = either.forecast()
    after = either.install()
    certificate = after.certificate
    assert certificate is not None
    either.prove(certificate)
    either.make_plan()
    verified = next(step for step in either.orders.steps(after.id) if step.step is Step.VERIFY)

    assert "KB2879262" not in foreseen
    assert after.state is State.INSTALLED
    assert "status Valid, its root Registry, serving" in verified.note
    assert "KB2879262" in either.forecast()
