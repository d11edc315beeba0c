"""What an earlier release has left behind is carried on by this one: its database, its waiting orders, its work."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from dbos import DBOS

from bot.domain.ids import OrderId
from bot.domain.states import State, Work
from bot.opening import prepare_database
from bot.store.orders import SqlOrders
from bot.workflow.outcome import Run
from tests.contract.engine_room import PATIENCE_S, Room, open_room, order_on, wait_for
from tests.contract.samples import LINE, change, place

OLD_FORM = "0005"
"""The form of the release before: what it had of tables, the durable engine worked beside."""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def room(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Room]:
    """A database of each kind."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("empty_postgres_url")
    with open_room(tmp_path, url, form=OLD_FORM) as opened:
        yield opened


def test_an_earlier_release_is_carried_on(room: Room, tmp_path: Path) -> None:
    """Killed in the middle of a job, another one waiting or begun: nothing lost, no kept step run again, and orders go on."""
    log = tmp_path / "log"
    for number in (7, 8):
        room.enqueue(Work.INSTALL, order_on("EX01" if number == 7 else "EX02", number))
    old = subprocess.run(
        [sys.executable, "-m", "tests.contract.older_release", room.url, str(log)],
        capture_output=True, check=False, text=True, timeout=2 * PATIENCE_S,
    )  # fmt: skip
    assert -signal.SIGKILL == old.returncode, old.stderr
    before = log.read_text(encoding="utf-8").splitlines()
    prepare_database(room.url)
    orders = SqlOrders(room.database, room.queue.enqueue, room.queue.enqueue_delivery)
    waiting = place(orders, "waits for a manager")

    def job(run: Run, order_id: OrderId, version: int) -> None:
        run.step("one", lambda: room.say(f"new one {order_id}"))
        run.sleep(0.2)
        run.step("two", lambda: room.say(f"new two {order_id}"))
        run.step("a step that is new", lambda: room.say(f"new three {order_id}"))

    room.job = job
    with room.worker():
        wait_for(lambda: {"new three 7", "new three 8"} <= set(room.log))
        wait_for(lambda: not any(room.queue.is_alive(Work.INSTALL, OrderId(n)) for n in (7, 8)))
        told = change(orders.load(waiting.id), LINE, work=Work.MAKE_CSR, state=State.APPROVED)
        assert orders.save(told)
        wait_for(lambda: f"new three {waiting.id}" in room.log)
        assert not [
            one
            for one in DBOS.list_workflows()
            if one.status not in {"SUCCESS", "PENDING", "ENQUEUED"}
        ]

    begun = {n for n in (7, 8) if f"old one {n}/3" in before}
    assert begun
    for number in (7, 8):
        again = number in begun
        assert (not again) == (f"new one {number}" in room.log)
        assert 1 == room.log.count(f"new two {number}") == room.log.count(f"new three {number}")
    assert not [line for line in room.log if line.startswith("sorry")]
