"""An order whose key CertDesk makes: made once for the CSR that is posted, brought to each host, gone when nothing needs it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.certs.pfx import PfxCipher
from bot.domain import events as ev
from bot.domain.faults import FaultKind, Refused
from bot.domain.ids import OrderId
from bot.domain.order import CertificateOrder, Wish
from bot.domain.plan import HostPlan, InstallPlan, OperationKind
from bot.domain.sealed import SealedSecret
from bot.domain.site import Site
from bot.domain.states import State, Work
from bot.key_ports import KeyTrouble
from bot.workflow.key_fate import NEEDS_NO_KEY
from bot.workflow.key_work import key_bond
from tests.unit.domain.samples import (
    EX01,
    EX02,
    LAB01,
    MAX,
    NAMES,
    NOON,
    OLGA,
    RITA,
    certificate,
    host_plan,
    order,
    plan,
    site,
    wish,
)
from tests.unit.workflow.house import House
from tests.unit.workflow.plain_run import PlainRun
from tests.unit.workflow.requests import csr, csr_for
from tests.unit.workflow.test_install_job import yes

SEVEN = OrderId(7)
DAYS = 45


def open_site(*hosts: str) -> Site:
    """The site of the samples, where these hosts may get a key made by CertDesk."""
    known = site()
    return replace(known, hosts=tuple(replace(h, local_key=h.name in hosts) for h in known.hosts))


def local_wish(**parts: Any) -> Wish:
    """A wish for a key made by CertDesk."""
    return wish(**{"local_key_days": DAYS, "exportable": False, **parts})


def house(state: State = State.APPROVED, **parts: Any) -> House:
    """A house with such an order, on hosts that allow it."""
    built = House(site=open_site(EX01, EX02))
    built.put(order(state, **{"wish": local_wish(), **parts}))
    return built


def play(built: House, work: Work) -> PlainRun:
    """Run a job to its end."""
    run = PlainRun(built.clock)
    built.job(work)(run, SEVEN, built.order().version)
    return run


def with_key() -> House:
    """A house in which the CSR was made and posted."""
    built = house()
    play(built, Work.MAKE_CSR)
    return built


def pfx_plan() -> InstallPlan:
    """The plan of the samples, whose imports bring the key."""

    def brought(one: HostPlan) -> HostPlan:
        cipher = PfxCipher.AES256 if one.host == EX01 else PfxCipher.TRIPLEDES
        operations = tuple(
            replace(op, pfx=cipher) if op.kind is OperationKind.IMPORT_CERTIFICATE else op
            for op in one.operations
        )
        return replace(one, operations=operations)

    return plan(brought(host_plan(EX01)), brought(host_plan(EX02)))


def installing() -> House:
    """A house whose order may be installed now, its key kept."""
    built = with_key()
    planned = pfx_plan()
    moved = replace(
        built.order(), state=State.INSTALLING, plan=planned, certificate=certificate(),
        csr_pem=csr_for(wish()), approvals=(yes(planned.digest()),),
    )  # fmt: skip
    built.put(moved)
    return built


def kept(built: House) -> list[SealedSecret]:
    """What the vault still holds."""
    return [one.secret for one in built.secrets.kept()]


def test_key_and_csr_are_born_in_one_change() -> None:
    """No host is asked; the key is bound to its order and round, dies on the approved day, and is told in the audit."""
    built = with_key()
    [secret] = kept(built)

    assert State.CSR_READY is built.order().state
    assert csr_for(wish()) == built.order().csr_pem
    assert {} == built.hosts.acts
    assert (key_bond(built.order()), NOON + timedelta(days=DAYS)) == (secret.bond, secret.dies_at)
    assert ["csr_made", "key_made"] == built.whats()
    assert "2027-01-07" == built.audit.entries(SEVEN)[-1].facts["last_day"]


def test_a_run_that_was_overtaken_keeps_no_key() -> None:
    """The order moved on while the key was made: neither key nor CSR is kept."""
    built = house()
    version = built.order().version
    built.engine.take(SEVEN, ev.HostRefused(code="internal", reason="x"), by=OLGA)
    built.job(Work.MAKE_CSR)(PlainRun(built.clock), SEVEN, version)

    assert [] == kept(built)
    assert State.FAILED is built.order().state


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        ("vault", "local-key-trouble"),
        ("names", "csr-not-as-ordered"),
        ("day", "local-key-gone"),
        ("policy", "local-key-forbidden"),
    ],
)
def test_a_key_that_cannot_be_made_stops_the_order_with_a_sentence(spoil: str, code: str) -> None:
    """And leaves nothing in the vault."""
    built = house()
    match spoil:
        case "vault":
            built.local_keys.trouble = KeyTrouble("No vault key. Nothing was made.")
        case "names":
            built.local_keys.csr_pem = csr("other.example.com", NAMES)
        case "day":
            built.clock.forward(DAYS * 86_400)
        case _:
            built = House(site=open_site(EX01))
            built.put(order(State.APPROVED, wish=local_wish()))

    play(built, Work.MAKE_CSR)

    assert (State.FAILED, code) == (built.order().state, built.order().fault_code)
    assert "" == built.order().csr_pem
    assert [] == kept(built)


def test_a_rekey_drops_the_old_key_and_makes_another() -> None:
    """The old one goes at once, the new one is the next round's."""
    built = with_key()
    first = built.order().csr_round
    built.engine.report(SEVEN, ev.SubmittedToVendor(reference="GD-1"), by=RITA)
    built.engine.report(SEVEN, ev.Rekeyed(), by=RITA)
    assert [] == kept(built)

    play(built, Work.MAKE_CSR)

    assert [first, first + 1] == [bond.round for bond in built.local_keys.made]
    assert [first + 1] == [secret.bond.round for secret in kept(built)]
    assert 1 == built.whats().count("key_deleted")


