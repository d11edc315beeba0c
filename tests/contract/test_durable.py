"""What `bot/workflow/durable.py` promises of the library it hides, tried on the real one over SQLite."""

import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from dbos import DBOS

from bot.domain.faults import Refused
from bot.domain.ids import OrderId
from bot.domain.states import Work
from bot.store.database import writing
from bot.system.clock import SystemClock
from bot.workflow.durable import VERSION
from bot.workflow.outcome import Done, Outcome, Run, TryLater, until_done
from bot.workflow.queues import QUEUES
from tests.contract.engine_room import PATIENCE_S, WORKS, Room, open_room, order_on, wait_for

SEVEN = OrderId(7)


class Whoops(Exception):
    """The transaction fails."""


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A database and a queue of the test's own."""
    with open_room(tmp_path) as opened:
        yield opened


def test_work_of_a_transaction_that_fails_does_not_exist(room: Room) -> None:
    """Neither the job nor the delivery is there after a roll-back, and nothing runs."""

    def fail() -> None:
        with writing(room.database) as session:
            room.queue.enqueue(session, Work.INSTALL, order_on("EX01"))
            room.queue.enqueue_delivery(session, SEVEN, "7:3:1")
            raise Whoops

    with pytest.raises(Whoops):
        fail()

    assert not room.queue.is_alive(Work.INSTALL, SEVEN)
    assert not room.queue.is_delivering(SEVEN)
    room.enqueue(Work.CHECK_BUNDLE, order_on("EX01", 8))
    with room.worker():
        wait_for(lambda: len(room.log) >= 2)
    assert ["one 8/3", "two 8/3"] == room.log


def test_work_of_a_committed_transaction_runs(room: Room) -> None:
    """Every kind of work has a queue and a job, and runs with the order's number and version."""
    assert set(WORKS) == set(QUEUES)
    for number, work in enumerate(WORKS, start=1):
        room.enqueue(work, order_on("EX01", number))
        assert room.queue.is_alive(work, OrderId(number))

    with room.worker():
        wait_for(lambda: len(room.log) >= 2 * len(WORKS))
        wait_for(
            lambda: not any(room.queue.is_alive(w, OrderId(n)) for n, w in enumerate(WORKS, 1))
        )

    assert {f"{step} {n}/3" for step in ("one", "two") for n in range(1, len(WORKS) + 1)} == set(
        room.log
    )


def test_the_same_work_enqueued_twice_runs_once(room: Room) -> None:
    """Before, while and after it runs: one id, one run; the next version is another work."""
    room.enqueue(Work.INSTALL, order_on("EX01"))
    room.enqueue(Work.INSTALL, order_on("EX01"))
    with room.worker():
        wait_for(lambda: len(room.log) >= 2)
        room.enqueue(Work.INSTALL, order_on("EX01"))
        room.enqueue(Work.INSTALL, order_on("EX01", version=4))
        wait_for(lambda: len(room.log) >= 4)

    assert ["one 7/3", "two 7/3", "one 7/4", "two 7/4"] == room.log


