"""The largest and the most hostile orders: every picture stays one that Slack takes."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.certs.findings import refuse
from bot.certs.names import DnsName
from bot.certs.rules import NAME_LIMIT
from bot.domain.approvals import Gate
from bot.domain.ids import HostName, OrderId, VendorName
from bot.domain.messages import LineMessage, Place
from bot.domain.order import CertificateOrder, HostStep, Worklist
from bot.domain.plan import Caution, InstallPlan, Step
from bot.domain.site import Host
from bot.domain.states import State
from bot.domain.subject import Subject
from bot.exchange.call import RemoteError
from bot.exchange.cmdlets import get_send_connectors
from bot.exchange.failed import cmdlet_fault
from handlers.blocks.approval_card import approval_card
from handlers.blocks.csr_card import csr_card
from handlers.blocks.home import HomeFacts, home_view
from handlers.blocks.list_view import SHOWN, order_list, renewable_list
from handlers.blocks.order_form import order_form
from handlers.blocks.parts import Picture, picture, section
from handlers.blocks.plan_card import plan_card
from handlers.blocks.plan_modal import plan_modal
from handlers.blocks.reason_modal import reason_modal
from handlers.blocks.renewal_card import renewal_card
from handlers.blocks.status_card import status_card
from handlers.refs import Act, OrderRef
from handlers.words import LINES, render_line
from tests.unit.handlers import scene
from tests.unit.handlers.slack_rules import check_picture, check_view, mrkdwn_texts

HOSTILE = "<!channel> <@U1> *b* `x` <http://evil|bank> &amp; \u202e\n> " * 9
LONG_NAME = ".".join(["a" * 60] * 4)[:240]
HOSTS = tuple(HostName(f"EXCHANGE-SERVER-{number:02}") for number in range(20))
NAMES = tuple(DnsName(f"host{number}.{LONG_NAME}") for number in range(NAME_LIMIT))


def large_plan(hosts: tuple[HostName, ...] = HOSTS) -> InstallPlan:
    """A plan for twenty hosts, each with many operations and sentences."""
    plain = scene.plan().hosts[0]
    one = replace(
        plain,
        operations=plain.operations * 8,
        forecast=tuple(f"Sentence {n} about what moves & what stays." * 3 for n in range(20)),
    )
    return replace(scene.plan(), names=NAMES, hosts=tuple(replace(one, host=h) for h in hosts))


def large(state: State) -> CertificateOrder:
    """An order with as much of everything as can be."""
    subject = Subject(common_name="mail.example.com", organization="&" * 64, unit="<" * 64)
    plan = large_plan()
    many = tuple(
        replace(scene.approval(scene.OLGA, Gate.INSTALL), subject=plan.digest(), reason=HOSTILE)
        for _ in range(12)
    )
    return scene.order(
        state,
        wish=scene.wish(hosts=HOSTS, names=NAMES, subject=subject, reason=HOSTILE[:500]),
        csr_pem="-----BEGIN CERTIFICATE REQUEST-----\n" + "x" * 3500 + "\n-----END",
        findings=tuple(refuse("key_mismatch", "a.crt", "&" * 700) for _ in range(40)),
        plan=plan,
        detail="&" * 5000,
        fault_code="host-timeout",
        vendor_reference="&" * 100,
        approvals=many,
        renewal_asked_at=scene.NOON,
    )


STEPS = tuple(
    HostStep(
        host=host,
        step=step,
        status="running",
        note="n" * 500,
        at=scene.NOON,
        warnings=(Caution(said="<&" * 600, meaning="m" * 250),) * 3,
    )
    for host in HOSTS
    for step in Step
)
SITE = replace(
    scene.SITE, hosts=tuple(Host(name=HostName(f"EX{n:03}"), version="2019") for n in range(150))
)
GUIDE = tuple("A long step of the portal & its pages. " * 12 for _ in range(12))


def cards(order: CertificateOrder) -> dict[str, Picture]:
    """Every card of an order."""
    return {
        "status": status_card(order, STEPS, SITE),
        "approval": approval_card(order, SITE),
        "csr": csr_card(order, SITE, GUIDE),
        "plan": plan_card(order, SITE),
        "renewal": renewal_card(order, SITE),
        "list": order_list(Worklist(orders=(order,) * SHOWN, total=60, overdue=60)),
        "renewable": renewable_list((order,) * 60),
    }


@pytest.mark.parametrize("state", list(State))
def test_the_largest_order_has_cards_that_slack_takes(state: State) -> None:
    """A hundred names, twenty hosts, forty findings: cut, never refused."""
    for shown in cards(large(state)).values():
        check_picture(shown)


def test_the_csr_is_never_cut() -> None:
    """Whatever else gives way, the CSR can be pasted as it is."""
    order = large(State.SUBMITTED)
    shown = csr_card(order, SITE, GUIDE)

    assert order.csr_pem in json.dumps(shown.blocks).replace("\\n", "\n")


@pytest.mark.parametrize("length", [7900, 8100, 36_000])
def test_half_a_csr_is_never_shown(length: int) -> None:
    """A hundred long names and a key of 4096 bits: the CSR stands there whole, or the way to it does."""
    pem = "-----BEGIN CERTIFICATE REQUEST-----\n" + "x" * length + "\n-----END"
    shown = csr_card(replace(large(State.CSR_READY), csr_pem=pem), SITE, GUIDE)
    told = json.dumps(shown.blocks).replace("\\n", "\n")

    check_picture(shown)
    assert (pem in told) is (length < 8000)
    assert ("request.csr" in told) is (length > 8000)
    assert ("xxxxx" in told) is (length < 8000)


def test_the_largest_modals_are_taken() -> None:
    """Twenty hosts to decide on, a hundred and fifty to choose from."""
    order = large(State.PROVEN)
    assert order.plan is not None
    check_view(plan_modal(order, order.plan))
    check_view(order_form(SITE, home="C1", prefill=order.wish, renews=OrderId(999_999_999)))
    known = replace(scene.SITE, hosts=tuple(Host(name=h, version="2019") for h in HOSTS))
    check_view(order_form(known, home="C1", prefill=order.wish))
    many = HomeFacts(role="r", to_decide=(order,) * 40, mine=(order,) * 40, expiring=(order,) * 40)
    unique = replace(many, to_decide=tuple(replace(order, id=OrderId(n)) for n in range(40)))
    check_view(home_view(unique))


@settings(max_examples=60)
@given(st.text(st.characters(exclude_categories=()), min_size=1, max_size=600))
def test_no_text_of_a_person_becomes_markup(text: str) -> None:
    """Reasons, organisations, references, details: whatever is in them pings nobody and links nowhere."""
    order = scene.order(
        State.FAILED,
        wish=scene.wish(
            reason=text, vendor=VendorName(text),
            subject=Subject(common_name="mail.example.com", organization=text),
        ),
        vendor_reference=text, detail=text,
        approvals=(scene.approval(reason=text), scene.approval(gate=Gate.INSTALL, reason=text)),
    )  # fmt: skip
    for shown in cards(order).values():
        check_picture(shown)
        for said in (shown.text, *mrkdwn_texts(shown.blocks)):
            _check_only_ours(said)


@pytest.mark.parametrize("code", LINES)
def test_no_fact_of_a_line_becomes_markup(code: str) -> None:
    """File names, reasons and host output in sentences stay text."""
    facts = dict.fromkeys(("reason", "host", "file", "reference", "successor", "proof"), HOSTILE)
    line = LineMessage(
        code=code, place=Place.DIRECT, facts=facts | {"by": scene.MAX, "code": "host-busy"}
    )
    said = render_line(line, large(State.ISSUED))

    check_picture(picture(said, [section(said)]))
    _check_only_ours(said)


@pytest.mark.parametrize("act", list(Act))
def test_the_reason_form_fits_the_largest_order(act: Act) -> None:
    """Every form opens on every order."""
    order = large(State.INSTALLED)
    check_view(reason_modal(order, OrderRef(order=order.id, version=order.version), act))


def _check_only_ours(said: str) -> None:
    for opened in said.split("<")[1:]:
        assert opened.startswith(("@URITA>", "@UMAX>", "@UMAJA>", "@UOLGA>", "!date^")), said


def _told(message: str, *warned: str) -> str:
    """What the status card says of an error that CertDesk does not know, as people read it."""
    error = RemoteError(message=message, category="NotSpecified", error_id="X1")
    cautions = tuple(Caution(said=text, meaning="") for text in warned)
    fault = cmdlet_fault(scene.EX01, get_send_connectors(), error, cautions)
    order = scene.order(State.FAILED, fault_code=fault.kind.value, detail=fault.sentence)
    shown = status_card(order, (), SITE)
    check_picture(shown)
    assert not any("Exchange said" in text for text in mrkdwn_texts(shown.blocks))
    plain = [
        block["text"] for block in shown.blocks if block.get("text", {}).get("type") == "plain_text"
    ]
    (found,) = (text["text"] for text in plain if "Exchange said" in text["text"])
    return str(found)


def test_an_error_nobody_knows_is_shown_whole() -> None:
    """Every word of the host in its line, as words, and after them what is not known."""
    said = "Etwas <ging> schief & niemand weiß was: <http://evil|bank> <!channel> *b* `x`. " * 6
    told = _told(said)

    assert f"Exchange said '{said.strip()}'. CertDesk does not know this error" in told
    assert told.endswith("whether something was changed must be looked at.")


@pytest.mark.parametrize("letter", ["x", "<", "&"])
def test_an_endless_error_is_cut_and_its_end_still_told(letter: str) -> None:
    """The host's words give way, the sentence on what must be done never does."""
    told = _told(letter * 9000)

    assert f"said '{letter * 499}…'. CertDesk does not know this error" in told
    assert told.endswith("whether something was changed must be looked at.")


@pytest.mark.parametrize("letter", ["x", "<", "&"])
def test_endless_warnings_before_it_leave_the_end_as_well(letter: str) -> None:
    """However much it warned of before it failed."""
    told = _told("It <failed>.", *(letter * 400 for _ in range(12)))

    assert "Exchange said 'It <failed>.'. Before that it warned" in told
    assert told.endswith("whether something was changed must be looked at.")
