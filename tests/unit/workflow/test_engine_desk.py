"""What people report, cancel and hand in."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from bot.domain import events as ev
from bot.domain.faults import Refused
from bot.domain.ids import OrderId, PersonId
from bot.domain.states import State, Work
from tests.unit.domain.samples import ANNE, MAX, OLGA, RITA, STRANGER, order
from tests.unit.workflow.house import House

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
    assert [{"upload": "1", "file": "bundle.zip"}] == [e.facts for e in house.audit.entries(SEVEN)]


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


@pytest.mark.parametrize("state", list(State))
def test_where_an_order_can_be_called_off(state: State) -> None:
    """While the machine works, and after the end, cancelling is refused; the audit keeps the reason."""
    house = House()
    before = house.put(order(state))
    if state not in CANCELLED_FROM:
        with pytest.raises(Refused, match="does not fit"):
            house.engine.cancel(SEVEN, by=RITA, reason="not needed")
        assert before == house.order()
        return

    after = house.engine.cancel(SEVEN, by=RITA, reason="not needed", version=3)

    what = "withdrawn" if state is State.CSR_READY else "cancel"
    assert State.CANCELLED is after.state
    assert [(what, "not needed")] == [(e.what, e.why) for e in house.audit.entries(SEVEN)]


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
