"""Who may log on to the host: by Basic, by NTLM, and by Kerberos where the host has a keytab."""

import hmac
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sandbox.exchange.wsman.service import Principal

# pyspnego and MIT's library read these variables of the whole process whenever an acceptor needs a password or a
# key; several hosts in one process take turns.
_VARIABLE: Final = "NTLM_USER_FILE"
_TURN: Final = threading.RLock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One Windows account; it may log on by its bare name, with a domain in front, or as name@domain."""

    user: str
    password: str = field(repr=False)
    is_admin: bool = True


class Accounts:
    """
    The accounts of one host; holds a private file for the NTLM acceptor until `close`.

    Args:
        kerberos: variables by which MIT's library finds the host's keys; empty: the host takes no Kerberos.
    """

    def __init__(
        self,
        accounts: list[Account],
        *,
        host: str,
        netbios: str,
        domain: str,
        kerberos: Mapping[str, str] | None = None,
    ) -> None:
        self.has_kerberos = bool(kerberos)
        self._kerberos = dict(kerberos or {})
        self._by_user = {account.user.lower(): account for account in accounts}
        self._netbios = netbios
        self._folder = Path(tempfile.mkdtemp(prefix="certdesk-sandbox-"))
        self._file = self._folder / "ntlm-users"
        self._file.touch(mode=0o600)
        places = ("", host, netbios, domain)
        lines = [
            line
            for account in accounts
            for line in (
                *(f"{place}:{account.user}:{account.password}" for place in places),
                f":{account.user}@{domain}:{account.password}",
            )
        ]
        self._file.write_text("\n".join(lines) + "\n")

    def close(self) -> None:
        """Remove the private file."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def principal(self, name: str) -> Principal | None:
        """The account under any of its names, as a principal; None when there is none."""
        account = self._by_user.get(_bare(name))
        if account is None:
            return None
        return Principal(name=f"{self._netbios}\\{account.user}", is_admin=account.is_admin)

    def check_password(self, name: str, password: str) -> Principal | None:
        """The principal when the password is right, else None."""
        account = self._by_user.get(_bare(name))
        is_right = account is not None and hmac.compare_digest(
            account.password.encode(), password.encode()
        )
        return self.principal(name) if is_right else None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """While inside, pyspnego's acceptors know this host's accounts and keys."""
        wanted = {_VARIABLE: str(self._file), **self._kerberos}
        with _TURN:
            before = {name: os.environ.get(name) for name in wanted}
            os.environ.update(wanted)
            try:
                yield
            finally:
                for name, value in before.items():
                    if value is None:
                        del os.environ[name]
                    else:
                        os.environ[name] = value


def _bare(name: str) -> str:
    return name.rpartition("\\")[2].partition("@")[0].lower()
