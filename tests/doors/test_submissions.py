"""Submitted forms: every wrong field at once, nothing twice, and the engine's word is the last."""

import json
from typing import Any

from bot.domain.approvals import Gate
from bot.domain.ids import OrderId
from bot.domain.plan import Answer, Service
from handlers.ids import Field, answer_field
from handlers.refs import OrderRef, render_ref
from tests.doors.fake_slack import FakeSlack, until
from tests.doors.lobby import Act, Lobby, State, answer, reason, ref
from tests.unit.handlers import scene


def text(value: str) -> dict[str, Any]:
    """A typed field."""
    return {"type": "plain_text_input", "value": value or None}


def option(value: str) -> dict[str, Any]:
    """A chosen option."""
    return {"type": "static_select", "selected_option": {"value": value}}


def options(*values: str) -> dict[str, Any]:
    """Several chosen options."""
    return {"type": "checkboxes", "selected_options": [{"value": value} for value in values]}


def form(**changed: Any) -> dict[str, Any]:
    """A well filled order form."""
    return {
        Field.HOSTS: options("EX01", "EX02"),
        Field.COMMON_NAME: text("Mail.Example.com"),
        Field.NAMES: text("autodiscover.example.com\nmail.example.com"),
        Field.COUNTRY: text("us"),
        Field.ORGANIZATION: text("Example, Inc."),
        Field.UNIT: text(""),
        Field.LOCALITY: text(""),
        Field.STATE: text(""),
        Field.KEY_BITS: option("2048"),
        Field.EXPORTABLE: option("yes"),
        Field.SERVICES: options("SMTP", "IIS"),
        Field.VENDOR: option("godaddy"),
        Field.REASON: text("It ends."),
        **{Field(name): value for name, value in changed.items()},
    }


def new_order(channel: str = scene.HOME) -> str:
    """The metadata of a form that renews nothing."""
    return render_ref(OrderRef(order=OrderId(0), channel=channel))


async def test_every_bad_field_is_named_at_once(lobby: Lobby) -> None:
    """A person with six faults gets six lines, once, each at its field."""
    bad = {
        Field.HOSTS: options("GONE"), Field.COMMON_NAME: text("mail.local"),
        Field.NAMES: text("ok.example.com\n-bad-.example.com 10.0.0.1"), Field.COUNTRY: text("USA"),
        Field.KEY_BITS: option("1024"), Field.SERVICES: options(), Field.VENDOR: option("nobody"),
        Field.REASON: text(""), Field.UNIT: text("a\u202eb"),
    }  # fmt: skip
    body = answer(await lobby.submit(scene.RITA, "order_form", form() | bad, new_order()))

    assert body["response_action"] == "errors"
    assert set(body["errors"]) == {str(name) for name in bad}
    assert "-bad-.example.com" in body["errors"][Field.NAMES]
    assert "10.0.0.1" in body["errors"][Field.NAMES]
    assert lobby.memory.orders == {}


async def test_a_form_without_any_state_names_what_is_missing(lobby: Lobby) -> None:
    """Whatever is missing from a payload reads as not entered."""
    body = answer(await lobby.submit(scene.RITA, "order_form", {}, new_order()))

    assert Field.COMMON_NAME in body["errors"]


async def test_hosts_can_be_searched(lobby: Lobby) -> None:
    """Where there are too many hosts for a list, what is typed finds them."""
    found = answer(await lobby.search(scene.RITA, Field.HOSTS, "ex0"))

    assert [o["value"] for o in found["options"]] == ["EX01", "EX02"]


async def test_a_good_form_places_one_order(lobby: Lobby) -> None:
    """The same form submitted twice is one order, in the channel it was asked for in."""
    for _ in range(2):
        response = await lobby.submit(scene.RITA, "order_form", form(), new_order())
        assert (response.status, response.body) == (200, "")

    (order,) = lobby.memory.orders.values()
    assert order.requester == scene.RITA
    assert order.home == scene.HOME
    assert order.wish.names == scene.NAMES
    assert order.wish.services == (Service.IIS, Service.SMTP)
    assert order.wish.subject.country == "US"
    assert order.wish.subject.common_name == "mail.example.com"


async def test_a_renewal_names_the_order_before(lobby: Lobby) -> None:
    """The successor knows whose certificate it follows."""
    lobby.put(scene.order(State.INSTALLED, id=OrderId(1)))
    metadata = render_ref(OrderRef(order=OrderId(1), channel=scene.HOME))
    await lobby.submit(scene.RITA, "order_form", form(), metadata)

    assert lobby.order(2).wish.renews == 1


async def test_a_rejection_needs_a_reason(lobby: Lobby) -> None:
    """A no without a reason is not taken."""
    lobby.put(scene.order())
    body = answer(await lobby.submit(scene.MAX, "reason_form", reason(" "), ref(act=Act.REJECT)))

    assert "reason_form.reason" in body["errors"]
    assert lobby.order().state is State.PLACED


async def test_a_rejection_by_the_requester_is_refused_in_the_window(lobby: Lobby) -> None:
    """Whoever got the form open is asked again when it comes back."""
    lobby.put(scene.order(requester=scene.MAX))
    body = answer(await lobby.submit(scene.MAX, "reason_form", reason(), ref(act=Act.REJECT)))

    assert body["response_action"] == "update"
    assert "You asked for Order 27" in json.dumps(body["view"])


