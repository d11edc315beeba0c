"""One remote operation, killed at every line: it is never sent twice on a guess."""

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.faults import Executed, FaultKind, HostFault
from bot.domain.ids import OrderId
from bot.domain.intent import Deadline
from bot.domain.leases import Lease
from bot.domain.plan import Caution, Observation, Receipt
from bot.workflow.operations import ANSWER_LOST, SETTLE_S, Operator, RemoteOperation
from bot.workflow.outcome import Done, NeedsPerson, TryLater
from bot.workflow.reporter import Errand
from tests.fakes.leases import FakeLeases
from tests.fakes.store import Memory
from tests.unit.domain.samples import EX01
from tests.unit.workflow.clock import FakeClock, FakeStopwatch
from tests.unit.workflow.fuse import Fuse, Killed
from tests.unit.workflow.house import DEADLINE_S, HOLD_S, FusedJournal

KEY = "7/EX01/import"


class Thing:
    """One thing on a host that an operation brings about, and every point at which we can die over it."""

    def __init__(
        self,
        *,
        at: int = 0,
        skip_if_seen: bool = True,
        seen_is_all: bool = False,
    ) -> None:
        self.fuse = Fuse(at)
        self.clock = FakeClock()
        self.memory = Memory()
        self.leases = FakeLeases(self.memory, self.clock, hold_s=HOLD_S)
        self.fused()
        self.skip_if_seen = skip_if_seen
        self.seen_is_all = seen_is_all
        self.there = False
        self.acts: list[float] = []
        self.untils: list[Deadline] = []
        self.fault: HostFault | None = None
        self.takes = True
        self.warned: tuple[Caution, ...] = ()
        self.stopwatch: FakeStopwatch | None = None

    def observe(self) -> Observation:
        """Look."""
        self.fuse.burn("before a look")
        return Observation(done=self.there, seen="there" if self.there else "not there")

    def act(self, until: Deadline) -> Receipt:
        """Change it."""
        self.untils.append(until)
        self.fuse.burn("before the act reaches the host")
        if self.fault is not None and self.fault.executed == "no":
            raise self._once()
        self.acts.append(self.clock.now().timestamp())
        self.there = self.takes
        self.fuse.burn("after the act, before the answer")
        if self.fault is not None:
            raise self._once()
        return Receipt(warnings=self.warned)

    def run(self, worker: str = "w1") -> object:
        """Run the operation once, as a fresh process would."""
        operator = self.process(worker)
        return self.run_in(operator)

    def process(self, worker: str = "w1") -> Operator:
        """A process that has just begun."""
        return Operator(
            self.journal,
            self.leases,
            self.clock,
            worker=worker,
            deadline_s=DEADLINE_S,
            stopwatch=self.stopwatch,
        )

    def run_in(self, operator: Operator) -> object:
        """Run the operation in a process."""
        lease = operator.hold(Errand(order_id=OrderId(7), version=3), EX01)
        assert isinstance(lease, Lease)
        return operator.run(
            RemoteOperation(
                key=KEY,
                observe=self.observe,
                act=self.act,
                skip_if_seen=self.skip_if_seen,
                seen_is_all=self.seen_is_all,
            ),
            lease,
        )

    def warnings(self) -> tuple[Caution, ...]:
        """What is known of warnings afterwards."""
        operator = Operator(
            self.journal, self.leases, self.clock, worker="w1", deadline_s=DEADLINE_S
        )
        return operator.warnings(KEY)

    def fused(self) -> None:
        """Write into the same journal, with the fuse as it is now."""
        self.journal = FusedJournal(self.memory, self.leases, self.fuse)

    def _once(self) -> HostFault:
        fault, self.fault = self.fault, None
        assert fault is not None
        return fault


def fault(kind: FaultKind, executed: str) -> HostFault:
    """A host's fault."""
    return HostFault(kind, EX01, "It did not work.", executed=executed)  # type: ignore[arg-type]  # one of the three words


def test_it_acts_once_and_remembers() -> None:
    """A second run of a confirmed operation does not even look at the host."""
    thing = Thing()

    assert Done("there") == thing.run()
    looks = thing.fuse.passed
    assert Done("there") == thing.run()
    assert 1 == len(thing.acts)
    assert looks == thing.fuse.passed


WARNED = (Caution(said="It is a wildcard.", meaning="Harmless."),)


