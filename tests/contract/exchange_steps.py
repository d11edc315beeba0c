"""Steps that the tests of the contract of `ports.ExchangeHosts` take on a world, whatever stands behind it."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from bot.certs.judge import IssuedCertificate
from bot.domain.faults import HostFault
from bot.domain.plan import Answer, InstallPlan, Operation, OperationKind, Snapshot
from bot.ports import ExchangeHosts
from tests.contract.exchange_worlds import World
from tests.unit.exchange.samples import ALL_BUT_UM, EX01, Authority, ask, order


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A world after the whole plan ran with Yes. Tests that share it look and change nothing."""

    world: World
    certificate: IssuedCertificate
    plan: InstallPlan
    seen: tuple[tuple[str, bool], ...]
    after: Snapshot
    changes: int


def ready(world: World, vendor: Authority) -> tuple[IssuedCertificate, InstallPlan]:
    """Request, certificate, plan; nothing of it has run."""
    certificate = vendor.answer(world.hosts.make_csr(ask()))
    snapshot = world.hosts.snapshot(EX01)
    return certificate, world.hosts.plan(order(), certificate, (snapshot,))


def settle(world: World, vendor: Authority) -> Settled:
    """Run the whole plan with Yes, and remember what was seen."""
    certificate, plan = ready(world, vendor)
    seen = []
    for operation in plan.host(EX01).operations_for(Answer.YES):
        world.hosts.act(operation, certificate)
        seen.append((operation.key, world.hosts.observe(operation, certificate).done))
    return Settled(
        world=world,
        certificate=certificate,
        plan=plan,
        seen=tuple(seen),
        after=world.hosts.snapshot(EX01),
        changes=world.changes(),
    )


def installed(
    world: World, vendor: Authority, answer: Answer
) -> tuple[IssuedCertificate, InstallPlan, Snapshot]:
    """Run the whole plan; the snapshot is the one of before."""
    before = world.hosts.snapshot(EX01)
    certificate, plan = ready(world, vendor)
    for operation in plan.host(EX01).operations_for(answer):
        world.hosts.act(operation, certificate)
    return certificate, plan, before


def first_of(plan: InstallPlan, kind: OperationKind) -> Operation:
    """The first operation of a kind."""
    return next(one for one in plan.host(EX01).operations if one.kind is kind)


def fault_of(call: Callable[[], object]) -> HostFault:
    """What a call fails with; it must."""
    with pytest.raises(HostFault) as caught:
        call()
    return caught.value


def is_read_back(
    hosts: ExchangeHosts, certificate: IssuedCertificate, plan: InstallPlan, answer: Answer
) -> bool:
    """Whether the host shows all that was decided."""
    return hosts.read_back(EX01, certificate, ALL_BUT_UM, plan, answer).done
