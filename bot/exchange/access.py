"""How one host is reached and signed in to. Secrets are opened late and never kept here."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from bot.domain.ids import HostName
from bot.exchange.dialect import dialect_of_word

Auth = Literal["ntlm", "kerberos", "credssp", "basic"]
Shell = Literal["snapin", "session"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostAccess:
    """
    One host as the configuration describes it.

    Args:
        version: 2007, 2010, 2013, 2016, 2019 or se; the build the host reports overrides it.
        winrm_url: ``https://ex01.corp.example.com:5986/wsman`` or the like.
        password: opens the secret at the moment of signing in.
        shell: how the cmdlets are loaded: ``snapin`` in the same process, or ``session`` to Exchange's own endpoint.
        ca_pem: file with the anchor of the WinRM listener's certificate; None takes the public list.
        allow_insecure: skip the check of the listener's certificate; for the sandbox world alone.

    Raises:
        ValueError: Basic without TLS, an address that is no WinRM address, an unknown version.
    """

    name: HostName
    version: str
    winrm_url: str
    auth: Auth
    user: str
    password: Callable[[], str] = field(repr=False)
    shell: Shell = "snapin"
    ca_pem: str | None = None
    allow_insecure: bool = False

    def __post_init__(self) -> None:
        dialect_of_word(self.version)
        parts = urlsplit(self.winrm_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
            raise ValueError(
                f"Host {self.name}: {self.winrm_url!r} is no WinRM address. "
                "Write one like https://ex01.corp.example.com:5986/wsman."
            )
        if self.auth == "basic" and parts.scheme != "https":
            raise ValueError(
                f"Host {self.name}: Basic would send the password in clear text. "
                "Use an https address, or ntlm or kerberos."
            )

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to dial; WinRM's own ports where the address names none."""
        parts = urlsplit(self.winrm_url)
        return parts.hostname or "", parts.port or (5986 if parts.scheme == "https" else 5985)
