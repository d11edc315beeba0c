"""Giving services back to the certificates of before; pure, from the plan alone."""

from collections.abc import Mapping

from bot.certs.prints import Thumbprint
from bot.domain.faults import FaultKind, HostFault
from bot.domain.ids import HostName
from bot.domain.plan import InstallPlan, Operation, Service, Step
from bot.exchange import operations
from bot.exchange.dialect import dialect_of_build


def plan_roll_back(plan: InstallPlan, host: HostName) -> tuple[Operation, ...]:
    """
    Plan what gives a host's services back, the default SMTP certificate first.

    What cannot be undone: services shown by the new certificate stay shown, the intermediates and the
    new certificate stay in their stores, and a service that had no certificate keeps the new one.

    Raises:
        HostFault: UNSUPPORTED, when nothing was before that could be given back.
    """
    host_plan = plan.host(host)
    before = {service: old for service, old in host_plan.before.items() if old != plan.thumbprint}
    if not before:
        raise HostFault(
            FaultKind.UNSUPPORTED,
            host,
            f"{host}: no service had another certificate before, so there is nothing to give back. "
            "Nothing was changed. Enable another certificate by hand if this one must go.",
            executed="no",
            code="nothing-before",
        )
    dialect = dialect_of_build(host_plan.build)
    restored = tuple(
        operations.restore_smtp_default(host, old, step=Step.RESTORE, only_if=None)
        for service, old in before.items()
        if service is Service.SMTP
    )
    enabled = tuple(
        operations.enable_services(host, old, services, dialect, step=Step.RESTORE)
        for old, services in _groups(before)
    )
    return (*restored, *enabled)


def _groups(
    before: Mapping[Service, Thumbprint],
) -> tuple[tuple[Thumbprint, tuple[Service, ...]], ...]:
    """Services by certificate; UM by itself, because it needs Force and IIS must not have it."""
    grouped: dict[tuple[Thumbprint, bool], list[Service]] = {}
    for service, old in before.items():
        if service is not Service.SMTP:
            grouped.setdefault((old, service is Service.UM), []).append(service)
    return tuple((old, tuple(services)) for (old, _), services in grouped.items())