def test_what_the_host_warned_of_is_kept() -> None:
    """A second run of the operation still knows the words of the first."""
    thing = Thing()
    thing.warned = WARNED
    thing.run()
    thing.warned = ()
    thing.run()

    assert WARNED == thing.warnings()


@pytest.mark.parametrize(
    ("at", "kept"),
    [(5, (ANSWER_LOST,)), (6, (ANSWER_LOST,)), (7, WARNED), (8, WARNED), (9, WARNED)],
)
def test_a_kill_behind_the_act_keeps_the_warnings_or_says_that_they_are_lost(
    at: int, kept: tuple[Caution, ...]
) -> None:
    """From the moment the answer is noted nothing is lost; before it nobody claims that there was none."""
    thing = Thing(at=at)
    thing.warned = WARNED
    with contextlib.suppress(Killed):
        thing.run()

    assert isinstance(thing.run(), Done)
    assert kept == thing.warnings()


@pytest.mark.parametrize("executed", ["maybe", "yes"])
def test_an_error_behind_which_all_is_there_is_not_told_as_an_answer_that_was_lost(
    executed: Executed,
) -> None:
    """Exchange failed behind its last write: seen as done at Retry, and the card does not say that it was carried out."""
    thing = Thing()
    thing.fault = HostFault(FaultKind.ACCESS_DENIED, EX01, "EX01: denied.", executed=executed)
    first = thing.run()
    thing.fault = None

    assert isinstance(first, NeedsPerson)
    assert isinstance(thing.run(), Done)
    assert len(thing.acts) == 1
    (told,) = thing.warnings()
    assert "was lost on its way, or was an error" in str(told)
    assert "carried out" not in str(told)


def test_what_never_ran_warned_of_nothing() -> None:
    """What was there already was not sent, so there is no answer that could be lost."""
    thing = Thing()
    assert () == thing.warnings()
    thing.there = True
    thing.run()

    assert () == thing.warnings()


def test_what_is_there_already_is_not_done() -> None:
    """Where seeing is proof enough, the end state spares the act."""
    thing = Thing()
    thing.there = True

    assert Done("already there: there") == thing.run()
    assert [] == thing.acts


def test_what_may_be_there_by_accident_is_done_all_the_same() -> None:
    """Exchange computes the services it shows, so seeing them beforehand proves nothing."""
    thing = Thing(skip_if_seen=False)
    thing.there = True

    assert Done("there") == thing.run()
    assert 1 == len(thing.acts)


@pytest.mark.parametrize(("at", "acts"), [(4, 0), (5, 1)])
def test_what_is_wholly_seen_is_not_sent_again_after_a_kill(at: int, acts: int) -> None:
    """Begun, killed, and all it brings about is there: a second sending could bring nothing more."""
    thing = Thing(at=at, skip_if_seen=False, seen_is_all=True)
    thing.there = True
    with contextlib.suppress(Killed):
        thing.run()

    assert Done("found done: there") == thing.run()
    assert acts == len(thing.acts)


@pytest.mark.parametrize("skip_if_seen", [True, False])
@pytest.mark.parametrize("at", range(1, 11))
def test_killed_at_any_line_it_is_done_once(at: int, skip_if_seen: bool) -> None:
    """After the kill the next runs bring it to its end; whatever the kill hit, the act ran once."""
    thing = Thing(at=at, skip_if_seen=skip_if_seen)
    try:
        outcome = thing.run()
    except Killed:
        outcome = None

    for _ in range(60):
        if isinstance(outcome, Done):
            break
        outcome = thing.run()
        if isinstance(outcome, TryLater):
            thing.clock.forward(outcome.after_s)

    assert isinstance(outcome, Done)
    assert 1 == len(thing.acts)


def test_the_kills_above_hit_every_point() -> None:
    """There are as many points as the table above has rows, and not one more."""
    thing = Thing()
    thing.run()

    assert 10 == thing.fuse.passed


def test_while_the_killed_run_may_still_be_at_work_nothing_is_sent() -> None:
    """Until the deadline the host is only looked at, and the waits do not use up tries."""
    thing = Thing(at=4)
    with pytest.raises(Killed):
        thing.run()

    waits = []
    while isinstance(outcome := thing.run(), TryLater):
        assert not outcome.counts
        assert [] == thing.acts
        waits.append(outcome.after_s)
        thing.clock.forward(outcome.after_s)

    assert Done("there") == outcome
    assert DEADLINE_S < sum(waits) < DEADLINE_S + 5.2


