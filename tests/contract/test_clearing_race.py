"""Two approvers in one moment, and a clearing beside the order's life, on every store of orders."""

from threading import Barrier, Thread
from typing import Any

from bot.domain.approvals import Gate
from bot.domain.faults import Refused
from bot.domain.ids import PersonId
from bot.domain.order import CertificateOrder
from bot.domain.states import State
from bot.workflow.engine import Engine
from tests.contract.samples import change, place
from tests.contract.stores import Store
from tests.unit.domain.samples import BOSS, MAX, site
from tests.unit.workflow.clock import FakeClock
from tests.unit.workflow.requests import csr

ROUNDS = 4


def left(store: Store, key: str) -> CertificateOrder:
    """An order that was called off after its CSR was made."""
    made = csr("mail.example.com", ("mail.example.com",))
    over = change(place(store.orders, key), state=State.CANCELLED, csr_pem=made, csr_round=1)
    assert store.orders.save(over)
    return over.order


def test_two_approvers_in_the_same_moment_start_one_clearing(store: Store) -> None:
    """One word counts and starts the work once; the other gets its answer, whichever database it is."""
    engine = Engine(store.orders, site(), FakeClock())
    for number in range(ROUNDS):
        mine = left(store, f"order {number}")
        barrier, told = Barrier(2), list[str]()

        def word(by: PersonId, order: Any = mine, at: Barrier = barrier, said: Any = told) -> None:
            at.wait()
            try:
                engine.decide(order.id, Gate.CLEAR_REQUEST, yes=True, by=by, reason="tidy up")
                said.append("")
            except Refused as refused:
                said.append(refused.code)

        threads = [Thread(target=word, args=(by,)) for by in (MAX, BOSS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        after = store.orders.load(mine.id)

        assert 1 == told.count(""), told
        assert set(told) <= {"", "stale", "being-cleared"}
        assert (mine.version + 1, 1) == (after.version, len(after.approvals))
        assert after.is_being_cleared
