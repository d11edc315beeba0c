"""Small checks that compose: each looks at one JSON value and yields what is wrong, with its place."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_LOOSE_AMPERSAND = re.compile(r"&(?!amp;|lt;|gt;)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong with blocks or a view, and the JSON pointer to it."""

    said: str
    pointer: str

    def __str__(self) -> str:
        return f"[ERROR] {self.said} [json-pointer:{self.pointer}]"


Check = Callable[[Any, str], Iterator[Fault]]


def escaped_length(text: str, *, plain: bool = False) -> int:
    """Characters after entity escaping, which is what Slack counts: a bare & is five."""
    length = len(_LOOSE_AMPERSAND.sub("&amp;", text))
    if plain:
        length += 3 * (text.count("<") + text.count(">"))
    return length


def anything(value: Any, at: str) -> Iterator[Fault]:
    """Accept whatever is there."""
    return iter(())


def boolean(value: Any, at: str) -> Iterator[Fault]:
    """A true or a false."""
    if not isinstance(value, bool):
        yield Fault(said="must be a boolean", pointer=at)


def integer(value: Any, at: str) -> Iterator[Fault]:
    """A whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        yield Fault(said="must be an integer", pointer=at)


def string(limit: int, *, least: int = 0, plain: bool = False) -> Check:
    """A string of at least and at most so many characters."""

    def check(value: Any, at: str) -> Iterator[Fault]:
        if not isinstance(value, str):
            yield Fault(said="must be a string", pointer=at)
        elif escaped_length(value, plain=plain) > limit:
            yield Fault(said=f"must be less than {limit + 1} characters", pointer=at)
        elif len(value) < least:
            yield Fault(said=f"must be more than {least - 1} characters", pointer=at)

    return check


def one_of(*allowed: str) -> Check:
    """A string out of a fixed set."""

    def check(value: Any, at: str) -> Iterator[Fault]:
        if value not in allowed:
            yield Fault(said=f"must be one of {', '.join(allowed)}", pointer=at)

    return check


def many(check_item: Check, limit: int, *, least: int = 1) -> Check:
    """A list of such items."""

    def check(value: Any, at: str) -> Iterator[Fault]:
        if not isinstance(value, list):
            yield Fault(said="must be an array", pointer=at)
            return
        if len(value) > limit:
            yield Fault(said=f"no more than {limit} items allowed", pointer=at)
        if len(value) < least:
            yield Fault(said=f"no less than {least} items required", pointer=at)
        for index, item in enumerate(value):
            yield from check_item(item, f"{at}/{index}")

    return check


def record(
    required: Mapping[str, Check],
    optional: Mapping[str, Check] | None = None,
    *,
    one_needed: tuple[str, ...] = (),
) -> Check:
    """An object with exactly these fields; of one_needed at least one must be there."""
    fields = {**required, **(optional or {})}

    def check(value: Any, at: str) -> Iterator[Fault]:
        if not isinstance(value, dict):
            yield Fault(said="must be an object", pointer=at)
            return
        for name in required:
            if value.get(name) is None:
                yield Fault(said=f"missing required field: {name}", pointer=at)
        if one_needed and not any(value.get(name) for name in one_needed):
            yield Fault(said=f"missing required field: {' or '.join(one_needed)}", pointer=at)
        for name, item in value.items():
            if name not in fields:
                yield Fault(said=f"invalid additional property: {name[:50]}", pointer=at)
            elif item is not None:
                yield from fields[name](item, f"{at}/{name}")

    return check


def by_type(kinds: Mapping[str, Check], allowed: tuple[str, ...] | None = None) -> Check:
    """An object whose "type" picks the check out of a table, which may be filled later."""

    def check(value: Any, at: str) -> Iterator[Fault]:
        if not isinstance(value, dict):
            yield Fault(said="must be an object", pointer=at)
            return
        kind = value.get("type")
        known = isinstance(kind, str) and kind in kinds and (allowed is None or kind in allowed)
        if not known:
            yield Fault(said=f"unsupported type: {str(kind)[:50]}", pointer=f"{at}/type")
            return
        yield from kinds[str(kind)](value, at)

    return check
