"""What is plugged together, where a mistake would be an incident instead of a sentence."""

import sys
from pathlib import Path

import pytest
from pydantic import PrivateAttr

from bot.domain.faults import FaultKind, HostFault
from bot.exchange.dialling import open_password
from bot.exchange.faults import WireTrouble, host_fault
from bot.exchange.refused import RefusedPasswords
from bot.host_wiring import _access, build_hosts
from bot.settings import Settings
from bot.site_file import HostSection, SiteFile
from bot.system.clock import SystemClock
from bot.system.stopwatch import since_start


@pytest.mark.parametrize(
    "source",
    [
        {"password_command": (sys.executable, "-c", "print('hush'); raise SystemExit(2)")},
        {"password_file": "/no/such/file"},
        {},
    ],
)
def test_a_password_that_cannot_be_had_is_a_fault_of_the_host(
    source: dict[str, object], tmp_path: Path
) -> None:
    """The order stops with an operator's sentence, and nothing of the secret is in it."""
    settings = Settings(CERTDESK_CONFIG=tmp_path / "certdesk.toml")
    section = HostSection.model_validate(
        {"name": "EX01", "version": "2019", "winrm": "https://ex01:5986/wsman", **source}
    )

    access = _access(settings, section, settings.hidden_variables)
    with pytest.raises(WireTrouble) as trouble:
        open_password(access, RefusedPasswords(lambda: 0.0), door=access.winrm_url)
    fault: HostFault = host_fault(access.name, trouble.value, None)

    assert fault.kind is FaultKind.SIGN_IN
    assert "hush" not in f"{fault} {trouble.value}"


class _Counting(Settings):
    """Settings that count how often the site file is read for the names in it."""

    _reads: int = PrivateAttr(default=0)

    @property
    def hidden_variables(self) -> frozenset[str]:
        """Count, and read."""
        self._reads += 1
        return super().hidden_variables


def _site(*names: str) -> SiteFile:
    return SiteFile.model_validate(
        {
            "slack": {"approvals_channel": "C1", "channels": ["C1"]},
            "hosts": [
                {"name": name, "version": "2019", "winrm": f"https://{name}:5986/wsman"}
                for name in names
            ],
            "vendors": [{"name": "toy", "title": "Toy"}],
        }
    )


def test_the_site_file_is_read_once_for_all_its_hosts(tmp_path: Path) -> None:
    """Once for each of them a thousand hosts keep a start waiting for a minute, and ten thousand for hours."""
    settings = _Counting(CERTDESK_CONFIG=tmp_path / "certdesk.toml")
    build_hosts(settings, _site("EX01", "EX02", "EX03"), SystemClock())

    assert settings._reads == 1


def test_how_long_a_session_was_quiet_counts_the_sleep_of_the_machine(tmp_path: Path) -> None:
    """The host ends it meanwhile: what woke up must not take it for fresh."""
    settings = Settings(CERTDESK_CONFIG=tmp_path / "certdesk.toml")
    hosts = build_hosts(settings, _site("EX01"), SystemClock())

    assert hosts._lines["ex01"]._monotonic is since_start
