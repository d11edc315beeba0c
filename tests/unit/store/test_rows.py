"""An order as columns: nothing of it is lost, whatever it holds."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.messages import CardMessage, LineMessage, Message, Place
from bot.domain.order import CertificateOrder
from bot.store.rows import order_columns, order_value
from bot.store.tables import OrderRecord
from bot.store.values import MESSAGE

st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC)))
st.register_type_strategy(
    Mapping, lambda kind: st.dictionaries(*map(st.from_type, get_args(kind)), max_size=3)
)
ORDERS = st.from_type(CertificateOrder)
ROOMY = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def through_columns(order: CertificateOrder) -> CertificateOrder:
    """What comes back when an order was written and read."""
    row = OrderRecord(id=order.id, draft_key="k", **order_columns(order))
    return order_value(row, order.approvals)


@ROOMY
@given(ORDERS)
def test_order_survives_the_way_through_its_columns(order: CertificateOrder) -> None:
    """Every field comes back equal, and a plan keeps the digest that was approved."""
    back = through_columns(order)

    assert back == order
    assert (back.plan and back.plan.digest()) == (order.plan and order.plan.digest())


def test_every_field_of_an_order_has_a_column() -> None:
    """A new field of the order must be given a place in the table before this passes."""
    elsewhere = {"id", "approvals", "certificate"}
    columns = set(OrderRecord.model_fields) - {
        "id",
        "draft_key",
        "leaf_der",
        "path_ders",
        "leaf_facts",
        "not_after",
        "valid_days",
    }

    assert columns == {field.name for field in fields(CertificateOrder)} - elsewhere


@given(st.one_of(st.from_type(CardMessage), st.from_type(LineMessage)))
def test_message_survives_the_way_through_its_text(message: Message) -> None:
    """A card comes back as a card and a line as a line, with the same facts."""
    assert MESSAGE.value(MESSAGE.text(message)) == message


@given(st.dictionaries(st.text(), st.text(alphabet=st.characters(codec=None))))
def test_half_characters_are_replaced_and_stop_nothing(facts: Mapping[str, Any]) -> None:
    """Text that fits into no UTF-8 is written all the same."""
    line = LineMessage(code="x", place=Place.HOME, facts={"a": "\ud800", **facts})
    back = MESSAGE.value(MESSAGE.text(line))

    assert isinstance(back, LineMessage)
    assert set(back.facts) >= {"a"}
