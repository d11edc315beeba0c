"""Every card and modal in its main states: as Slack would take it, and as it was read before."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from bot.certs.compare import Change, as_findings
from bot.certs.findings import warn
from bot.domain import plan as planned
from bot.domain.audit import AuditEntry
from bot.domain.ids import HostName, OrderId
from bot.domain.order import Clearing, Worklist
from bot.domain.plan import Caution, Handshake, HostCertificate, Service, Snapshot
from bot.domain.states import State
from bot.domain.surroundings import AuthCertificates, Fact, Unread, Web, WebBinding
from handlers.blocks.approval_card import approval_card
from handlers.blocks.csr_card import csr_card
from handlers.blocks.desk_modals import bundle_modal, submitted_modal, upload_modal
from handlers.blocks.help import help_picture
from handlers.blocks.home import HomeFacts, home_view
from handlers.blocks.list_view import COUNTED_TO, order_list, renewable_list
from handlers.blocks.notice_modal import notice_modal, working_modal
from handlers.blocks.order_form import order_form
from handlers.blocks.parts import Picture
from handlers.blocks.plan_card import plan_card
from handlers.blocks.plan_modal import plan_modal
from handlers.blocks.readings import audit_picture, hosts_picture, inventory_picture, probe_picture
from handlers.blocks.reason_modal import reason_modal
from handlers.blocks.renewal_card import renewal_card
from handlers.blocks.status_card import status_card
from handlers.refs import Act, OrderRef
from tests.unit.handlers import scene
from tests.unit.handlers.slack_rules import check_picture, check_view

GUIDE = ("Sign in at GoDaddy.", "Paste the whole CSR.")
STATES = list(State)


class Snapshots(JSONSnapshotExtension):
    """Snapshots of the whole project stand in one folder."""

    @classmethod
    def dirname(cls, *, test_location: Any) -> str:
        """Where the snapshots of a test file stand."""
        root = next(p for p in Path(test_location.filepath).parents if p.name == "tests")
        return str(root / "snapshots" / test_location.basename)


@pytest.fixture
def seen(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """The picture as it was read before."""
    return snapshot.use_extension(Snapshots)


def shown(picture: Picture) -> dict[str, Any]:
    """A picture as it goes to Slack, checked against Slack's limits."""
    check_picture(picture)
    return {"text": picture.text, "blocks": list(picture.blocks)}


@pytest.mark.parametrize(
    ("state", "parts"),
    [
        (State.CANCELLED, {}),
        (State.CANCELLED, {"clearing": Clearing(rounds=(1,), since=3)}),
        (
            State.CANCELLED,
            {"clearing": Clearing(rounds=(1,), since=3, fault="EX01 is away. Tried 6 times.")},
        ),
        (State.SUBMITTED, {"csr_round": 2, "past_csrs": {1: "a CSR of before"}}),
    ],
    ids=["left", "under way", "stopped", "replaced"],
)
def test_status_card_of_an_order_that_left_a_pending_request(
    state: State, parts: dict[str, Any], seen: SnapshotAssertion
) -> None:
    """One sentence says so, and an approver's button clears it."""
    left = scene.order(state, **{"csr_pem": scene.CSR_PEM, "csr_round": 1, **parts})

    assert shown(status_card(left, (), scene.SITE)) == seen


REFUSED_REMOVAL = (
    "EX01: the certificate is still used: a web site is bound to it. Nothing was removed. Move these to the new "
    "certificate first, then retire it again."
)


@pytest.mark.parametrize(
    ("state", "parts"),
    [
        (State.INSTALLED, {"detail": REFUSED_REMOVAL, "kept": 1}),
        (
            State.FAILED,
            {
                "failed_in": State.RETIRING,
                "detail": "EX02 is away.",
                "fault_code": "host-unreachable",
            },
        ),
    ],
    ids=["removal refused", "half removed"],
)
def test_status_card_of_a_removal_that_came_to_nothing(
    state: State, parts: dict[str, Any], seen: SnapshotAssertion
) -> None:
    """The reason stands on the card, and the way out is a button."""
    assert shown(status_card(scene.order(state, **parts), (), scene.SITE)) == seen


def test_status_card_of_a_roll_back_that_could_not_give_everything_back(
    seen: SnapshotAssertion,
) -> None:
    """What was left alone stands under the progress, what stays and what to do next below, with both ways out."""
    stays = (
        "EX01: IIS is still served by the certificate of this order, because the one of before, 'CN=old' (01234567…, until "
        "2026-10-14), expired on 2026-10-14."
    )
    left = (
        "EX02: the default SMTP certificate is 'CN=later' (89ABCDEF…, until 2027-06-11) now, not that of this order, so "
        "that was left as it is."
    )
    done, *_ = scene.steps(failed=False)
    steps = (
        replace(done, step=planned.Step.RESTORE, status="failed", note=stays),
        replace(
            done,
            host=HostName("EX02"),
            step=planned.Step.RESTORE,
            warnings=(Caution(meaning=left),),
        ),
    )
    order = scene.order(
        State.FAILED, failed_in=State.ROLLING_BACK, fault_code="before-not-usable", installed_at=scene.NOON,
        detail=f"{stays} Whatever could be given back was, and nothing else was changed. Enable a valid certificate by "
        "hand for what is named here, or bring the one of before back with its key; then retry.",
    )  # fmt: skip

    assert shown(status_card(order, steps, scene.SITE)) == seen


