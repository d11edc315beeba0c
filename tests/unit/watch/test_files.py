"""The daily look at files that were handed in, over the store in memory."""

import pytest

from bot.domain.audit import AuditEntry
from bot.domain.ids import SYSTEM, OrderId, UploadId
from bot.domain.states import State
from bot.watch.files import FileWatch
from bot.workflow.turns import LookFailed
from tests.contract.samples import change, hand_in, place
from tests.contract.stores import fake_store


def test_bytes_an_earlier_release_left_are_wiped_and_told() -> None:
    """Each with one entry of its order that names the file; what is being judged stays."""
    store = fake_store()
    first, second = (hand_in(store.orders, place(store.orders, key)) for key in "ab")
    assert store.orders.save(change(first, state=State.ISSUED))
    watch = FileWatch(store.files, store.orders, store.clock)

    assert (1, 0) == (watch.wipe_left(), watch.wipe_left())

    last = store.audit.entries()[-1]
    assert (OrderId(1), SYSTEM, "file_wiped") == (last.order_id, last.by, last.what)
    assert {"upload": "1", "file": "bundle.zip", "sha256": "ab" * 32} == last.facts
    assert last.before == last.after == "issued"
    assert [b"", b"PK\x03\x04"] == [
        store.orders.upload(order.upload_id).data for order in (first, second) if order.upload_id
    ]


def test_many_files_are_wiped_in_one_look() -> None:
    """More than are read at a time."""
    store = fake_store()
    for key in range(230):
        order = hand_in(store.orders, place(store.orders, str(key)))
        assert store.orders.save(change(order, state=State.ISSUED))

    assert 230 == FileWatch(store.files, store.orders, store.clock).wipe_left()


def test_two_looks_at_once_wipe_a_file_once() -> None:
    """The slower one finds it wiped, and comes to an end."""
    store = fake_store()
    order = hand_in(store.orders, place(store.orders))
    assert store.orders.save(change(order, state=State.ISSUED))
    seen = store.files.left(limit=9)

    class Late:
        """Files as they were before somebody else wiped them."""

        left = staticmethod(lambda **_: seen)
        wipe = staticmethod(store.files.wipe)

    assert 1 == FileWatch(store.files, store.orders, store.clock).wipe_left()
    assert 0 == FileWatch(Late(), store.orders, store.clock).wipe_left()
    assert ["place", "bundle_uploaded", "approve", "file_wiped"] == [
        e.what for e in store.audit.entries()
    ]


def test_files_at_which_the_look_breaks_keep_no_other() -> None:
    """More of them than are read at a time, and the look says that it failed."""
    store = fake_store()
    for key in range(250):
        order = hand_in(store.orders, place(store.orders, str(key)))
        assert store.orders.save(change(order, state=State.ISSUED))

    class Stuck:
        """Files of which the oldest cannot be wiped."""

        left = staticmethod(store.files.left)

        @staticmethod
        def wipe(upload_id: UploadId, entry: AuditEntry) -> bool:
            """Break at them."""
            if upload_id <= 150:
                raise ValueError("a name nobody can write down")
            return store.files.wipe(upload_id, entry)

    with pytest.raises(LookFailed, match="150 of what it looked at failed"):
        FileWatch(Stuck(), store.orders, store.clock).wipe_left()

    assert 150 == len(store.files.left(limit=1000))
