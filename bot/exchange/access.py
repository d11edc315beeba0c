"""How one host is reached and signed in to. Secrets are opened late and never kept here."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from bot.domain.ids import HostName
from bot.exchange.dialect import dialect_of_word

Auth = Literal["ntlm", "kerberos", "credssp", "basic", "certificate"]
Shell = Literal["snapin", "session"]
Door = Literal["auto", "winrm", "psrp"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostAccess:
    """
    One host as the configuration describes it.

    Args:
        version: 2007, 2010, 2013, 2016, 2019 or se; the build the host reports overrides it.
        winrm_url: ``https://ex01.corp.example.com:5986/wsman`` or the like.
        password: opens the secret at the moment of signing in.
        shell: how the cmdlets are loaded: ``snapin`` in the same process, or ``session`` to Exchange's own endpoint.
        keytab: file with the account's Kerberos keys, instead of a password; for ``kerberos`` alone.
        spn_host: the name Kerberos knows the host by, where the addresses use another.
        delegate: hand the Kerberos ticket on to the host, for its second hop (exchange.md 1.3).
        psrp_url: Exchange's own endpoint, ``http://ex01.corp.example.com/PowerShell/``; empty: not used.
        door: where the cmdlets run: by ``winrm``, at the endpoint (``psrp``), or there when it is named (``auto``).
        cert_pem: file with the client's certificate, for the sign-in ``certificate`` alone.
        key_pem: file with its private key, readable by nobody else.
        ca_pem: file with the anchor of the WinRM listener's certificate; None takes the public list.

    Raises:
        ValueError: Basic without TLS, an address that is none, an unknown version, an endpoint that cannot be.
    """

    name: HostName
    version: str
    winrm_url: str
    auth: Auth
    user: str
    password: Callable[[], str] = field(repr=False)
    shell: Shell = "snapin"
    psrp_url: str = ""
    door: Door = "auto"
    cert_pem: str = ""
    key_pem: str = ""
    keytab: str = ""
    spn_host: str = ""
    delegate: bool = False
    ca_pem: str | None = None

    def __post_init__(self) -> None:
        dialect_of_word(self.version)
        if not _is_address(self.winrm_url):
            raise ValueError(
                f"Host {self.name}: {self.winrm_url!r} is no WinRM address. "
                "Write one like https://ex01.corp.example.com:5986/wsman."
            )
        if self.psrp_url and not _is_address(self.psrp_url):
            raise ValueError(
                f"Host {self.name}: {self.psrp_url!r} is no address of Exchange's endpoint. "
                "Write one like http://ex01.corp.example.com/PowerShell/."
            )
        self._check_door()
        self._check_certificate()
        self._check_kerberos()
        urls = [self.winrm_url, *([self.psrp_url] if self.by_endpoint else [])]
        if self.auth == "basic" and any(urlsplit(url).scheme != "https" for url in urls):
            raise ValueError(
                f"Host {self.name}: Basic would send the password in clear text. "
                "Use an https address, or ntlm or kerberos."
            )

    def _check_certificate(self) -> None:
        if self.auth != "certificate":
            if self.cert_pem or self.key_pem:
                raise ValueError(
                    f"Host {self.name}: cert_pem and key_pem belong to auth = certificate, and auth is {self.auth}."
                )
            return
        if not (self.cert_pem and self.key_pem):
            raise ValueError(
                f"Host {self.name}: auth = certificate needs two files: cert_pem and key_pem."
            )
        if urlsplit(self.winrm_url).scheme != "https":
            raise ValueError(
                f"Host {self.name}: a client certificate is shown inside TLS alone. Use an https address."
            )
        if self.by_endpoint:
            raise ValueError(
                f"Host {self.name}: Exchange's own endpoint takes no client certificate. "
                "Leave psrp empty, write door = winrm, or another auth."
            )

    def _check_kerberos(self) -> None:
        if self.auth != "kerberos" and (self.keytab or self.delegate):
            raise ValueError(
                f"Host {self.name}: keytab and delegate belong to auth = kerberos, and auth is {self.auth}."
            )
        if self.spn_host and self.auth not in {"kerberos", "credssp"}:
            raise ValueError(
                f"Host {self.name}: spn_host is a name for Kerberos, and nothing here signs in by it."
            )
        if self.auth == "kerberos" and "\\" in self.user:
            raise ValueError(
                f"Host {self.name}: Kerberos wants the user as name@REALM, the realm in capitals, not {self.user!r}."
            )

    def _check_door(self) -> None:
        if self.door != "psrp":
            return
        if not self.psrp_url:
            raise ValueError(
                f"Host {self.name}: the door psrp needs the address of Exchange's endpoint. "
                "Write psrp = http://<fqdn>/PowerShell/, or another door."
            )
        if not self.has_endpoint:
            raise ValueError(
                f"Host {self.name}: Exchange 2007 has no endpoint of its own. Write the door winrm."
            )

    @property
    def has_endpoint(self) -> bool:
        """Whether this version of Exchange has an endpoint of its own (exchange.md 1.2)."""
        return dialect_of_word(self.version).version != "2007"

    @property
    def is_guess(self) -> bool:
        """Whether a sign-in tells the host a password, so that wrong ones are counted there."""
        return self.auth in {"ntlm", "credssp", "basic"}

    @property
    def has_kerberos_endpoint(self) -> bool:
        """Whether Exchange's endpoint is signed in to by Kerberos; it takes no CredSSP and needs none (exchange.md 1.3)."""
        return self.by_endpoint and self.auth in {"kerberos", "credssp"}

    @property
    def is_sealed(self) -> bool:
        """Whether WinRM's messages are encrypted one by one, because the connection is not."""
        return urlsplit(self.winrm_url).scheme == "http"

    @property
    def by_endpoint(self) -> bool:
        """Whether the cmdlets run at Exchange's own endpoint."""
        return self.door != "winrm" and bool(self.psrp_url) and self.has_endpoint

    @property
    def endpoint_address(self) -> tuple[str, int]:
        """Host and port of Exchange's own endpoint; the web's own ports where the address names none."""
        parts = urlsplit(self.psrp_url)
        return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to dial; WinRM's own ports where the address names none."""
        parts = urlsplit(self.winrm_url)
        return parts.hostname or "", parts.port or (5986 if parts.scheme == "https" else 5985)


def _is_address(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username
