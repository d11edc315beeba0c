"""What every store of orders promises, whichever database it is on."""

import inspect
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.domain.approvals import Approval, Gate
from bot.domain.faults import OrderUnknown
from bot.domain.ids import OrderId, PersonId, UploadId
from bot.domain.order import CertificateOrder, Clearing
from bot.domain.states import State, Work
from bot.ports import Change, Orders
from tests.contract.samples import (
    ANNA,
    BERT,
    LINE,
    NOON,
    change,
    draft,
    entry,
    hand_in,
    place,
    placed,
    step,
    upload,
)
from tests.contract.stores import EngineDown, Store

CHANGES = {"place", "save", "hand_in", "note_step"}
LOOKS = {
    "load",
    "progress",
    "upload",
    "steps",
    "in_states",
    "ends_of",
    "worklist",
    "placed_by",
    "being_cleared",
}


def yes(gate: Gate = Gate.ISSUE, reason: str = "") -> Approval:
    """Bert's yes."""
    return Approval(gate=gate, by=BERT, at=NOON, yes=True, reason=reason)


def test_order_that_was_never_placed_is_unknown(store: Store) -> None:
    """A number that nobody got is answered with `OrderUnknown`, however large."""
    for number in (0, -1, 7, 2**31, 10**30):
        with pytest.raises(OrderUnknown):
            store.orders.load(OrderId(number))


def test_placed_order_is_loaded_as_it_was_told(store: Store) -> None:
    """What is loaded is what was placed: version 1, PLACED, with the draft's wish."""
    order = place(store.orders)

    assert store.orders.load(order.id) == order
    assert (order.version, order.state, order.wish) == (1, State.PLACED, draft().wish)


def test_same_key_gives_the_same_order_and_writes_nothing(store: Store) -> None:
    """A form that is handed in twice makes one order, one audit entry, one message."""
    first = place(store.orders)
    again = place(store.orders)

    assert again == first
    assert len(store.audit.entries()) == 1
    assert store.outbox.waiting(first.id) == (f"{first.id}:1:1",)
    assert len(store.starts.deliveries) == 1


def test_same_key_gives_the_order_as_it_stands_now(store: Store) -> None:
    """A late second hand-in sees the order of today, not the one of then."""
    first = place(store.orders)
    store.orders.save(change(first, state=State.CANCELLED))

    assert place(store.orders).state is State.CANCELLED


def test_numbers_of_orders_differ(store: Store) -> None:
    """Two drafts are two orders, the later one with the higher number."""
    assert place(store.orders, "a").id < place(store.orders, "b").id


def test_placing_that_cannot_start_leaves_nothing(store: Store) -> None:
    """When the start of the delivery fails there is no order, no audit entry, no message."""
    store.starts.fail = True

    with pytest.raises(EngineDown):
        place(store.orders)

    assert store.orders.in_states(State) == ()
    assert (store.audit.entries(), store.outbox.orders_waiting()) == ((), ())


@pytest.mark.parametrize("wrong", ["id", "version"])
def test_placing_as_another_order_is_refused(store: Store, wrong: str) -> None:
    """A new order told as another order, or as a later version, is refused and nothing is kept."""

    def tell(order: CertificateOrder) -> Change:
        other: dict[str, Any] = {wrong: getattr(order, wrong) + 1}
        return placed(replace(order, **other))

    with pytest.raises(ValueError, match="order"):
        store.orders.place(draft(), NOON, tell)

    assert store.orders.in_states(State) == ()


def test_saved_change_is_loaded(store: Store) -> None:
    """A saved change is the order from now on."""
    order = place(store.orders)
    approved = change(order, state=State.APPROVED, approvals=(yes(),), detail="making the CSR")

    assert store.orders.save(approved) is True
    assert store.orders.load(order.id) == approved.order


def test_change_of_an_old_version_is_not_written(store: Store) -> None:
    """Whoever decides on a stale order gets False, and nothing of theirs is kept."""
    order = place(store.orders)
    assert store.orders.save(change(order, state=State.APPROVED))

    assert store.orders.save(change(order, LINE, state=State.REJECTED, work=Work.MAKE_CSR)) is False
    assert store.orders.load(order.id).state is State.APPROVED
    assert len(store.audit.entries()) == 2
    assert store.starts.works == []


