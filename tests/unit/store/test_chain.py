"""The audit's chain as a rule: whatever is done to it afterwards, the first wrong place is named."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from bot.domain.audit import GENESIS, AuditEntry, chained
from bot.domain.ids import OrderId, PersonId
from bot.domain.plan import canonical
from bot.store.chain import Link, entry_of, first_break

TEXT = st.text(st.characters(codec=None), max_size=20)
ENTRIES = st.lists(
    st.builds(
        AuditEntry,
        order_id=st.integers(1, 3).map(OrderId),
        at=st.datetimes(timezones=st.just(UTC)),
        by=TEXT.map(PersonId),
        what=TEXT,
        before=TEXT,
        after=TEXT,
        why=TEXT,
        facts=st.dictionaries(TEXT, TEXT, max_size=2),
    ),
    min_size=1,
    max_size=6,
)
Head = tuple[int, bytes]


def linked(entries: list[AuditEntry]) -> tuple[list[Link], Head]:
    """The chain that these entries make, by the domain's own rule, and its head."""
    links, previous = [], GENESIS
    for number, entry in enumerate(entries, start=1):
        previous = chained(entry, previous)
        body = canonical(entry)
        links.append(
            Link(number=number, order_id=entry.order_id, body=body, hash=bytes.fromhex(previous))
        )
    return links, (len(links), bytes.fromhex(previous))


def test_empty_chain_is_whole_and_has_a_head() -> None:
    """Before the first entry there is nothing to break, but the head must be there."""
    assert first_break([], (0, bytes(32))) is None
    assert first_break([], None) == 1


@given(ENTRIES)
def test_untouched_chain_is_whole(entries: list[AuditEntry]) -> None:
    """What the domain's rule chained is proven, and every entry is read as it was written."""
    links, head = linked(entries)

    assert first_break(links, head) is None
    assert [entry_of(link.body) for link in links] == entries


@given(ENTRIES, st.data())
def test_any_turned_bit_is_named(entries: list[AuditEntry], data: st.DataObject) -> None:
    """One bit anywhere in body or hash breaks the chain at its own entry."""
    links, head = linked(entries)
    place = data.draw(st.integers(0, len(links) - 1))
    column = data.draw(st.sampled_from(["body", "hash"]))
    turned = bytearray(getattr(links[place], column))
    bit = data.draw(st.integers(0, len(turned) * 8 - 1))
    turned[bit // 8] ^= 1 << bit % 8
    changes: dict[str, Any] = {column: bytes(turned)}
    links[place] = replace(links[place], **changes)

    assert first_break(links, head) == place + 1


@given(ENTRIES, st.data())
def test_any_removed_entry_is_named(entries: list[AuditEntry], data: st.DataObject) -> None:
    """A gap shows at the place of what is missing, also when the numbers were closed up."""
    links, head = linked(entries)
    place = data.draw(st.integers(0, len(links) - 1))
    del links[place]
    closed = [replace(link, number=number) for number, link in enumerate(links, start=1)]

    assert first_break(links, head) == place + 1
    assert first_break(closed, head) == place + 1


@given(ENTRIES, st.data())
def test_any_other_order_is_found(entries: list[AuditEntry], data: st.DataObject) -> None:
    """Entries that changed places break the chain at the first that moved."""
    links, head = linked(entries)
    mixed = data.draw(st.permutations(range(len(links))))
    assume(mixed != list(range(len(links))))
    moved = [replace(links[old], number=new) for new, old in enumerate(mixed, start=1)]
    first = next(new for new, old in enumerate(mixed) if new != old)

    assert first_break(moved, head) == first + 1


@given(ENTRIES, st.data())
def test_any_inserted_entry_is_found(entries: list[AuditEntry], data: st.DataObject) -> None:
    """An entry that was slipped in, even with a fitting hash, is named or breaks its successor."""
    links, head = linked(entries)
    place = data.draw(st.integers(0, len(links)))
    previous = links[place - 1].hash.hex() if place else GENESIS
    body = canonical(replace(entries[0], what="slipped in"))
    hashed = chained(replace(entries[0], what="slipped in"), previous)
    slipped = Link(number=0, order_id=entries[0].order_id, body=body, hash=bytes.fromhex(hashed))
    longer = [*links[:place], slipped, *links[place:]]
    longer = [replace(link, number=number) for number, link in enumerate(longer, start=1)]

    assert first_break(longer, head) == place + 2


@given(ENTRIES)
def test_entry_under_another_order_is_named(entries: list[AuditEntry]) -> None:
    """The order an entry is listed under is the one it speaks of."""
    links, head = linked(entries)
    links[-1] = replace(links[-1], order_id=links[-1].order_id + 1)

    assert first_break(links, head) == len(links)


def test_entry_of_a_later_form_keeps_its_proof() -> None:
    """The hash covers the bytes as they were kept, so new fields of later releases break nothing."""
    entry = AuditEntry(
        order_id=OrderId(1),
        at=datetime(2026, 1, 1, tzinfo=UTC),
        by=PersonId("T:U"),
        what="place",
        before="",
        after="placed",
    )
    links, _ = linked([entry])
    body = links[0].body.replace(b'"why":""', b'"why":"","weather":"rain"')
    later = hashlib.sha256(GENESIS.encode() + b"\n" + body).digest()

    assert first_break([replace(links[0], body=body, hash=later)], (1, later)) is None
