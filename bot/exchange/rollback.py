"""
Giving back what an installation took; pure, from the plan alone.

Services come first, the default SMTP certificate before all others: a connector can only name a certificate that is
enabled for SMTP. Connectors follow, and intermediates go last, when nothing is served through them any more. What
the plan holds is what is undone; whoever knows that only a part of it ran hands in that part.
"""

from collections.abc import Iterator, Mapping

from bot.certs.prints import Thumbprint
from bot.domain.faults import FaultKind, HostFault
from bot.domain.ids import HostName
from bot.domain.plan import HostPlan, InstallPlan, Operation, OperationKind, Service, Step
from bot.exchange import operations
from bot.exchange.dialect import dialect_of_build


def plan_roll_back(plan: InstallPlan, host: HostName) -> tuple[Operation, ...]:
    """
    Plan what gives a host's services and connectors back and takes its added intermediates out.

    Raises:
        HostFault: UNSUPPORTED, when services were enabled and nothing was before that could be given back.
    """
    host_plan = plan.host(host)
    before = {service: old for service, old in host_plan.before.items() if old != plan.thumbprint}
    if not before and any(op.step is Step.ENABLE for op in host_plan.operations):
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
    return (*restored, *enabled, *_connectors(host_plan), *_intermediates(host_plan))


def _connectors(host_plan: HostPlan) -> Iterator[Operation]:
    """The send connectors first, as they came last."""
    for operation in reversed(host_plan.operations):
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
