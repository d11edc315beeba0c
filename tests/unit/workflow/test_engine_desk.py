"""What people report, cancel and hand in."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from bot.domain import events as ev
from bot.domain.faults import DatabaseAway, Refused
from bot.domain.ids import OrderId, PersonId
from bot.domain.states import MOVES, EventKind, State, Work
from bot.workflow.engine import Engine
from tests.unit.domain.samples import ANNE, MAX, OLGA, RITA, STRANGER, event, order
from tests.unit.workflow.fuse import Killed
from tests.unit.workflow.house import House
from tests.unit.workflow.overtaken import Overtaken

SEVEN = OrderId(7)
WAITS_FOR_FILE = (State.SUBMITTED, State.ISSUED)
CANCELLED_FROM = (
    State.PLACED, State.CSR_READY, State.SUBMITTED, State.ISSUED, State.PROVEN, State.FAILED,
)  # fmt: skip


def hand_in(house: House, **parts: Any) -> Any:
    """Rita's zip."""
    whole: dict[str, Any] = {"name": "bundle.zip", "data": b"PK\x03\x04", "by": RITA, **parts}
    return house.engine.hand_in(SEVEN, **whole)


@pytest.mark.parametrize("state", WAITS_FOR_FILE)
def test_a_file_is_kept_and_checked(state: State) -> None:
    """Also before anybody reported that it was issued: the person was faster than the notice."""
    house = House()
    house.put(order(state))

    after = hand_in(house)

    upload = house.orders.upload(after.upload_id)
    assert (State.CHECKING, RITA) == (after.state, after.uploader)
    assert (b"PK\x03\x04", "bundle.zip") == (upload.data, upload.name)
    assert hashlib.sha256(b"PK\x03\x04").hexdigest() == upload.sha256
    assert [(Work.CHECK_BUNDLE, SEVEN)] == house.memory.works
    assert [{"upload": "1", "file": "bundle.zip", "sha256": upload.sha256}] == [
        e.facts for e in house.audit.entries(SEVEN)
    ]


@pytest.mark.parametrize("state", [s for s in State if s not in WAITS_FOR_FILE])
def test_a_file_nobody_waits_for_is_refused_and_not_kept(state: State) -> None:
    """In every other state nothing is stored, nothing is changed, and the state is told."""
    house = House()
    before = house.put(order(state))

    with pytest.raises(Refused) as raised:
        hand_in(house)

    assert "not-now" == raised.value.code
    assert f"it is {state.value.replace('_', ' ')}" in raised.value.sentence
    assert before == house.order()
    assert {} == house.memory.uploads


def test_two_files_at_once_are_one_check() -> None:
    """The second one is told that the first is being checked."""
    house = House()
    house.put(order(State.ISSUED))
    hand_in(house)

    with pytest.raises(Refused, match="it is checking"):
        hand_in(house, by=OLGA, data=b"other")

    assert 1 == len(house.memory.uploads)


@pytest.mark.parametrize(
    ("by", "may"), [(RITA, True), (MAX, True), (OLGA, True), (ANNE, False), (STRANGER, False)]
)
def test_who_may_hand_in_report_and_cancel(by: PersonId, may: bool) -> None:
    """The requester, approvers and operators; an auditor and a stranger change nothing."""
    acts: list[Callable[[House], object]] = [
        lambda house: hand_in(house, by=by),
        lambda house: house.engine.report(SEVEN, ev.VendorIssued(), by=by),
        lambda house: house.engine.cancel(SEVEN, by=by, reason="no"),
    ]
    for act in acts:
        house = House()
        before = house.put(order(State.SUBMITTED))
        if may:
            act(house)
            assert before != house.order()
        else:
            with pytest.raises(Refused) as raised:
                act(house)
            assert "not-yours" == raised.value.code
            assert before == house.order()


MACHINE_OR_GATE = [
    kind for kind in EventKind
    if kind.value not in {"submitted", "issued", "vendor_rejected", "rekeyed", "replan"}
]  # fmt: skip


@pytest.mark.parametrize("kind", MACHINE_OR_GATE)
def test_what_needs_a_gate_or_is_the_machine_s_cannot_be_reported(kind: EventKind) -> None:
    """A door that is wired wrongly cannot pass a gate by this way."""
    house = House()
    before = house.put(order(next(state for state, known in MOVES if known is kind)))

    with pytest.raises(ValueError, match="is not for a person to report; nothing was changed"):
        house.engine.report(SEVEN, event(kind), by=OLGA)

    assert before == house.order()


