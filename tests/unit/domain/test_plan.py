"""A plan's digest and the canonical form under it."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.ids import HostName
from bot.domain.plan import (
    Answer,
    HostCertificate,
    InstallPlan,
    OperationKind,
    Service,
    Snapshot,
    canonical,
)
from tests.unit.domain.samples import EX01, EX02, NOON, OLD_THUMBPRINT, THUMBPRINT, host_plan, plan

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def test_the_digest_of_this_plan_is_what_it_was_in_the_first_release() -> None:
    """Approvals given before an upgrade still fit their plan: changing the form breaks this on purpose."""
    assert "9d3132fb9ce11dd690476c7bad0a0593f2e0c391fb4e26c28b8a4146104460ac" == plan().digest()


def test_the_digest_is_the_same_in_another_process_with_another_hash_seed() -> None:
    """No order of a set, no address and no seed gets into the digest."""
    code = "from tests.unit.domain.samples import plan; print(plan().digest())"
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONHASHSEED": "4711"},
        capture_output=True,
        check=True,
        text=True,
    )

    assert plan().digest() == told.stdout.strip()


def spoiled(value: Any) -> Iterator[Any]:
    """Every way to change one thing somewhere in a value."""
    if is_dataclass(value) and not isinstance(value, type):
        for part in fields(value):
            for other in spoiled(getattr(value, part.name)):
                yield replace(value, **{part.name: other})
    elif isinstance(value, tuple):
        yield (*value, "more")
        for at, item in enumerate(value):
            yield value[:at] + value[at + 1 :]
            yield from ((*value[:at], other, *value[at + 1 :]) for other in spoiled(item))
        if len(set(map(repr, value))) > 1:
            yield tuple(reversed(value))
    elif isinstance(value, dict):
        yield value | {"more": "more"}
        yield from (value | {key: other} for key in value for other in spoiled(value[key]))
    else:
        yield _other_scalar(value)


def _other_scalar(value: Any) -> Any:
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1)
    if isinstance(value, int):
        return value + 1
    return None if isinstance(value, StrEnum) else f"{value}x"


def test_the_digest_changes_with_every_single_field() -> None:
    """Whatever is changed, left out, added or put in another order: it is another plan."""
    spoils = list(spoiled(plan()))
    digests = {spoil.digest() for spoil in spoils}

    assert len(spoils) > 100
    assert plan().digest() not in digests
    assert len(spoils) == len(digests)


@settings(deadline=None)
@given(st.permutations([EX01, EX02, HostName("EX03")]))
def test_the_order_of_the_hosts_is_part_of_the_plan(hosts: list[HostName]) -> None:
    """Hosts are done in the order that was approved."""
    usual = plan(*(host_plan(name) for name in (EX01, EX02, HostName("EX03"))))
    shuffled = plan(*(host_plan(name) for name in hosts))

    assert (usual == shuffled) is (usual.digest() == shuffled.digest())


def test_two_spellings_of_one_moment_are_one_plan() -> None:
    """A database that answers in its session's zone changes no digest and breaks no chain."""
    there = timezone(timedelta(hours=2))

    assert plan().digest() == replace(plan(), not_after=plan().not_after.astimezone(there)).digest()


@settings(deadline=None)
@given(plain, plain)
def test_different_values_have_different_forms(one: Any, other: Any) -> None:
    """Two plain values share bytes only when JSON cannot tell them apart."""
    if canonical(one) == canonical(other):
        assert _as_json_sees_it(one) == _as_json_sees_it(other)


def _as_json_sees_it(value: Any) -> Any:
    match value:
        case bytes():
            return canonical(value)
        case str():
            return canonical(value)
        case bool() | None:
            return repr(value)
        case list():
            return [_as_json_sees_it(item) for item in value]
        case dict():
            return {key: _as_json_sees_it(item) for key, item in value.items()}
    return value


