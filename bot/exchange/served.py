"""Which of the services that were asked for a host can serve with a certificate at all; pure."""

from typing import Final

from bot.certs.judge import IssuedCertificate
from bot.domain.plan import Service
from bot.exchange.dialect import Dialect

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
    return any(name.startswith("*.") for name in certificate.facts.names[:1])
