"""
Passwords that were refused a moment ago, so that nobody locks an account by asking again.

Kept in memory alone, by a hash with a salt of this process: never the password. A changed password is tried
at once; the same one only when the time is over.
"""

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from typing import Final

KEPT_S: Final = 300.0
"""Two tries in Windows' usual ten minutes for counting wrong passwords; it locks after five to ten."""


class RefusedPasswords:
    """
    What was refused where. Safe to use from every thread.

    Args:
        monotonic: seconds that never step.
    """

    def __init__(self, monotonic: Callable[[], float], *, keep_s: float = KEPT_S) -> None:
        self._monotonic = monotonic
        self._keep_s = keep_s
        self._salt = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._refused: dict[tuple[str, str], tuple[bytes, float]] = {}

    def remember(self, door: str, user: str, password: str) -> None:
        """
        Note that a door just refused this password.

        Args:
            door: the address that was dialled.
        """
        with self._lock:
            self._refused[door, user.lower()] = (self._hash(password), self._monotonic())

    def forget(self, door: str, user: str) -> None:
        """Note that a sign-in worked."""
        with self._lock:
            self._refused.pop((door, user.lower()), None)

    def waits_s(self, door: str, user: str, password: str) -> float:
        """Say for how long this password is not to be tried here; 0: it may be."""
        with self._lock:
            found = self._refused.get((door, user.lower()))
            if found is None or not hmac.compare_digest(found[0], self._hash(password)):
                return 0.0
            return max(0.0, found[1] + self._keep_s - self._monotonic())

    def _hash(self, password: str) -> bytes:
        return hashlib.scrypt(
            password.encode("utf-8", "surrogatepass"), salt=self._salt, n=2**12, r=8, p=1
        )
