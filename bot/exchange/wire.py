"""What a conversation with the runner needs from a wire; no protocol is known here."""

from typing import Protocol

from bot.exchange.allowance import Allowance


class Wire(Protocol):
    """
    A way to one PowerShell on one host.

    1. `open` starts it; 2. `send` writes to its stdin; 3. `receive` gives the lines that came, maybe none,
    and says whether it ended; 4. `close` never raises; 5. `cancel` never raises, and comes from another thread.
    The first three raise `WireTrouble`. 6. With an allowance `send` lets nothing leave, in no try, once that has run out.
    """

    def open(self, command: str) -> None:
        """Sign in, open a shell, start the command."""
        ...

    def send(self, data: bytes, allowance: Allowance | None = None) -> None:
        """Write to stdin; what changes the host brings its allowance."""
        ...

    def receive(self) -> tuple[tuple[str, ...], bool]:
        """Complete lines of stdout that came meanwhile, and whether the command has ended."""
        ...

    def close(self) -> None:
        """End the command and the shell, whatever their state."""
        ...

    def cancel(self) -> None:
        """End the command and the shell over a connection of its own; whoever waits for output gets an end."""
        ...
