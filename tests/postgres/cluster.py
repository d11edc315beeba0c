"""A private PostgreSQL for the tests: its own folder, its own port on loopback, its own password, gone afterwards."""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, create_engine, make_url

from sandbox.loopback import unused_port

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",  # a test database need not survive a power cut
    "max_connections": "200",  # five processes of ours at once, and those who look on
    "shared_buffers": "32MB",
}


class NoPostgres(Exception):
    """The server programs are not on this machine, or cannot be run by this user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """
    A running server; `address` names its database for administration.

    Args:
        halt: stops it as a crash would; `begin` starts it again, with everything that was committed.
    """

    address: URL
    halt: Callable[[], None]
    begin: Callable[[], None]

    def create(self, name: str) -> str:
        """Make an empty database; its URL as CertDesk is given one."""
        self._run(f'CREATE DATABASE "{name}" TEMPLATE template0')
        return self.address.set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected."""
        self._run(f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)')

    def _run(self, statement: str) -> None:
        engine = create_engine(self.address, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql(statement)
        finally:
            engine.dispose()


@contextmanager
def running() -> Iterator[Cluster]:
    """A fresh server, stopped and removed at the end. Raises `NoPostgres`."""
    programs, user = _programs(), _user()
    folder = Path(tempfile.mkdtemp(prefix="certdesk-pg-"))
    try:
        if user is not None:
            shutil.chown(folder, user, user)
        yield from _serve(programs, folder, user)
    finally:
        shutil.rmtree(folder)


def _serve(programs: Path, folder: Path, user: str | None) -> Iterator[Cluster]:
    data, word, port = folder / "data", folder / "word", unused_port()
    password = secrets.token_urlsafe(16)
    word.write_text(password, encoding="ascii")
    if user is not None:
        shutil.chown(word, user, user)
    login = ["--username=certdesk", "--auth=scram-sha-256", f"--pwfile={word}"]
    _run(programs / "initdb", [f"--pgdata={data}", "--encoding=UTF8", "--no-sync", *login], user)
    options = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items())
    start = ["-o", f"-p {port} -k {folder} {options}", "-l", f"{folder / 'log'}", "-w", "start"]
    pg_ctl = programs / "pg_ctl"

    def begin() -> None:
        _run(pg_ctl, ["-D", f"{data}", *start], user)

    def halt() -> None:
        # pg_ctl reads the pid from the data folder: it stops this server and no other.
        _run(pg_ctl, ["-D", f"{data}", "-m", "immediate", "-w", "stop"], user)

    begin()
    try:
        yield Cluster(address=_address(port, password), halt=halt, begin=begin)
    finally:
        halt()


def _address(port: int, password: str) -> URL:
    return URL.create(
        "postgresql+psycopg",
        username="certdesk",
        password=password,
        host="127.0.0.1",
        port=port,
        database="postgres",
    )


def _programs() -> Path:
    on_path = shutil.which("pg_ctl")
    if on_path is not None:
        return Path(on_path).parent
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "pg_ctl").exists():
            return folder
    raise NoPostgres(
        "PostgreSQL's server programs are neither on PATH nor below /usr/lib/postgresql."
    )


def _user() -> str | None:
    """Whom to become: the server refuses root. None: stay who we are."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        raise NoPostgres(
            "The server refuses root, and there is no user postgres to become."
        ) from None
    return "postgres"


def _run(program: Path, arguments: list[str], user: str | None) -> None:
    done = subprocess.run(
        [program, *arguments],
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        cwd="/",
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{program.name} ended with {done.returncode}: {done.stderr}")
