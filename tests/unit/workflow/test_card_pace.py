"""Progress on a card: never two updates within two seconds, and the last state always sent."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.chat_ports import DeliveryFault
from bot.domain import events as ev
from bot.domain.ids import HostName, OrderId
from bot.domain.messages import Card, CardMessage, OutboxRow, Posted
from bot.domain.order import CertificateOrder, HostStep
from bot.domain.pacing import CARD_EVERY_S
from bot.domain.plan import Step
from bot.domain.states import State
from tests.unit.domain.samples import RITA, order
from tests.unit.workflow.house import House
from tests.unit.workflow.plain_run import PlainRun

SEVEN = OrderId(7)
EX01 = HostName("EX01")


class Camera:
    """
    A chat that notes when its card was shown, and with which note of the one step.

    Args:
        takes_s: how long each call takes, over and over.
        faults: what each call raises after it has taken effect or not; None is a good answer.
    """

    def __init__(
        self, house: House, takes_s: list[float], faults: list[DeliveryFault | None]
    ) -> None:
        self.shown: list[tuple[float, str]] = []
        self.said = 0
        self._house = house
        self._takes_s = takes_s
        self._faults = faults

    def deliver(
        self, row: OutboxRow, order: CertificateOrder, steps: tuple[HostStep, ...]
    ) -> Posted | None:
        """Show the card, or say the line."""
        fault = self._faults.pop(0) if self._faults else None
        if fault is not None and not fault.sent:
            raise fault
        if isinstance(row.message, CardMessage):
            self.shown.append((self._house.clock.now().timestamp(), steps[-1].note))
        else:
            self.said += 1
        self._house.clock.forward(self._takes_s[len(self.shown) % len(self._takes_s)])
        if fault is not None:
            raise fault
        return Posted(channel="C", ts="1.1")

    def take_back(self, posted: Posted) -> None:
        """Nothing is shown twice here."""
        raise AssertionError(posted)


FAULTS = st.one_of(
    st.none(),
    st.none(),
    st.floats(0.1, 40).map(lambda s: DeliveryFault("429", retry_after_s=s, sent=False)),
    st.floats(2.0, 9).map(lambda s: DeliveryFault("lost", retry_after_s=s)),
)


@given(
    gaps=st.lists(st.floats(0.0, 5.0), min_size=1, max_size=25),
    takes_s=st.lists(st.floats(0.0, 3.0), min_size=1, max_size=5),
    faults=st.lists(FAULTS, max_size=10),
)
def test_the_last_state_is_shown_and_no_two_updates_are_close(
    gaps: list[float], takes_s: list[float], faults: list[DeliveryFault | None]
) -> None:
    """However fast the steps come, however slow or faulty chat is."""
    house = House()
    house.put(order(State.INSTALLING))
    camera = Camera(house, takes_s, faults)
    job = house.deliver(camera)
    for number, gap in enumerate(gaps):
        house.clock.forward(gap)
        house.reporter.step(SEVEN, EX01, Step.IMPORT, "running", f"note {number}")
        job.run(PlainRun(house.clock), SEVEN)
    while after_s := job.run(PlainRun(house.clock), SEVEN):
        house.clock.forward(after_s)
    times = [at for at, _ in camera.shown]

    assert camera.shown[-1][1] == f"note {len(gaps) - 1}"
    assert all(b - a >= CARD_EVERY_S - 1e-3 for a, b in pairwise(times))
    assert house.outbox.waiting(SEVEN) == ()


def test_many_steps_in_a_moment_are_two_updates() -> None:
    """The first at once, the last two seconds later; nothing in between."""
    house = House()
    house.put(order(State.INSTALLING))
    camera = Camera(house, [0.0], [])
    job = house.deliver(camera)
    house.reporter.step(SEVEN, EX01, Step.IMPORT, "running", "first")
    job.run(PlainRun(house.clock), SEVEN)
    for number in range(50):
        house.reporter.step(SEVEN, EX01, Step.IMPORT, "running", f"note {number}")
    job.run(PlainRun(house.clock), SEVEN)

    assert [note for _, note in camera.shown] == ["first", "note 49"]
    assert camera.shown[1][0] - camera.shown[0][0] == CARD_EVERY_S


def test_a_card_that_waits_holds_up_no_line() -> None:
    """What is said goes out while the card waits for its two seconds."""
    house = House()
    house.put(order(State.SUBMITTED))
    house.memory.cards[SEVEN, Card.STATUS] = Posted(channel="C", ts="1.1")
    house.memory.shown[SEVEN, Card.STATUS] = house.clock.now()
    house.reporter.step(SEVEN, EX01, Step.IMPORT, "running", "first")
    house.engine.take(SEVEN, ev.VendorIssued(), by=RITA)
    run = PlainRun(house.clock)
    house.deliver().run(run, SEVEN)

    said = [m for m in house.chat.said if isinstance(m, CardMessage)]
    assert said[-1] == CardMessage(card=Card.STATUS)
    assert house.chat.said[-1] == said[-1]
    assert run.slept == [CARD_EVERY_S]