def test_a_file_of_somebody_who_was_overtaken_is_not_kept() -> None:
    """No job would look at its bytes, and there may be a private key among them."""
    house = House()
    house.put(order(State.ISSUED))
    orders = Overtaken(house.memory)
    orders.meanwhile = lambda: hand_in(house, data=b"first")
    slow = Engine(orders, house.site, house.clock)

    with pytest.raises(Refused, match="is now checking"):
        slow.hand_in(SEVEN, name="second.zip", data=b"second", by=OLGA)

    assert [b"first"] == [upload.data for upload in house.memory.uploads.values()]
    assert ["bundle_uploaded"] == house.whats()


def test_a_kill_while_a_file_is_handed_in_leaves_no_bytes_without_their_order() -> None:
    """Either the order names the file and it is judged, or nothing of it was kept."""
    for at in (1, 2):
        house = House()
        house.put(order(State.ISSUED))
        house.fuse.at = at
        with pytest.raises(Killed):
            hand_in(house)

        files, named = list(house.memory.uploads), house.order().upload_id
        assert files == ([named] if named else []), house.fuse.blown
        assert len(files) == len(house.memory.works) == len(house.whats()) == at - 1


def test_a_pause_of_the_database_while_a_file_is_handed_in_leaves_nothing() -> None:
    """The person hears of it and hands the file in again."""
    house = House()
    house.put(order(State.ISSUED))
    house.orders.away = True

    with pytest.raises(DatabaseAway):
        hand_in(house)

    assert {} == house.memory.uploads


FAILED: dict[tuple[State, PersonId], str] = {
    (State.APPROVED, RITA): "",
    (State.APPROVED, OLGA): "",
    (State.INSTALLING, RITA): "not-operator",
    (State.INSTALLING, MAX): "not-operator",
    (State.INSTALLING, OLGA): "",
    (State.ROLLING_BACK, OLGA): "still-installed",
    (State.RETIRING, OLGA): "still-installed",
    (State.RETIRING, STRANGER): "not-yours",
}
"""Who may call off what failed where; the code of the refusal."""


@pytest.mark.parametrize(("failed_in", "by"), list(FAILED))
def test_what_was_begun_on_hosts_is_called_off_by_operators_only(
    failed_in: State, by: PersonId
) -> None:
    """What an installation changed stays when the order is called off; an installed certificate cannot be."""
    house = House()
    before = house.put(order(State.FAILED, failed_in=failed_in))
    code = ""
    try:
        house.engine.cancel(SEVEN, by=by, reason="no")
    except Refused as refused:
        code = refused.code

    assert FAILED[failed_in, by] == code
    assert (house.order() == before) is bool(code)


@pytest.mark.parametrize("state", list(State))
def test_where_an_order_can_be_called_off(state: State) -> None:
    """While the machine works, and after the end, cancelling is refused; the audit keeps the reason."""
    house = House()
    before = house.put(order(state, failed_in=State.APPROVED))
    if state not in CANCELLED_FROM:
        with pytest.raises(Refused, match="does not fit"):
            house.engine.cancel(SEVEN, by=RITA, reason="not needed")
        assert before == house.order()
        return

    after = house.engine.cancel(SEVEN, by=RITA, reason="not needed", version=3)

    what = "withdrawn" if state is State.CSR_READY else "cancel"
    assert State.CANCELLED is after.state
    assert [(what, "not needed")] == [(e.what, e.why) for e in house.audit.entries(SEVEN)]


def test_an_order_that_moved_on_is_not_called_off_from_an_old_card() -> None:
    """The person sees what it is now, and decides again."""
    house = House()
    before = house.put(order(State.ISSUED))

    with pytest.raises(Refused) as raised:
        house.engine.cancel(SEVEN, by=RITA, reason="no", version=2)

    assert "stale" == raised.value.code
    assert before == house.order()


def test_the_vendor_s_number_is_kept() -> None:
    """It stands in the order and in the audit."""
    house = House()
    house.put(order(State.CSR_READY))

    after = house.engine.report(SEVEN, ev.SubmittedToVendor(reference="GD-1"), by=RITA, version=3)

    assert (State.SUBMITTED, "GD-1") == (after.state, after.vendor_reference)
    assert [{"vendor_reference": "GD-1"}] == [e.facts for e in house.audit.entries(SEVEN)]


def test_a_stale_report_is_refused() -> None:
    """Two people report the same thing; the second one hears that it is done."""
    house = House()
    house.put(order(State.SUBMITTED))
    house.engine.report(SEVEN, ev.VendorIssued(), by=RITA, version=3)

    with pytest.raises(Refused) as raised:
        house.engine.report(SEVEN, ev.VendorIssued(), by=OLGA, version=3)

    assert "stale" == raised.value.code
    assert ["issued"] == house.whats()
