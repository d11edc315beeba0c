"""What people are told of the organisation: Auth certificate, Edge servers, hybrid configuration, same names; and what stayed unread. Only words."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from bot.certs.judge import IssuedCertificate
from bot.domain.plan import Answer, Connector, HostCertificate, Service, SmtpQuestion, Snapshot
from bot.domain.surroundings import Fact
from bot.exchange.distinguished import name_parts, names_certificate
from bot.exchange.phrases import label

_SOON: Final = timedelta(days=60)
"""HealthChecker warns of the Auth certificate so early (exchange.md 7 trap 8)."""

BY_HAND: Final = "Registry"
"""The ``RootCAType`` of a root that somebody put into the machine's store (exchange.md 4.3)."""

_NEVER: Final = "CertDesk never enables, replaces or removes it."

_UNREAD: Final = {
    Fact.WEB: "What 443 and 444 show is taken from Exchange's own column as far as it says so.",
    Fact.POP: "Whether enabling POP gives it another name is not known.",
    Fact.IMAP: "Whether enabling IMAP gives it another name is not known.",
    Fact.AUTH: "When the Auth certificate ends is not known; it is recognised by its subject and never touched.",
    Fact.EDGE: "If an Edge server is subscribed, look at its subscription after a change of the default SMTP certificate.",
    Fact.HYBRID: "Whether this organisation is joined to Exchange Online is judged by its connectors alone.",
    Fact.ROLES: "Whether this is an Edge Transport server is not known.",
}


def forecast_unread(snapshot: Snapshot) -> Iterator[str]:
    """What could not be read, why, and what that means for this plan."""
    for unread in snapshot.unread:
        yield f"Not read: {unread.fact}, because {unread.why}. {_UNREAD[unread.fact]}"


def forecast_auth(snapshot: Snapshot) -> Iterator[str]:
    """A sentence where the Auth certificate needs somebody; none while it is well."""
    if snapshot.auth is None:
        return
    held = snapshot.certificate(snapshot.auth.current)
    follower = snapshot.certificate(snapshot.auth.next)
    ready = f" Its successor, {label(follower)}, is named already." if follower is not None else ""
    if snapshot.auth.current is None:
        yield f"The organisation names no Auth certificate: OWA, ECP and hybrid sign-in need one. {_NEVER}"
    elif held is None:
        yield (
            f"The Auth certificate {snapshot.auth.current} is not in this host's store: OWA, ECP and hybrid sign-in fail here "
            f"sooner or later. {_NEVER}{ready}"
        )
    elif held.not_after <= snapshot.taken_at:
        yield (
            f"The Auth certificate {label(held)} has expired: OWA, ECP, hybrid and signed data between servers break. "
            f"Renew it now by its own procedure (New-ExchangeCertificate, Set-AuthConfig). {_NEVER}{ready}"
        )
    elif held.not_after <= snapshot.taken_at + _SOON:
        left = (held.not_after - snapshot.taken_at).days
        yield (
            f"The Auth certificate {label(held)} ends in {left} days. Renew it by its own procedure (New-ExchangeCertificate, "
            f"Set-AuthConfig), not by this order. {_NEVER}{ready}"
        )


def forecast_edge(
    certificate: IssuedCertificate,
    snapshot: Snapshot,
    services: tuple[Service, ...],
    question: SmtpQuestion | None,
) -> Iterator[str]:
    """Subscriptions of Edge servers, seen from either side (exchange.md 7 trap 7)."""
    if Service.SMTP not in services:
        return
    if snapshot.is_edge:
        yield (
            "This is an Edge Transport server: if it is subscribed, a new certificate means to remove the old one, delete the "
            "Edge subscription and make it anew (New-EdgeSubscription here, then on a Mailbox server)."
        )
        return
    if not snapshot.edge_subscriptions:
        return
    names = ", ".join(name[:60] for name in snapshot.edge_subscriptions)
    yield (
        f"Edge servers are subscribed ({names}). With Yes, Exchange encrypts the Edge credentials anew for the new default "
        "SMTP certificate: run Start-EdgeSynchronization afterwards and look at its result. With No they stay as they are."
    )
    if not certificate.facts.key.startswith("RSA"):
        yield (
            f"The new key is {certificate.facts.key}, and Edge credentials need an RSA key: answer {Answer.NO.capitalize()}, "
            "or the subscriptions must be made anew."
        )
    if question is not None and question.current is None:
        yield (
            "The default SMTP certificate of now is not in the store, so with Yes that step fails after the directory was changed, "
            "and the Edge subscriptions must be made anew."
        )


def forecast_hybrid(certificate: IssuedCertificate, snapshot: Snapshot) -> Iterator[str]:
    """What the hybrid configuration names; its connectors are told with the other connectors."""
    if not snapshot.hybrid:
        return
    facts = certificate.facts
    named = Connector(direction="send", name="", fqdn="", tls_certificate_name=snapshot.hybrid)
    if names_certificate(named, issuer=facts.issuer, subject=facts.subject):
        yield (
            "The hybrid configuration names this issuer and subject already. Install the same certificate on every hybrid server, "
            "Edge servers included."
        )
        return
    yield (
        "The hybrid configuration names another certificate; CertDesk does not change it. Run the Hybrid Configuration Wizard again "
        "after the installation on every hybrid server: until then mail with Exchange Online goes by the old one."
    )


def forecast_root(certificate: IssuedCertificate, snapshot: Snapshot) -> Iterator[str]:
    """
    Where the root of the new certificate lies on a hybrid server (exchange.md 7 trap 6, KB2879262).

    The host says it of what it holds: of the certificate itself where it is there, else of one from the same issuer.
    """
    if not snapshot.hybrid:
        return
    facts = certificate.facts
    same = [
        held
        for held in snapshot.certificates
        if held.root_kind not in (None, "None")
        and name_parts(held.issuer) == name_parts(facts.issuer)
    ]
    told = max(
        same, key=lambda held: (held.thumbprint == facts.thumbprint, held.not_before), default=None
    )
    if told is not None and told.root_kind == BY_HAND:
        yield (
            f"The root of {label(told)}, which has the same issuer, was put into this host's store by hand: Exchange calls it "
            f"{BY_HAND}, and for mail from Exchange Online it wants ThirdParty, a root that Windows' own update brought. Inbound "
            "mail from the cloud can stall (KB2879262). CertDesk never touches the Root store: have an administrator let Windows "
            "bring this root."
        )


def forecast_same_names(certificate: IssuedCertificate, snapshot: Snapshot) -> Iterator[str]:
    """A renewal that Exchange cannot tell from its predecessor by issuer and subject (exchange.md 7 trap 1)."""
    twin = _twin(certificate, snapshot)
    if twin is not None:
        yield (
            f"Issuer and subject are those of {label(twin)}: connectors that name the pair need no change and may take either, "
            "the newest by all that is known. Removing one of the two is refused while a send connector names them."
        )


def _twin(certificate: IssuedCertificate, snapshot: Snapshot) -> HostCertificate | None:
    facts = certificate.facts
    pair = (name_parts(facts.issuer), name_parts(facts.subject))
    twins = [
        held
        for held in snapshot.certificates
        if held.thumbprint != facts.thumbprint
        and (name_parts(held.issuer), name_parts(held.subject)) == pair
    ]
    return max(twins, key=lambda held: held.not_before, default=None)
