"""
Which certificate STARTTLS on port 25 will show after the plan: not always the new one.

Transport chooses by the connector: the certificate its TlsCertificateName names, else the newest CA-signed one
enabled for SMTP that holds the connector's FQDN, else the default SMTP certificate (exchange.md 7, points 1 and 15).
"""

from collections.abc import Iterator

from bot.certs.judge import IssuedCertificate
from bot.domain.plan import Connector, Snapshot
from bot.exchange.distinguished import names_certificate
from bot.exchange.served import covers

_FRONT_DOORS = ("default frontend", "default")
"""How setup names the connector on port 25: the first on 2013 and later, the second before."""


def front_doors(snapshot: Snapshot) -> tuple[Connector, ...]:
    """The connectors that answer on port 25, as far as their names tell; empty when none is known."""
    receiving = [c for c in snapshot.connectors if c.direction == "receive"]
    for beginning in _FRONT_DOORS:
        found = tuple(c for c in receiving if c.name.lower().startswith(beginning))
        if found:
            return found
    return ()


def is_chosen_by_name(certificate: IssuedCertificate, snapshot: Snapshot) -> bool:
    """Whether port 25 shows the certificate whatever the default is; True too when nothing is known."""
    return all(_chooses(c, certificate) for c in front_doors(snapshot))


def forecast_starttls(certificate: IssuedCertificate, snapshot: Snapshot) -> Iterator[str]:
    """A sentence for each connector on port 25 that will not choose the certificate by its name."""
    for connector in front_doors(snapshot):
        if not _chooses(connector, certificate):
            yield (
                f"STARTTLS on port 25 shows the new certificate only if it becomes the default: the connector "
                f"{connector.name!r} answers as {connector.fqdn!r}, which is not among its names. With No, "
                f"port 25 goes on showing the certificate of today, and it is not probed there."
            )


def _chooses(connector: Connector, certificate: IssuedCertificate) -> bool:
    facts = certificate.facts
    if connector.tls_certificate_name:
        return names_certificate(connector, issuer=facts.issuer, subject=facts.subject)
    return any(covers(name, connector.fqdn) for name in facts.names)