def test_change_that_skips_a_version_is_not_written(store: Store) -> None:
    """Only the next version is written, never one further on."""
    order = place(store.orders)

    assert store.orders.save(change(replace(order, version=5))) is False


def test_change_of_an_unknown_order_is_not_written(store: Store) -> None:
    """There is nothing to compare with, so nothing is set."""
    order = place(store.orders)

    assert store.orders.save(change(replace(order, id=OrderId(order.id + 1)))) is False


def test_change_that_cannot_start_its_work_leaves_nothing(store: Store) -> None:
    """When starting raises after everything was written, none of it exists."""
    order = place(store.orders)
    waiting = store.outbox.waiting(order.id)
    store.starts.fail = True

    with pytest.raises(EngineDown):
        store.orders.save(
            change(order, LINE, work=Work.MAKE_CSR, state=State.APPROVED, approvals=(yes(),))
        )

    assert store.orders.load(order.id) == order
    assert len(store.audit.entries()) == 1
    assert store.outbox.waiting(order.id) == waiting


def test_entry_about_another_order_is_refused(store: Store) -> None:
    """An audit entry belongs to the order it is written with."""
    order = place(store.orders)
    wrong = replace(change(order), entry=entry(OrderId(order.id + 1)))

    with pytest.raises(ValueError, match="order"):
        store.orders.save(wrong)
    with pytest.raises(ValueError, match="order"):
        store.orders.note_step(step(), order.id, wrong.entry, ())

    assert store.orders.load(order.id) == order
    assert len(store.audit.entries()) == 1


def test_decision_cannot_be_dropped(store: Store) -> None:
    """A change without a decision that was kept is refused whole."""
    order = place(store.orders)
    endorsed = change(order, approvals=(yes(),))
    store.orders.save(endorsed)

    with pytest.raises(ValueError, match="only ever added"):
        store.orders.save(change(endorsed.order, state=State.APPROVED, approvals=()))

    assert store.orders.load(order.id) == endorsed.order


def test_decisions_keep_their_order(store: Store) -> None:
    """Approvals are loaded in the order in which they were given, whatever their times."""
    order = place(store.orders)
    for minutes, gate in ((5, Gate.ISSUE), (1, Gate.INSTALL), (3, Gate.ISSUE)):
        given = replace(yes(gate), at=NOON + timedelta(minutes=minutes))
        store.orders.save(change(order, approvals=(*order.approvals, given)))
        order = store.orders.load(order.id)

    assert [a.at.minute for a in order.approvals] == [5, 1, 3]


def test_work_starts_with_the_change_and_only_when_there_is_some(store: Store) -> None:
    """The work is started once, for the order as it was written."""
    order = place(store.orders)
    approved = change(order, state=State.APPROVED, work=Work.MAKE_CSR)
    store.orders.save(approved)
    store.orders.save(change(approved.order, state=State.CSR_READY))

    assert store.starts.works == [(Work.MAKE_CSR, order.id, 2)]


def test_hostile_text_is_kept_or_made_harmless(store: Store) -> None:
    """NUL, half characters, SQL and markup in names and reasons stop no order."""
    hostile = "'; DROP TABLE orders; --\x00\ud800 <!channel> \N{RIGHT-TO-LEFT OVERRIDE}"
    order = place(store.orders, key=hostile)
    store.orders.save(
        change(
            order,
            replace(LINE, facts={"name": hostile}),
            vendor_reference=hostile,
            detail=hostile,
            approvals=(yes(reason=hostile),),
        )
    )
    handed_in = hand_in(
        store.orders, store.orders.load(order.id), upload(order.id, name=hostile), detail=hostile
    )
    store.orders.note_step(replace(step(), note=hostile), order.id, entry(order.id), ())

    loaded = store.orders.load(order.id)
    file = store.orders.upload(handed_in.upload_id or UploadId(0))
    texts = (loaded.detail, loaded.approvals[0].reason, file.name)
    assert all(text.startswith("'; DROP TABLE orders; --") for text in texts)
    assert place(store.orders, key=hostile).id == order.id
    again = change(loaded, approvals=(*loaded.approvals, yes(Gate.INSTALL)))
    assert store.orders.save(again) is True


