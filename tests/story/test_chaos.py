"""A short chaos: real orders over real wires while the bot's processes are killed, and races at its doors."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]

pytestmark = pytest.mark.story


@pytest.mark.parametrize("db", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_nothing_is_lost_and_nothing_happens_twice(db: str) -> None:
    """20 kills and 20 races on each database; the figures stand in the one line of JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.chaos", "--kills", "20", "--races", "20", "--db", db],
        capture_output=True, check=False, cwd=HOUSE, text=True,
    )  # fmt: skip
    assert done.stdout, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])

    assert 0 == done.returncode, told
    assert (20, 20) == (told["kills"], told["races"])
    zero = ("lost", "twice", "messages_lost", "double_effects")
    assert dict.fromkeys(zero, 0) == {name: told[name] for name in zero}


@pytest.mark.postgres
def test_orders_survive_a_server_that_stops_in_the_middle() -> None:
    """PostgreSQL goes away as in a crash and comes back, twice; work waits and no order fails for it."""
    words = ["--kills", "6", "--races", "0", "--outages", "2", "--db", "postgres"]
    done = subprocess.run(
        [sys.executable, "-m", "bench.chaos", *words],
        capture_output=True, check=False, cwd=HOUSE, text=True,
    )  # fmt: skip
    assert done.stdout, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])

    assert (0, 2) == (done.returncode, told["outages"]), told
