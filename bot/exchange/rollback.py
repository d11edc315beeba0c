"""
Giving back what an installation took; pure, from its plan and from the host as it is now.

A service goes back only where the order's certificate still serves it: what another certificate serves by now is
somebody's later decision and is left alone. Nothing goes back to a certificate that is gone, has no key or is not valid: an
expired one would stop mail where the present one does not.

Services come first, the default SMTP certificate before all others: a connector can only name a certificate that is
enabled for SMTP. Connectors follow, and intermediates go last, when nothing is served through them any more. What
the plan holds is what is undone; whoever knows that only a part of it ran hands in that part.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.certs.findings import visible
from bot.certs.prints import Thumbprint
from bot.domain.faults import FaultKind, HostFault
from bot.domain.plan import (
    HostCertificate,
    HostPlan,
    InstallPlan,
    Operation,
    OperationKind,
    Renaming,
    Service,
    Snapshot,
    Step,
)
from bot.domain.undoing import GivingBack
from bot.exchange import operations
from bot.exchange.distinguished import name_parts, names_certificate, pinned_pair
from bot.exchange.naming import title_of
from bot.exchange.phrases import label
from bot.exchange.plan import dialect_for
from bot.exchange.serving import serving_now
from bot.exchange.unfit import why_unfit

_LONGEST = 600
"""Characters of a pair that are shown; two distinguished names are a few hundred long."""


def plan_roll_back(plan: InstallPlan, snapshot: Snapshot) -> GivingBack:
    """
    Plan what gives a host's services and connectors back and takes its added intermediates out.

    Args:
        snapshot: the host as it is now, read while nobody else changes it.

    Raises:
        HostFault: UNSUPPORTED, when services were enabled and nothing was before that could be given back.
    """
    host_plan = plan.host(snapshot.host)
    before = {service: old for service, old in host_plan.before.items() if old != plan.thumbprint}
    if not before and any(op.step is Step.ENABLE for op in host_plan.operations):
        raise HostFault(
            FaultKind.UNSUPPORTED,
            snapshot.host,
            f"{snapshot.host}: no service had another certificate before, so there is nothing to give back. "
            "Nothing was changed. Enable another certificate by hand if this one must go.",
            executed="no",
            code="nothing-before",
        )
    look = _look(snapshot, before, ours=plan.thumbprint)
    named = [op for op in reversed(host_plan.operations) if op.connector is not None]
    kept = {op.key: why for op in named if (why := look.why_named(op.connector))}
    enabling = tuple(_enabling(look))
    return GivingBack(
        operations=(
            *(op for op, is_open in enabling if is_open),
            *_connectors(host_plan, [op for op in named if op.key not in kept]),
            *_intermediates(host_plan),
        ),
        past=tuple(op for op, is_open in enabling if not is_open),
        left=tuple(_left(look)),
        stays=(*_stays(look), *kept.values()),
        is_back=any(look.is_back(service) for service in before),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """
    The host as it is now, beside what was before.

    Args:
        before: the certificate that served each service before.
        now: the one that serves it now; None where none is seen to.
        unfit: why a certificate of before cannot serve again; one that can is not in it.
    """

    snapshot: Snapshot
    ours: Thumbprint
    before: Mapping[Service, Thumbprint]
    now: Mapping[Service, Thumbprint | None]
    unfit: Mapping[Thumbprint, str]

    def is_ours(self, service: Service) -> bool:
        """Whether the order's certificate serves it."""
        return self.now[service] == self.ours

    def is_past(self, service: Service) -> bool:
        """Whether the certificate of before serves it already."""
        return self.now[service] == self.before[service]

    def is_back(self, service: Service) -> bool:
        """Whether the certificate of before serves it when the roll-back is over."""
        may = self.is_ours(service) and self.before[service] not in self.unfit
        return may or self.is_past(service)

    def why_named(self, renaming: Renaming | None) -> str:
        """Why a connector has to go on naming the order's certificate; empty when it need not, or names another."""
        own = self.snapshot.certificate(self.ours)
        if renaming is None or own is None or not _is_named(self.snapshot, renaming, own):
            return ""
        wanted = pinned_pair(renaming.was)
        for held in self.snapshot.certificates:
            is_meant = wanted == (name_parts(held.issuer), name_parts(held.subject))
            if is_meant and not why_unfit(self.snapshot, held.thumbprint):
                return ""
        return (
            f"{self.snapshot.host}: {title_of(renaming)} goes on naming the certificate of this order, because the host "
            f"holds no valid certificate with its key that is named '{visible(renaming.was, at_most=_LONGEST)}' as before."
        )


