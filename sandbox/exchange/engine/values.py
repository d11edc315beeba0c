"""The values that cross a cmdlet's border: arguments in, objects out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SecureString:
    """A password that never prints itself."""

    text: str

    def __repr__(self) -> str:
        return "SecureString(***)"


Argument = str | int | bool | bytes | list[str] | SecureString
Arguments = Mapping[str, Argument]
Property = str | int | bool | bytes | list[str] | datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PSObject:
    """One object on a cmdlet's output: its properties, and its text (for cmdlets that return a string)."""

    properties: Mapping[str, Property] = field(default_factory=dict)
    text: str = ""
