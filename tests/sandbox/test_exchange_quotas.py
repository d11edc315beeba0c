"""Quotas of WinRM and of Exchange's endpoint: what each refuses, in which form, and what time gives back."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
import requests
from pypsrp.exceptions import WSManFaultError as PsrpFault
from winrm.exceptions import WSManFaultError

from sandbox.exchange.clock import HostClock
from sandbox.exchange.host import ExchangeHost
from sandbox.exchange.wsman.faults import WsmanFault
from sandbox.exchange.wsman.quotas import (
    WINDOWS_2008_R2,
    WINDOWS_2012_R2,
    WINDOWS_2016,
    Quotas,
    quotas_of,
)
from sandbox.exchange.wsman.shells import Output, Process, Shell, Shells
from tests.sandbox.endpoint_client import run, session
from tests.sandbox.exchange_lab import NOW, SCRIPTS, connect


class _Idle:
    """A process that does nothing until it is ended."""

    def feed(self, data: bytes) -> None:
        """Take nothing."""

    def end_input(self) -> None:
        """Take nothing."""

    def terminate(self) -> None:
        """End."""


class _Lab:
    """Shells on a clock that is moved by hand."""

    def __init__(self, **quotas: Any) -> None:
        self.clock = HostClock(lambda: NOW)
        self.shells = Shells(replace(Quotas(), **quotas), self.clock.now)

    def start(self, shell: Shell) -> None:
        """One process more."""

        def spawn(_: Output) -> Process:
            return _Idle()

        self.shells.start(shell, "", spawn)


def _code(caught: pytest.ExceptionInfo[WsmanFault]) -> int:
    return caught.value.fault.code


def test_one_user_has_so_many_shells() -> None:
    """2150859173 for one more, and none for somebody else."""
    lab = _Lab(max_shells=1)
    lab.shells.create("anna", 0)
    lab.shells.create("bert", 0)

    with pytest.raises(WsmanFault, match="maximum number of 1 concurrent shells") as caught:
        lab.shells.create("anna", 0)
    assert _code(caught) == 2150859173


def test_so_many_users_have_shells() -> None:
    """2150859179 for a user more; those who have one may have another."""
    lab = _Lab(max_users=2)
    for owner in ("anna", "bert", "anna"):
        lab.shells.create(owner, 0)

    with pytest.raises(WsmanFault) as caught:
        lab.shells.create("carl", 0)
    assert _code(caught) == 2150859179


def test_operations_leak_until_their_shell_is_deleted() -> None:
    """A terminated command gives nothing back; the shell's end does."""
    lab = _Lab(max_operations=2)
    shell = lab.shells.create("anna", 0)
    for _ in range(2):
        lab.start(shell)
        for command in list(shell.commands.values()):
            lab.shells.end_command(shell, command)

    with pytest.raises(WsmanFault) as caught:
        lab.start(shell)
    assert _code(caught) == 2150859174
    lab.shells.delete(shell)
    lab.start(lab.shells.create("anna", 0))


@pytest.mark.parametrize("quotas", [{"max_processes": 1}, {"max_memory_mb": 200}])
def test_a_shell_has_room_for_so_many_processes(quotas: dict[str, int]) -> None:
    """1816 for one more, by number or by memory; an ended one makes room."""
    lab = _Lab(**quotas)
    shell = lab.shells.create("anna", 0)
    lab.start(shell)

    with pytest.raises(WsmanFault) as caught:
        lab.start(shell)
    assert _code(caught) == 1816
    lab.shells.end_command(shell, next(iter(shell.commands.values())))
    lab.start(shell)


@pytest.mark.parametrize(
    ("quotas", "asked_s", "seconds"),
    [
        ({"idle_s": 60.0}, 0.0, 61),
        ({}, 900.0, 901),
        ({"idle_s": 180.0}, 120.0, 121),
        ({"idle_s": 180.0}, 900.0, 181),
        ({"max_run_s": 100.0}, 0.0, 101),
    ],
)
def test_a_shell_vanishes_with_time(quotas: dict[str, float], asked_s: float, seconds: int) -> None:
    """Idle for longer than the client asked for, at the most what the host allows; or older than it may become."""
    lab = _Lab(**quotas)
    shell = lab.shells.create("anna", asked_s)
    lab.clock.advance(seconds - 2)
    alive = len(lab.shells.listed())
    lab.clock.advance(2)

    assert alive == 1
    with pytest.raises(WsmanFault) as caught:
        lab.shells.find(shell.id, "anna")
    assert _code(caught) == 2150858843


def test_use_keeps_a_shell_but_not_for_ever() -> None:
    """IdleTimeout begins anew with each message, MaxShellRunTime does not."""
    lab = _Lab(idle_s=60.0, max_run_s=100.0)
    shell = lab.shells.create("anna", 0)
    lab.clock.advance(59)
    lab.shells.find(shell.id, "anna")
    lab.clock.advance(59)

    assert lab.shells.listed() == []


def test_a_command_that_runs_for_long_keeps_its_shell_while_somebody_asks_for_its_answer() -> None:
    """Ten minutes without output are not idle when a Receive comes every 20 seconds; nobody asking is."""
    lab = _Lab()
    shell = lab.shells.create("anna", 120.0)
    lab.start(shell)
    (command,) = shell.commands.values()
    for _ in range(30):
        found = lab.shells.find(shell.id, "anna")
        lab.clock.advance(20)
        assert lab.shells.command(found, command.id).output.take(timeout_s=0, limit=1) is None
    alive = len(lab.shells.listed())
    lab.clock.advance(101)

    assert (alive, lab.shells.listed()) == (1, [])


