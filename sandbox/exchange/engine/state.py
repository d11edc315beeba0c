"""Everything the virtual host remembers. Cmdlets change it; what Services and Status say is computed."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sandbox.exchange.clock import HostClock
from sandbox.exchange.engine.directory import Connector, Directory, Lag
from sandbox.exchange.engine.files import VirtualFiles
from sandbox.exchange.engine.stores import StoredCertificate, Stores
from sandbox.exchange.profile import VersionProfile

FRONT_END_SITE = 1
BACK_END_SITE = 2


@dataclass(slots=True, kw_only=True)
class UnifiedMessaging:
    """UM or the UM call router: how it starts, and which certificate it was given."""

    startup_mode: Literal["TCP", "TLS", "Dual"] = "TCP"
    thumbprint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """An HTTPS address of HTTP.SYS; `site` is 0 where other software than IIS listens."""

    address: str
    thumbprint: str
    site: int = 0


@dataclass(slots=True, kw_only=True)
class Revocation:
    """What the virtual host would learn from CRL and OCSP."""

    reachable: bool = True
    revoked: set[str] = field(default_factory=set)


@dataclass(slots=True, kw_only=True)
class HostState:
    """One Exchange server: its stores and every setting a certificate can hang on."""

    name: str
    domain: str
    profile: VersionProfile
    clock: HostClock
    edge: bool = False
    edge_credentials: bool = False
    stores: Stores = field(default_factory=Stores)
    files: VirtualFiles = field(default_factory=VirtualFiles)
    accepted_domains: list[str] = field(default_factory=list)
    default_smtp: str | None = None
    mail_names: dict[str, str] = field(default_factory=dict)
    sites: dict[int, str] = field(default_factory=dict)
    listeners: list[Listener] = field(default_factory=list)
    shared_web: bool = False
    require_ssl: bool = True
    connectors: list[Connector] = field(default_factory=list)
    um: UnifiedMessaging = field(default_factory=UnifiedMessaging)
    um_call_router: UnifiedMessaging = field(default_factory=UnifiedMessaging)
    federation: str | None = None
    auth_certificate: str | None = None
    auth_previous: str | None = None
    auth_next: str | None = None
    edge_subscriptions: list[str] = field(default_factory=list)
    hybrid_certificate: str | None = None
    revocation: Revocation = field(default_factory=Revocation)
    culture: str = "en-US"
    lag: Lag | None = None

    @property
    def fqdn(self) -> str:
        return f"{self.name}.{self.domain}"

    @property
    def netbios_domain(self) -> str:
        return self.domain.split(".")[0].upper()

    def now(self) -> datetime:
        return self.clock.now()

    def directory(self) -> Directory:
        """What a reader of Active Directory sees now."""
        if self.lag is not None and self.now() < self.lag.until:
            return self.lag.shown
        return self._written()

    def let_directory_lag(self, seconds: float) -> None:
        """What is written from now on is read back `seconds` late, by the host's clock."""
        until = self.now() + timedelta(seconds=seconds)
        self.lag = Lag(shown=self.directory().copy(), until=until)

    def _written(self) -> Directory:
        return Directory(
            default_smtp=self.default_smtp,
            mail_names=self.mail_names,
            connectors=tuple(self.connectors),
        )

    def is_called(self, name: str) -> bool:
        """True for the server's name or FQDN, in any case."""
        return name.lower() in {self.name.lower(), self.fqdn.lower()}

    def receive_connectors(self) -> list[Connector]:
        return [connector for connector in self.connectors if connector.kind == "Receive"]

    def newest_first(self) -> list[StoredCertificate]:
        """Store My, newest NotBefore first."""
        return sorted(
            self.stores.my.values(),
            key=lambda stored: stored.certificate.not_valid_before_utc,
            reverse=True,
        )
