"""What people are told of the web sites: what moves, what keeps its binding, Require SSL, the back end on 444. Only words."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from bot.certs.prints import Thumbprint
from bot.domain.plan import Service, Snapshot
from bot.domain.surroundings import Web
from bot.exchange.dialect import Dialect
from bot.exchange.phrases import label

_SOON: Final = timedelta(days=60)


def forecast_web(
    snapshot: Snapshot,
    services: tuple[Service, ...],
    dialect: Dialect,
    *,
    before: Mapping[Service, Thumbprint],
    new: Thumbprint,
) -> Iterator[str]:
    """Sentences on IIS where it gets the certificate, and on a back end that is in danger in any case."""
    if Service.IIS in services:
        yield (
            "IIS is bound on port 443 of the Default Web Site only. "
            "Load balancers and proxies in front need the certificate too; CertDesk cannot see them. "
            "Sessions of OWA and ECP go on with the old key until IIS is restarted; CertDesk does not restart it."
        )
        yield _require_ssl(snapshot, dialect)
        if snapshot.web is not None:
            yield from _elsewhere(snapshot, snapshot.web, before.get(Service.IIS), new)
    if snapshot.web is not None and dialect.has_back_end and not snapshot.is_edge:
        yield from _back_end(snapshot, snapshot.web, before, told=Service.IIS in services)


def _require_ssl(snapshot: Snapshot, dialect: Dialect) -> str:
    required = snapshot.web.requires_ssl if snapshot.web is not None else None
    if required:
        return "Require SSL is on at the root of the Default Web Site, and stays on."
    if not dialect.knows_force:
        known = "is off" if required is False else "could not be read"
        return (
            f"Require SSL of the Default Web Site's root {known}. Whether {dialect.title} can leave it alone is asked on the host "
            "when the step runs; where it cannot and it is off, Exchange asks about it, IIS is not bound and the step fails: "
            "enable IIS by hand then."
        )
    if required is False:
        return (
            "Require SSL is off at the root of the Default Web Site and stays off (-DoNotRequireSsl), "
            "so plain HTTP behind a load balancer goes on working. Exchange by itself would turn it on."
        )
    return "Require SSL of the Default Web Site's root is not known, and stays as it is (-DoNotRequireSsl)."


def _elsewhere(
    snapshot: Snapshot, web: Web, old: Thumbprint | None, new: Thumbprint
) -> Iterator[str]:
    """Other bindings that show the certificate of before: they keep it."""
    front, back = web.front_end, web.back_end
    if front is not None and front.thumbprint is None:
        yield "Port 443 of the Default Web Site shows no certificate today."
    elif front is not None and snapshot.certificate(front.thumbprint) is None:
        yield (
            f"Port 443 of the Default Web Site shows {front.thumbprint}, which the host's store does not hold; "
            "a roll-back could not give it back."
        )
    for binding in web.bound_to(old) if old is not None and old != new else ():
        if binding not in {front, back} and (front is None or binding.site != front.site):
            yield (
                f"{binding.title[:1].upper()}{binding.title[1:]} shows the old certificate as well and keeps it: "
                "CertDesk changes the Default Web Site alone. Bind the new one there by hand."
            )


def _back_end(
    snapshot: Snapshot, web: Web, before: Mapping[Service, Thumbprint], *, told: bool
) -> Iterator[str]:
    binding = web.back_end
    if binding is None or binding.thumbprint is None:
        yield (
            "Exchange Back End shows no certificate on 444: OWA, ECP and the Exchange shell need one there. "
            "CertDesk never touches that binding; bind the self-signed 'Microsoft Exchange' certificate to it by hand."
        )
        return
    held = snapshot.certificate(binding.thumbprint)
    if held is None:
        yield (
            f"Exchange Back End is bound on 444 to {binding.thumbprint}, which the host's store does not hold. "
            "CertDesk never touches that binding; have it bound to a certificate that is there."
        )
    elif held.not_after <= snapshot.taken_at:
        yield (
            f"The certificate of Exchange Back End on 444, {label(held)}, has expired. "
            "CertDesk never touches that binding; have it renewed."
        )
    elif held.not_after <= snapshot.taken_at + _SOON:
        yield (
            f"The certificate of Exchange Back End on 444, {label(held)}, ends soon. "
            "CertDesk never touches that binding; have it renewed."
        )
    elif told and held.subject != held.issuer and held.thumbprint == before.get(Service.IIS):
        yield (
            f"Exchange Back End shows {label(held)} on 444 as well, and keeps it: CertDesk never touches that binding. "
            "Bind the self-signed 'Microsoft Exchange' certificate there by hand before that one is removed."
        )
    elif told:
        yield f"Exchange Back End keeps {label(held)} on 444; CertDesk never touches that binding."