def test_a_receive_that_waits_is_use() -> None:
    """A shell somebody listens to is not idle, however long the answer takes."""
    lab = _Lab()
    shell = lab.shells.create("anna", 120.0)
    lab.start(shell)
    (command,) = shell.commands.values()
    listener = threading.Thread(target=lambda: command.output.take(timeout_s=20, limit=1))
    listener.start()
    command.output.wait_for_reader(20)
    lab.clock.advance(600)
    alive = len(lab.shells.listed())
    command.output.finish(0)
    listener.join()

    assert alive == 1


@pytest.mark.parametrize(
    ("os_version", "quotas"),
    [
        ("6.1.7601.2", WINDOWS_2008_R2),
        ("6.2.9200.2", WINDOWS_2012_R2),
        ("6.3.9600", WINDOWS_2012_R2),
        ("10.0.14393.2", WINDOWS_2016),
        ("10.0.20348.2", WINDOWS_2016),
    ],
)
def test_the_profile_follows_the_windows(os_version: str, quotas: Quotas) -> None:
    """2008 R2 has WinRM 2 with its small figures, everything later WinRM 3."""
    assert quotas_of(os_version) is quotas


@pytest.fixture
def host() -> Iterator[ExchangeHost]:
    """A 2019 host whose clock stands."""
    host = ExchangeHost(**SCRIPTS, clock=lambda: NOW)
    yield host
    host.stop()


@pytest.fixture
def info(host: ExchangeHost) -> dict[str, Any]:
    """Where it listens."""
    return host.start()


@pytest.mark.parametrize("form", ["wsman", "wmi"])
def test_a_quota_is_told_in_the_form_of_the_host(
    host: ExchangeHost, info: dict[str, Any], form: str
) -> None:
    """WSManFault or MSFT_WmiError; a client must know both."""
    answer = requests.post(
        f"{info['control']}/quotas", json={"max_shells": 0, "quota_form": form}, timeout=5
    )

    with pytest.raises(WSManFaultError) as caught:
        connect(info).open_shell()
    seen = (caught.value.wsman_fault_code, caught.value.wmierror_code)
    assert answer.status_code == 200
    assert seen == ((2150859173, None) if form == "wsman" else (None, 2150859173))


@pytest.mark.parametrize(
    "given", [{"max_shells": -1}, {"max_shells": True}, {"quota_form": "x"}, {"max_cows": 3}]
)
def test_a_wrong_quota_is_refused(info: dict[str, Any], given: dict[str, object]) -> None:
    """With a sentence; nothing is set."""
    before = requests.get(f"{info['control']}/quotas", timeout=60).json()
    answer = requests.post(f"{info['control']}/quotas", json=given, timeout=60)

    assert answer.status_code == 400
    assert "quota" in answer.json()["error"]
    assert requests.get(f"{info['control']}/quotas", timeout=60).json() == before


def test_the_endpoint_says_how_long_to_wait(host: ExchangeHost, info: dict[str, Any]) -> None:
    """Too many requests: nothing is approved until the milliseconds it names have passed."""
    with session(info) as pool:
        host.allow(Quotas(max_requests=2, per_s=2.0, penalty_s=30.0))
        with pytest.raises(PsrpFault, match="at least 30000 milliseconds") as caught:
            run(pool, "Get-ExchangeCertificate")
        host.clock.advance(29)
        with pytest.raises(PsrpFault, match="at least 1000 milliseconds"):
            pool.shell.close()
        host.clock.advance(2)
        host.allow(Quotas())
        pool.shell.close()

    assert caught.value.code == 2150859175
    assert host.pools.listed() == []


@pytest.mark.parametrize(("asked_s", "ends_s"), [(None, 7200), (120, 120), (9000, 7200)])
def test_a_session_nobody_uses_ends(
    host: ExchangeHost, info: dict[str, Any], asked_s: int | None, ends_s: int
) -> None:
    """Its idle time is what the client asks for, at the most the host's."""
    with session(info, idle_timeout=asked_s) as pool:
        host.clock.advance(ends_s - 1)
        alive = len(host.pools.listed())
        host.clock.advance(2)
        left = host.pools.listed()
        with pytest.raises(PsrpFault, match="not found"):
            pool.shell.close()
        pool.shell.opened = False

    assert (alive, left) == (1, [])


def test_the_sentence_of_too_many_sessions(host: ExchangeHost, info: dict[str, Any]) -> None:
    """The text of Exchange's throttling policy, with the policy's figure."""
    host.allow(Quotas(max_sessions=1))

    with ExitStack() as stack:
        stack.enter_context(session(info))
        with pytest.raises(PsrpFault, match="maximum of 1 concurrent shells"):
            stack.enter_context(session(info))


def test_the_host_tells_its_quotas(info: dict[str, Any]) -> None:
    """As `winrm get winrm/config` does: a client may ask before it trips."""
    told = requests.get(f"{info['control']}/quotas", timeout=60).json()

    assert (told["max_shells"], told["max_users"], told["max_operations"]) == (30, 10, 1500)
