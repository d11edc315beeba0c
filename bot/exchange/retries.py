"""
What is done with a message that failed: one table, and who follows it.

First it is asked whether the host can have taken the message; only one that was certainly not taken is sent
again. A lost answer to a Receive is lost output: the host has handed it out already. No library is known here.
Source: winrm.md 6 and 7 point 8; the table is its table.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final, TypeVar

from bot.domain.faults import FaultKind
from bot.exchange.faults import WSMAN_RULES, Accident, WireTrouble

Answer = TypeVar("Answer")


class Message(StrEnum):
    """The messages of a shell."""

    CREATE = "Create"
    COMMAND = "Command"
    SEND = "Send"
    RECEIVE = "Receive"
    SIGNAL = "Signal"
    DELETE = "Delete"


class Happened(StrEnum):
    """What became of a message, as far as it can be known."""

    UNSENT = "refused, unknown name, connect time-out, TLS"
    UNSEALED = "400 to a sealed message: it could not be opened, so it was not run"
    NOT_LET_IN = "401"
    BUSY = "503, a quota, 170"
    USED_UP = "the quota of operations: a text shell gives none back until it is deleted"
    GONE = "the shell or the command is not there"
    DOUBT = "time-out, reset, truncated, operation aborted, host process died: perhaps it ran"
    REFUSED = "anything else: another try would end the same"


class Remedy(StrEnum):
    """What is done next."""

    BACK_OFF = "wait and send it again, at most three times"
    FRESH_SESSION = "sign in anew and send it again, once"
    SIGN_IN_AGAIN = "the same, once, and only when this sign-in had worked before"
    NEW_SHELL = "open another shell, once, and start over"
    TELL = "send nothing again; the caller looks at the host"
    DONE = "it is as good as done"
    ONCE_MORE = "send it again, once, and let it be"


_ASKING: Final = (Message.CREATE, Message.COMMAND, Message.SEND)
_ENDING: Final = (Message.SIGNAL, Message.DELETE)


def _row(asking: Remedy, receive: Remedy, ending: Remedy) -> dict[Message, Remedy]:
    return {
        **dict.fromkeys(_ASKING, asking),
        Message.RECEIVE: receive,
        **dict.fromkeys(_ENDING, ending),
    }


def _same(remedy: Remedy) -> dict[Message, Remedy]:
    return _row(remedy, remedy, remedy)


REMEDIES: Final[Mapping[Happened, Mapping[Message, Remedy]]] = {
    Happened.UNSENT: _same(Remedy.BACK_OFF),
    Happened.UNSEALED: _same(Remedy.FRESH_SESSION),
    Happened.NOT_LET_IN: _same(Remedy.SIGN_IN_AGAIN),
    Happened.BUSY: _same(Remedy.BACK_OFF),
    Happened.USED_UP: {**_same(Remedy.BACK_OFF), Message.COMMAND: Remedy.NEW_SHELL},
    Happened.GONE: {
        **_row(Remedy.NEW_SHELL, Remedy.TELL, Remedy.DONE),
        # What was sent before may have run in the shell that is gone.
        Message.SEND: Remedy.TELL,
    },
    Happened.DOUBT: _row(Remedy.TELL, Remedy.TELL, Remedy.ONCE_MORE),
    Happened.REFUSED: _same(Remedy.TELL),
}
"""By what happened and to which message; complete."""

BACK_OFF_S: Final = (1.0, 2.0, 4.0)
"""Waits between tries; after the last the step that asked is put off, with the host's own time to wait."""

_LONGEST_NAMED_S: Final = 10.0
"""A wait the host itself names is kept to: up to here at once, a longer one is left to the order's step."""

