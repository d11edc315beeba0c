"""One call of a cmdlet: the host it touches, its bound arguments, its warnings, its questions."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.exchange.engine.errors import CmdletFailure, prompt_without_person
from sandbox.exchange.engine.state import HostState
from sandbox.exchange.engine.values import Argument, SecureString

Ask = Callable[[str], bool]


def nobody_answers(question: str) -> bool:
    """The NonInteractive shell: a question is an error, and nothing has been answered."""
    raise prompt_without_person()


@dataclass(slots=True, kw_only=True)
class Break:
    """Trouble on demand in the middle: `failure` comes after `left` more of the things the cmdlet does."""

    left: int
    failure: CmdletFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """
    What a cmdlet works with. Arguments are keyed by the parameter's proper spelling and have its type.

    `ask` gets the question's text and gives back the answer, or raises when nobody can answer.
    """

    cmdlet: str
    host: HostState
    arguments: dict[str, Argument]
    ask: Ask = nobody_answers
    warnings: list[str] = field(default_factory=list)
    breaks: Break | None = None

    def has(self, name: str) -> bool:
        return name in self.arguments

    def text(self, name: str, default: str = "") -> str:
        value = self.arguments.get(name, default)
        return value if isinstance(value, str) else default

    def number(self, name: str, default: int) -> int:
        value = self.arguments.get(name, default)
        return value if isinstance(value, int) else default

    def flag(self, name: str, *, default: bool = False) -> bool:
        return self.arguments.get(name, default) is True

    def data(self, name: str) -> bytes | None:
        value = self.arguments.get(name)
        return value if isinstance(value, bytes) else None

    def listed(self, name: str) -> list[str]:
        value = self.arguments.get(name, [])
        return value if isinstance(value, list) else []

    def secret(self, name: str) -> str | None:
        value = self.arguments.get(name)
        return value.text if isinstance(value, SecureString) else None

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def did_one(self) -> None:
        """One of several things is done and stays done, whatever comes now."""
        if self.breaks is not None:
            self.breaks.left -= 1
            if self.breaks.left == 0:
                raise self.breaks.failure

    def did_all(self) -> None:
        """The work is done; a failure that was to come later than that comes now."""
        if self.breaks is not None and self.breaks.left > 0:
            raise self.breaks.failure

    def thumbprint(self) -> str:
        """
        The certificate meant by -Thumbprint, or by -Identity (server, backslash, thumbprint); upper case, no blanks.

        Windows consoles print an invisible U+200E in front; Exchange itself does not forgive that one.
        """
        given = self.text("Thumbprint") or self.text("Identity").rpartition("\\")[2]
        if given[2:3] == " ":
            given = given.replace(" ", "")
        return given.upper()
