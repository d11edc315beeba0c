"""Ids, tokens and time stamps in Slack's shapes."""

import secrets
import string
from typing import Any

_ALPHABET = string.ascii_uppercase + string.digits
Json = dict[str, Any]

TEAM_ID = "T0SANDBOX1"
APP_ID = "A0SANDBOX1"
BOT_ID = "B0SANDBOX1"
BOT_USER_ID = "U0CERTBOT1"
STRANGER_TEAM_ID = "T0STRANGE1"


def new_id(prefix: str) -> str:
    """An id such as F0A1B2C3D4E."""
    return prefix + "0" + "".join(secrets.choice(_ALPHABET) for _ in range(9))


def new_block_id() -> str:
    """What Slack puts where an app left out a block_id or action_id."""
    return secrets.token_urlsafe(4)[:5]


def new_hash(now: float) -> str:
    """The hash of one version of a view."""
    return f"{int(now)}.{secrets.token_hex(4)}"


def new_bot_token() -> str:
    """A token for the Web API."""
    return f"xoxb-sandbox-{secrets.token_hex(12)}"


def new_app_token() -> str:
    """A token for opening sockets."""
    return f"xapp-1-{APP_ID}-{secrets.token_hex(16)}"


def new_signing_secret() -> str:
    """The secret of HTTP mode's signatures."""
    return secrets.token_hex(16)


class Stamps:
    """Mints message time stamps: unique and rising, whatever the clock does."""

    def __init__(self) -> None:
        self._last_us = 0

    def mint(self, now: float) -> str:
        """The next ts, such as 1763900000.000200."""
        self._last_us = max(self._last_us + 1, int(now * 1_000_000))
        return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06d}"
