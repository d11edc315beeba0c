"""What people are told of POP and IMAP, which find their certificate by a name, and of SMTP where nobody asked for it. Only words."""

from collections.abc import Iterator, Mapping
from typing import Final

from bot.certs.judge import IssuedCertificate
from bot.certs.prints import Thumbprint
from bot.domain.order import Wish
from bot.domain.plan import Service, Snapshot
from bot.exchange.dialect import Dialect
from bot.exchange.served import BY_NAME, covers, first_name, has_wildcard_first, mail_name

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
    *,
    before: Mapping[Service, Thumbprint],
) -> Iterator[str]:
    """Sentences on the names of POP and IMAP, on a wildcard there, and on the restarts they want."""
    mail = [service for service in wish.services if service in BY_NAME]
    if mail and has_wildcard_first(certificate):
        yield from _wildcard(mail, certificate, snapshot)
    else:
        yield from _renamed(mail, certificate, snapshot, before)
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


def _renamed(
    mail: list[Service],
    certificate: IssuedCertificate,
    snapshot: Snapshot,
    before: Mapping[Service, Thumbprint],
) -> Iterator[str]:
    """One sentence for services that go by the same name today; none for a name that stays."""
    first = mail_name(certificate)
    by_name: dict[str, list[Service]] = {}
    for service in mail:
        now = snapshot.mail_names.get(service)
        if first is not None and now is not None and now.lower() != first:
            by_name.setdefault(now, []).append(service)
    for now, services in by_name.items():
        who, finds = " and ".join(services), "find" if len(services) > 1 else "finds"
        if not now:
            yield f"{who} had no X509CertificateName until now; enabling sets {first}."
            continue
        lost = (
            ""
            if _is_covered(now, certificate)
            else f" The new certificate does not hold {now[:100]!r}: clients that go by it will be warned."
        )
        yield (
            f"The name by which {who} {finds} a certificate is {now[:100]!r} today; enabling makes it {first}, the new "
            f"certificate's first name.{lost}{_given_back(now, services, snapshot, before)}"
        )


def _given_back(
    now: str,
    services: list[Service],
    snapshot: Snapshot,
    before: Mapping[Service, Thumbprint],
) -> str:
    """A roll-back enables the old certificate, which names the service after its own first name."""
    told = ""
    for service in services:
        old = snapshot.certificate(before.get(service))
        name = first_name(old.subject, old.names) if old is not None else None
        if name is not None and name.lower() != now.lower():
            told += (
                f" A roll-back would make {service}'s name {name}: "
                f"set {now[:100]!r} again with Set-{service.title()}Settings then."
            )
    return told


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