def test_each_host_gets_the_key_and_then_it_is_deleted() -> None:
    """One parcel a host under a password of its own, locked as the plan says, each use told; nothing is left at the end."""
    built = installing()
    play(built, Work.INSTALL)

    assert State.INSTALLED is built.order().state
    assert [EX01, EX02] == [host for host, _ in built.hosts.parcels]
    assert 2 == len({parcel.password for _, parcel in built.hosts.parcels})
    assert [PfxCipher.AES256, PfxCipher.TRIPLEDES] == built.local_keys.ciphers
    used = [e.facts["host"] for e in built.audit.entries(SEVEN) if e.what == "key_used"]
    assert [EX01, EX02] == used
    assert [] == kept(built)
    assert ["install_finished", "key_deleted"] == built.whats()[-2:]


def test_nothing_of_a_parcel_is_stored() -> None:
    """Neither the file nor its password stands in a step, an entry, a message or an order."""
    built = installing()
    play(built, Work.INSTALL)
    stored = repr(
        (built.memory.orders, built.memory.audit, built.memory.outbox, built.memory.steps)
    )

    assert built.hosts.parcels
    for _, parcel in built.hosts.parcels:
        assert parcel.password not in stored
        assert parcel.pfx.decode() not in stored


@pytest.mark.parametrize("case", ["wiped", "over", "not opened"])
def test_without_the_key_nothing_is_sent(case: str) -> None:
    """The order stops before the import with a sentence; no intent is left behind."""
    built = installing()
    if case == "wiped":
        for one in built.secrets.kept():
            built.memory.sealed[one.id] = replace(one, wiped_at=NOON)
    elif case == "over":
        # Its last moment has passed, and nobody came to wipe it yet.
        order = built.order()
        assert order.wish.local_key_days is not None
        long_ago = NOON - timedelta(days=order.wish.local_key_days)
        built.memory.orders[order.id] = replace(order, placed_at=long_ago)
    else:
        built.local_keys.trouble = KeyTrouble("The key cannot be opened. Nothing was imported.")
    play(built, Work.INSTALL)

    after = built.order()
    code = "local-key-gone" if case != "not opened" else FaultKind.UNSUPPORTED.value
    assert (State.FAILED, code) == (after.state, after.fault_code)
    assert "Nothing was imported." in after.detail
    assert [] == built.hosts.parcels
    assert [] == [key for key in built.memory.intents if "import" in key]
    if case != "not opened":
        assert {} == built.hosts.acts


def test_an_installation_that_only_has_to_be_proven_needs_no_key() -> None:
    """Every host had it when its day came: the retry goes on to the proof."""
    built = installing()
    built.prober.proven = [*[True], *[False] * 6, True]
    play(built, Work.INSTALL)
    assert (State.FAILED, "not-proven") == (built.order().state, built.order().fault_code)
    for one in built.secrets.kept():
        built.memory.sealed[one.id] = replace(one, wiped_at=NOON)

    built.engine.retry(SEVEN, by=OLGA)
    play(built, Work.INSTALL)

    assert State.INSTALLED is built.order().state


def test_a_failed_installation_keeps_the_key_for_the_retry() -> None:
    """Its day counts on; the retry brings the same key to the hosts that are left."""
    built = installing()
    built.hosts.fail(f"{EX02}/import_certificate", FaultKind.CMDLET_ERROR)
    play(built, Work.INSTALL)
    assert State.FAILED is built.order().state
    assert 1 == len(kept(built))

    built.engine.retry(SEVEN, by=OLGA)
    play(built, Work.INSTALL)

    assert State.INSTALLED is built.order().state
    assert {b"sealed 1"} == set(built.local_keys.packed)
    assert [] == kept(built)