def _look(snapshot: Snapshot, before: Mapping[Service, Thumbprint], *, ours: Thumbprint) -> _Look:
    dialect = dialect_for(snapshot)
    olds = dict.fromkeys(before.values())
    return _Look(
        snapshot=snapshot,
        ours=ours,
        before=before,
        now={one: serving_now(snapshot, one, dialect, ours=ours) for one in before},
        unfit={old: why for old in olds if (why := why_unfit(snapshot, old))},
    )


def _enabling(look: _Look) -> Iterator[tuple[Operation, bool]]:
    """
    Operations on services, each with whether something of it is left to do.

    Services of one certificate stand together whether they are back already or not: a run after a kill means the same
    operation by the same key, and waits for what may still be under way.
    """
    host, dialect = look.snapshot.host, dialect_for(look.snapshot)
    fit = {
        one: old for one, old in look.before.items() if look.is_back(one) and old not in look.unfit
    }
    if Service.SMTP in fit:
        old = fit[Service.SMTP]
        restoring = operations.restore_smtp_default(host, old, step=Step.RESTORE, only_if=None)
        yield restoring, look.is_ours(Service.SMTP)
    for old, services in _groups(fit):
        enabling = operations.enable_services(host, old, services, dialect, step=Step.RESTORE)
        yield enabling, any(look.is_ours(service) for service in services)


def _left(look: _Look) -> Iterator[str]:
    """What another certificate serves by now, or none."""
    host = look.snapshot.host
    others = [one for one in look.before if not look.is_ours(one) and not look.is_past(one)]
    if Service.SMTP in others:
        now = look.now[Service.SMTP]
        is_now = f"the default SMTP certificate is {_named(look.snapshot, now)} now, not that of this order"
        yield f"{host}: {is_now if now else 'there is no default SMTP certificate now'}, so that was left as it is."
    web_and_mail = [one for one in others if one is not Service.SMTP]
    for now in dict.fromkeys(look.now[one] for one in web_and_mail):
        services = _row([one for one in web_and_mail if look.now[one] == now])
        by = (
            f"by {_named(look.snapshot, now)}, not by"
            if now
            else "by none that could be seen, so not by"
        )
        yield f"{host}: {services} served now {by} the certificate of this order, so that was left as it is."


def _stays(look: _Look) -> Iterator[str]:
    """What nothing could be given back to."""
    host = look.snapshot.host
    for old, why in look.unfit.items():
        because = f"because the one of before, {_named(look.snapshot, old)}, {why}."
        mine = [one for one, own in look.before.items() if own == old and look.is_ours(one)]
        if Service.SMTP in mine:
            yield f"{host}: the default SMTP certificate is still that of this order, {because}"
        web_and_mail = [one for one in mine if one is not Service.SMTP]
        if web_and_mail:
            yield f"{host}: {_row(web_and_mail)} still served by the certificate of this order, {because}"


def _row(services: Sequence[Service]) -> str:
    """Services as the subject of a sentence, with its verb."""
    if len(services) == 1:
        return f"{services[0]} is"
    return f"{', '.join(services[:-1])} and {services[-1]} are"


def _named(snapshot: Snapshot, thumbprint: Thumbprint | None) -> str:
    held = snapshot.certificate(thumbprint)
    return label(held) if held is not None else f"{thumbprint}"


def _is_named(snapshot: Snapshot, renaming: Renaming, own: HostCertificate) -> bool:
    """Whether a connector names the order's certificate now."""
    return any(
        names_certificate(one, issuer=own.issuer, subject=own.subject)
        for one in snapshot.connectors
        if one.direction == renaming.direction
        and (one.identity or one.name).lower() == renaming.identity.lower()
    )


def _connectors(host_plan: HostPlan, named: Sequence[Operation]) -> Iterator[Operation]:
    """The send connectors first, as they came last; what names a third certificate by now is left alone by the operation."""
    for operation in named:
        if operation.kind is OperationKind.NAME_IN_CONNECTOR and operation.connector is not None:
            yield operations.restore_connector(
                host_plan.host, operation.thumbprint, operation.connector
            )


def _intermediates(host_plan: HostPlan) -> Iterator[Operation]:
    """From the certificate's issuer upwards, so that the upper ones are needed by nobody when their turn comes."""
    for operation in host_plan.operations:
        if operation.kind is OperationKind.ADD_INTERMEDIATE:
            yield operations.remove_intermediate(host_plan.host, operation.thumbprint)


def _groups(
    before: Mapping[Service, Thumbprint],
) -> tuple[tuple[Thumbprint, tuple[Service, ...]], ...]:
    """Services by certificate; UM by itself, because it needs Force and IIS must not have it."""
    grouped: dict[tuple[Thumbprint, bool], list[Service]] = {}
    for service, old in before.items():
        if service is not Service.SMTP:
            grouped.setdefault((old, service is Service.UM), []).append(service)
    return tuple((old, tuple(services)) for (old, _), services in grouped.items())