_BY_CODE: Final[Mapping[str, Happened]] = {
    Accident.NO_ROUTE: Happened.UNSENT,
    Accident.TLS: Happened.UNSENT,
    Accident.READ_TIMEOUT: Happened.DOUBT,
    Accident.BROKEN: Happened.DOUBT,
    # Its time is over for good; the order's step begins anew with a new one.
    Accident.TOO_LATE: Happened.REFUSED,
    "http-401": Happened.NOT_LET_IN,
    "2150859174": Happened.USED_UP,
    "2150859240": Happened.USED_UP,
    "2150859241": Happened.USED_UP,
    "2150858843": Happened.GONE,
    "2150858793": Happened.DOUBT,
    "995": Happened.DOUBT,
    "1726": Happened.DOUBT,
    "3221225477": Happened.DOUBT,
}
_ONCE: Final = frozenset({Remedy.FRESH_SESSION, Remedy.SIGN_IN_AGAIN, Remedy.ONCE_MORE})


def what_happened(trouble: WireTrouble, *, sealed: bool) -> Happened:
    """
    Say what became of the message behind a trouble.

    Args:
        sealed: the conversation is encrypted message by message; only then does a 400 mean that it was not opened.
    """
    if trouble.code == "http-400":
        return Happened.UNSEALED if sealed else Happened.REFUSED
    known = _BY_CODE.get(trouble.code)
    if known is not None:
        return known
    return Happened.BUSY if trouble.rule.kind is FaultKind.BUSY else Happened.REFUSED


class Persistence:
    """
    Sends messages as the table says; one for each conversation, used by one thread.

    Args:
        sealed: see `what_happened`.
        fresh_session: drops the connection, so that the next message signs in anew.
        pause: waits so many seconds.
    """

    def __init__(
        self,
        *,
        sealed: bool,
        fresh_session: Callable[[], None],
        pause: Callable[[float], object],
    ) -> None:
        self._sealed = sealed
        self._fresh_session = fresh_session
        self._pause = pause
        self._was_let_in = False

    def say(self, message: Message, send: Callable[[], Answer]) -> Answer:
        """
        Send a message, again where that is safe.

        Args:
            send: sends it and gives the answer; raises `WireTrouble`.

        Raises:
            WireTrouble: the last one, when nothing (more) may be tried.
        """
        tried: Counter[Remedy] = Counter()
        while True:
            try:
                answer = send()
            except WireTrouble as trouble:
                remedy = self.remedy(message, trouble)
                if not self._may_try(remedy, tried) or _named_wait_s(trouble) > _LONGEST_NAMED_S:
                    raise
                self._get_ready(remedy, trouble, tried)
            else:
                self._was_let_in = True
                return answer

    def remedy(self, message: Message, trouble: WireTrouble) -> Remedy:
        """Look up what is done about it."""
        return REMEDIES[what_happened(trouble, sealed=self._sealed)][message]

    def _may_try(self, remedy: Remedy, tried: Counter[Remedy]) -> bool:
        if remedy is Remedy.BACK_OFF:
            return tried[remedy] < len(BACK_OFF_S)
        if remedy is Remedy.SIGN_IN_AGAIN and not self._was_let_in:
            return False
        return remedy in _ONCE and tried[remedy] == 0

    def _get_ready(self, remedy: Remedy, trouble: WireTrouble, tried: Counter[Remedy]) -> None:
        if remedy is Remedy.BACK_OFF:
            self._pause(max(BACK_OFF_S[tried[remedy]], _named_wait_s(trouble)))
        tried[remedy] += 1
        if what_happened(trouble, sealed=self._sealed) is not Happened.BUSY:
            self._fresh_session()


def _named_wait_s(trouble: WireTrouble) -> float:
    """The wait the host named, or 0: asking a throttling host earlier only renews the penalty (winrm.md 5)."""
    usual = WSMAN_RULES.get(int(trouble.code)) if trouble.code.isdecimal() else None
    is_named = usual is not None and trouble.rule.retry_after_s != usual.retry_after_s
    return (trouble.rule.retry_after_s or 0.0) if is_named else 0.0
