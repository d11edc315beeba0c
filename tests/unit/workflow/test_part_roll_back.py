"""A roll-back undoes what ran: the journal knows, and nothing is undone on a guess."""

from dataclasses import replace
from datetime import timedelta

from bot.certs.judge import IssuedCertificate
from bot.certs.prints import Fingerprint
from bot.domain.faults import FaultKind
from bot.domain.ids import HostName
from bot.domain.intent import Deadline
from bot.domain.plan import (
    Answer,
    HostCertificate,
    InstallPlan,
    Operation,
    OperationKind,
    Receipt,
    Renaming,
    Service,
    Snapshot,
    Step,
)
from bot.domain.states import State, Work
from bot.domain.surroundings import Web, WebBinding
from bot.domain.undoing import GivingBack
from bot.exchange import operations as made
from bot.exchange.rollback import plan_roll_back
from bot.key_ports import Parcel
from tests.unit.domain.samples import (
    EX01,
    NOON,
    OLD_THUMBPRINT,
    THUMBPRINT,
    certificate,
    host_plan,
    order,
    plan,
    wish,
)
from tests.unit.workflow.fuse import Fuse
from tests.unit.workflow.hosts import ToyHosts
from tests.unit.workflow.house import House
from tests.unit.workflow.plain_run import PlainRun
from tests.unit.workflow.requests import csr_for
from tests.unit.workflow.test_install_job import SEVEN, yes

CONNECTOR = Renaming(direction="send", identity="Internet", was="<I>CN=a<S>CN=b")


OLD = HostCertificate(
    thumbprint=OLD_THUMBPRINT,
    sha256=Fingerprint("34" * 32),
    subject="CN=b",
    issuer="CN=a",
    names=(),
    not_before=NOON - timedelta(days=90),
    not_after=NOON + timedelta(days=90),
    services=("SMTP",),
)


class RealPlanner(ToyHosts):
    """
    Toy hosts whose roll-back is planned by the real planner.

    The front end shows what was enabled last, the certificate of the order where a test begins after its installation.
    """

    front = THUMBPRINT

    def snapshot(self, host: HostName) -> Snapshot:
        """The certificate of before is there, the front end shows one or the other."""
        bound = WebBinding(
            site=1, name="Default Web Site", address="*:443", port=443, thumbprint=self.front
        )
        return replace(
            super().snapshot(host),
            certificates=(OLD,),
            web=Web(bindings=(bound,)),
            default_smtp=self.front,
        )

    def act(
        self,
        operation: Operation,
        certificate: IssuedCertificate,
        *,
        parcel: Parcel | None = None,
        until: Deadline | None = None,
    ) -> Receipt:
        """Change the host."""
        receipt = super().act(operation, certificate, parcel=parcel, until=until)
        if operation.kind is OperationKind.ENABLE_SERVICES:
            self.front = operation.thumbprint
        return receipt

    def plan_roll_back(self, plan: InstallPlan, snapshot: Snapshot) -> GivingBack:
        """The real one; an older plan's operations included."""
        return plan_roll_back(plan, snapshot)


def half(*, fails_at: str) -> House:
    """An installation on EX01 that stopped at an operation."""
    base = host_plan(EX01)
    naming = made.name_in_connector(EX01, THUMBPRINT, CONNECTOR, only_if=None)
    whole = plan(replace(base, operations=(*base.operations, naming)))
    house = House()
    house.hosts = RealPlanner(house.fuse)
    house.put(
        order(
            State.INSTALLING, plan=whole, certificate=certificate(), csr_pem=csr_for(wish()), approvals=(yes(whole.digest()),),
            answers={EX01: Answer.NO},
        )
    )  # fmt: skip
    house.hosts.fail(
        naming.key if fails_at == "naming" else f"{EX01}/{fails_at}", FaultKind.CMDLET_ERROR
    )
    house.job(Work.INSTALL)(PlainRun(house.clock), SEVEN, house.order().version)
    assert house.order().state is State.FAILED
    return house


def back(house: House) -> list[OperationKind]:
    """Roll it back; the kinds of what was done for it, in order."""
    before = set(house.hosts.acts)
    house.put(replace(house.order(), state=State.ROLLING_BACK, failed_in=None))
    house.job(Work.ROLL_BACK)(PlainRun(house.clock), SEVEN, house.order().version)
    assert house.order().state is State.ROLLED_BACK
    done = [key.split("/")[1] for key in house.hosts.acts if key not in before]
    return [OperationKind(kind) for kind in done]


def test_what_stopped_at_the_import_has_only_its_intermediate_taken_out() -> None:
    """No service was moved and no connector changed, so none is given back."""
    assert back(half(fails_at="import_certificate")) == [OperationKind.REMOVE_INTERMEDIATE]


def test_what_stopped_at_the_connectors_gives_its_services_back() -> None:
    """The connector was never changed: it is not touched."""
    assert back(half(fails_at="naming")) == [
        OperationKind.ENABLE_SERVICES,
        OperationKind.REMOVE_INTERMEDIATE,
    ]


def test_an_intermediate_that_was_there_before_is_not_taken_out() -> None:
    """The journal says that it was seen and not added."""
    house = half(fails_at="naming")
    key = f"7/{EX01}/add_intermediate"
    known = house.journal.find(key)
    assert known is not None
    house.memory.intents[key] = replace(known, attempt=0)

    assert OperationKind.REMOVE_INTERMEDIATE not in back(house)


def test_an_order_of_before_without_a_journal_gives_back_what_its_plan_says() -> None:
    """A plan of the first release has no connectors, and nobody knows who added its intermediates."""
    house = House()
    house.hosts = RealPlanner(house.fuse)
    house.put(
        order(
            State.ROLLING_BACK, plan=plan(host_plan(EX01)), certificate=certificate(), installed_at=NOON,
            done_hosts=(EX01,),
        )
    )  # fmt: skip
    house.job(Work.ROLL_BACK)(PlainRun(house.clock), SEVEN, house.order().version)

    assert house.order().state is State.ROLLED_BACK
    assert [key.split("/")[1] for key in house.hosts.acts] == [OperationKind.ENABLE_SERVICES]


def test_services_come_first_connectors_next_intermediates_last() -> None:
    """A connector can only name what is enabled for SMTP; an intermediate goes when nothing is served through it."""
    base = host_plan(EX01)
    naming = made.name_in_connector(EX01, THUMBPRINT, CONNECTOR, only_if=None)
    full = replace(
        base,
        operations=(*base.operations, naming),
        before={Service.IIS: OLD_THUMBPRINT, Service.SMTP: OLD_THUMBPRINT},
    )
    undone = plan_roll_back(plan(full), RealPlanner(Fuse()).snapshot(EX01)).operations

    assert [one.kind for one in undone] == [
        OperationKind.RESTORE_SMTP_DEFAULT,
        OperationKind.ENABLE_SERVICES,
        OperationKind.RESTORE_CONNECTOR,
        OperationKind.REMOVE_INTERMEDIATE,
    ]
    assert {one.step for one in undone} == {Step.RESTORE}
    assert undone[2].connector == CONNECTOR
    assert "-TlsCertificateName:'<I>CN=a<S>CN=b'" in undone[2].text
