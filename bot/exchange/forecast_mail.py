"""What people are told of POP and IMAP, which find their certificate by a name, and of SMTP where nobody asked for it. Only words."""

from collections.abc import Iterator
from typing import Final

from bot.certs.judge import IssuedCertificate
from bot.domain.order import Wish
from bot.domain.plan import Service, Snapshot
from bot.exchange.dialect import Dialect
from bot.exchange.served import BY_NAME, covers, has_wildcard_first, mail_name

_RESTARTS: Final = {
    Service.POP: ("MSExchangePop3", "MSExchangePOP3BE"),
    Service.IMAP: ("MSExchangeImap4", "MSExchangeIMAP4BE"),
    Service.UM: ("MSExchangeUM",),
}


def forecast_mail(
    wish: Wish,
    certificate: IssuedCertificate,
    snapshot: Snapshot,
    services: tuple[Service, ...],
    dialect: Dialect,
) -> Iterator[str]:
    """Sentences on the names of POP and IMAP, on a wildcard there, and on the restarts they want."""
    mail = [service for service in wish.services if service in BY_NAME]
    if mail and has_wildcard_first(certificate):
        yield from _wildcard(mail, certificate, snapshot)
    else:
        for service in mail:
            yield from _renamed(service, certificate, snapshot)
    if mail and Service.SMTP not in services and not has_wildcard_first(certificate):
        yield (
            f"SMTP is not asked for, but with {' and '.join(mail)} transport may read the key as well: Exchange will show SMTP "
            "on the certificate, and STARTTLS may choose it by its names. The default SMTP certificate stays what it is."
        )
    yield from _restarts(services, dialect)


def _wildcard(
    mail: list[Service], certificate: IssuedCertificate, snapshot: Snapshot
) -> Iterator[str]:
    first = mail_name(certificate)
    cmdlets = " and ".join(f"Set-{service.title()}Settings" for service in mail)
    yield (
        f"{' and '.join(mail)} cannot take the wildcard {first} by themselves and stay as "
        f"they are. To use it there, run {cmdlets} -X509CertificateName with the real name and restart them."
    )
    for service in mail:
        name = snapshot.mail_names.get(service, "")
        if name and _is_covered(name, certificate):
            yield (
                f"{service} is called {name[:100]!r} already, which the new certificate covers: "
                "it may take it at its next restart. That is not proven by a handshake."
            )


def _renamed(service: Service, certificate: IssuedCertificate, snapshot: Snapshot) -> Iterator[str]:
    first, now = mail_name(certificate), snapshot.mail_names.get(service)
    if first is None or now is None or now.lower() == first:
        return
    if not now:
        yield f"{service} has no X509CertificateName yet; enabling it sets {first}."
        return
    lost = (
        ""
        if _is_covered(now, certificate)
        else f" The new certificate does not hold {now[:100]!r}: clients that go by it will be warned."
    )
    yield (
        f"{service} finds its certificate by the name {now[:100]!r} today; enabling renames that to {first}, "
        f"the certificate's first name.{lost} A roll-back enables the old certificate, whose first name may be another: "
        f"look at Get-{service.title()}Settings then."
    )


def _is_covered(name: str, certificate: IssuedCertificate) -> bool:
    return any(covers(own, name) for own in certificate.facts.names)


def _restarts(services: tuple[Service, ...], dialect: Dialect) -> Iterator[str]:
    restarts = [
        name
        for service in services
        for name in _RESTARTS.get(service, ())
        if dialect.has_back_end or not name.upper().endswith("BE")
    ]
    if restarts:
        yield f"CertDesk restarts nothing. For the new certificate restart {', '.join(restarts)} when it suits."
