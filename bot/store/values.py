"""
Domain values as JSON text and back, for columns that hold one whole.

The form is pydantic's reading of the dataclasses in `bot/domain`; a value that lost a field in an upgrade is
an error when it is read, never a guess.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Generic, TypeVar

from pydantic import ConfigDict, TypeAdapter

from bot.certs.findings import Finding
from bot.certs.judge import LeafFacts
from bot.domain.ids import HostName, PersonId
from bot.domain.messages import Message
from bot.domain.order import Clearing, Wish
from bot.domain.plan import Answer, Caution, InstallPlan

T = TypeVar("T")

_BASE64: Final = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")
_PATH: Final = TypeAdapter(tuple[bytes, ...], config=_BASE64)


class JsonForm(Generic[T]):
    """The JSON text of one kind of value."""

    def __init__(self, adapter: TypeAdapter[T]) -> None:
        self._adapter = adapter

    def text(self, value: T) -> str:
        """Write a value; half characters (lone surrogates) are replaced, they fit into no UTF-8."""
        plain = self._adapter.dump_python(value)
        text = json.dumps(plain, default=_iso, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "replace").decode()

    def value(self, text: str) -> T:
        """Read what `text` wrote."""
        return self._adapter.validate_json(text)


WISH: Final = JsonForm(TypeAdapter(Wish))
FINDINGS: Final = JsonForm(TypeAdapter(tuple[Finding, ...]))
PLAN: Final = JsonForm(TypeAdapter(InstallPlan))
ANSWERS: Final = JsonForm(TypeAdapter(Mapping[HostName, Answer]))
CSRS: Final = JsonForm(TypeAdapter(Mapping[int, str]))
ENDERS: Final = JsonForm(TypeAdapter(Mapping[int, PersonId]))
ROUNDS: Final = JsonForm(TypeAdapter(tuple[int, ...]))
CLEARING: Final = JsonForm(TypeAdapter(Clearing))
HOSTS: Final = JsonForm(TypeAdapter(tuple[HostName, ...]))
LEAF_FACTS: Final = JsonForm(TypeAdapter(LeafFacts))
CAUTIONS: Final = JsonForm(TypeAdapter(tuple[Caution, ...]))
MESSAGE: Final[JsonForm[Message]] = JsonForm(TypeAdapter(Message))


def path_text(path: tuple[bytes, ...]) -> str:
    """DER certificates as a JSON list of base64 texts."""
    return _PATH.dump_json(path).decode()


def path_value(text: str) -> tuple[bytes, ...]:
    """Read what `path_text` wrote."""
    return _PATH.validate_json(text)


def _iso(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a stored value")
