"""
The site's file, `certdesk.toml`: hosts, people, vendors and policy, checked as a whole.

It holds no secret: a password is named by its environment variable or its file. The example,
`certdesk.example.toml`, explains every key and is loaded by a test.
"""

import tomllib
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveInt,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from bot.domain.approvals import Gate, Role
from bot.domain.ids import HostName, PersonId, VendorName
from bot.domain.reminding import REQUESTER, Escalation, Reminding, never_awake
from bot.domain.site import Host, Person, Policy, Site, Vendor
from bot.settings import BadSettings

WINRM, WINRM_TLS = 5985, 5986
HostText = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,62}$")]
PortName = Literal["https", "smtp", "imap", "pop"]
ClockText = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
DayName = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
DAYS = get_args(DayName)
PersonText = Annotated[str, StringConstraints(pattern=r"^[TE][A-Z0-9]+:[UW][A-Z0-9]+$")]


class _Strict(BaseModel):
    """A key nobody knows is a mistake, not a wish."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SlackSection(_Strict):
    """Where in Slack CertDesk works."""

    approvals_channel: str
    channels: tuple[str, ...] = Field(min_length=1)


class PersonSection(_Strict):
    """Somebody with roles; asking needs none."""

    slack: PersonText
    name: str
    roles: frozenset[Role]


class HostSection(_Strict):
    """An Exchange server and how to sign in there."""

    name: HostText
    version: Literal["2007", "2010", "2013", "2016", "2019", "se"]
    winrm: str = Field(pattern=r"^https?://")
    auth: Literal["ntlm", "kerberos", "credssp", "basic", "certificate"] = "kerberos"
    user: str = ""
    password_env: str = ""
    password_file: str = ""
    password_command: tuple[str, ...] = ()
    shell: Literal["snapin", "session"] = "snapin"
    psrp: str = Field(default="", pattern=r"^(https?://.*)?$")
    door: Literal["auto", "winrm", "psrp"] = "auto"
    cert_pem: str = ""
    key_pem: str = ""
    keytab: str = ""
    spn_host: str = Field(default="", pattern=r"^([A-Za-z0-9][A-Za-z0-9.-]*)?$")
    delegate: bool = False
    ca_pem: str = ""
    lab: bool = False
    local_key: bool = False
    connect_to: str = ""
    ports: Mapping[PortName, int] = {"https": 443, "smtp": 25, "imap": 143, "pop": 110}

    @model_validator(mode="after")
    def _basic_needs_tls(self) -> "HostSection":
        addresses = [self.winrm, *([self.psrp] if self.psrp and self.door != "winrm" else [])]
        if self.auth == "basic" and not all(one.startswith("https://") for one in addresses):
            raise ValueError(
                "auth = basic sends the password readable over http; use https or another auth"
            )
        return self

    @model_validator(mode="after")
    def _takes_a_pfx(self) -> "HostSection":
        if self.local_key and self.version == "2007":
            raise ValueError(
                "local_key cannot be true for Exchange 2007: it imports a PFX from a file on its disk only, "
                "and CertDesk writes no key to a disk"
            )
        return self

    @model_validator(mode="after")
    def _certificate_is_whole(self) -> "HostSection":
        if self.auth != "certificate":
            if self.cert_pem or self.key_pem:
                raise ValueError("cert_pem and key_pem belong to auth = certificate alone")
            return self
        if not (self.cert_pem and self.key_pem and self.winrm.startswith("https://")):
            raise ValueError(
                "auth = certificate needs cert_pem, key_pem and an https address of winrm"
            )
        if self.psrp and self.door != "winrm":
            raise ValueError(
                "auth = certificate: Exchange's own endpoint takes none; leave psrp empty or write door = winrm"
            )
        return self

    @model_validator(mode="after")
    def _kerberos_is_whole(self) -> "HostSection":
        if self.auth != "kerberos" and (self.keytab or self.delegate):
            raise ValueError("keytab and delegate belong to auth = kerberos alone")
        if self.spn_host and self.auth not in {"kerberos", "credssp"}:
            raise ValueError("spn_host is a name for Kerberos; leave it empty with another auth")
        if self.auth == "kerberos" and "\\" in self.user:
            raise ValueError(
                "auth = kerberos wants user = name@REALM, the realm in capitals (no DOMAIN\\name)"
            )
        return self

    @property
    def wants_tickets(self) -> bool:
        """Whether Kerberos signs in at one of the host's doors; the endpoint takes nothing else for CredSSP's hosts."""
        at_endpoint = bool(self.psrp) and self.door != "winrm" and self.version != "2007"
        return self.auth == "kerberos" or (self.auth == "credssp" and at_endpoint)

    @model_validator(mode="after")
    def _command_is_one(self) -> "HostSection":
        if self.password_command and not self.password_command[0]:
            raise ValueError(
                'password_command is a list, the program first: ["pass", "show", "ex01"]'
            )
        return self

    @model_validator(mode="after")
    def _door_is_there(self) -> "HostSection":
        if self.door == "psrp" and (not self.psrp or self.version == "2007"):
            raise ValueError(
                "door = psrp needs the address psrp = http://<fqdn>/PowerShell/ and Exchange 2010 or later"
            )
        return self


class VendorSection(_Strict):
    """Where certificates are bought."""

    name: str
    title: str
    guide: str = "other"
    page: str = ""
    issuers: tuple[str, ...] = ()
    anchors: str = ""


class RemindersSection(_Strict):
    """When people are reminded of what waits for them."""

    gate_hours: tuple[PositiveInt, ...] = Field(default=(4, 24, 48, 96), min_length=1)
    desk_hours: tuple[PositiveInt, ...] = Field(default=(24, 48, 96), min_length=1)
    quiet_from: ClockText = "18:00"
    quiet_until: ClockText = "08:00"
    free_days: frozenset[DayName] = frozenset({"saturday", "sunday"})
    gap_hours: PositiveInt = 4
    time_zone: str = "UTC"

    @model_validator(mode="after")
    def _intervals_grow(self) -> "RemindersSection":
        for name, hours in (("gate_hours", self.gate_hours), ("desk_hours", self.desk_hours)):
            if list(hours) != sorted(hours):
                raise ValueError(
                    f"{name} must not shrink: write the shortest first, as in [4, 24, 48, 96]"
                )
        return self

    @model_validator(mode="after")
    def _leaves_a_day(self) -> "RemindersSection":
        if never_awake(frozenset(DAYS.index(day) for day in self.free_days)):
            raise ValueError("free_days leaves no day on which anybody could be reminded")
        return self

    @field_validator("time_zone")
    @classmethod
    def _zone_is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(
                f"{name!r} is no time zone; write one like Europe/Berlin or UTC"
            ) from None
        return name

    def as_rule(self) -> Reminding:
        """The rule that the section speaks of."""
        return Reminding(
            gate_hours=self.gate_hours,
            desk_hours=self.desk_hours,
            quiet_from=time.fromisoformat(self.quiet_from),
            quiet_until=time.fromisoformat(self.quiet_until),
            free_days=frozenset(DAYS.index(day) for day in self.free_days),
            gap_hours=self.gap_hours,
            zone=ZoneInfo(self.time_zone),
        )


Groups = tuple[Annotated[tuple[PersonText, ...], Field(min_length=1)], ...]


class EscalationSection(_Strict):
    """Whom else to tell when nobody acts; one group after the other."""

    after: PositiveInt = 2
    approver: Groups = ()
    operator: Groups = ()
    requester: Groups = ()

    def as_rule(self) -> Escalation:
        """The rule that the section speaks of."""
        named = {
            Role.APPROVER.value: self.approver,
            Role.OPERATOR.value: self.operator,
            REQUESTER: self.requester,
        }
        groups = {
            who: tuple(tuple(PersonId(person) for person in group) for group in given)
            for who, given in named.items()
        }
        return Escalation(after=self.after, groups=groups)


class PolicySection(_Strict):
    """The rules people set."""

    reminders: RemindersSection = RemindersSection()
    escalation: EscalationSection = EscalationSection()
    quorum: dict[Gate, PositiveInt] = Field(default_factory=dict)
    gate_expiry_days: int = Field(default=14, ge=1)
    renew_at: float = Field(default=2 / 3, gt=0, lt=1)
    minimum_days: int = Field(default=7, ge=0)
    local_key_days: int = Field(default=45, ge=2, le=366)

    @model_validator(mode="after")
    def _key_outlives_the_gate(self) -> "PolicySection":
        if self.local_key_days <= self.gate_expiry_days:
            raise ValueError(
                "local_key_days must be more than gate_expiry_days: the days count from the placing of the order, "
                "and the approvers may use up all of theirs"
            )
        return self

    def as_policy(self) -> Policy:
        """The policy as rules speak of it."""
        plain = self.model_dump(exclude={"reminders", "escalation"})
        return Policy(
            **plain, reminders=self.reminders.as_rule(), escalation=self.escalation.as_rule()
        )


class SiteFile(_Strict):
    """The whole file."""

    slack: SlackSection
    people: tuple[PersonSection, ...] = ()
    hosts: tuple[HostSection, ...] = Field(min_length=1)
    vendors: tuple[VendorSection, ...] = Field(min_length=1)
    policy: PolicySection = PolicySection()

    @model_validator(mode="after")
    def _names_once(self) -> "SiteFile":
        for kind, names in (
            ("hosts", [h.name.lower() for h in self.hosts]),
            ("vendors", [v.name for v in self.vendors]),
            ("people", [p.slack for p in self.people]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"{kind}: {', '.join(twice)} is named twice")
        return self

    @model_validator(mode="after")
    def _machines_once(self) -> "SiteFile":
        """One machine under two names would be changed by two orders at once: a lease is on a name."""
        named: dict[tuple[str, int], str] = {}
        for host in self.hosts:
            first = named.setdefault(_machine(host.winrm), host.name)
            if first != host.name:
                raise ValueError(
                    f"hosts: {first} and {host.name} are the same machine, by their winrm addresses; name it once"
                )
        return self

    @property
    def local_key_hosts(self) -> tuple[str, ...]:
        """The hosts that may get a key made by CertDesk."""
        return tuple(host.name for host in self.hosts if host.local_key)

    def as_site(self) -> Site:
        """The part of the file that rules and cards speak of."""
        return Site(
            hosts=tuple(
                Host(name=HostName(h.name), version=h.version, lab=h.lab, local_key=h.local_key)
                for h in self.hosts
            ),
            people=tuple(
                Person(id=PersonId(p.slack), name=p.name, roles=p.roles) for p in self.people
            ),
            vendors=tuple(
                Vendor(
                    name=VendorName(v.name),
                    title=v.title,
                    guide=v.guide,
                    page=v.page,
                    issuers=v.issuers,
                )
                for v in self.vendors
            ),
            policy=self.policy.as_policy(),
            approvals_channel=self.slack.approvals_channel,
            channels=self.slack.channels,
        )


def _machine(winrm: str) -> tuple[str, int]:
    """Whom an address reaches; WinRM's own two ports are two doors of one machine."""
    parts = urlsplit(winrm)
    port = parts.port or (WINRM_TLS if parts.scheme == "https" else WINRM)
    return (parts.hostname or "").rstrip("."), WINRM if port == WINRM_TLS else port


def load_site_file(path: Path) -> SiteFile:
    """
    Read and check the file.

    Raises:
        BadSettings: with a sentence for each fault.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as err:
        raise BadSettings(
            (
                (
                    f"The site file {path} cannot be read ({err.strerror}). Copy "
                    f"certdesk.example.toml there, or name another file with CERTDESK_CONFIG."
                ),
            )
        ) from None
    except UnicodeDecodeError:
        raise BadSettings((f"The site file {path} is not UTF-8 text. Save it as UTF-8.",)) from None
    except tomllib.TOMLDecodeError as err:
        raise BadSettings((f"The site file {path} is not TOML: {err}.",)) from None
    try:
        return SiteFile.model_validate(raw)
    except ValidationError as err:
        raise BadSettings(
            tuple(
                f"{path}: {'.'.join(str(p) for p in fault['loc'])}: {fault['msg']}"
                for fault in err.errors()
            )
        ) from None