@pytest.mark.parametrize("state", STATES)
def test_status_card(state: State, seen: SnapshotAssertion) -> None:
    """Every state has a status card that says what is waited for and from whom."""
    steps = scene.steps(failed=True) if state is State.FAILED else ()
    card = status_card(scene.order(state), steps, scene.SITE)

    assert shown(card) == seen


def test_status_card_with_warnings(seen: SnapshotAssertion) -> None:
    """What Exchange warned of stands under the progress, host by host; markup in it is only words."""
    done, enabled, other = scene.steps()
    wildcard = Caution(
        said="This certificate cannot used for POP, says <!channel> and `*Exchange*`.",
        meaning="POP stays as it was. Run Set-PopSettings -X509CertificateName with the real name.",
    )
    steps = (
        replace(done, warnings=(Caution(meaning="Whether Exchange warned is not known."),)),
        replace(enabled, warnings=(wildcard, Caution(said="Etwas <anderes>."))),
        replace(other, warnings=(Caution(said="Four."), Caution(said="Five."))),
    )

    assert shown(status_card(scene.order(State.INSTALLING), steps, scene.SITE)) == seen


def test_status_card_of_an_order_that_waits_for_a_host(seen: SnapshotAssertion) -> None:
    """It says which order works there now."""
    waits = (
        "EX02 is being worked on for order 8. This order waits and goes on by itself when the host is "
        "free; nothing was changed there for it meanwhile."
    )
    done, *_ = scene.steps(failed=False)
    step = replace(done, host=HostName("EX02"), status="waiting", note=waits)
    card = status_card(scene.order(State.INSTALLING), (done, step), scene.SITE)

    assert shown(card) == seen


@pytest.mark.parametrize("state", STATES)
def test_approval_card(state: State, seen: SnapshotAssertion) -> None:
    """The approval card asks while the order is placed, and is a record afterwards."""
    card = approval_card(scene.order(state), scene.SITE)

    assert shown(card) == seen


LOCAL_SITE = replace(
    scene.SITE, hosts=tuple(replace(host, local_key=True) for host in scene.SITE.hosts[:2])
)


@pytest.mark.parametrize(
    "state", [State.PLACED, State.CSR_READY, State.PROVEN, State.INSTALLED, State.CANCELLED]
)
def test_cards_of_an_order_whose_key_certdesk_makes(state: State, seen: SnapshotAssertion) -> None:
    """The approver reads who makes the key, until when it is kept and how it leaves; later cards say what became of it."""
    order = scene.order(state, wish=scene.wish(local_key_days=45, exportable=False))
    cards = {
        "approval": shown(approval_card(order, LOCAL_SITE)),
        "csr": shown(csr_card(order, LOCAL_SITE, GUIDE)) if order.csr_pem else None,
        "status": shown(status_card(order, (), LOCAL_SITE)),
    }

    assert cards == seen


@pytest.mark.parametrize("state", STATES)
def test_csr_card(state: State, seen: SnapshotAssertion) -> None:
    """The CSR card has what the vendor's portal asks for, and the buttons that fit the state."""
    card = csr_card(scene.order(state), scene.SITE, GUIDE)

    assert shown(card) == seen


@pytest.mark.parametrize("state", STATES)
def test_plan_card(state: State, seen: SnapshotAssertion) -> None:
    """The plan card shows every operation, and buttons only while it waits for a decision."""
    card = plan_card(scene.order(state), scene.SITE)

    assert shown(card) == seen


def test_plan_card_of_a_renewal(seen: SnapshotAssertion) -> None:
    """What differs from the certificate in place stands in a table, with what has to be weighed under it."""
    rows = (
        Change(label="Names added", before="", after="www.mail.example.com"),
        Change(label="Issuer", before="CN=Old Issuing CA", after="CN=Example Issuing CA"),
        Change(label="Lifetime", before="397 days", after="198 days"),
    )
    lost = warn("client_auth_lost", "mail.crt", "The new one may not sign clients in.")
    order = scene.order(
        State.PROVEN, wish=scene.wish(renews=OrderId(3)), findings=(*as_findings(rows), lost)
    )

    assert shown(plan_card(order, scene.SITE)) == seen


def test_plan_card_of_a_host_that_cannot_be_read(seen: SnapshotAssertion) -> None:
    """Without a plan the card says why, and offers to read the hosts again."""
    order = scene.order(
        State.PROVEN, plan=None, fault_code="host-unreachable", detail="EX02 does not answer."
    )

    assert shown(plan_card(order, scene.SITE)) == seen


