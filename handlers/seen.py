"""What this process has seen already, the newest so many of it."""

from collections import OrderedDict


class Seen:
    """A bounded memory of ids. It spares work within one process; it is never the lock."""

    def __init__(self, *, limit: int) -> None:
        self._limit = limit
        self._ids: OrderedDict[str, None] = OrderedDict()

    def add(self, name: str) -> bool:
        """Remember an id; False when it was known already."""
        if name in self._ids:
            return False
        self._ids[name] = None
        if len(self._ids) > self._limit:
            self._ids.popitem(last=False)
        return True

    def __contains__(self, name: str) -> bool:
        return name in self._ids
