"""Two conversations with one host that pass for one: cmdlets at Exchange's own endpoint, all else by WinRM."""

from collections.abc import Sequence

from bot.exchange.allowance import Allowance
from bot.exchange.call import Call, Reply
from bot.exchange.session import Conversation, Foresighted


class TwoDoors:
    """
    A `Conversation` over two; which one a call takes follows from its operation alone.

    Args:
        shell: PowerShell by WinRM, for stores and files (the endpoint has no language to reach them).
        endpoint: Exchange's own endpoint.
    """

    def __init__(self, *, shell: Conversation, endpoint: Conversation) -> None:
        self.host = shell.host
        self._shell = shell
        self._endpoint = endpoint

    def run(self, call: Call, allowance: Allowance | None = None) -> Reply:
        """Run one call where it belongs."""
        door = self._endpoint if call.op == "cmdlet" else self._shell
        return door.run(call, allowance)

    def ahead(self, calls: Sequence[Call]) -> None:
        """Fetch together what goes by WinRM; the endpoint runs one pipeline after the other."""
        if isinstance(self._shell, Foresighted):
            self._shell.ahead([call for call in calls if call.op != "cmdlet"])

    def close(self) -> None:
        """End both."""
        self._endpoint.close()
        self._shell.close()

    def cancel(self) -> None:
        """End what runs at either."""
        self._endpoint.cancel()
        self._shell.cancel()