@settings(deadline=None)
@given(st.dictionaries(st.text(), st.integers()))
def test_the_order_of_keys_does_not_matter(facts: dict[str, int]) -> None:
    """Equal mappings have one form however they were filled."""
    assert canonical(facts) == canonical(dict(reversed(facts.items())))


def test_the_canonical_form_is_plain_ascii_json_without_blanks() -> None:
    """The form is pinned: another program can check a digest by it."""

    @dataclass(frozen=True, slots=True)
    class Value:
        when: datetime
        what: tuple[str, ...]
        data: bytes

    form = canonical(Value(NOON, ("ü", Service.IIS), b""))

    assert form == (
        b'{"data":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",'
        b'"what":["\\u00fc","IIS"],"when":"2026-11-23T12:00:00+00:00"}'
    )


@pytest.mark.parametrize("value", [object(), {1, 2}, datetime(2026, 1, 1)])
def test_what_has_no_single_form_is_refused(value: object) -> None:
    """A set, a foreign object and a moment without zone stop with a sentence, never with a guess."""
    with pytest.raises(TypeError, match=r"no canonical form|no zone"):
        canonical(value)


@pytest.mark.parametrize(
    ("answer", "smtp"), [(Answer.YES, True), (Answer.NO, False), (None, False)]
)
def test_the_default_is_overwritten_only_on_a_yes(answer: Answer | None, smtp: bool) -> None:
    """Without a Yes the operation that takes the default SMTP certificate over is left out."""
    kinds = {op.kind for op in host_plan(EX01, asks=True).operations_for(answer)}

    assert smtp is (OperationKind.ENABLE_SMTP in kinds)
    assert {OperationKind.IMPORT_CERTIFICATE, OperationKind.ENABLE_SERVICES} <= kinds


@pytest.mark.parametrize(
    ("asks", "by_name", "answer", "shows_smtp"),
    [
        (True, True, Answer.NO, True),
        (True, False, Answer.NO, False),
        (True, False, None, False),
        (True, False, Answer.YES, True),
        (False, False, None, True),
    ],
)
def test_smtp_is_proven_where_the_answer_lets_it_be_seen(
    asks: bool, by_name: bool, answer: Answer | None, shows_smtp: bool
) -> None:
    """Where port 25 goes by the default and the default stays, its handshake proves nothing."""
    host = replace(host_plan(EX01, asks=asks), smtp_by_name=by_name)

    services = host.provable((Service.IIS, Service.SMTP), answer)

    assert shows_smtp is (Service.SMTP in services)
    assert Service.IIS in services


def test_a_host_is_found_by_its_name_and_a_foreign_one_is_an_error() -> None:
    """The plan knows its own hosts only."""
    whole: InstallPlan = plan()

    assert EX02 == whole.host(EX02).host
    with pytest.raises(KeyError):
        whole.host(HostName("EX99"))


def test_a_certificate_of_a_snapshot_is_found_by_its_handle() -> None:
    """And by no other; a host without a default has none."""
    shown = HostCertificate(
        thumbprint=THUMBPRINT, sha256=plan().sha256, subject="CN=a", issuer="CN=b", names=(),
        not_before=NOON, not_after=NOON,
    )  # fmt: skip
    snapshot = Snapshot(
        host=EX01, taken_at=NOON, build="15.2", fqdn="ex01", certificates=(shown,),
        default_smtp=None, intermediates=(),
    )  # fmt: skip

    assert shown == snapshot.certificate(THUMBPRINT)
    assert snapshot.certificate(OLD_THUMBPRINT) is None
    assert snapshot.certificate(snapshot.default_smtp) is None


def test_utc_stays_as_it_is() -> None:
    """The usual form of a moment is the one with +00:00."""
    assert b'"2026-11-23T12:00:00+00:00"' == canonical(NOON.astimezone(UTC))
    assert b'"ABABABABABABABABABABABABABABABABABABABAB"' == canonical(THUMBPRINT)
