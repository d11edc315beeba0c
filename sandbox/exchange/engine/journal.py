"""Every change that was tried on the host, in order, without secrets: what tests count and people read."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from sandbox.exchange.engine.values import Argument, SecureString

_LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """
    One executed mutating operation.

    `digest` is the same for two operations with the same name and arguments; secrets are left out of it.
    """

    id: int
    cmdlet: str
    parameters: dict[str, str]
    digest: str
    principal: str
    at: str
    ok: bool
    error: str


class Journal:
    """The operations so far. The caller holds the host's lock."""

    def __init__(self) -> None:
        self._operations: list[Operation] = []

    def record(
        self,
        cmdlet: str,
        arguments: Mapping[str, Argument],
        *,
        principal: str,
        at: datetime,
        error: str = "",
    ) -> None:
        """Append one operation; an `error` that is not empty says that it failed."""
        parameters = {name: _show(value) for name, value in sorted(arguments.items())}
        told = json.dumps([cmdlet, parameters])
        self._operations.append(
            Operation(
                id=len(self._operations) + 1,
                cmdlet=cmdlet,
                parameters=parameters,
                digest=hashlib.sha256(told.encode()).hexdigest()[:16],
                principal=principal,
                at=at.isoformat(timespec="milliseconds"),
                ok=not error,
                error=error,
            )
        )

    def listed(self) -> list[dict[str, object]]:
        """Every operation as JSON-ready values, oldest first."""
        return [asdict(operation) for operation in self._operations]

    def counts(self) -> dict[str, dict[str, int]]:
        """By cmdlet: how many succeeded, how many failed."""
        counted: dict[str, dict[str, int]] = {}
        for operation in self._operations:
            one = counted.setdefault(operation.cmdlet, {"ok": 0, "failed": 0})
            one["ok" if operation.ok else "failed"] += 1
        return counted


def _show(value: Argument) -> str:
    match value:
        case SecureString():
            return "***"
        case bytes():
            return f"{len(value)} bytes, SHA-256 {hashlib.sha256(value).hexdigest()}"
        case list():
            return ", ".join(value)[:_LONGEST_TEXT]
        case _:
            return str(value)[:_LONGEST_TEXT]
