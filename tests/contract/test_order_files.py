"""What every store promises about the files that were handed in for an order."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.faults import OrderUnknown
from bot.domain.ids import OrderId, UploadId
from bot.domain.order import CertificateOrder
from bot.domain.states import State, Work
from bot.ports import Change
from tests.contract.samples import change, entry, hand_in, place, upload
from tests.contract.stores import EngineDown, Store


def file_of(store: Store, order: CertificateOrder) -> Any:
    """The file an order names, as it is kept."""
    return store.orders.upload(order.upload_id or UploadId(0))


def judged(order: CertificateOrder, **parts: Any) -> Change:
    """The change that ends the judging of an order's file."""
    after = change(order, what="bundle_refused", **{"state": State.ISSUED, **parts})
    return replace(after, wipes=order.upload_id)


def left(store: Store) -> list[UploadId]:
    """The files that have bytes nothing needs."""
    return [one.id for one in store.files.left(limit=10)]


def test_upload_is_kept_whole_with_the_change_that_names_it(store: Store) -> None:
    """Any bytes come back as they were handed in, and the order names them."""
    order = place(store.orders)
    file = upload(order.id, data=bytes(range(256)) * 300)

    after = hand_in(store.orders, order, file)

    assert store.orders.load(order.id) == after
    assert file_of(store, after) == file
    assert [e.what for e in store.audit.entries()] == ["place", "bundle_uploaded"]


def test_upload_for_an_order_that_moved_on_is_not_kept(store: Store) -> None:
    """Whoever was overtaken leaves nothing behind: no bytes, no entry, no work."""
    order = place(store.orders)
    first = hand_in(store.orders, order)
    asked = len(store.audit.entries())

    def tell(_: UploadId) -> Change:
        raise AssertionError("told of a file that is not kept")

    assert store.orders.hand_in(upload(order.id), order.version, tell) is None
    assert store.orders.load(order.id) == first
    assert len(store.audit.entries()) == asked
    with pytest.raises(KeyError):
        store.orders.upload(UploadId((first.upload_id or 0) + 1))


def test_upload_whose_work_cannot_be_started_is_not_kept(store: Store) -> None:
    """The file, the change, its entry and its work are one transaction."""
    order = place(store.orders)
    store.starts.fail = True

    def tell(upload_id: UploadId) -> Change:
        return change(order, state=State.CHECKING, upload_id=upload_id, work=Work.CHECK_BUNDLE)

    with pytest.raises(EngineDown):
        store.orders.hand_in(upload(order.id), order.version, tell)

    assert store.orders.load(order.id) == order
    assert left(store) == []
    with pytest.raises(KeyError):
        store.orders.upload(UploadId(1))


@pytest.mark.parametrize("parts", [{"version": 5}, {"id": OrderId(77)}])
def test_upload_told_as_another_change_is_a_fault_of_ours(
    store: Store, parts: dict[str, Any]
) -> None:
    """Nothing is kept of a file whose change is about another version or another order."""
    order = place(store.orders)

    def tell(upload_id: UploadId) -> Change:
        told = change(order, state=State.CHECKING, upload_id=upload_id)
        of = parts.get("id", order.id)
        return replace(told, order=replace(told.order, **parts), entry=entry(of))

    with pytest.raises(ValueError, match=r"told as no change|is about order|another order"):
        store.orders.hand_in(upload(order.id), order.version, tell)

    assert store.orders.load(order.id) == order
    with pytest.raises(KeyError):
        store.orders.upload(UploadId(1))


def test_wiped_upload_keeps_name_and_hash(store: Store) -> None:
    """Wiping takes the bytes alone, with the change that ends the judging, and touches no other file."""
    first, second = (place(store.orders, key) for key in "ab")
    first, second = hand_in(store.orders, first), hand_in(store.orders, second)

    assert store.orders.save(judged(first))

    assert file_of(store, first) == upload(first.id, data=b"")
    assert file_of(store, second) == upload(second.id)


def test_overtaken_change_wipes_nothing(store: Store) -> None:
    """The bytes go with the change or not at all."""
    order = hand_in(store.orders, place(store.orders))

    assert not store.orders.save(judged(order, version=order.version + 2))

    assert file_of(store, order) == upload(order.id)


def test_change_of_one_order_wipes_no_other_order_s_file(store: Store) -> None:
    """What a change names wrongly is not wiped."""
    first, second = (place(store.orders, key) for key in "ab")
    first = hand_in(store.orders, first)

    assert store.orders.save(replace(change(second), wipes=first.upload_id))

    assert file_of(store, first) == upload(first.id)


def test_unknown_upload_is_a_key_error(store: Store) -> None:
    """A file that nobody handed in is not found."""
    for number in (0, 5, 2**31):
        with pytest.raises(KeyError):
            store.orders.upload(UploadId(number))


def test_upload_for_an_unknown_order_is_refused(store: Store) -> None:
    """A file belongs to an order that exists."""
    with pytest.raises(OrderUnknown):
        store.orders.hand_in(upload(OrderId(3)), 1, lambda _: change(place(store.orders)))


def test_file_that_is_being_judged_is_not_left(store: Store) -> None:
    """It is needed, and nobody wipes it."""
    order = hand_in(store.orders, place(store.orders))

    assert left(store) == []
    assert not store.files.wipe(order.upload_id or UploadId(0), entry(order.id, "file_wiped"))
    assert file_of(store, order) == upload(order.id)


def test_file_whose_judging_ended_is_left_until_it_is_wiped(store: Store) -> None:
    """An earlier release kept it: it is found without its bytes, and wiped once, with one entry."""
    order = hand_in(store.orders, place(store.orders))
    assert store.orders.save(change(order, state=State.PROVEN))
    [found] = store.files.left(limit=10)
    asked = len(store.audit.entries())

    wiped = [store.files.wipe(found.id, entry(order.id, "file_wiped")) for _ in range(2)]

    assert (found.id, found.order_id, found.name) == (order.upload_id, order.id, "bundle.zip")
    assert wiped == [True, False]
    assert file_of(store, order) == upload(order.id, data=b"")
    assert [e.what for e in store.audit.entries()][asked:] == ["file_wiped"]
    assert left(store) == []


def test_file_that_another_one_replaced_is_left(store: Store) -> None:
    """Only what the order names now is being judged; the oldest is found first."""
    order = hand_in(store.orders, place(store.orders))
    first = order.upload_id
    assert store.orders.save(change(order, state=State.ISSUED))
    again = hand_in(store.orders, store.orders.load(order.id))

    assert left(store) == [first]
    assert file_of(store, again) == upload(order.id)
    assert store.files.left(limit=0) == ()


def test_file_is_not_wiped_by_another_order_s_entry(store: Store) -> None:
    """The audit tells of the order whose file it was, or nothing happens."""
    order, other = hand_in(store.orders, place(store.orders, "a")), place(store.orders, "b")
    assert store.orders.save(change(order, state=State.PROVEN))

    assert not store.files.wipe(order.upload_id or UploadId(0), entry(other.id, "file_wiped"))
    assert not store.files.wipe(UploadId(2**31), entry(order.id, "file_wiped"))
    assert file_of(store, order) == upload(order.id)
