"""Shells and their commands: owners, output queues, quotas, idle expiry. No XML, no HTTP here."""

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sandbox.exchange.wsman.faults import (
    COMMAND_EXISTS,
    MAX_OPERATIONS,
    MAX_SHELLS,
    MAX_USERS,
    NOT_ENOUGH_QUOTA,
    SHELL_EXISTS,
    UNKNOWN_SHELL,
    failure,
)
from sandbox.exchange.wsman.quotas import Quotas

TERMINATED = -1073741510


class Process(Protocol):
    """What runs in a command: it takes stdin and can be ended."""

    def feed(self, data: bytes) -> None:
        """More stdin. Never waits."""

    def end_input(self) -> None:
        """No more stdin."""

    def terminate(self) -> None:
        """Stop as soon as possible; writes nothing more."""


class ConnectionLost(Exception):
    """The host went away in the middle: the client sees a reset, no answer."""


class ShellDied(Exception):
    """The process behind the shell is dead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """
    What one Receive hands out; `exit_code` is there when the command is done.

    `ends_sessions`: the host shall lose every session as soon as this is on its way.
    """

    chunks: list[tuple[str, bytes]]
    exit_code: int | None
    ends_sessions: bool = False


class Output:
    """A command's output, written by its process and taken by Receive."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._chunks: list[tuple[str, bytes]] = []
        self._exit_code: int | None = None
        self._is_lost = False
        self._is_dead = False
        self._ends_sessions = False
        self._readers = 0

    def write(self, stream: str, data: bytes) -> None:
        """Append to `stdout` or `stderr`; one write is handed out in one piece if it fits."""
        with self._changed:
            if data and self._exit_code is None:
                self._chunks.append((stream, data))
                self._changed.notify_all()

    def finish(self, exit_code: int) -> None:
        """The process has ended. The first exit code counts."""
        with self._changed:
            if self._exit_code is None:
                self._exit_code = exit_code
            self._changed.notify_all()

    def lose(self) -> None:
        """The host is gone: whoever waits learns it by ConnectionLost."""
        with self._changed:
            self._is_lost = True
            self._changed.notify_all()

    def die(self) -> None:
        """The process behind the shell is dead: whoever waits learns it by ShellDied."""
        with self._changed:
            self._is_dead = True
            self._changed.notify_all()

    def end_sessions_with_next(self) -> None:
        """What is written next is handed out, and then the host loses its sessions."""
        with self._changed:
            self._ends_sessions = True

    def is_running(self) -> bool:
        """True until the process has ended."""
        with self._changed:
            return self._exit_code is None and not self._is_dead

    def has_reader(self) -> bool:
        with self._changed:
            return self._readers > 0

    def wait_for_reader(self, timeout_s: float) -> None:
        """Return when somebody waits for output, or when nobody came in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._readers, timeout_s)

    def take(self, *, timeout_s: float, limit: int) -> Received | None:
        """
        What has been written, at most `limit` bytes; None when nothing came in time.

        Raises:
            ConnectionLost: the host went away while waiting.
            ShellDied: the process behind the shell died.
        """
        with self._changed:
            self._readers += 1
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: self._chunks or self._exit_code is not None or self._is_gone(), timeout_s
            )
            self._readers -= 1
            if self._is_lost:
                raise ConnectionLost
            if self._is_dead:
                raise ShellDied
            taken = self._take_chunks(limit)
            exit_code = None if self._chunks else self._exit_code
            ends = self._ends_sessions and bool(taken) and not self._chunks
        if not taken and exit_code is None:
            return None
        return Received(chunks=taken, exit_code=exit_code, ends_sessions=ends)

    def _is_gone(self) -> bool:
        return self._is_lost or self._is_dead

    def _take_chunks(self, limit: int) -> list[tuple[str, bytes]]:
        taken: list[tuple[str, bytes]] = []
        while self._chunks and limit > 0:
            stream, data = self._chunks.pop(0)
            taken.append((stream, data[:limit]))
            if data[limit:]:
                self._chunks.insert(0, (stream, data[limit:]))
            limit -= len(data)
        return taken


@dataclass(slots=True, kw_only=True)
class Command:
    """One command of a shell."""

    id: str
    process: Process
    output: Output


@dataclass(slots=True, kw_only=True)
class Shell:
    """
    One shell of one user. `started` counts every command it ever ran: that is what leaks.

    `asked` is what it was last sent, decoded and in lower case, for the trouble plan.
    """

    id: str
    owner: str
    idle_s: float
    opened_at: datetime
    last_use: datetime
    commands: dict[str, Command] = field(default_factory=dict)
    started: int = 0
    asked: bytes = b""

    def is_listened_to(self) -> bool:
        """True while a Receive waits on one of its commands."""
        return any(command.output.has_reader() for command in self.commands.values())


class Shells:
    """Every shell of a host. Safe to use from every connection's thread."""

    def __init__(self, quotas: Quotas, now: Callable[[], datetime]) -> None:
        self.quotas = quotas
        self._now = now
        self._shells: dict[str, Shell] = {}
        self._lock = threading.RLock()

    def create(self, owner: str, idle_s: float, wanted_id: str = "") -> Shell:
        """
        A new shell, under the client's own id if it chose one; faults when that is taken, or there are too many.

        Args:
            idle_s: the IdleTimeOut the client asks for; 0 for none.
        """
        with self._lock:
            self._expire()
            if wanted_id.upper() in self._shells:
                raise failure(SHELL_EXISTS)
            if len(self._of(owner)) >= self.quotas.max_shells:
                raise failure(MAX_SHELLS, limit=self.quotas.max_shells)
            if len({*self._owners(), owner}) > self.quotas.max_users:
                raise failure(MAX_USERS)
            shell = Shell(
                id=(wanted_id or str(uuid.uuid4())).upper(),
                owner=owner,
                idle_s=self.quotas.idle_of(idle_s),
                opened_at=self._now(),
                last_use=self._now(),
            )
            self._shells[shell.id] = shell
        return shell

    def find(self, shell_id: str, owner: str) -> Shell:
        """The user's shell; faults when it is gone, expired, or somebody else's."""
        with self._lock:
            self._expire()
            shell = self._shells.get(shell_id.upper())
            if shell is None or shell.owner != owner:
                raise failure(UNKNOWN_SHELL)
            shell.last_use = self._now()
        return shell

    def peek(self, shell_id: str) -> Shell | None:
        """A shell as it stands, whoever asks; looking is no use of it."""
        with self._lock:
            return self._shells.get(shell_id.upper())

    def start(self, shell: Shell, command_id: str, spawn: Callable[[Output], Process]) -> Command:
        """A new command in the shell; faults on the quotas of operations, processes, memory, and on a used id."""
        with self._lock:
            used = sum(other.started for other in self._of(shell.owner))
            if used >= self.quotas.max_operations:
                raise failure(MAX_OPERATIONS, limit=self.quotas.max_operations)
            wanted = (command_id or str(uuid.uuid4())).upper()
            if wanted in shell.commands:
                raise failure(COMMAND_EXISTS)
            self._check_room(shell)
            output = Output()
            command = Command(id=wanted, process=spawn(output), output=output)
            shell.commands[wanted] = command
            shell.started += 1
        return command

    def command(self, shell: Shell, command_id: str) -> Command:
        """The shell's command; faults when there is none with this id."""
        with self._lock:
            command = shell.commands.get(command_id.upper())
        if command is None:
            raise failure(UNKNOWN_SHELL)
        return command

    def end_command(self, shell: Shell, command: Command) -> None:
        """Terminate and forget; its operation is not given back."""
        with self._lock:
            shell.commands.pop(command.id, None)
        command.process.terminate()
        command.output.finish(TERMINATED)

    def delete(self, shell: Shell) -> None:
        """End the shell and all of its commands."""
        with self._lock:
            self._shells.pop(shell.id, None)
        for command in list(shell.commands.values()):
            self.end_command(shell, command)

    def lose_all(self) -> None:
        """The host goes down: every shell vanishes and whoever waits is cut off."""
        with self._lock:
            lost = list(self._shells.values())
            self._shells.clear()
        for shell in lost:
            for command in shell.commands.values():
                command.output.lose()
                command.process.terminate()

    def listed(self) -> list[dict[str, object]]:
        """The living shells, for people and tests."""
        with self._lock:
            self._expire()
            return [
                {"id": shell.id, "owner": shell.owner, "commands": len(shell.commands)}
                for shell in self._shells.values()
            ]

    def _check_room(self, shell: Shell) -> None:
        """A process more must fit the shell."""
        processes = 1 + sum(command.output.is_running() for command in shell.commands.values())
        quotas = self.quotas
        if processes > quotas.max_processes or processes * quotas.process_mb > quotas.max_memory_mb:
            raise failure(NOT_ENOUGH_QUOTA)

    def _owners(self) -> set[str]:
        return {shell.owner for shell in self._shells.values()}

    def _of(self, owner: str) -> list[Shell]:
        return [shell for shell in self._shells.values() if shell.owner == owner]

    def _expire(self) -> None:
        now = self._now()
        for shell in list(self._shells.values()):
            idle_s = (now - shell.last_use).total_seconds()
            is_idle = idle_s > shell.idle_s and not shell.is_listened_to()
            if is_idle or (now - shell.opened_at).total_seconds() > self.quotas.max_run_s:
                self.delete(shell)
