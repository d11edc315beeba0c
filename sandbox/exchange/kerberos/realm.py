"""
A private MIT realm on loopback, made from nothing in a folder of its own: a KDC, accounts, services with keytabs.

Nothing of the machine's own Kerberos is read or changed: every file is in the folder, the KDC is an ordinary
foreground process. Never here: what a host does with a ticket.
"""

import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from os import environ
from pathlib import Path
from typing import Final

from sandbox.loopback import unused_port

_LOOPBACK: Final = "127.0.0.1"
_PROGRAMS: Final = ("krb5kdc", "kdb5_util", "kadmin.local")
_PLACES: Final = f"{environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin:/usr/lib/mit/sbin"
_STEPS: Final = 1200
_STEP_S: Final = 0.05


class NoRealm(Exception):
    """The realm cannot be made; the text is for the person at the keyboard."""


def missing_programs() -> tuple[str, ...]:
    """The programs of MIT's KDC that this machine has not."""
    return tuple(name for name in _PROGRAMS if shutil.which(name, path=_PLACES) is None)


class Realm:
    """
    A realm to start, to fill, and to stop.

    Args:
        name: upper case, as Windows has them.
        environment: more variables for the KDC's process alone (a test lets its clock be wrong by them).
    """

    def __init__(self, name: str, *, environment: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.port = 0
        self._environment = dict(environment or {})
        self._folder = Path(tempfile.mkdtemp(prefix="certdesk-sandbox-realm-"))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def krb5_conf(self) -> Path:
        """What a client of this realm puts into KRB5_CONFIG."""
        return self._folder / "krb5.conf"

    @property
    def replay_cache(self) -> Path:
        """Where acceptors keep what they saw, beside the realm and not in the machine's own place."""
        return self._folder / "replays"

    def start(self) -> None:
        """
        Make the database and start the KDC.

        Raises:
            NoRealm: a program is missing, or failed.
        """
        absent = missing_programs()
        if absent:
            raise NoRealm(
                f"{', '.join(absent)} not found. On Debian or Ubuntu: apt-get install krb5-kdc krb5-admin-server"
            )
        self.port = unused_port()
        self._write_configuration()
        self._run("kdb5_util", "create", "-s", "-r", self.name, "-P", secrets.token_hex(16))
        self.resume()

    def resume(self) -> None:
        """Start the KDC on the database that is there, after `pause`."""
        self._process = subprocess.Popen(
            [_program("krb5kdc"), "-n", "-r", self.name],
            env=self._variables() | self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._await_kdc(self._process)

    def pause(self) -> None:
        """End the KDC and keep the database: nobody answers until `resume`."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.wait()

    def stop(self) -> None:
        """End the KDC and remove every file. Stopping twice is harmless."""
        self.pause()
        shutil.rmtree(self._folder, ignore_errors=True)

    def add_user(self, user: str, password: str, *, can_be_handed_on: bool = True) -> str:
        """
        Make an account; gives back its principal. One that is there already gets this password.

        `can_be_handed_on=False` marks it as sensitive: its tickets cannot be delegated.
        """
        flag = "+" if can_be_handed_on else "-"
        self._administer(
            f'add_principal -pw "{password}" "{user}"',
            f'change_password -pw "{password}" "{user}"',
            f'modify_principal {flag}allow_forwardable "{user}"',
        )
        return f"{user}@{self.name}"

    def add_service(self, service: str) -> Path:
        """
        Make a service, as ``HTTP/ex01.corp.example.com``, with a key nobody knows.

        Returns: the keytab.
        """
        path = self._keytab_of(service)
        self._administer(f'add_principal -randkey "{service}"', f'ktadd -k "{path}" "{service}"')
        return path

    def write_keytab(self, user: str) -> Path:
        """A keytab by which an account signs in without its password; the password stays as it is."""
        path = self._folder / f"{user}.keytab"
        path.unlink(missing_ok=True)
        self._administer(f'ktadd -norandkey -k "{path}" "{user}"')
        return path

    def lock(self, user: str) -> None:
        """Let an account get no more tickets."""
        self._administer(f'modify_principal -allow_tix "{user}"')

    def renew_key(self, service: str) -> None:
        """Give a service another key that its keytab does not have."""
        self._administer(f'change_password -randkey "{service}"')

    def add_key_to_keytab(self, service: str) -> None:
        """Bring the service's present key to its host."""
        path = self._keytab_of(service)
        self._administer(f'ktadd -norandkey -k "{path}" "{service}"')

    def _administer(self, *lines: str) -> None:
        said = self._run("kadmin.local", "-r", self.name, given="\n".join([*lines, "quit", ""]))
        # kadmin.local ends with 0 whatever its lines came to, and names itself in each complaint.
        complaints = [
            line for line in said.splitlines() if " while " in line and "already exists" not in line
        ]
        if complaints:
            raise NoRealm(f"kadmin.local: {complaints[0]}")

    def _keytab_of(self, service: str) -> Path:
        return self._folder / f"{service.replace('/', '-')}.keytab"

    def _run(self, program: str, *arguments: str, given: str = "") -> str:
        ended = subprocess.run(
            [_program(program), *arguments],
            env=self._variables(),
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode != 0:
            raise NoRealm(f"{program}: {ended.stderr.strip()[:300]}")
        return ended.stderr

    def _variables(self) -> dict[str, str]:
        return {
            "PATH": _PLACES,
            "LC_ALL": "C",
            "KRB5_CONFIG": str(self.krb5_conf),
            "KRB5_KDC_PROFILE": str(self._folder / "kdc.conf"),
            "KRB5RCACHENAME": f"file2:{self._folder / 'kdc-replays'}",
        }

    def _write_configuration(self) -> None:
        place = f"{_LOOPBACK}:{self.port}"
        domain = self.name.lower()
        # TCP alone: a UDP request to a KDC that is gone would be waited for.
        self.krb5_conf.write_text(
            f"""\
[libdefaults]
    default_realm = {self.name}
    dns_lookup_kdc = false
    dns_lookup_realm = false
    dns_canonicalize_hostname = false
    rdns = false
    udp_preference_limit = 1
    default_ccache_name = FILE:{self._folder}/no-cache
    default_client_keytab_name = FILE:{self._folder}/no-keytab
[realms]
    {self.name} = {{
        kdc = {place}
    }}
[domain_realm]
    {domain} = {self.name}
    .{domain} = {self.name}
"""
        )
        (self._folder / "kdc.conf").write_text(
            f"""\
[kdcdefaults]
    kdc_listen = {place}
    kdc_tcp_listen = {place}
[realms]
    {self.name} = {{
        database_name = {self._folder}/principal
        key_stash_file = {self._folder}/stash
        acl_file = {self._folder}/acl
        max_life = 10h 0m 0s
        default_principal_flags = +preauth
    }}
[logging]
    kdc = FILE:{self._folder}/kdc.log
"""
        )

    def _await_kdc(self, process: subprocess.Popen[bytes]) -> None:
        for _ in range(_STEPS):
            if process.poll() is not None:
                raise NoRealm(f"krb5kdc ended with {process.returncode}")
            try:
                socket.create_connection((_LOOPBACK, self.port), timeout=1).close()
            except OSError:
                # Not there yet; the process is asked again whether it lives.
                try:
                    process.wait(_STEP_S)
                except subprocess.TimeoutExpired:
                    continue
            else:
                return
        raise NoRealm("krb5kdc does not answer")


def _program(name: str) -> str:
    return shutil.which(name, path=_PLACES) or name
