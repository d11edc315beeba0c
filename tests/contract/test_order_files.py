"""What every store promises about the files that were handed in for an order."""

import pytest

from bot.domain.faults import OrderUnknown
from bot.domain.ids import OrderId, UploadId
from tests.contract.samples import place, upload
from tests.contract.stores import Store


def test_upload_is_kept_whole(store: Store) -> None:
    """Any bytes come back as they were handed in."""
    order = place(store.orders)
    file = upload(order.id, data=bytes(range(256)) * 300)

    assert store.orders.upload(store.orders.add_upload(file)) == file


def test_forgotten_upload_keeps_name_and_hash(store: Store) -> None:
    """Wiping takes the bytes alone, may be repeated, and touches no other file."""
    order = place(store.orders)
    first, second = (store.orders.add_upload(upload(order.id)) for _ in range(2))
    store.orders.forget_upload(first)
    store.orders.forget_upload(first)

    assert store.orders.upload(first) == upload(order.id, data=b"")
    assert store.orders.upload(second) == upload(order.id)


def test_unknown_upload_is_a_key_error(store: Store) -> None:
    """A file that nobody handed in is neither found nor wiped."""
    for number in (0, 5, 2**31):
        with pytest.raises(KeyError):
            store.orders.upload(UploadId(number))
        with pytest.raises(KeyError):
            store.orders.forget_upload(UploadId(number))


def test_upload_for_an_unknown_order_is_refused(store: Store) -> None:
    """A file belongs to an order that exists."""
    with pytest.raises(OrderUnknown):
        store.orders.add_upload(upload(OrderId(3)))
