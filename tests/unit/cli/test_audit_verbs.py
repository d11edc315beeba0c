"""The verbs of the audit: checkpoints by hand, and the verdict with them."""

import json
import stat
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.domain.audit import GENESIS
from bot.settings import load_settings
from bot.store.audit import SqlAudit
from bot.store.database import open_database
from bot.store.migration import migrate
from bot.system.clock import SystemClock
from bot.wiring import _checkpointing
from tests.contract.samples import change, place
from tests.contract.stores import sql_store
from tests.unit.cli.front_door import FrontDoor


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, certdesk: FrontDoor) -> str:
    """The URL of a database with two entries, and where checkpoints go, named by the environment."""
    url = f"sqlite:///{tmp_path / 'certdesk.db'}"
    monkeypatch.setenv("CERTDESK_DATABASE_URL", url)
    monkeypatch.setenv("CERTDESK_CHECKPOINT_TO", "points.jsonl")
    monkeypatch.setenv("CERTDESK_CHECKPOINT_KEY_FILE", "key.pem")
    made = certdesk("audit", "key", "-o", "key.pem")
    (tmp_path / "public.pem").write_text(made.out, encoding="ascii")
    migrate(url)
    with sql_store(url) as store:
        assert store.orders.save(change(place(store.orders)))
    return url


VERIFY = ("audit", "verify", "--checkpoints", "points.jsonl", "--public-key", "public.pem")


def test_checkpoints_are_written_and_verified(
    certdesk: FrontDoor, kept: str, tmp_path: Path
) -> None:
    """Each adds one line with the chain's end, and all fit."""
    first = json.loads(certdesk("audit", "checkpoint", "--json").out)
    assert 0 == certdesk("audit", "checkpoint").code
    told = certdesk(*VERIFY, "--json")

    assert (True, 2) == (first["ok"], first["number"])
    assert 2 == len((tmp_path / "points.jsonl").read_text(encoding="ascii").splitlines())
    assert 0 == told.code
    assert json.loads(told.out) == {
        "ok": True, "broken_at": None, "checkpoints": 2, "checkpoint_fault": None,
    }  # fmt: skip
    assert "All 2 checkpoint(s) fit" in certdesk(*VERIFY).out


def test_chain_that_was_cut_off_is_a_no(certdesk: FrontDoor, kept: str) -> None:
    """The chain alone is whole again; the checkpoint is not borne out: exit 1."""
    certdesk("audit", "checkpoint")
    engine = open_database(kept)
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_no_delete"))
        connection.execute(text("DELETE FROM audit"))
        connection.execute(
            text("UPDATE audit_head SET number = 0, hash = :none"), {"none": bytes.fromhex(GENESIS)}
        )
    engine.dispose()
    alone, told = certdesk("audit", "verify"), certdesk(*VERIFY)

    assert 0 == alone.code
    assert 1 == told.code
    assert "Checkpoint in line 1: Entry 2 was there on" in told.out


def test_broken_chain_gets_no_checkpoint(certdesk: FrontDoor, kept: str, tmp_path: Path) -> None:
    """Nothing is vouched for that does not fit: exit 1, no line."""
    engine = open_database(kept)
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_no_delete"))
        connection.execute(text("DELETE FROM audit WHERE number = 1"))
    engine.dispose()
    told = certdesk("audit", "checkpoint", "--json")

    assert (1, {"ok": False, "broken_at": 1}) == (told.code, json.loads(told.out))
    assert not (tmp_path / "points.jsonl").exists()


def test_file_without_a_checkpoint_proves_nothing(
    certdesk: FrontDoor, kept: str, tmp_path: Path
) -> None:
    """An emptied file is not silently a yes."""
    (tmp_path / "points.jsonl").write_text("\n", encoding="ascii")

    assert 1 == certdesk(*VERIFY).code


def test_key_is_for_its_owner_and_never_overwritten(
    certdesk: FrontDoor, kept: str, tmp_path: Path
) -> None:
    """The private key is not printed, readable for nobody else, and not lost by a second call."""
    before = (tmp_path / "key.pem").read_bytes()
    again = certdesk("audit", "key", "-o", "key.pem")

    assert 2 == again.code
    assert before == (tmp_path / "key.pem").read_bytes()
    assert 0o600 == stat.S_IMODE((tmp_path / "key.pem").stat().st_mode)
    assert "PRIVATE" not in (tmp_path / "public.pem").read_text(encoding="ascii")


def test_half_a_setting_is_told(
    certdesk: FrontDoor, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where to without a key, or the other way round, is a fault of the settings: exit 2."""
    monkeypatch.setenv("CERTDESK_CHECKPOINT_TO", "")
    assert "no place for checkpoints" in "".join(load_settings().faults_of_checkpoints())
    assert 2 == certdesk("audit", "checkpoint").code

    monkeypatch.setenv("CERTDESK_CHECKPOINT_TO", "points.jsonl")
    monkeypatch.setenv("CERTDESK_CHECKPOINT_KEY_FILE", "none.pem")
    told = certdesk("audit", "checkpoint")
    assert 2 == told.code
    assert "Make one with `certdesk audit key`" in told.err
    assert () != load_settings().faults_for_running()[-1:]


def test_the_daily_watch_writes_one_where_it_is_wanted(
    kept: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One line a look; a place that does not take it is told in the log and stops no other look; unset, none."""
    engine = open_database(kept)
    try:
        [look] = _checkpointing(load_settings(), SqlAudit(engine), SystemClock())
        look()
        (tmp_path / "points.jsonl").rename(tmp_path / "kept.jsonl")
        (tmp_path / "points.jsonl").mkdir()
        look()
        monkeypatch.setenv("CERTDESK_CHECKPOINT_TO", "")
        assert () == _checkpointing(load_settings(), SqlAudit(engine), SystemClock())
    finally:
        engine.dispose()

    [line] = (tmp_path / "kept.jsonl").read_text(encoding="ascii").splitlines()
    assert 2 == json.loads(line)["number"]
    assert "no checkpoint of the audit today: The checkpoint could not be written" in caplog.text


def test_checkpoints_and_key_go_together(certdesk: FrontDoor, kept: str) -> None:
    """One without the other is wrong use."""
    (Path("points.jsonl")).touch()

    assert 2 == certdesk("audit", "verify", "--checkpoints", "points.jsonl").code