@pytest.mark.parametrize(
    "parts",
    [
        {"renewal_asked_at": scene.NOON},
        {"renewal_not_before": scene.NOON + timedelta(days=7)},
        {"renewed_by": OrderId(31)},
    ],
    ids=["asked", "put-off", "renewed"],
)
def test_renewal_card(parts: dict[str, Any], seen: SnapshotAssertion) -> None:
    """The renewal card asks once, and then says what was answered."""
    assert shown(renewal_card(scene.order(State.INSTALLED, **parts), scene.SITE)) == seen


MODALS: dict[str, Callable[[], dict[str, Any]]] = {
    "order form": lambda: order_form(scene.SITE, home=scene.HOME),
    "order form of a renewal": lambda: order_form(
        scene.SITE, home=scene.HOME, prefill=scene.wish(), renews=OrderId(27)
    ),
    "plan": lambda: plan_modal(scene.order(State.PROVEN), scene.plan()),
    "submitted": lambda: submitted_modal(scene.order(State.CSR_READY)),
    "upload": lambda: upload_modal(scene.order(State.SUBMITTED)),
    "bundle": lambda: bundle_modal((scene.order(State.SUBMITTED),), "F1", "mail.zip"),
    "order form with a choice of who makes the key": lambda: order_form(
        LOCAL_SITE, home="C1", prefill=scene.wish(local_key_days=45)
    ),
    "notice": lambda: notice_modal("Somebody was faster", "Order 27 is approved."),
    "working": working_modal,
    "home": lambda: home_view(
        HomeFacts(
            role="approver",
            to_decide=(scene.order(), scene.order(State.PROVEN, id=OrderId(28))),
            mine=(scene.order(State.ISSUED),),
            expiring=(scene.order(State.INSTALLED),),
        )
    ),
    "empty home": lambda: home_view(
        HomeFacts(role="requester", to_decide=(), mine=(), expiring=())
    ),
} | {
    f"reason to {act}": lambda act=act: reason_modal(
        scene.order(State.INSTALLED), OrderRef(order=OrderId(27), version=3), act
    )
    for act in Act
}


@pytest.mark.parametrize("name", MODALS)
def test_modals_and_home(name: str, seen: SnapshotAssertion) -> None:
    """Every modal and the home are views that Slack takes."""
    view = MODALS[name]()
    check_view(view)

    assert view == seen


def _host_snapshot() -> Snapshot:
    held = HostCertificate(
        thumbprint=scene.OLD, sha256=scene.certificate().facts.sha256, subject="CN=EX01",
        issuer="CN=EX01", names=scene.NAMES, not_before=scene.NOON - timedelta(days=900),
        not_after=scene.NOON - timedelta(days=1), services=("SMTP",), has_private_key=False,
    )  # fmt: skip
    return Snapshot(
        host=scene.EX01, taken_at=scene.NOON, build="15.2.1544.4", fqdn="ex01.example.com",
        certificates=(held,), default_smtp=scene.OLD, intermediates=(),
        web=Web(
            bindings=(
                WebBinding(site=1, name="Default Web Site", address="*:443", port=443, thumbprint=scene.OLD),
                WebBinding(site=2, name="Exchange Back End", address="*:444", port=444, thumbprint=None),
                WebBinding(site=7, name="*In`tra<net>", address="a_b.example.com:443", port=443, thumbprint=scene.NEW),
            ),
            requires_ssl=False,
        ),
        mail_names={Service.POP: "mail.example.com"},
        auth=AuthCertificates(current=scene.NEW),
        unread=(Unread(fact=Fact.IMAP, why="Get-ImapSettings answered '<!channel>'"),),
    )  # fmt: skip


READINGS: dict[str, Callable[[], Picture]] = {
    "help": help_picture,
    "list": lambda: order_list(
        Worklist(orders=(scene.order(), scene.order(State.FAILED)), total=2, overdue=0)
    ),
    "long list": lambda: order_list(
        Worklist(orders=(scene.order(),), total=COUNTED_TO, overdue=COUNTED_TO)
    ),
    "empty list": lambda: order_list(Worklist(orders=(), total=0, overdue=0)),
    "renewable": lambda: renewable_list((scene.order(State.INSTALLED),)),
    "nothing renewable": lambda: renewable_list(()),
    "hosts": lambda: hosts_picture(scene.SITE, (scene.order(State.INSTALLED),)),
    "inventory": lambda: inventory_picture(_host_snapshot()),
    "probe": lambda: probe_picture(
        "EX01",
        (
            Handshake(service="https", address="ex01:443", sha256=None, proven=False, detail="Refused."),
            Handshake(service="smtp", address="ex01:25", sha256=None, proven=True, detail="Fine."),
        ),
    ),
    "audit": lambda: audit_picture(
        OrderId(27),
        (
            AuditEntry(
                order_id=OrderId(27), at=scene.NOON, by=scene.RITA, what="placed", before="",
                after="placed", why="It ends.", facts={"hosts": "EX01"},
            ),
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", READINGS)
def test_answers_to_readings(name: str, seen: SnapshotAssertion) -> None:
    """Every answer that only reads is a message that Slack takes."""
    assert shown(READINGS[name]()) == seen
