"""
What the runner on a host can be asked, as data: an operation, typed values, wanted properties.

No PowerShell text is made here and no bytes of the wire; docs/runner.md has the list of operations.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

from bot.certs.prints import Thumbprint

Op = Literal[
    "hello",
    "connect",
    "parameters",
    "cmdlet",
    "store.list",
    "store.add",
    "store.remove",
    "web.bindings",
    "file.write",
    "file.path",
    "file.read",
    "file.delete",
]


class Switch(Enum):
    """A switch of a cmdlet; one that is absent is not passed at all."""

    PRESENT = "present"


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A text that becomes a SecureString on the host and prints as ``***`` here."""

    text: str

    def __repr__(self) -> str:
        return "Secret(***)"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpDecision:
    """
    What a person decided on "Overwrite the existing default SMTP certificate?".

    Args:
        current: the default the question must name as the one of now.
        new: the one it must name as the replacement.
    """

    current: Thumbprint
    new: Thumbprint
    overwrite: bool


Value = str | int | bool | bytes | tuple[str, ...] | Switch | Secret

_CHANGING_OPS: Final = frozenset({"store.add", "store.remove", "file.write", "file.delete"})
_CHANGING_VERBS: Final = ("New-", "Import-", "Enable-", "Remove-", "Set-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """
    One request to the runner.

    Args:
        op: the runner's operation.
        cmdlet: the cmdlet's name where the operation is ``cmdlet``.
        values: parameters by name, in the order in which people read them.
        wants: properties of each output object, in order; ``.`` is the object itself.
        decision: the answer to the question the cmdlet will ask; only Exchange's own endpoint can give it.
    """

    op: Op
    cmdlet: str = ""
    values: tuple[tuple[str, Value], ...] = ()
    wants: tuple[str, ...] = ()
    decision: SmtpDecision | None = None

    @property
    def changes(self) -> bool:
        """Say whether running it can change the host; only then does a lost answer leave a doubt."""
        return self.op in _CHANGING_OPS or self.cmdlet.startswith(_CHANGING_VERBS)

    @property
    def title(self) -> str:
        """Name it in a sentence: the cmdlet, or the runner's operation."""
        return self.cmdlet or self.op


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteError:
    """
    An error the host reported, in its own words.

    Args:
        message: localised text; recognise it last.
        category: ``CategoryInfo.Category``, for example ``ObjectNotFound``.
        error_id: ``FullyQualifiedErrorId``.
    """

    message: str
    category: str
    error_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """
    Everything the runner answered to one call.

    Args:
        objects: the wanted properties of each output object; None for null.
    """

    objects: tuple[tuple[str | None, ...], ...] = ()
    warnings: tuple[str, ...] = ()
    errors: tuple[RemoteError, ...] = ()
