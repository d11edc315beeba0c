"""What every store promises about how far the steps of a host have come."""

from dataclasses import replace

import pytest

from bot.domain.faults import OrderUnknown
from bot.domain.ids import HostName, OrderId
from bot.domain.plan import Caution, Step
from tests.contract.samples import LINE, STATUS, entry, place, step
from tests.contract.stores import EngineDown, Store


def test_step_is_noted_without_a_new_version(store: Store) -> None:
    """A step has its audit entry and its message; the order's version stays."""
    order = place(store.orders)
    store.orders.note_step(step(), order.id, entry(order.id, "import"), (LINE,))

    assert store.orders.load(order.id).version == 1
    assert store.orders.steps(order.id) == (step(),)
    assert [e.what for e in store.audit.entries(order.id)] == ["place", "import"]
    assert store.outbox.waiting(order.id) == (f"{order.id}:1:1", f"{order.id}:1:s1")


def test_order_and_steps_are_read_at_one_moment(store: Store) -> None:
    """What a card is drawn from; an order that is not there is said to be unknown."""
    order = place(store.orders)
    store.orders.note_step(step(), order.id, entry(order.id, "import"), ())

    found = store.orders.progress(order.id)
    assert (found.order, found.steps) == (store.orders.load(order.id), (step(),))
    with pytest.raises(OrderUnknown):
        store.orders.progress(OrderId(9))


def test_latest_word_on_a_step_counts_in_the_order_of_first_words(store: Store) -> None:
    """Steps keep their place however often they are written."""
    order = place(store.orders)
    for word in (
        step("running"),
        step("running", of=Step.ENABLE),
        step("running", host=HostName("EX02")),
        step("done"),
    ):
        store.orders.note_step(word, order.id, entry(order.id), ())

    assert [(s.host, s.step, s.status) for s in store.orders.steps(order.id)] == [
        ("EX01", Step.IMPORT, "done"),
        ("EX01", Step.ENABLE, "running"),
        ("EX02", Step.IMPORT, "running"),
    ]


def test_warnings_of_a_step_are_kept_and_replaced_with_it(store: Store) -> None:
    """The latest word has its own warnings."""
    order = place(store.orders)
    said = (Caution(said="It's a wildcard.", meaning="Harmless."), Caution(said="<x>"))
    store.orders.note_step(step("running"), order.id, entry(order.id), ())
    store.orders.note_step(replace(step(), warnings=said), order.id, entry(order.id), ())

    assert [s.warnings for s in store.orders.steps(order.id)] == [said]
    store.orders.note_step(step(), order.id, entry(order.id), ())
    assert [s.warnings for s in store.orders.steps(order.id)] == [()]


def test_messages_of_many_steps_have_ids_of_their_own(store: Store) -> None:
    """No two rows of one version share an id, across steps and within one."""
    order = place(store.orders)
    for _ in range(3):
        store.orders.note_step(step(), order.id, entry(order.id), (LINE, LINE))

    waiting = store.outbox.waiting(order.id)
    assert waiting[1:] == tuple(f"{order.id}:1:s{k}" for k in range(1, 7))


def test_step_that_cannot_start_its_delivery_leaves_nothing(store: Store) -> None:
    """When starting the delivery fails, the step was not noted either."""
    order = place(store.orders)
    store.starts.fail = True

    with pytest.raises(EngineDown):
        store.orders.note_step(step(), order.id, entry(order.id), (LINE,))

    assert store.orders.steps(order.id) == ()
    assert len(store.audit.entries()) == 1


def test_step_of_an_unknown_order_is_refused(store: Store) -> None:
    """Nothing is noted about an order that does not exist."""
    with pytest.raises(OrderUnknown):
        store.orders.note_step(step(), OrderId(9), entry(OrderId(9)), (STATUS,))

    assert (store.audit.entries(), store.orders.steps(OrderId(9))) == ((), ())
