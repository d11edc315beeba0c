"""What a reader of Active Directory sees: the settings themselves, or those of before while a change replicates."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal


@dataclass(slots=True, kw_only=True)
class Connector:
    """A Send or Receive connector, as far as TLS goes; `sources` are the servers that send through a Send connector."""

    kind: Literal["Send", "Receive"]
    name: str
    fqdn: str
    port: int = 25
    tls_certificate_name: str = ""
    sources: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """The settings of one server that lie in Active Directory."""

    default_smtp: str | None
    mail_names: Mapping[str, str]
    connectors: tuple[Connector, ...]

    def copy(self) -> "Directory":
        """The same, untouched by what changes afterwards."""
        connectors = tuple(replace(connector) for connector in self.connectors)
        return replace(self, mail_names=dict(self.mail_names), connectors=connectors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """The directory as other domain controllers show it until a moment."""

    shown: Directory
    until: datetime