def test_a_plan_is_not_made_without_the_key() -> None:
    """Nobody is asked to approve what cannot be done."""
    built = with_key()
    built.put(replace(built.order(), state=State.PROVEN, certificate=certificate()))
    built.memory.sealed.clear()
    play(built, Work.MAKE_PLAN)

    assert ("local-key-gone", None) == (built.order().fault_code, built.order().plan)
    assert "its last day was 2027-01-07" in built.order().detail


ENDS: dict[State, tuple[State, ev.Event]] = {
    State.REJECTED: (State.SUBMITTED, ev.VendorRejected(reason="no")),
    State.CANCELLED: (State.ISSUED, ev.Cancelled(reason="no")),
    State.LAPSED: (State.PLACED, ev.Lapsed()),
    State.ROLLED_BACK: (State.ROLLING_BACK, ev.RollBackFinished()),
    State.INSTALLED: (State.INSTALLING, ev.InstallFinished()),
    State.SUPERSEDED: (State.INSTALLED, ev.SupersededBy(successor=OrderId(9))),
    State.ROLLING_BACK: (State.INSTALLED, ev.RollBackAsked()),
    State.RETIRING: (State.INSTALLED, ev.RetireAsked()),
    State.RETIRED: (State.RETIRING, ev.RetireFinished()),
}


@pytest.mark.parametrize("end", sorted(ENDS))
def test_every_end_deletes_the_key_in_its_own_change(end: State) -> None:
    """Whatever way an order takes to a state that needs no key: there is none any more, and the audit says so once."""
    built = with_key()
    before, event = ENDS[end]
    built.put(replace(built.order(), state=before, certificate=certificate()))
    built.engine.take(SEVEN, event, by=OLGA)

    assert end is built.order().state
    assert [] == kept(built)
    assert ["key_deleted"] == built.whats()[-1:]


def test_no_state_without_need_is_forgotten() -> None:
    """The table of this test is the whole of what needs no key."""
    assert set(ENDS) == NEEDS_NO_KEY


def test_withdrawing_deletes_it_too() -> None:
    """Called off with the CSR posted, the most usual end of all."""
    built = with_key()
    built.engine.cancel(SEVEN, by=RITA, reason="not needed")

    assert (State.CANCELLED, []) == (built.order().state, kept(built))


def test_an_order_of_the_usual_kind_has_no_key_entries() -> None:
    """Nothing is told of keys where a host made it."""
    built = House()
    built.put(order(State.ISSUED))
    built.engine.take(SEVEN, ev.Cancelled(reason="no"), by=OLGA)

    assert ["cancel"] == built.whats()


@pytest.mark.parametrize(
    ("hosts", "allowed", "closed"),
    [((EX01,), (EX01,), ""), ((EX01, EX02), (EX01,), "EX02"), ((EX01,), (), "EX01"),
     ((EX01, EX02), (EX01, EX02), ""), ((LAB01,), (EX01,), "LAB01")],
)  # fmt: skip
def test_only_hosts_that_allow_it_get_one(
    hosts: tuple[Any, ...], allowed: tuple[str, ...], closed: str
) -> None:
    """The default is no, lab or not; the refusal names the hosts."""
    built = House(site=open_site(*allowed))

    def place() -> CertificateOrder:
        return built.engine.place(local_wish(hosts=hosts), by=RITA, home="C", key="k")

    if not closed:
        assert DAYS == place().wish.local_key_days
        return
    with pytest.raises(Refused, match=f"for {closed}, so nothing was ordered") as refused:
        place()
    assert "local-key-forbidden" == refused.value.code


def test_a_renewal_carries_the_choice_with_the_days_of_today() -> None:
    """The successor's key is made here too, for as long as the policy says now; closed hosts stop it."""
    built = house(State.INSTALLED, certificate=certificate(), renewal_asked_at=NOON)
    built.engine = type(built.engine)(
        built.orders,
        replace(built.site, policy=replace(built.site.policy, local_key_days=20)),
        built.clock,
    )
    successor = built.engine.renew(SEVEN, by=MAX)
    assert 20 == successor.wish.local_key_days

    closed = House()
    closed.put(
        order(State.INSTALLED, wish=local_wish(), certificate=certificate(), renewal_asked_at=NOON)
    )
    with pytest.raises(Refused, match="does not allow a key made by CertDesk"):
        closed.engine.renew(SEVEN, by=MAX)
    assert closed.order().renewed_by is None


def test_the_approval_s_day_is_the_key_s_day() -> None:
    """It counts from the placing, so that the day on the card is the day the key dies, whenever it is made."""
    built = house()
    built.clock.forward(10 * 86_400)
    play(built, Work.MAKE_CSR)

    assert [built.order().key_dies_at] == [secret.dies_at for secret in kept(built)]
