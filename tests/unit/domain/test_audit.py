"""The hash that chains an audit entry to the one before."""

from dataclasses import fields, replace
from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.audit import GENESIS, AuditEntry, chained
from bot.domain.ids import OrderId
from bot.domain.plan import canonical
from tests.unit.domain.samples import MAX, NOON, RITA

ENTRY = AuditEntry(
    order_id=OrderId(7), at=NOON, by=MAX, what="approve", before="placed", after="approved",
    why="needed", facts={"digest": "0f"},
)  # fmt: skip

OTHERS: dict[str, Any] = {
    "order_id": OrderId(8), "at": NOON + timedelta(microseconds=1), "by": RITA, "what": "reject",
    "before": "", "after": "rejected", "why": "", "facts": {"digest": "0e"},
    "by_name": "Max", "link": "https://x.slack.com/archives/C1/p1",
}  # fmt: skip


def test_the_table_of_changes_names_every_field() -> None:
    """No field of an entry escapes the test below."""
    assert {part.name for part in fields(AuditEntry)} == set(OTHERS)


@pytest.mark.parametrize("field", sorted(OTHERS))
def test_each_field_is_under_the_hash(field: str) -> None:
    """Changing any one field afterwards shows."""
    assert chained(ENTRY, GENESIS) != chained(replace(ENTRY, **{field: OTHERS[field]}), GENESIS)


def test_the_hash_before_is_under_the_hash() -> None:
    """An entry cannot be moved to another place in the chain."""
    assert chained(ENTRY, GENESIS) != chained(ENTRY, "1" * 64)


def test_the_zone_a_database_answers_in_does_not_break_the_chain() -> None:
    """The same moment in another zone has the same hash."""
    there = replace(ENTRY, at=NOON.astimezone(timezone(timedelta(hours=-5))))

    assert chained(ENTRY, GENESIS) == chained(there, GENESIS)


def test_entries_from_before_a_field_was_added_keep_their_hash() -> None:
    """An entry without a name and a link has the canonical form, and so the hash, of the first release."""
    first = (
        '{"after":"approved","at":"2026-11-23T12:00:00+00:00","before":"placed","by":"T1:UMAX",'
        '"facts":{"digest":"0f"},"order_id":7,"what":"approve","why":"needed"}'
    )

    assert first.encode() == canonical(ENTRY)


@settings(deadline=None)
@given(why=st.text(), facts=st.dictionaries(st.text(), st.text()))
def test_any_text_can_be_chained(why: str, facts: dict[str, str]) -> None:
    """Whatever people write, half a surrogate pair included, an entry has 64 hex digits."""
    digits = chained(replace(ENTRY, why=why, facts=facts), GENESIS)

    assert 64 == len(digits)
    assert set(digits) <= set("0123456789abcdef")
