"""
Which certificate serves a service, at a plan's moment and at a roll-back's; pure, from a snapshot.

Exchange's column Services is computed: it shows SMTP on whatever transport could read, POP and IMAP on whatever has the name, and
IIS on the certificate of the back end too (exchange.md 4.3). Nothing is "given back" on its word alone where a better one is known.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from bot.certs.prints import Thumbprint
from bot.domain.plan import HostCertificate, Service, Snapshot
from bot.exchange.dialect import Dialect
from bot.exchange.untouchable import is_auth


def serving_before(
    snapshot: Snapshot, services: tuple[Service, ...], dialect: Dialect, *, without: Thumbprint
) -> Mapping[Service, Thumbprint]:
    """
    What a roll-back would give each service back to.

    Args:
        without: the new certificate; a service that has it already has no past.
    """
    found = {service: _serving(snapshot, service, dialect, without=without) for service in services}
    return {service: held.thumbprint for service, held in found.items() if held is not None}


def serving_now(
    snapshot: Snapshot, service: Service, dialect: Dialect, *, ours: Thumbprint
) -> Thumbprint | None:
    """
    The handle of what serves a service as the host is now; None when nothing is seen to.

    For SMTP that is the default SMTP certificate. It may be one that the host does not hold.

    Args:
        ours: the certificate a roll-back would take the service from; of two of one age the other one counts.
    """
    match service:
        case Service.SMTP:
            return snapshot.default_smtp
        case Service.IIS if snapshot.web is not None:
            front = snapshot.web.front_end
            return front.thumbprint if front is not None else None
        case _:
            shown = _shown(snapshot, service, dialect)
            best = max(
                shown,
                key=lambda held: (_rank(snapshot, held), held.thumbprint != ours),
                default=None,
            )
            return best.thumbprint if best is not None else None


def _serving(
    snapshot: Snapshot, service: Service, dialect: Dialect, *, without: Thumbprint
) -> HostCertificate | None:
    """The certificate itself, which the host must hold; never the new one, never the Auth certificate."""
    match service:
        case Service.SMTP:
            held = snapshot.certificate(snapshot.default_smtp)
        case Service.IIS if snapshot.web is not None:
            front = snapshot.web.front_end
            held = snapshot.certificate(front.thumbprint if front is not None else None)
        case _:
            held = _newest_shown(snapshot, service, dialect, without=without)
    if held is None or held.thumbprint == without or is_auth(held, snapshot.auth):
        return None
    return held


def _newest_shown(
    snapshot: Snapshot, service: Service, dialect: Dialect, *, without: Thumbprint
) -> HostCertificate | None:
    shown = [one for one in _shown(snapshot, service, dialect) if one.thumbprint != without]
    return max(shown, key=lambda held: _rank(snapshot, held), default=None)


def _shown(snapshot: Snapshot, service: Service, dialect: Dialect) -> Iterator[HostCertificate]:
    """Every certificate that may be what serves it, by Exchange's column."""
    for held in snapshot.certificates:
        is_other_s = service is Service.IIS and _may_be_back_end_s(held, dialect)
        if service in held.services and not is_auth(held, snapshot.auth) and not is_other_s:
            yield held


def _rank(snapshot: Snapshot, held: HostCertificate) -> tuple[bool, bool, datetime]:
    """Several may show one service; the newest valid one that is not self-signed is taken."""
    is_valid = held.not_before <= snapshot.taken_at < held.not_after
    return is_valid, held.subject != held.issuer, held.not_before


def _may_be_back_end_s(held: HostCertificate, dialect: Dialect) -> bool:
    """A self-signed one shows IIS for 444 for ever; without the host's word on its sites it is not taken for the front end's."""
    return dialect.has_back_end and held.sites is None and held.subject == held.issuer
