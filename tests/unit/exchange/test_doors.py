"""Two doors to one host: each call takes the one it belongs to, and both are closed together."""

from dataclasses import dataclass, field

import pytest

from bot.certs.prints import Thumbprint
from bot.domain.ids import HostName
from bot.exchange import cmdlets
from bot.exchange.allowance import Allowance
from bot.exchange.call import Call, Reply
from bot.exchange.doors import TwoDoors
from tests.unit.exchange.samples import EX01


@dataclass(kw_only=True)
class Door:
    """A conversation that remembers."""

    host: HostName = EX01
    calls: list[Call] = field(default_factory=list)
    allowances: list[Allowance | None] = field(default_factory=list)
    closed: int = 0
    cancelled: int = 0

    def run(self, call: Call, allowance: Allowance | None = None) -> Reply:
        """Remember the call."""
        self.calls.append(call)
        self.allowances.append(allowance)
        return Reply()

    def close(self) -> None:
        """Count."""
        self.closed += 1

    def cancel(self) -> None:
        """Count."""
        self.cancelled += 1


@pytest.mark.parametrize(
    ("call", "at_endpoint"),
    [
        (cmdlets.get_certificates(), True),
        (cmdlets.remove_certificate(Thumbprint("A" * 40)), True),
        (cmdlets.hello(), False),
        (cmdlets.list_store("CA"), False),
        (cmdlets.add_intermediate(b"\x30"), False),
        (cmdlets.write_file("a.cer", b"\x30"), False),
    ],
)
def test_cmdlets_go_to_the_endpoint_and_all_else_by_winrm(call: Call, at_endpoint: bool) -> None:
    """The endpoint has no language to reach stores and files."""
    shell, endpoint = Door(), Door()
    TwoDoors(shell=shell, endpoint=endpoint).run(call)

    assert (endpoint.calls, shell.calls) == (([call], []) if at_endpoint else ([], [call]))


def test_both_are_closed() -> None:
    """Neither a shell nor a session is left behind."""
    shell, endpoint = Door(), Door()
    TwoDoors(shell=shell, endpoint=endpoint).close()

    assert (shell.closed, endpoint.closed) == (1, 1)


def test_both_are_cancelled() -> None:
    """Which of them runs something is not asked."""
    shell, endpoint = Door(), Door()
    TwoDoors(shell=shell, endpoint=endpoint).cancel()

    assert (shell.cancelled, endpoint.cancelled) == (1, 1)