def test_the_deadline_of_the_command_is_the_one_that_was_noted() -> None:
    """One mark for both, taken before the note is written: what the note takes is used up as well."""
    thing = Thing()
    thing.run()

    assert thing.untils == [Deadline(whole_s=DEADLINE_S, begun=thing.memory.intents[KEY].begun)]


def test_a_lost_answer_is_settled_by_a_look() -> None:
    """The command ran and its answer was lost: the next run finds it done."""
    thing = Thing()
    thing.fault = fault(FaultKind.TIMEOUT, "maybe")

    assert isinstance(thing.run(), TryLater)
    assert Done("found done: there") == thing.run()
    assert 1 == len(thing.acts)


def test_a_lost_answer_to_what_was_there_before_proves_nothing() -> None:
    """Seen before and seen after: after the deadline it is done again rather than believed."""
    thing = Thing(skip_if_seen=False)
    thing.there = True
    thing.fault = fault(FaultKind.TIMEOUT, "maybe")
    thing.run()

    assert isinstance(thing.run(), TryLater)
    assert 1 == len(thing.acts)
    thing.clock.forward(DEADLINE_S + 1)
    assert Done("there") == thing.run()
    assert 2 == len(thing.acts)


def test_what_never_reached_the_host_is_sent_again_at_once() -> None:
    """A connection that was refused leaves no intent, so nothing has to be waited for."""
    thing = Thing()
    thing.fault = fault(FaultKind.UNREACHABLE, "no")

    assert isinstance(thing.run(), TryLater)
    assert thing.journal.find(KEY) is None
    assert Done("there") == thing.run()


@pytest.mark.parametrize("executed", ["no", "yes"])
def test_a_refusal_of_exchange_is_a_person_s_business(executed: str) -> None:
    """A cmdlet's error is never tried again by itself; what ran all the same is remembered."""
    thing = Thing()
    thing.takes = False
    thing.fault = fault(FaultKind.CMDLET_ERROR, executed)

    assert NeedsPerson("host-cmdlet-error", "It did not work.") == thing.run()
    assert (executed == "no") is (thing.journal.find(KEY) is None)


def test_an_error_of_what_was_executed_is_settled_by_looking() -> None:
    """Half of it may have happened: the next run believes the host, and within the deadline does not act."""
    thing = Thing()
    thing.takes = False
    thing.fault = fault(FaultKind.CMDLET_ERROR, "yes")
    thing.run()

    assert isinstance(thing.run(), TryLater)
    assert 1 == len(thing.acts)
    thing.there = True
    assert Done("found done: there") == thing.run()


def test_a_refused_sign_in_is_never_tried_again() -> None:
    """Repeated wrong passwords lock accounts."""
    thing = Thing()
    thing.fault = fault(FaultKind.SIGN_IN, "no")

    assert isinstance(thing.run(), NeedsPerson)


def test_what_the_host_took_and_does_not_show_is_looked_at_again() -> None:
    """Success of the cmdlet is not success: the read-back decides, and nothing is repeated meanwhile."""
    thing = Thing()
    thing.takes = False

    assert "host-not-taken" == getattr(thing.run(), "code", None)
    assert "host-not-taken" == getattr(thing.run(), "code", None)
    assert 1 == len(thing.acts)
    thing.there = True
    assert Done("found done: there") == thing.run()


def test_what_the_host_took_is_not_sent_again_while_it_may_still_be_carried() -> None:
    """Active Directory shows it late: past the deadline it is looked at, and sent again only once that is over."""
    thing = Thing()
    thing.takes = False
    thing.run()
    thing.clock.forward(SETTLE_S - 1)
    told = thing.run()

    assert "within 15 minutes" in getattr(told, "sentence", "")
    assert 1 == len(thing.acts)
    thing.clock.forward(1)
    thing.run()
    assert 2 == len(thing.acts)


JUMPS = [5 * 3600.0, -5 * 3600.0]
"""Seconds by which somebody sets the wall clock."""


@pytest.mark.parametrize("jump_s", JUMPS)
def test_a_clock_that_is_set_between_kill_and_restart_sends_nothing_twice(jump_s: float) -> None:
    """The command of before may still be running for its whole deadline, and not for hours more."""
    thing = Thing(at=5)
    thing.stopwatch = FakeStopwatch()
    thing.takes = False
    with pytest.raises(Killed):
        thing.run()
    assert 1 == len(thing.acts)
    thing.clock.forward(jump_s)

    for _ in range(23):
        outcome = thing.run()
        assert isinstance(outcome, TryLater)
        assert not outcome.counts
        thing.stopwatch.seconds += outcome.after_s
    assert 1 == len(thing.acts)
    thing.stopwatch.seconds += DEADLINE_S
    thing.takes = True
    assert Done("there") == thing.run()
    assert 2 == len(thing.acts)


