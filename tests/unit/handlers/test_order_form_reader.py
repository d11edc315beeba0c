"""Reading the order form: whatever is in it, a wish or sentences, never an exception."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.ids import OrderId
from bot.domain.order import Wish
from bot.domain.site import Site
from handlers.blocks.order_form import order_form
from handlers.blocks.order_form_reader import FormErrors, read_order_form
from handlers.blocks.state_reader import chosen, chosen_all, file_ids, typed
from handlers.ids import Field
from tests.unit.handlers import scene

FIELDS = [str(name) for name in Field]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda part: (
        st.lists(part, max_size=4) | st.dictionaries(st.text(max_size=9), part, max_size=4)
    ),
    max_leaves=12,
)
ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "value": st.none() | st.text(max_size=600),
        "selected_option": JSON | st.builds(lambda v: {"value": v}, st.text(max_size=9)),
        "selected_options": JSON,
        "files": JSON,
    },
)
STATE = st.dictionaries(
    st.sampled_from(FIELDS), st.none() | st.dictionaries(st.sampled_from(FIELDS), ENTRY, max_size=2)
)


def entered(view: dict[str, Any]) -> dict[str, Any]:
    """What Slack would send when a person submits a form as it opened."""
    state: dict[str, Any] = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element = block["element"]
        value: dict[str, Any] = {"type": element["type"]}
        match element["type"]:
            case "plain_text_input":
                value["value"] = element.get("initial_value")
            case "checkboxes" | "multi_static_select":
                value["selected_options"] = element.get("initial_options", [])
            case _:
                value["selected_option"] = element.get("initial_option")
        state[block["block_id"]] = {element["action_id"]: value}
    return state


@given(STATE)
def test_any_state_is_read(state: dict[str, Any]) -> None:
    """A hostile payload gives sentences at fields that exist."""
    read = read_order_form(state, scene.SITE, renews=None)

    if isinstance(read, FormErrors):
        assert set(read.by_field) <= set(FIELDS)
        assert all(0 < len(said) < 2000 for said in read.by_field.values())


@given(STATE)
def test_any_entry_reads_as_text(state: dict[str, Any]) -> None:
    """Missing, null and oddly shaped values read as nothing entered."""
    for name in FIELDS:
        assert isinstance(typed(state, name), str)
        assert isinstance(chosen(state, name), str)
        assert all(isinstance(value, str) for value in chosen_all(state, name))
        assert all(isinstance(value, str) for value in file_ids(state, name))


def test_a_renewal_form_submitted_as_it_opened_is_the_same_wish() -> None:
    """What is filled in for a renewal reads back as the wish of before, which it follows."""
    before = scene.wish()
    view = order_form(scene.SITE, home="C1", prefill=before, renews=OrderId(27))
    state = entered(view) | {Field.REASON: {Field.REASON: {"value": "Again."}}}
    read = read_order_form(state, scene.SITE, renews=OrderId(27))

    assert read == scene.wish(renews=OrderId(27), reason="Again.")


def open_site(*hosts: str) -> Site:
    """The site, where these hosts may get a key made by CertDesk."""
    known = tuple(replace(h, local_key=h.name in hosts) for h in scene.SITE.hosts)
    return replace(scene.SITE, hosts=known, policy=replace(scene.SITE.policy, local_key_days=30))


def test_who_makes_the_key_is_asked_only_where_it_may_be_chosen() -> None:
    """Without a host that allows it the form has no such field, and what is sent for it all the same is refused."""
    closed = order_form(scene.SITE, home="C1", prefill=scene.wish())
    asked = order_form(open_site("EX02"), home="C1", prefill=scene.wish())

    assert Field.KEY_MAKER not in {block.get("block_id") for block in closed["blocks"]}
    assert Field.KEY_MAKER in {block.get("block_id") for block in asked["blocks"]}
    forged = entered(closed) | {
        Field.REASON: {Field.REASON: {"value": "Again."}},
        Field.KEY_MAKER: {Field.KEY_MAKER: {"selected_option": {"value": "certdesk"}}},
    }
    read = read_order_form(forged, scene.SITE, renews=None)
    assert isinstance(read, FormErrors)
    assert "Not allowed for EX01, EX02" in read.by_field[Field.KEY_MAKER]


def test_a_renewal_carries_who_makes_the_key() -> None:
    """With the days of today's policy; the key of CertDesk's is never exportable on the hosts."""
    site = open_site("EX01", "EX02")
    view = order_form(site, home="C1", prefill=scene.wish(local_key_days=45), renews=OrderId(27))
    state = entered(view) | {Field.REASON: {Field.REASON: {"value": "Again."}}}
    read = read_order_form(state, site, renews=OrderId(27))

    expected = scene.wish(renews=OrderId(27), reason="Again.", local_key_days=30, exportable=False)
    assert read == expected


def test_hosts_that_do_not_allow_it_are_named() -> None:
    """At the field, before anything is placed."""
    site = open_site("EX01")
    view = order_form(site, home="C1", prefill=scene.wish(local_key_days=45))
    state = entered(view) | {Field.REASON: {Field.REASON: {"value": "Again."}}}
    read = read_order_form(state, site, renews=None)

    assert isinstance(read, FormErrors)
    assert [Field.KEY_MAKER] == list(read.by_field)
    assert "Not allowed for EX02" in read.by_field[Field.KEY_MAKER]


def test_an_empty_form_names_every_field_it_needs() -> None:
    """What has no default has to be entered."""
    read = read_order_form(entered(order_form(scene.SITE, home="C1")), scene.SITE, renews=None)

    assert isinstance(read, FormErrors)
    assert set(read.by_field) == {Field.HOSTS, Field.COMMON_NAME, Field.VENDOR, Field.REASON}


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        (Field.COMMON_NAME, "exchange", "not a public name"),
        (Field.COMMON_NAME, "a" * 60 + ".example.com", "64 characters at most"),
        (Field.COMMON_NAME, "*.*.example.com", "wildcard"),
        (Field.NAMES, "a.example.com, mail.corp.local", "mail.corp.local"),
        (Field.NAMES, "\n".join(f"h{n}.example.com" for n in range(101)), "too many"),
        (Field.COUNTRY, "Ü1", "two letters"),
        (Field.ORGANIZATION, "x" * 65, "64 characters at most"),
        (Field.LOCALITY, "Red\nmond", "line ends"),
        (Field.REASON, "x" * 501, "500 characters at most"),
    ],
)
def test_a_bad_text_has_its_sentence(name: Field, text: str, told: str) -> None:
    """Each rule says what is wrong where it is wrong, and nothing else is blamed."""
    view = order_form(scene.SITE, home="C1", prefill=scene.wish())
    state = entered(view) | {
        Field.REASON: {Field.REASON: {"value": "It ends."}},
        name: {name: {"value": text}},
    }
    read = read_order_form(state, scene.SITE, renews=None)

    assert isinstance(read, FormErrors)
    assert list(read.by_field) == [name]
    assert told in read.by_field[name]


def test_wildcards_and_foreign_scripts_become_one_form() -> None:
    """Names are compared as A-labels, so they are kept as A-labels."""
    view = order_form(scene.SITE, home="C1", prefill=scene.wish())
    state = entered(view) | {
        Field.COMMON_NAME: {Field.COMMON_NAME: {"value": "*.Bücher.example.com"}},
        Field.NAMES: {Field.NAMES: {"value": "AUTODISCOVER.example.com."}},
        Field.REASON: {Field.REASON: {"value": "It ends."}},
    }
    read = read_order_form(state, scene.SITE, renews=None)

    assert isinstance(read, Wish)
    assert read.names == ("*.xn--bcher-kva.example.com", "autodiscover.example.com")


@pytest.mark.parametrize(
    ("hosts", "exportable", "is_taken"),
    [(2, "no", False), (2, "yes", True), (1, "no", True), (1, "yes", True)],
)
def test_a_key_that_is_bound_to_its_host_is_for_one_host(
    hosts: int, exportable: str, is_taken: bool
) -> None:
    """Said in the form: after the certificate is bought the plan could only be refused (exchange.md 7 trap 9)."""
    names = [{"value": host.name} for host in scene.SITE.hosts[:hosts]]
    state = entered(order_form(scene.SITE, home="C1", prefill=scene.wish())) | {
        Field.HOSTS: {Field.HOSTS: {"selected_options": names}},
        Field.EXPORTABLE: {Field.EXPORTABLE: {"selected_option": {"value": exportable}}},
        Field.REASON: {Field.REASON: {"value": "It ends."}},
    }
    read = read_order_form(state, scene.SITE, renews=None)

    assert isinstance(read, Wish) is is_taken
    if isinstance(read, FormErrors):
        assert list(read.by_field) == [Field.EXPORTABLE]
        assert "one certificate a host" in read.by_field[Field.EXPORTABLE]