def test_moments_come_back_aware_and_equal(store: Store) -> None:
    """A moment in another zone is the same moment when it is loaded, to the microsecond."""
    order = place(store.orders)
    moment = NOON.astimezone(ZoneInfo("Asia/Kathmandu"))
    store.orders.save(change(order, installed_at=moment, renewal_not_before=moment))

    loaded = store.orders.load(order.id)
    assert (loaded.installed_at, loaded.renewal_not_before) == (NOON, NOON)


def test_orders_in_states_are_newest_first(store: Store) -> None:
    """Only the states asked for are found, the newest order first, at most so many."""
    ids = [place(store.orders, key).id for key in ("a", "b", "c")]
    store.orders.save(change(store.orders.load(ids[1]), state=State.CANCELLED))

    found = store.orders.in_states([State.PLACED])
    assert [order.id for order in found] == [ids[2], ids[0]]
    assert [o.id for o in store.orders.in_states(iter([State.PLACED]), limit=1)] == [ids[2]]
    assert [o.id for o in store.orders.in_states([State.PLACED], before=ids[2])] == [ids[0]]
    assert store.orders.in_states([]) == ()


def test_orders_in_several_states_are_newest_first(store: Store) -> None:
    """Whatever their states: the newest of all come first, and a page goes on where the one before ended."""
    ids = [place(store.orders, key).id for key in "abcdef"]
    for number in ids[::2]:
        store.orders.save(change(store.orders.load(number), state=State.CANCELLED))
    both = [State.PLACED, State.CANCELLED]

    assert [o.id for o in store.orders.in_states(both, limit=4)] == ids[:1:-1]
    assert [o.id for o in store.orders.in_states(both, limit=4, before=ids[2])] == ids[1::-1]


def test_orders_in_states_bring_their_own_decisions(store: Store) -> None:
    """Each of many orders is loaded with its own approvals."""
    orders = [place(store.orders, key) for key in ("a", "b")]
    store.orders.save(change(orders[0], approvals=(yes(),)))

    found = {order.id: len(order.approvals) for order in store.orders.in_states([State.PLACED])}
    assert found == {orders[0].id: 1, orders[1].id: 0}


def test_every_change_of_an_order_takes_its_audit_entry() -> None:
    """No method of `Orders` changes an order without an entry; a new method has to be put on a list."""
    methods = dict(inspect.getmembers(Orders, inspect.isfunction))
    public = {name for name in methods if not name.startswith("_")}
    spoken = {name: str(inspect.signature(methods[name])) for name in CHANGES}

    assert public == CHANGES | LOOKS
    assert all("AuditEntry" in s or "Change" in s for s in spoken.values())
    assert "AuditEntry" in str(inspect.signature(Change))


def test_every_change_of_an_order_leaves_one_audit_entry(store: Store) -> None:
    """place, save, hand_in and note_step each leave exactly one entry, by the person who did it."""
    order = place(store.orders)
    store.orders.save(change(order, what="approve"))
    hand_in(store.orders, store.orders.load(order.id))
    store.orders.note_step(step(), order.id, entry(order.id, "import"), ())

    assert [(e.what, e.by) for e in store.audit.entries()] == [
        ("place", ANNA),
        ("approve", ANNA),
        ("bundle_uploaded", ANNA),
        ("import", ANNA),
    ]


def test_what_an_order_left_on_its_host_is_kept(store: Store) -> None:
    """CSRs that were replaced, what was cleared, what is being cleared; and who is at it is found at once."""
    begun, calm = place(store.orders, "one"), place(store.orders, "two")
    left = change(
        begun,
        past_csrs={1: "first", 2: "second"},
        ended_by={1: PersonId("T1:UMAX"), 2: PersonId("T1:URITA")},
        cleared=(1,),
        clearing=Clearing(rounds=(2,), since=2, fault="EX01 is away."),
    ).order
    assert store.orders.save(
        change(
            begun, **{n: getattr(left, n) for n in ("past_csrs", "cleared", "clearing", "ended_by")}
        )
    )
    found = store.orders.being_cleared()

    assert [left.id] == [one.id for one in found]
    assert (left.past_csrs, left.cleared, left.clearing, left.ended_by) == (
        dict(found[0].past_csrs), found[0].cleared, found[0].clearing, dict(found[0].ended_by),
    )  # fmt: skip
    assert store.orders.load(calm.id).clearing is None
