"""
What hangs on the certificates of a host beside Exchange's own column: web sites, names, Exchange's other certificates.

Values as they were read; a fact that could not be read is None and stands in `Unread` with its reason.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from bot.certs.names import DnsName
from bot.certs.prints import Thumbprint

DEFAULT_WEB_SITE: Final = 1
"""The number of the one site that ``Enable-ExchangeCertificate -Services IIS`` changes (exchange.md 2.3 point 3)."""

BACK_END_PORT: Final = 444
_HTTPS: Final = 443
_EVERYWHERE: Final = frozenset({"*", "", "0.0.0.0"})


class Fact(StrEnum):
    """What is read if the host lets it be read; a host without it still gets its plan."""

    WEB = "web sites"
    POP = "POP's name"
    IMAP = "IMAP's name"
    AUTH = "Auth certificate"
    EDGE = "Edge subscriptions"
    HYBRID = "hybrid configuration"
    ROLES = "server roles"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A fact that could not be read; ``why`` is part of a sentence for people."""

    fact: Fact
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebBinding:
    """
    One address at which the machine speaks HTTPS.

    Args:
        site: IIS's number of the web site; None where the listener belongs to no site of IIS.
        name: the site's name; empty where there is none.
        address: ``*:443``, ``127.0.0.1:443`` or ``mail.example.com:443``.
        thumbprint: the certificate bound there; None when there is none.
    """

    site: int | None
    name: str
    address: str
    port: int
    thumbprint: Thumbprint | None

    @property
    def title(self) -> str:
        """Name it in a sentence."""
        return (
            f"the web site {self.name!r} at {self.address}"
            if self.name
            else f"the listener at {self.address}"
        )

    @property
    def is_everywhere(self) -> bool:
        """Whether it answers on every address of the machine."""
        return self.address.rpartition(":")[0] in _EVERYWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """
    The web server of a host.

    Args:
        requires_ssl: "Require SSL" of the root of the Default Web Site; None when there is no such site.
    """

    bindings: tuple[WebBinding, ...] = ()
    requires_ssl: bool | None = None

    @property
    def front_end(self) -> WebBinding | None:
        """Port 443 of the Default Web Site; of several addresses the one that answers everywhere."""
        return _widest(b for b in self.bindings if b.site == DEFAULT_WEB_SITE and b.port == _HTTPS)

    @property
    def back_end(self) -> WebBinding | None:
        """Port 444 of the site Exchange Back End, as the site on that port that is not the default one."""
        return _widest(
            b
            for b in self.bindings
            if b.site not in {None, DEFAULT_WEB_SITE} and b.port == BACK_END_PORT
        )

    def bound_to(self, thumbprint: Thumbprint) -> tuple[WebBinding, ...]:
        """Every binding that shows this certificate."""
        return tuple(b for b in self.bindings if b.thumbprint == thumbprint)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthCertificates:
    """The OAuth certificates of the organisation, by ``Get-AuthConfig``; they sign tokens and serve no TLS."""

    current: Thumbprint | None = None
    previous: Thumbprint | None = None
    next: Thumbprint | None = None

    @property
    def all(self) -> tuple[Thumbprint, ...]:
        """Those that are named, the current one first."""
        named = (self.current, self.previous, self.next)
        return tuple(dict.fromkeys(one for one in named if one is not None))


def _widest(found: Iterator[WebBinding]) -> WebBinding | None:
    ranked = sorted(found, key=lambda binding: not binding.is_everywhere)
    return ranked[0] if ranked else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingCertificate:
    """
    A request that waits in the host's store for its certificate.

    Args:
        not_before: when it was made; None when its stand-in cannot be read.
        key_sha256: SHA-256 of its public key (SubjectPublicKeyInfo); empty where the host shows none, or two that differ.
    """

    thumbprint: Thumbprint
    friendly_name: str
    subject: str
    not_before: datetime | None
    names: tuple[DnsName, ...] = ()
    key_sha256: str = ""
