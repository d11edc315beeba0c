"""What lists and the watch find among the orders, on every store: the right ones, in order, and no other."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import text

from bot.domain.ids import OrderId
from bot.domain.lifetime import CertificateEnd
from bot.domain.order import CertificateOrder
from bot.domain.states import State
from bot.domain.waiting import UNDER_WAY_WAITS, Wait
from bot.workflow.paging import every_end, every_placed_by
from tests.contract.samples import ANNA, NOON, change, draft, place, placed
from tests.contract.stores import Store
from tests.unit.domain.samples import certificate

DAY = timedelta(days=1)
SHARE = 2 / 3
UNDER_WAY = (State.PLACED, State.CSR_READY, State.SUBMITTED, State.ISSUED)


def waiting(store: Store, key: str, *, since: datetime, state: State, given: int) -> OrderId:
    """An order that waits since then, and was reminded of so often."""
    order = place(store.orders, key)
    changed = change(order, state=state, waits_since=since)
    assert store.orders.save(replace(changed, due_at=since + DAY))
    for _ in range(given):
        due = store.reminders.waiting((order.id,))[order.id]
        assert store.reminders.give(due, (ANNA,), NOON + DAY)
    return order.id


def test_what_is_overdue_heads_the_list(store: Store) -> None:
    """The longest wait first, whatever the number; then the others, newest first; each once."""
    late = waiting(store, "late", since=NOON - 2 * DAY, state=State.ISSUED, given=1)
    later = waiting(store, "later", since=NOON - 5 * DAY, state=State.SUBMITTED, given=3)
    calm = waiting(store, "calm", since=NOON - 9 * DAY, state=State.ISSUED, given=0)
    newest = place(store.orders, "newest").id
    gone = place(store.orders, "gone")
    store.orders.save(change(gone, state=State.CANCELLED))

    found = store.orders.worklist(UNDER_WAY, UNDER_WAY_WAITS, limit=9, count_to=99)
    assert [later, late, newest, calm] == [order.id for order in found.orders]
    assert (4, 2) == (found.total, found.overdue)


def test_the_list_ends_where_it_is_told_to(store: Store) -> None:
    """No more orders than asked for, what is overdue before all others, and no further counted."""
    ids = [
        waiting(store, str(n), since=NOON - n * DAY, state=State.ISSUED, given=1) for n in range(4)
    ]
    place(store.orders, "newest")

    found = store.orders.worklist(UNDER_WAY, UNDER_WAY_WAITS, limit=3, count_to=2)
    assert ids[:0:-1] == [order.id for order in found.orders]
    assert (2, 2) == (found.total, found.overdue)


def test_an_overdue_renewal_is_not_among_the_orders_under_way(store: Store) -> None:
    """The certificate serves: that order is no work in the list, however late the answer."""
    waiting_on: dict[str, Any] = {"certificate": certificate(), "renewal_asked_at": NOON - 9 * DAY}
    order = place(store.orders, "serves")
    asked = change(order, state=State.INSTALLED, waits_since=NOON - 9 * DAY, **waiting_on)
    store.orders.save(replace(asked, due_at=NOON))
    [due] = store.reminders.waiting((order.id,)).values()
    store.reminders.give(due, (ANNA,), NOON)

    found = store.orders.worklist(UNDER_WAY, UNDER_WAY_WAITS, limit=9, count_to=9)
    assert Wait.RENEWAL == due.wait
    assert ((), 0, 0) == (found.orders, found.total, found.overdue)


def test_an_overdue_order_that_moves_on_is_overdue_no_more(store: Store) -> None:
    """The next wait begins with nobody reminded."""
    late = waiting(store, "late", since=NOON - 2 * DAY, state=State.SUBMITTED, given=1)
    moved = change(store.orders.load(late), state=State.ISSUED, waits_since=NOON)
    store.orders.save(replace(moved, due_at=NOON + DAY))

    found = store.orders.worklist(UNDER_WAY, UNDER_WAY_WAITS, limit=9, count_to=9)
    assert (1, 0) == (found.total, found.overdue)


def test_no_state_is_no_list(store: Store) -> None:
    """Nothing is found, and nothing breaks."""
    place(store.orders)

    found = store.orders.worklist([], [], limit=9, count_to=9)
    assert ((), 0, 0) == (found.orders, found.total, found.overdue)


def serving(store: Store, key: str, *, days: float, left: float, **parts: Any) -> OrderId:
    """An installed order whose certificate is valid for so many days and has so many of them left at noon."""
    ends = NOON + left * DAY
    proven = certificate(not_before=ends - days * DAY, not_after=ends)
    order = place(store.orders, key)
    parts = {"state": State.INSTALLED, "certificate": proven, **parts}
    assert store.orders.save(change(order, **parts))
    return order.id


def near(store: Store, *, share: float = SHARE, page: int = 9) -> list[CertificateEnd]:
    """Certificates that are due at noon, as the watch goes through them."""
    ends = every_end(store.orders, State.INSTALLED, now=NOON, share=share, page=page)
    return [end for end in ends if end.is_due(NOON, share=share)]


def test_a_certificate_is_found_from_the_moment_it_is_due(store: Store) -> None:
    """Not a microsecond later, whatever its length."""
    microsecond = timedelta(microseconds=1) / DAY
    due = [
        serving(store, f"due {days}", days=days, left=days * (1 - SHARE) - microsecond)
        for days in (47, 99.5, 100, 200, 398)
    ]
    for days in (47, 99.5, 100, 200, 398):
        serving(store, f"early {days}", days=days, left=days * (1 - SHARE) + 1)

    assert set(due) == {end.order_id for end in near(store)}


def test_another_share_finds_others_at_once(store: Store) -> None:
    """The setting is read at each look and stored nowhere."""
    late, half, new = (
        serving(store, str(left), days=200, left=left) for left in (10.0, 90.0, 199.0)
    )

    for share, expected in ((0.9, [late]), (0.5, [late, half]), (0.001, [late, half, new])):
        assert expected == [end.order_id for end in near(store, share=share)]


def test_only_what_nobody_was_asked_about_is_found(store: Store) -> None:
    """Not what was asked about, not what was put off, not another state; what has a successor is told with it."""
    due = {"days": 200.0, "left": 5.0}
    serving(store, "asked", **due, renewal_asked_at=NOON - DAY)
    serving(store, "put off", **due, renewal_not_before=NOON + DAY)
    serving(store, "superseded", **due, state=State.SUPERSEDED)
    place(store.orders, "without a certificate")
    plain = serving(store, "plain", **due)
    again = serving(store, "put off until today", **due, renewal_not_before=NOON)
    renewed = serving(store, "renewed", **due, renewed_by=plain)

    assert [(plain, None), (again, None), (renewed, plain)] == [
        (end.order_id, end.renewed_by) for end in near(store)
    ]


@pytest.mark.parametrize("page", [1, 2, 3, 9])
def test_pages_leave_nothing_out(store: Store, page: int) -> None:
    """Certificates of several lengths, some that end in the same moment, all found once, in one order."""
    ids = {
        serving(store, f"{days} {left} {k}", days=days, left=left)
        for days in (47.0, 200.0)
        for left in (-3.0, 2.0, 2.5)
        for k in range(2)
    }
    found = near(store, page=page)
    places = [(end.valid_days, end.not_after, end.order_id) for end in found]

    assert ids == {end.order_id for end in found}
    assert all(one < other for one, other in pairwise(places))


def test_an_endless_certificate_breaks_nothing(store: Store) -> None:
    """Valid until the last day there is: looked at, and not due."""
    ends = datetime.max.replace(tzinfo=NOON.tzinfo, microsecond=0)
    endless = certificate(not_before=NOON - DAY, not_after=ends)
    order = place(store.orders)
    store.orders.save(change(order, state=State.INSTALLED, certificate=endless))

    assert [] == near(store)


def test_a_row_of_an_earlier_release_is_found(sql: Store) -> None:
    """A process of before, still running beside this one, writes no end into its rows: the facts say it."""
    old = [serving(sql, f"old {n}", days=200, left=5) for n in range(3)]
    serving(sql, "old and early", days=200, left=150)
    assert sql.engine is not None
    with sql.engine.begin() as connection:
        connection.execute(text("UPDATE orders SET not_after = NULL, valid_days = NULL"))
    new = [serving(sql, f"new {n}", days=200, left=5) for n in range(3)]

    assert [*old, *new] == sorted(end.order_id for end in near(sql, page=1))


def test_orders_are_found_by_when_they_were_placed(store: Store) -> None:
    """Up to the moment itself, oldest first, page by page, whatever their numbers."""
    moments = [NOON, NOON - 2 * DAY, NOON - DAY, NOON - DAY, NOON + DAY / 86_400]
    ids = [placed_at(store, str(n), moment) for n, moment in enumerate(moments)]
    store.orders.save(change(store.orders.load(ids[3]), state=State.CANCELLED))

    for page in (1, 2, 9):
        found = every_placed_by(store.orders, State.PLACED, NOON, page=page)
        assert [ids[1], ids[2], ids[0]] == [order.id for order in found]


def placed_at(store: Store, key: str, moment: datetime) -> OrderId:
    """An order that was placed then."""
    order: CertificateOrder = store.orders.place(draft(key), moment, placed)
    return order.id
