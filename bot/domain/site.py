"""
The site CertDesk works for: its hosts, its people, its vendors and its policy.

Values only; `bot/settings.py` reads them from the configuration file.
"""

from dataclasses import dataclass, field

from bot.domain.approvals import Gate, Role
from bot.domain.ids import HostName, PersonId, VendorName
from bot.domain.reminding import Escalation, Reminding


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who was given roles."""

    id: PersonId
    name: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """
    An Exchange server as the configuration names it; how to sign in lives in `bot/exchange`.

    Args:
        version: 2007, 2010, 2013, 2016, 2019 or se.
        lab: on a lab host people may pass gates for what they asked themselves.
        local_key: it may get a key that CertDesk made.
    """

    name: HostName
    version: str
    lab: bool = False
    local_key: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """
    Where certificates are bought.

    Args:
        guide: which portal guide people are shown.
        page: the address of the portal, for a link; may be empty.
        issuers: organisations that may stand in the issuer's O; empty allows any.
    """

    name: VendorName
    title: str
    guide: str = "other"
    page: str = ""
    issuers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """
    The rules people set.

    Args:
        quorum: how many different people must say yes, by gate; 1 where unnamed.
        gate_expiry_days: an order that nobody decides lapses after so many days.
        renew_at: share of a certificate's life after which a renewal is proposed.
        minimum_days: a new certificate must be valid at least so long.
        local_key_days: a key that CertDesk made is deleted so many days after its order was placed, at the latest.
        reminders: when people are reminded of what waits for them.
        escalation: whom else to tell when they do nothing.
    """

    quorum: dict[Gate, int] = field(default_factory=dict)
    gate_expiry_days: int = 14
    renew_at: float = 2 / 3
    minimum_days: int = 7
    local_key_days: int = 45
    reminders: Reminding = field(default_factory=Reminding)
    escalation: Escalation = field(default_factory=Escalation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Everything the configuration says about the world outside."""

    hosts: tuple[Host, ...]
    people: tuple[Person, ...]
    vendors: tuple[Vendor, ...]
    policy: Policy
    approvals_channel: str
    channels: tuple[str, ...]

    def host(self, name: HostName) -> Host | None:
        """Find a host by its name, case not counting."""
        return next((h for h in self.hosts if h.name.lower() == name.lower()), None)

    def vendor(self, name: VendorName) -> Vendor | None:
        """Find a vendor by its short name."""
        return next((v for v in self.vendors if v.name == name), None)

    def roles_of(self, person: PersonId) -> frozenset[Role]:
        """The roles a person was given; none for a stranger."""
        return next((p.roles for p in self.people if p.id == person), frozenset())

    def name_of(self, person: PersonId) -> str | None:
        """What the configuration calls a person; None for one it does not list."""
        return next((p.name for p in self.people if p.id == person), None)

    def keepers(self, role: Role) -> tuple[Person, ...]:
        """Everybody who was given the role, in the order of the configuration."""
        return tuple(p for p in self.people if role in p.roles)
