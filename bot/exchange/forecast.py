"""
What people are told before they approve: sentences on what will change, what stays, what to do after.

Pure and only words; nothing here decides what is done.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from bot.certs.findings import show
from bot.certs.judge import IssuedCertificate
from bot.certs.pfx import PfxCipher
from bot.certs.prints import Thumbprint, thumbprint_of
from bot.domain.order import Wish
from bot.domain.plan import Service, SmtpQuestion, Snapshot
from bot.exchange.dialect import Dialect, UnknownVersion, dialect_of_word
from bot.exchange.forecast_mail import forecast_mail
from bot.exchange.forecast_organisation import (
    forecast_auth,
    forecast_edge,
    forecast_hybrid,
    forecast_root,
    forecast_same_names,
    forecast_unread,
)
from bot.exchange.forecast_web import forecast_web
from bot.exchange.phrases import label
from bot.exchange.renaming import Fleet, after_renaming, forecast_connectors
from bot.exchange.served import has_wildcard_first, served_services
from bot.exchange.starttls import forecast_starttls
from bot.exchange.untouchable import is_auth_thumbprint

_SKEW_S = 60.0
_ENDS_SOON = timedelta(days=30)

_LOCKED = {PfxCipher.TRIPLEDES: "TripleDES-SHA1, for its age", PfxCipher.AES256: "AES-256"}


def forecast_host(
    wish: Wish,
    certificate: IssuedCertificate,
    snapshot: Snapshot,
    dialect: Dialect,
    *,
    before: Mapping[Service, Thumbprint],
    question: SmtpQuestion | None,
    word: str,
    by_endpoint: bool = False,
    fleet: Fleet,
) -> tuple[str, ...]:
    """Everything worth knowing before the plan runs on this host, the most important first."""
    services = served_services(wish.services, certificate, dialect)
    after = after_renaming(certificate, snapshot, fleet)
    return (
        *_version(snapshot, dialect, word),
        *_clock(certificate, snapshot),
        *_key(wish, certificate, snapshot, dialect),
        *_intermediates(certificate, snapshot),
        *_moves(snapshot, services, before),
        *_smtp(snapshot, question, services, by_endpoint=by_endpoint),
        *forecast_edge(certificate, snapshot, services, question),
        *(forecast_starttls(certificate, after) if question is not None else ()),
        *_left_out(wish, dialect),
        *_unified_messaging(services, certificate, dialect),
        *forecast_connectors(certificate, snapshot, fleet),
        *forecast_same_names(certificate, snapshot),
        *forecast_hybrid(certificate, snapshot),
        *forecast_root(certificate, snapshot),
        *forecast_web(snapshot, services, dialect, before=before, new=certificate.facts.thumbprint),
        *forecast_mail(wish, certificate, snapshot, services, dialect, before=before),
        *forecast_auth(snapshot),
        *forecast_unread(snapshot),
        *_undoing(services, before),
        _door(by_endpoint=by_endpoint),
    )


def _version(snapshot: Snapshot, dialect: Dialect, word: str) -> Iterator[str]:
    try:
        is_same = not word or dialect_of_word(word) is dialect
    except UnknownVersion:
        is_same = False
    if not is_same:
        yield (
            f"The configuration calls this host {word[:20]!r}, its build {snapshot.build} is {dialect.title}; "
            "the build counts."
        )


def _clock(certificate: IssuedCertificate, snapshot: Snapshot) -> Iterator[str]:
    skew = snapshot.clock_skew_s
    if abs(skew) < _SKEW_S:
        return
    way = "ahead of" if skew > 0 else "behind"
    yield f"The host's clock is {abs(skew):.0f} s {way} ours; have it corrected."
    if (snapshot.taken_at - certificate.facts.not_before).total_seconds() + skew < 0:
        yield "By its own clock the certificate is not valid yet: it will show DateInvalid until then."


def _key(
    wish: Wish, certificate: IssuedCertificate, snapshot: Snapshot, dialect: Dialect
) -> Iterator[str]:
    is_held = snapshot.certificate(certificate.facts.thumbprint) is not None
    if is_held:
        yield "The certificate is already in the host's store with its key; it is not imported again."
    elif wish.local_key_days:
        yield (
            f"The key was made by CertDesk. It is imported as a PFX ({_LOCKED[dialect.pfx]}) under a one-time password, "
            "in memory only; the key cannot be exported here, and CertDesk deletes its own once every host is proven."
        )
    elif snapshot.host != wish.hosts[0]:
        yield (
            f"The key was made on {wish.hosts[0]}: it is carried from there in memory as a PFX under a "
            "password nobody sees, and is exportable there and not here."
        )
    else:
        yield from _request(certificate, snapshot)


def _request(certificate: IssuedCertificate, snapshot: Snapshot) -> Iterator[str]:
    """
    Whether a request waits here whose key is the certificate's: without one the import leaves it keyless.

    Told and not refused: whether every version lists every request that an import could complete is not known.
    """
    keys = {request.key_sha256 for request in snapshot.pending}
    wanted = certificate.facts.spki_sha256
    if wanted and wanted not in keys and "" not in keys:
        yield (
            "The host shows no pending request with the key of this certificate. If it is gone, the import leaves the "
            "certificate without its private key, and no service is changed: look at the pending requests before you "
            "approve, and ask the vendor for a re-key when it is not there."
        )


def _intermediates(certificate: IssuedCertificate, snapshot: Snapshot) -> Iterator[str]:
    missing = [der for der in certificate.path if thumbprint_of(der) not in snapshot.intermediates]
    if missing:
        noun = "intermediate is" if len(missing) == 1 else "intermediates are"
        yield f"{len(missing)} {noun} added to the machine's CA store; the Root store is never touched."
    elif certificate.path:
        yield "All intermediates are there already."


def _moves(
    snapshot: Snapshot, services: tuple[Service, ...], before: Mapping[Service, Thumbprint]
) -> Iterator[str]:
    for service in services:
        if service is Service.SMTP:
            continue
        old = snapshot.certificate(before.get(service))
        if old is None:
            yield f"{service} gets the new certificate; no other serves it now."
        else:
            yield f"{service} moves from {label(old)} to the new certificate."
    if before:
        yield (
            "Exchange only adds services: the old certificate may go on showing them, "
            "and none can be taken off again."
        )


def _smtp(
    snapshot: Snapshot,
    question: SmtpQuestion | None,
    services: tuple[Service, ...],
    *,
    by_endpoint: bool,
) -> Iterator[str]:
    if Service.SMTP not in services:
        return
    if question is None:
        yield "SMTP gets the new certificate; Exchange asks nothing, for no other one is the default."
    elif question.current is None:
        yield (
            f"The default SMTP certificate {snapshot.default_smtp} is not in the host's store. "
            "No cannot be chosen, for it could not be given back: with No, SMTP stays as it is."
        )
    elif is_auth_thumbprint(snapshot, question.current.thumbprint) and not by_endpoint:
        yield (
            f"The default SMTP certificate of now is the Auth certificate, {show(question.current.subject)}, which it should never be "
            "and which CertDesk never gives a service. Yes makes the new one the default, for good; with No, SMTP stays as it is."
        )
    else:
        if question.current.not_after <= snapshot.taken_at + _ENDS_SOON:
            yield (
                f"The default SMTP certificate of now ends on {question.current.not_after:%Y-%m-%d}: "
                "mail between servers needs a valid one, so No is an answer for a short time only."
            )
        way = (
            "The question itself is answered, and only if it names these two: for No the default is at no moment another."
            if by_endpoint
            else "For No the default is replaced for a moment and given back at once."
        )
        yield (
            f"SMTP gets the new certificate either way. Yes makes it the default for mail between servers; "
            f"No keeps {show(question.current.subject)} (until {question.current.not_after:%Y-%m-%d}) as the default. "
            f"{way}"
        )


def _left_out(wish: Wish, dialect: Dialect) -> Iterator[str]:
    for service in wish.services:
        if service not in dialect.services:
            yield f"{dialect.title} has no {service}; it is left out here."


def _unified_messaging(
    services: tuple[Service, ...], certificate: IssuedCertificate, dialect: Dialect
) -> Iterator[str]:
    if Service.UM not in services:
        return
    yield "UM takes it only when its startup mode is TLS or Dual; otherwise that one step fails."
    if dialect.has_back_end:
        yield "UM's call router keeps its certificate; give it the same one by hand (-Services UMCallRouter)."
    if has_wildcard_first(certificate):
        yield "UM with Lync or Skype wants the server's own name in the subject, not a wildcard."


def _undoing(services: tuple[Service, ...], before: Mapping[Service, Thumbprint]) -> Iterator[str]:
    """What a roll-back could and could not do: nothing is taken out of a store, no service off a certificate."""
    if not before:
        yield "A roll-back has nothing to give back: no other certificate serves anything here."
        return
    kept = [service for service in services if service not in before]
    rest = f"; {' and '.join(kept)} would stay with the new one" if kept else ""
    yield (
        f"A roll-back gives {', '.join(before)} back to the certificates of today{rest}. "
        "The new certificate would stay in its store; what this plan adds to the intermediates is taken out again where "
        "nothing needs it."
    )


def _door(*, by_endpoint: bool) -> str:
    if by_endpoint:
        return "Exchange's cmdlets run at its own endpoint (PSRP), stores and files are reached by WinRM."
    return "Everything is done by WinRM."
