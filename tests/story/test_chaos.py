"""A short chaos: real orders over real wires while the bot's processes are killed, and races at its doors."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bench.chaos.fleet import Nursery

HOUSE = Path(__file__).parents[2]
KILLS, RACES = 8, 4

pytestmark = pytest.mark.story


@pytest.mark.parametrize(
    ("db", "outages"), [("sqlite", 0), pytest.param("postgres", 1, marks=pytest.mark.postgres)]
)
def test_nothing_is_lost_and_nothing_happens_twice(db: str, outages: int) -> None:
    """
    Kills that hit work, and races, on each database; PostgreSQL goes away in the middle and comes back.

    The figures stand in the one line of JSON; `make chaos` plays as many as one likes.
    """
    words = ["--kills", str(KILLS), "--races", str(RACES), "--outages", str(outages), "--db", db]
    # Twice Slack's own: whether a press has its answer is here no matter of how busy the machine is.
    words += ["--patience", "6"]
    if db == "postgres":
        # Slack gives each delivery to any of the processes: one press delivered twice races in two of them.
        words += ["--doors", "2"]
    done = subprocess.run(
        [sys.executable, "-m", "bench.chaos", *words],
        capture_output=True, check=False, cwd=HOUSE, text=True,
    )  # fmt: skip
    assert done.stdout, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])

    assert 0 == done.returncode, told
    assert (KILLS, RACES, outages) == (told["kills"], told["races"], told["outages"])
    assert told["hits"]["in a step"], told
    zero = (
        "lost", "twice", "messages_lost", "messages_twice", "cards_stale", "double_effects", "unanswered",
    )  # fmt: skip
    assert dict.fromkeys(zero, 0) == {name: told[name] for name in zero}


async def test_the_fleet_starts_and_kills_processes_of_the_bot(tmp_path: Path) -> None:
    """A fork does what the command line does, in its own environment, and dies by the signal it is sent."""
    nursery, log = Nursery(), tmp_path / "log"
    await nursery.open()
    try:
        child = await nursery.start(("vault-key",), {}, log)
        assert 0 == await child.ended
        assert log.read_text(encoding="utf-8").strip()
        # Settings that name nothing are refused with the agreed code, as by the command itself.
        child = await nursery.start(("run",), {"CERTDESK_CONFIG": str(tmp_path / "none.toml")}, log)
        assert 2 == await child.ended
        child = await nursery.start(("doctor",), {}, log)
        child.kill()
        assert -signal.SIGKILL == await child.ended
    finally:
        await nursery.close()