@pytest.mark.parametrize("jump_s", JUMPS)
def test_a_clock_that_is_set_while_a_host_is_still_carrying_sends_nothing_twice(
    jump_s: float,
) -> None:
    """What was accepted is looked at for its quarter of an hour, and not for hours more."""
    thing = Thing()
    thing.stopwatch = FakeStopwatch()
    thing.takes = False
    thing.run()
    thing.clock.forward(jump_s)
    thing.stopwatch.seconds += SETTLE_S - 1
    assert "host-not-taken" == getattr(thing.run(), "code", None)
    assert 1 == len(thing.acts)
    thing.stopwatch.seconds += 1
    thing.run()

    assert 2 == len(thing.acts)


def test_what_another_machine_began_is_waited_out_from_when_it_was_met() -> None:
    """Nobody knows how long ago that was: its clock, or this one's, may have been set."""
    thing = Thing(at=5)
    thing.stopwatch = FakeStopwatch("another")
    thing.takes = False
    with pytest.raises(Killed):
        thing.run()
    thing.stopwatch = FakeStopwatch("this")
    thing.stopwatch.seconds = 9000.0
    thing.clock.forward(5 * 3600)
    here = thing.process("w2")
    assert isinstance(thing.run_in(here), TryLater)
    thing.stopwatch.seconds += DEADLINE_S - 1
    assert isinstance(thing.run_in(here), TryLater)
    assert 1 == len(thing.acts)
    thing.stopwatch.seconds += 1
    thing.takes = True

    assert Done("there") == thing.run_in(here)


def test_what_an_earlier_release_began_is_judged_by_the_wall_clock() -> None:
    """It kept no mark."""
    thing = Thing(at=5)
    thing.takes = False
    with pytest.raises(Killed):
        thing.run()
    known = thing.memory.intents[KEY]
    thing.memory.intents[KEY] = replace(known, begun="")
    thing.stopwatch = FakeStopwatch()
    thing.clock.forward(DEADLINE_S - 1)
    assert isinstance(thing.run(), TryLater)
    thing.clock.forward(1)
    thing.takes = True

    assert Done("there") == thing.run()


@settings(deadline=None)
@given(
    kills=st.lists(st.integers(min_value=1, max_value=11), max_size=6),
    pauses=st.lists(st.sampled_from([0.0, 1.0, 30.0, DEADLINE_S + 1]), max_size=12),
    faults=st.lists(
        st.sampled_from([None, ("no", FaultKind.BUSY), ("maybe", FaultKind.TIMEOUT)]), max_size=4
    ),
    skip_if_seen=st.booleans(),
)
def test_two_acts_only_when_the_deadline_passed_and_nothing_was_there(
    kills: list[int],
    pauses: list[float],
    faults: list[tuple[str, FaultKind] | None],
    skip_if_seen: bool,
) -> None:
    """Whatever dies, whatever is lost and however long it takes: never a second act on a guess."""
    thing = Thing(skip_if_seen=skip_if_seen)
    for number in range(16):
        thing.fuse = Fuse(kills[number] if number < len(kills) else 0)
        thing.fused()
        queued = faults[number] if number < len(faults) else None
        thing.fault = fault(queued[1], queued[0]) if queued else None
        with contextlib.suppress(Killed):
            thing.run()
        thing.fault = None
        thing.clock.forward(pauses[number] if number < len(pauses) else 0)

    assert len(thing.acts) <= 1
    thing.clock.forward(DEADLINE_S + 1)
    assert isinstance(thing.run(), Done)
    assert 1 == len(thing.acts)


@settings(deadline=None)
@given(gaps=st.lists(st.floats(min_value=0.1, max_value=300), min_size=1, max_size=8))
def test_acts_that_do_not_take_are_a_deadline_apart(gaps: list[float]) -> None:
    """A host that forgets what it did is asked again, but never while the last command may run."""
    thing = Thing()
    thing.takes = False
    for gap in gaps:
        thing.run()
        thing.clock.forward(gap)

    apart = [later - earlier for earlier, later in zip(thing.acts, thing.acts[1:], strict=False)]
    assert all(seconds >= DEADLINE_S for seconds in apart)
