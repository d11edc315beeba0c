"""What of an installation can be undone: the part that ran, and sentences on what stays whatever is done."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from bot.domain.ids import HostName
from bot.domain.plan import Answer, HostPlan, InstallPlan, Operation, OperationKind, Service, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class GivingBack:
    """
    What a roll-back does on one host, as the host is now.

    Args:
        operations: what is to be done, in order.
        past: what would be done and is so already; a run of before may have done it.
        left: a sentence for each thing that another certificate serves by now: it is left alone.
        stays: a sentence for each thing that the order's certificate goes on serving, because the one of before is of
            no use any more.
        is_back: whether a service is a certificate of before's when it is over.
    """

    operations: tuple[Operation, ...] = ()
    past: tuple[Operation, ...] = ()
    left: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()
    is_back: bool = False


def done_part(host_plan: HostPlan, is_done: Callable[[Operation], bool]) -> HostPlan:
    """
    The part of a host's plan that ran, or may have: a roll-back of it undoes nothing else.

    A service is given back when its own enabling ran; where SMTP was enabled and the default kept, there is
    nothing to give back.
    """
    ran = tuple(op for op in host_plan.operations if is_done(op))
    moved = {service for op in ran if _moves(op) for service in op.services}
    before = {service: old for service, old in host_plan.before.items() if service in moved}
    if not before:
        ran = tuple(op for op in ran if op.step is not Step.ENABLE)
    return replace(host_plan, operations=ran, before=before)


def what_goes_back(plan: InstallPlan, answers: Mapping[HostName, Answer]) -> tuple[str, ...]:
    """A line for each host: which service would go back to which certificate, by its handle."""
    return tuple(
        f"{host.host}: {'; '.join(given)}"
        for host in reversed(plan.hosts)
        if (given := _given_back(plan, host, answers.get(host.host)))
    )


def _given_back(plan: InstallPlan, host: HostPlan, answer: Answer | None) -> list[str]:
    is_kept = host.question is not None and answer is Answer.NO
    before = {
        service: old
        for service, old in host.before.items()
        if old != plan.thumbprint and not (is_kept and service is Service.SMTP)
    }
    return [
        f"{', '.join(one for one, own in before.items() if own == old)} to {old}"
        for old in dict.fromkeys(before.values())
    ]


def what_stays(plan: InstallPlan) -> tuple[str, ...]:
    """Sentences on what a roll-back of the plan cannot undo; shown before it is asked for and after it ran."""
    return tuple(_stays(plan))


def _moves(operation: Operation) -> bool:
    is_kept = operation.kind is OperationKind.ENABLE_SMTP_KEEPING_DEFAULT
    return operation.step is Step.ENABLE and not is_kept


def _stays(plan: InstallPlan) -> Iterator[str]:
    yield "The new certificate and its key stay in the hosts' stores; Exchange may go on showing services on it."
    for host in plan.hosts:
        kept = [s for s in plan.services if host.before.get(s, plan.thumbprint) == plan.thumbprint]
        if kept:
            verb = "keeps" if len(kept) == 1 else "keep"
            yield f"{host.host}: {' and '.join(kept)} had no other certificate before and {verb} the new one."
    if Service.SMTP in plan.services and any(host.smtp_by_name for host in plan.hosts):
        yield (
            "STARTTLS may go on showing the new certificate where a connector's name is among its names: "
            "transport chooses by name, and SMTP cannot be taken off a certificate."
        )
    mail = [service for service in (Service.POP, Service.IMAP) if service in plan.services]
    if mail:
        yield (
            f"{' and '.join(mail)} find their certificate by X509CertificateName, which becomes the first name of "
            "the certificate of before; a name that was set by hand has to be set again. Where the new one has that name "
            "too, they may go on showing it."
        )
    kinds = {op.kind for host in plan.hosts for op in host.operations}
    if OperationKind.NAME_IN_CONNECTOR in kinds:
        yield "A connector that somebody has changed since is left as it is."
    if OperationKind.ADD_INTERMEDIATE in kinds:
        yield (
            "Intermediates that this order added are taken out where nothing on the host needs them; those that "
            "were there before stay."
        )
