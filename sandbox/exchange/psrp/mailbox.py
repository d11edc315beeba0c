"""What a pool or a pipeline has to tell; a Receive takes all that is there. No protocol is known here."""

import threading

from sandbox.exchange.wsman.shells import ConnectionLost, ShellDied


class Mailbox:
    """Filled by the host, emptied by Receive; safe to use from every thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._pieces: list[bytes] = []
        self._is_done = False
        self._is_lost = False
        self._is_dead = False
        self._ends_sessions = False
        self._readers = 0

    def put(self, piece: bytes) -> None:
        """Append one piece; it is handed out whole, with others where there is room."""
        with self._changed:
            self._pieces.append(piece)
            self._changed.notify_all()

    def finish(self) -> None:
        """Nothing more will come."""
        with self._changed:
            self._is_done = True
            self._changed.notify_all()

    def lose(self) -> None:
        """The host is gone: whoever waits learns it by ConnectionLost."""
        with self._changed:
            self._is_lost = True
            self._changed.notify_all()

    def die(self) -> None:
        """The process behind it is dead: whoever waits learns it by ShellDied."""
        with self._changed:
            self._is_dead = True
            self._changed.notify_all()

    def end_sessions_with_last(self) -> None:
        """Once the last piece is taken, `ends_sessions` is true."""
        self._ends_sessions = True

    @property
    def ends_sessions(self) -> bool:
        """Whether the host shall lose every session now."""
        with self._changed:
            return self._ends_sessions and self._is_done and not self._pieces

    def has_reader(self) -> bool:
        """True while somebody waits for a piece."""
        with self._changed:
            return self._readers > 0

    def wait_for_reader(self, timeout_s: float) -> None:
        """Return when somebody waits for a piece, or when nobody came in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._readers, timeout_s)

    def take(self, timeout_s: float, *, room: int) -> tuple[bytes, bool] | None:
        """
        What is there, and whether it was the last; None when nothing came in time.

        Args:
            room: bytes at most, but for one piece that is longer than that.

        Raises:
            ConnectionLost: the host went away while waiting.
            ShellDied: the process behind it died.
        """
        with self._changed:
            self._readers += 1
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: self._pieces or self._is_done or self._is_lost or self._is_dead, timeout_s
            )
            self._readers -= 1
            if self._is_lost:
                raise ConnectionLost
            if self._is_dead and not self._pieces:
                raise ShellDied
            if not self._pieces and not self._is_done:
                return None
            return self._as_much_as(room), self._is_done and not self._pieces

    def _as_much_as(self, room: int) -> bytes:
        taken = self._pieces.pop(0) if self._pieces else b""
        while self._pieces and len(taken) + len(self._pieces[0]) <= room:
            taken += self._pieces.pop(0)
        return taken
