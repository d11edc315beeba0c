"""The part of a plan that ran, and what nobody can undo."""

from dataclasses import replace

import pytest

from bot.certs.prints import Thumbprint
from bot.domain.plan import HostPlan, OperationKind, Renaming, Service, Step
from bot.domain.undoing import done_part, what_stays
from tests.unit.domain.samples import EX01, OLD_THUMBPRINT, host_plan, operation, plan

_OTHER = Thumbprint("EF" * 20)


def whole() -> HostPlan:
    """Intermediate, import, IIS, SMTP with its question answered by No, a connector."""
    keeping = operation(
        EX01, OperationKind.ENABLE_SMTP_KEEPING_DEFAULT, Step.ENABLE, services=(Service.SMTP,)
    )
    naming = operation(
        EX01,
        OperationKind.NAME_IN_CONNECTOR,
        Step.CONNECTORS,
        connector=Renaming(direction="send", identity="Internet", was="<I>a<S>b"),
    )
    base = host_plan(EX01)
    return replace(
        base,
        operations=(*base.operations[:3], keeping, naming),
        before={Service.IIS: OLD_THUMBPRINT, Service.SMTP: _OTHER},
    )


_PARTS: list[tuple[int, list[OperationKind], set[Service]]] = [
    (0, [], set()),
    (1, [OperationKind.ADD_INTERMEDIATE], set()),
    (2, [OperationKind.ADD_INTERMEDIATE, OperationKind.IMPORT_CERTIFICATE], set()),
    (3, [one.kind for one in whole().operations[:3]], {Service.IIS}),
    (4, [one.kind for one in whole().operations[:4]], {Service.IIS}),
    (5, [one.kind for one in whole().operations], {Service.IIS}),
]


@pytest.mark.parametrize(("ran", "kinds", "services"), _PARTS)
def test_only_what_ran_is_undone(
    ran: int, kinds: list[OperationKind], services: set[Service]
) -> None:
    """A service is given back when its own enabling ran; a default that was kept needs no giving back."""
    host = whole()
    done = {one.key for one in host.operations[:ran]}
    part = done_part(host, lambda one: one.key in done)

    assert [one.kind for one in part.operations] == kinds
    assert set(part.before) == services


def test_enabling_without_a_past_is_no_part_of_a_roll_back() -> None:
    """There is nothing to give back for it; what else ran is undone all the same."""
    host = replace(whole(), before={})
    part = done_part(host, lambda _: True)

    assert Step.ENABLE not in {one.step for one in part.operations}
    assert OperationKind.NAME_IN_CONNECTOR in {one.kind for one in part.operations}


def test_what_stays_is_told() -> None:
    """The store, the services without a past, STARTTLS by name, names of mail services, others' changes."""
    mail = (Service.IIS, Service.SMTP, Service.POP)
    told = " ".join(what_stays(replace(plan(whole()), services=mail)))

    for part in (
        "stay in the hosts' stores",
        "EX01: POP had no other certificate before and keeps",
        "transport chooses by name",
        "X509CertificateName",
        "somebody has changed since is left",
        "those that were there before stay",
    ):
        assert part in told


def test_nothing_is_told_that_does_not_apply() -> None:
    """No connector, no mail service, no SMTP by name, no intermediate: no word on them."""
    bare = replace(host_plan(EX01), operations=(), smtp_by_name=False)
    told = what_stays(replace(plan(bare), services=(Service.IIS,)))

    assert len(told) == 1
