"""The accounts behind people's ids, as Slack tells them; remembered for a minute."""

import logging
from datetime import datetime, timedelta, tzinfo
from http.client import HTTPException
from threading import Lock
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.chase_ports import Account
from bot.domain.ids import PersonId
from bot.ports import Clock

log = logging.getLogger(__name__)

FRESH: Final = timedelta(seconds=60)
_NOBODY: Final = frozenset({"user_not_found", "user_not_visible", "users_not_found"})
_REMEMBERED: Final = 5000


class SlackPeople:
    """
    `bot.chase_ports.People` over `users.info`.

    Args:
        client: its own, with a short timeout: a door waits for the answer.
    """

    def __init__(self, client: WebClient, clock: Clock) -> None:
        client.retry_handlers.clear()
        self._client = client
        self._clock = clock
        self._known: dict[PersonId, tuple[datetime, Account]] = {}
        self._lock = Lock()

    def find(self, person: PersonId) -> Account:
        """A person's account; what is known of it is at most a minute old, unless Slack cannot be asked."""
        now = self._clock.now()
        known = self._known.get(person)
        if known is not None and known[0] <= now < known[0] + FRESH:
            return known[1]
        account = self._ask(person)
        if account is None:
            return known[1] if known else Account()
        with self._lock:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[person] = (now, account)
        return account

    def _ask(self, person: PersonId) -> Account | None:
        try:
            answer = self._client.users_info(user=person.rpartition(":")[2])
        except SlackApiError as fault:
            error = str(fault.response.get("error"))
            if error in _NOBODY:
                return Account(closed=True)
            log.warning("the account of %s could not be read: %s", person, error)
            return None
        except (SlackClientError, OSError, HTTPException) as fault:
            log.warning("the account of %s could not be read: %s", person, type(fault).__name__)
            return None
        return _account(answer.get("user"))


def _account(user: Any) -> Account | None:
    if not isinstance(user, dict):
        return None
    outside = ("is_restricted", "is_ultra_restricted", "is_stranger", "is_bot")
    return Account(
        zone=_zone(user.get("tz")),
        closed=bool(user.get("deleted")),
        guest=any(user.get(flag) for flag in outside),
    )


def _zone(name: object) -> tzinfo | None:
    try:
        return ZoneInfo(name) if isinstance(name, str) and name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