async def test_a_form_left_open_for_hours_is_stale(lobby: Lobby) -> None:
    """A form on an order that has gone on changes nothing."""
    lobby.put(scene.order(version=9))
    body = answer(await lobby.submit(scene.MAX, "reason_form", reason(), ref(act=Act.REJECT)))

    assert "Your click changed nothing" in json.dumps(body["view"])


async def test_reasons_reach_the_engine(lobby: Lobby) -> None:
    """Each act of the reason form has its effect, with the reason in the audit."""
    for act, state, by, after in (
        (Act.REJECT, State.PLACED, scene.MAX, State.REJECTED),
        (Act.REJECT_PLAN, State.PROVEN, scene.OLGA, State.CANCELLED),
        (Act.CANCEL, State.ISSUED, scene.RITA, State.CANCELLED),
        (Act.ROLL_BACK, State.INSTALLED, scene.OLGA, State.ROLLING_BACK),
        (Act.VENDOR_REJECTED, State.SUBMITTED, scene.RITA, State.REJECTED),
        (Act.REKEYED, State.SUBMITTED, scene.RITA, State.APPROVED),
    ):
        order = lobby.put(scene.order(state, approvals=()))
        digest = order.plan.digest() if order.plan else ""
        metadata = ref(act=act, digest=digest)
        response = await lobby.submit(by, "reason_form", reason(f"why {act}"), metadata)

        assert response.body == ""
        assert lobby.order().state is after
        assert lobby.memory.audit[-1][0].why == f"why {act}"


async def test_retiring_asks_for_the_name(lobby: Lobby) -> None:
    """What cannot be undone is confirmed by typing the certificate's name."""
    lobby.put(scene.order(State.INSTALLED, approvals=()))
    metadata = ref(act=Act.RETIRE)
    wrong = reason() | {Field.TYPED_NAME: text("mail.example.org")}
    body = answer(await lobby.submit(scene.MAX, "reason_form", wrong, metadata))
    right = reason() | {Field.TYPED_NAME: text("MAIL.example.com")}
    await lobby.submit(scene.MAX, "reason_form", right, metadata)

    assert Field.TYPED_NAME in body["errors"]
    assert lobby.order().state is State.RETIRING


async def test_the_vendors_number_is_kept(lobby: Lobby) -> None:
    """The submission form takes one line."""
    lobby.put(scene.order(State.CSR_READY))
    values = {Field.REFERENCE: text(" GD-1 ")}
    await lobby.submit(scene.RITA, "submitted_form", values, ref())

    assert (lobby.order().state, lobby.order().vendor_reference) == (State.SUBMITTED, "GD-1")


def plan_ref(digest: str | None = None) -> str:
    """The metadata of the plan form."""
    return ref(gate=Gate.INSTALL, digest=scene.plan().digest() if digest is None else digest)


async def test_an_open_smtp_question_stops_the_installation(lobby: Lobby) -> None:
    """Every host's question is answered by a person, or nothing is installed."""
    lobby.put(scene.order(State.PROVEN, approvals=()))
    values = {answer_field(0): option("no")}
    body = answer(await lobby.submit(scene.OLGA, "plan_form", values, plan_ref()))

    assert list(body["errors"]) == [answer_field(1)]
    assert lobby.order().state is State.PROVEN


async def test_another_plan_than_the_one_read_does_not_run(lobby: Lobby) -> None:
    """What the person read is what runs; with another digest nothing does."""
    lobby.put(scene.order(State.PROVEN, approvals=()))
    values = {answer_field(0): option("no"), answer_field(1): option("yes")}
    body = answer(await lobby.submit(scene.OLGA, "plan_form", values, plan_ref("0" * 64)))

    assert "changed nothing" in json.dumps(body["view"])
    assert lobby.order().state is State.PROVEN


async def test_the_uploader_does_not_install(lobby: Lobby) -> None:
    """Who uploaded the bundle passes no gate of the installation."""
    lobby.put(scene.order(State.PROVEN, approvals=(), uploader=scene.OLGA))
    values = {answer_field(0): option("no"), answer_field(1): option("yes")}
    body = answer(await lobby.submit(scene.OLGA, "plan_form", values, plan_ref()))

    assert "uploaded the bundle" in json.dumps(body["view"])


async def test_an_answered_plan_is_installed(lobby: Lobby) -> None:
    """The answers go with the decision, per host."""
    lobby.put(scene.order(State.PROVEN, approvals=()))
    values = {
        answer_field(0): option("no"), answer_field(1): option("yes"),
        Field.PLAN_NOTE: text("In the window."),
    }  # fmt: skip
    response = await lobby.submit(scene.OLGA, "plan_form", values, plan_ref())

    assert response.body == ""
    assert lobby.order().state is State.INSTALLING
    assert lobby.order().answers == {scene.EX01: Answer.NO, scene.EX02: Answer.YES}


async def test_slow_work_shows_its_outcome_in_the_window(slack: FakeSlack) -> None:
    """A form that takes longer than Slack waits says so, and is replaced by its outcome."""
    lobby = Lobby(slack, patience_s=0.0)
    lobby.put(scene.order())
    body = answer(await lobby.submit(scene.MAX, "reason_form", reason(), ref(act=Act.REJECT)))
    await until(lambda: slack.called("views.update"))

    assert body["view"]["title"]["text"] == "One moment"
    assert slack.called("views.update")[0]["view"]["title"]["text"] == "Done"
