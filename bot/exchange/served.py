"""Which of the services that were asked for a host can serve with a certificate at all; pure."""

from typing import Final

from bot.certs.judge import IssuedCertificate
from bot.certs.names import BadName, DnsName, parse_dns_name
from bot.domain.plan import Service
from bot.exchange.dialect import Dialect
from bot.exchange.distinguished import name_parts

BY_NAME: Final = frozenset({Service.POP, Service.IMAP})
"""They find their certificate by one plain name, so a wildcard cannot be enabled for them."""


def served_services(
    services: tuple[Service, ...], certificate: IssuedCertificate, dialect: Dialect
) -> tuple[Service, ...]:
    """
    Keep what exists in this version and takes this certificate, in the order asked for.

    POP and IMAP are named after the certificate's first name; with a wildcard there Exchange only
    warns and leaves them as they were (exchange.md 2.3 point 6, 7 trap 4).
    """
    refused = BY_NAME if has_wildcard_first(certificate) else frozenset()
    return tuple(s for s in services if s in dialect.services and s not in refused)


def has_wildcard_first(certificate: IssuedCertificate) -> bool:
    """Say whether the name Exchange takes for POP and IMAP is a wildcard."""
    return (mail_name(certificate) or "").startswith("*.")


def mail_name(certificate: IssuedCertificate) -> DnsName | None:
    """The name POP and IMAP get when they are enabled with a certificate."""
    return first_name(certificate.facts.subject, certificate.facts.names)


def first_name(subject: str, names: tuple[DnsName, ...]) -> DnsName | None:
    """
    The first name of a certificate as Exchange counts: the common name if it is a DNS name, else the first of the SAN.

    Source: exchange.md 2.3 point 6, 4.2.
    """
    common = (value for key, value in name_parts(subject) if key == "CN")
    for text in common:
        try:
            return parse_dns_name(text)
        except BadName:
            continue
    return next(iter(names), None)


def covers(own: DnsName, name: str) -> bool:
    """Say whether a certificate's name is good for another, a wildcard for one label."""
    wanted = name.lower().removesuffix(".")
    if own.startswith("*."):
        return wanted.partition(".")[2] == own[2:]
    return own == wanted
