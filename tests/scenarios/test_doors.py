"""Ways into a host that do not open, and services behind them that do not run (exchange.md 1; 8 rows 24 to 37 and 41)."""

from pathlib import Path
from typing import Any

import pytest

from bot.domain.faults import FaultKind, HostFault
from bot.domain.states import State
from sandbox.exchange.wsman.accounts import Account
from tests.scenarios.farm import EX01, Farm, Member, farm_of

IMPORT, ENABLE, NEW = (
    "Import-ExchangeCertificate",
    "Enable-ExchangeCertificate",
    "New-ExchangeCertificate",
)


def _fault(farm: Farm) -> HostFault:
    with pytest.raises(HostFault) as caught:
        farm.snapshot()
    return caught.value


def _by_shell(farm: Farm, shell: Any) -> None:
    """The configuration loads the cmdlets in this way."""
    farm.reach(EX01, shell=shell)


def test_a_double_hop_is_told_with_its_ways_out(tmp_path: Path) -> None:
    """The log-on cannot be handed on to Exchange's own session: delegation, CredSSP or another setting, and nothing was done."""
    with farm_of(tmp_path, Member(options={"second_hop": False})) as farm:
        _by_shell(farm, "session")
        fault = _fault(farm)

        assert (fault.code, fault.executed) == ("NoServerInSite", "no")
        assert "Use Kerberos with delegation or CredSSP" in fault.sentence
        assert farm.ran() == []


def test_a_session_that_can_be_handed_on_serves_as_well(tmp_path: Path) -> None:
    """The same setting where delegation works: the order is installed."""
    with farm_of(tmp_path, Member()) as farm:
        _by_shell(farm, "session")
        farm.ready()
        farm.approve()

        assert farm.install().state is State.INSTALLED


def test_a_missing_snap_in_is_told(tmp_path: Path) -> None:
    """The wrong version, or a 32-bit process: recognised, and what to use instead."""
    with farm_of(tmp_path) as farm:
        farm.spoil(
            do="cmdlet_error",
            cmdlet="connect",
            message="The Windows PowerShell snap-in 'Microsoft.Exchange.Management.PowerShell.SnapIn' is not "
            "installed on this machine.",
            category="InvalidArgument",
        )
        fault = _fault(farm)

        assert (fault.code, fault.kind) == ("SnapInMissing", FaultKind.UNSUPPORTED)
        assert "64-bit PowerShell" in fault.sentence


def test_a_snap_in_outside_the_shell_is_told(tmp_path: Path) -> None:
    """0xe0434f4d of 2010 and later: the setting that avoids it."""
    with farm_of(tmp_path) as farm:
        farm.ready()
        farm.approve()
        farm.spoil(
            do="cmdlet_error",
            cmdlet=ENABLE,
            message="The Exchange Certificate operation has failed with an exception.  The error message is: "
            "Unknown error (0xe0434f4d)",
            category="InvalidOperation",
        )
        after = farm.install()

        assert (after.state, after.fault_code) == (State.FAILED, FaultKind.UNSUPPORTED)
        assert "Set the host's shell to session" in after.detail


@pytest.mark.parametrize("door", ["winrm", "psrp"])
def test_a_service_host_that_stopped_for_a_moment_is_waited_for(tmp_path: Path, door: Any) -> None:
    """Nothing ran, so it is tried again; the import happens once."""
    with farm_of(tmp_path, Member(door=door)) as farm:
        farm.ready()
        farm.approve()
        farm.spoil(do="rpc_down", cmdlet=IMPORT)

        assert farm.install().state is State.INSTALLED
        assert farm.count(IMPORT) == 1


@pytest.mark.parametrize("door", ["winrm", "psrp"])
def test_a_service_host_that_stays_stopped_is_named(tmp_path: Path, door: Any) -> None:
    """After the tries an operator reads which service to start; Retry ends it."""
    with farm_of(tmp_path, Member(door=door)) as farm:
        farm.ready()
        farm.approve()
        farm.spoil(do="rpc_down", cmdlet=ENABLE, times=0)
        failed = farm.install()
        farm.calm()

        assert (failed.state, failed.fault_code) == (State.FAILED, FaultKind.BUSY)
        assert "Start the service MSExchangeServiceHost on the host, then retry." in failed.detail
        assert farm.retry().state is State.INSTALLED


@pytest.mark.parametrize("door", ["winrm", "psrp"])
def test_trusted_subsystem_missing_from_the_administrators_is_named(
    tmp_path: Path, door: Any
) -> None:
    """Error 24 looks like a missing right of ours and is one of Exchange's own group."""
    with farm_of(tmp_path, Member(door=door)) as farm:
        farm.ready()
        farm.approve()
        farm.spoil(do="access_denied", cmdlet=IMPORT)
        after = farm.install()

        assert (after.state, after.fault_code) == (State.FAILED, FaultKind.ACCESS_DENIED)
        assert "Put Exchange Trusted Subsystem" in after.detail


def test_an_account_without_a_role_is_told_before_anything_is_done(tmp_path: Path) -> None:
    """Signed in at the endpoint and nobody in Exchange: the role group is named, no CSR was made."""
    nobody = Account(user="nobody", password="Secret.1")
    options = {
        "other_accounts": [nobody],
        "role_groups": {"svc-certdesk": "Server Management"},
    }
    with farm_of(tmp_path, Member(door="psrp", options=options)) as farm:
        farm.reach(EX01, user="CORP\\nobody", password=lambda: nobody.password)
        farm.place()
        after = farm.make_csr()

        assert (after.state, after.fault_code) == (State.FAILED, FaultKind.ACCESS_DENIED)
        assert "Server Management" in after.detail
        assert farm.ran() == []


def test_too_many_sessions_are_waited_for(tmp_path: Path) -> None:
    """The endpoint's sessions are throttled: one refused opening is no failure of the order."""
    with farm_of(tmp_path, Member(door="psrp")) as farm:
        farm.place()
        farm.spoil(do="fault", action="Create", code=2150859173)

        assert farm.make_csr().state is State.CSR_READY
        assert farm.count(NEW) == 1


@pytest.mark.parametrize("door", ["winrm", "psrp"])
def test_an_unknown_error_is_shown_whole(tmp_path: Path, door: Any) -> None:
    """What nobody has catalogued is not explained away: Exchange's words, and that the host must be looked at."""
    with farm_of(tmp_path, Member(door=door)) as farm:
        farm.ready()
        farm.approve()
        farm.spoil(do="cmdlet_error", cmdlet=IMPORT, message="Something nobody has seen yet.")
        after = farm.install()

        assert (after.state, after.fault_code) == (State.FAILED, FaultKind.CMDLET_ERROR)
        assert "Something nobody has seen yet." in after.detail


def test_the_real_client_is_reached_by_the_words_of_the_configuration(tmp_path: Path) -> None:
    """The farm's own ground: a changed access is what the next conversation uses."""
    with farm_of(tmp_path) as farm:
        farm.reach(EX01, password=lambda: "wr0ng")
        fault = _fault(farm)

        assert fault.kind is FaultKind.SIGN_IN
        assert "wr0ng" not in fault.sentence