def test_a_job_that_raises_apologizes_once(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    """The order gets its word with an incident number, and the log has the traceback under the same number."""

    def broken(run: Run, order_id: OrderId, version: int) -> None:
        run.step("one", lambda: room.say("one"))
        raise Whoops("a secret-free reason")

    room.job = broken
    room.enqueue(Work.MAKE_CSR, order_on("EX01"))
    with room.worker():
        wait_for(lambda: len(room.log) >= 2)
        wait_for(lambda: not room.queue.is_alive(Work.MAKE_CSR, SEVEN))

    assert ["one", "sorry 7"] == [room.log[0], room.log[1][:7]]
    incident = room.log[1].split()[-1]
    assert [f"incident {incident} in make_csr of order 7"] == [
        record.message for record in caplog.records if record.name == "bot.workflow.durable"
    ]
    assert "Whoops" in caplog.text


def test_a_step_that_raises_apologizes_too(room: Room) -> None:
    """Also with an exception whose form the library does not know how to keep."""

    def broken(run: Run, order_id: OrderId, version: int) -> None:
        def fail() -> Done:
            raise Refused("not-now", "It cannot be kept.")

        run.step("one", fail)

    room.job = broken
    room.enqueue(Work.INSTALL, order_on("EX01"))
    with room.worker():
        wait_for(lambda: room.log)
        wait_for(lambda: not room.queue.is_alive(Work.INSTALL, SEVEN))

    assert ["sorry 7"] == [line[:7] for line in room.log]


@pytest.mark.parametrize("breaks", [False, True])
def test_whatever_a_job_comes_to_its_hosts_are_let_go(room: Room, breaks: bool) -> None:
    """At its end, also at a bad one; another order may be waiting for them."""

    def job(run: Run, order_id: OrderId, version: int) -> None:
        run.step("one", lambda: room.say("one"))
        if breaks:
            raise Whoops

    room.job = job
    room.enqueue(Work.INSTALL, order_on("EX01"))
    with room.worker():
        wait_for(lambda: room.gone)
        wait_for(lambda: not room.queue.is_alive(Work.INSTALL, SEVEN))

    assert [(SEVEN, 3)] == room.gone


@pytest.mark.parametrize("dies", ["between", "inside"])
def test_a_killed_process_is_resumed_by_its_successor(
    room: Room, tmp_path: Path, dies: str
) -> None:
    """A step that was kept is not run again, one that was under way is; what was kept comes back as it was."""
    log = tmp_path / "log"
    room.enqueue(Work.INSTALL, order_on("EX01"))

    killed = _victim(room.url, log, dies)
    assert -signal.SIGKILL == killed.returncode, killed.stderr
    assert 0 == _victim(room.url, log, "never").returncode

    began_before = ["two begins"] if dies == "inside" else []
    kept = "TryLater(code='code', sentence='sentence', after_s=1.5, counts=False)"
    assert ["one", *began_before, "two begins", "two ends", f"three 7/3 {kept}"] == (
        log.read_text(encoding="utf-8").splitlines()
    )


def _victim(url: str, log: Path, dies: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.contract.durable_victim", url, str(log), dies],
        capture_output=True,
        check=False,
        text=True,
        timeout=2 * PATIENCE_S,
    )


def test_a_process_that_is_stopped_leaves_its_work_to_the_next(room: Room, tmp_path: Path) -> None:
    """A stop in the middle of a job is no failure: nobody apologizes, and the next process does the rest."""
    log = tmp_path / "log"
    room.enqueue(Work.INSTALL, order_on("EX01"))

    assert 0 == _victim(room.url, log, "stopped").returncode
    assert ["one"] == log.read_text(encoding="utf-8").splitlines()
    assert room.queue.is_alive(Work.INSTALL, SEVEN)
    assert 0 == _victim(room.url, log, "never").returncode

    assert ["one", "two begins", "two ends"] == log.read_text(encoding="utf-8").splitlines()[:3]


def test_a_job_that_waits_for_its_host_does_not_keep_out_the_run_that_has_it(room: Room) -> None:
    """The run of before was killed and put back into the queue behind it; until it goes on, the host is not free."""
    freed = threading.Event()
    waits: list[int] = []

    def job(run: Run, order_id: OrderId, version: int) -> None:
        def wait() -> Outcome:
            waits.append(1)
            return (
                Done() if freed.is_set() else TryLater("host-in-use", "later", 0.05, counts=False)
            )

        def go_on() -> Outcome:
            freed.set()
            return room.say("went on")

        if order_id == 1:
            until_done(run, "wait", wait, tries=1)
        else:
            run.step("go on", go_on)

    room.job = job
    room.enqueue(Work.INSTALL, order_on("EX01", 1))
    with room.worker():
        wait_for(lambda: waits)
        room.enqueue(Work.INSTALL, order_on("EX01", 2))
        wait_for(lambda: room.log == ["went on"])
        wait_for(lambda: not room.queue.is_alive(Work.INSTALL, OrderId(1)))


def test_the_oldest_work_that_runs_and_that_waits_is_known(room: Room) -> None:
    """Since when it exists, for whoever watches that nothing hangs; nothing when there is none."""
    assert {"running": None, "waiting": None} == room.queue.oldest()
    begun, freed = threading.Event(), threading.Event()

    def job(run: Run, order_id: OrderId, version: int) -> None:
        begun.set()
        freed.wait(PATIENCE_S)

    room.job = job
    before = SystemClock().now() - timedelta(seconds=2)
    room.enqueue(Work.INSTALL, order_on("EX01", 1))
    waiting = room.queue.oldest()
    with room.worker():
        wait_for(begun.is_set)
        running = room.queue.oldest()
        freed.set()
        wait_for(lambda: not room.queue.is_alive(Work.INSTALL, OrderId(1)))

    assert waiting["running"] is running["waiting"] is None
    assert waiting["waiting"] == running["running"]
    assert waiting["waiting"] is not None
    assert before < waiting["waiting"] < SystemClock().now() + timedelta(seconds=2)


def test_messages_of_an_order_are_delivered_by_one_run_at_a_time(room: Room) -> None:
    """Nothing overtakes; a delivery that is missing can be started again under another id."""
    with writing(room.database) as session:
        room.queue.enqueue_delivery(session, SEVEN, "7:3:1")
        room.queue.enqueue_delivery(session, SEVEN, "7:3:1")
    room.queue.deliver_again(SEVEN, "7:3:1")
    assert room.queue.is_delivering(SEVEN)
    assert not room.queue.is_delivering(OrderId(70))

    with room.worker():
        wait_for(lambda: len(room.log) == 2)
        wait_for(lambda: not room.queue.is_delivering(SEVEN))

    assert ["deliver 7", "deliver 7"] == room.log


def test_a_delivery_that_must_wait_goes_on_later_and_holds_no_place(room: Room) -> None:
    """More orders wait for a channel than may be delivered at a time; another order's messages go at once."""
    ends = dict.fromkeys(range(100, 120), 2.5)

    def deliver(_run: Run, order_id: OrderId) -> float:
        room.log.append(f"deliver {order_id}")
        return ends.pop(order_id, 0.0)

    room.deliver = deliver
    with writing(room.database) as session:
        for number in (*ends, 7):
            room.queue.enqueue_delivery(session, OrderId(number), f"{number}:3:1")
    with room.worker():
        wait_for(lambda: "deliver 7" in room.log)
        assert all(room.queue.is_delivering(OrderId(n)) for n in range(100, 120))
        wait_for(lambda: not any(room.queue.is_delivering(OrderId(n)) for n in range(100, 120)))

    assert ["deliver 7"] == [line for line in room.log if line.endswith(" 7")]
    assert sorted(2 * [f"deliver {n}" for n in range(100, 120)]) == sorted(
        line for line in room.log if not line.endswith(" 7")
    )
    assert room.log.index("deliver 7") < 21


def test_a_delivery_that_breaks_ends_and_leaves_its_rows_to_the_next_look(room: Room) -> None:
    """It does not stay alive for ever, so the reconciler sees that it is missing."""

    def broken(*_: object) -> float:
        room.log.append("tried")
        raise Whoops

    room.deliver = broken
    with writing(room.database) as session:
        room.queue.enqueue_delivery(session, SEVEN, "7:3:1")
    with room.worker():
        wait_for(lambda: room.log)
        wait_for(lambda: not room.queue.is_delivering(SEVEN))

    assert ["tried"] == room.log


def test_the_schedules_exist_and_are_not_made_twice(room: Room) -> None:
    """The daily watch and the minute's look; a second start finds them."""
    room.looks = {}
    for _ in range(2):
        with room.worker():
            schedules = {s["schedule_name"]: s["schedule"] for s in DBOS.list_schedules()}

    assert {"sweep": "0 7 * * *", "reconcile": "* * * * *"} == schedules


def test_what_waits_in_the_database_of_users_keeps_its_names() -> None:
    """Names and the version are kept in rows of the engine: changing one strands work, so it is pinned here."""
    assert "1" == VERSION
    assert {
        "make_csr": "hosts",
        "make_plan": "hosts",
        "install": "hosts",
        "roll_back": "hosts",
        "retire": "hosts",
        "clear_request": "hosts",
        "check_bundle": "checks",
    } == {work.value: queue for work, queue in QUEUES.items()}


def test_the_library_says_what_it_says_in_our_log(room: Room) -> None:
    """Its own handler would write to stderr past the masking of secrets."""
    with room.worker():
        library = logging.getLogger("dbos")

        assert not any(isinstance(one, logging.StreamHandler) for one in library.handlers)
        assert library.propagate
