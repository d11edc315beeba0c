"""
Every name Slack sends back to us: the command, actions, modals, shortcuts and form fields.

One place, so that a button without a door, or a door without a button, can be found by a test.
"""

from enum import StrEnum

COMMAND = "/cert"


class Action(StrEnum):
    """What can be clicked; the value that comes along is an order reference (`handlers/refs.py`)."""

    APPROVE = "order.approve"
    REJECT = "order.reject"
    CANCEL = "order.cancel"
    RETRY = "order.retry"
    ROLL_BACK = "order.roll_back"
    RETIRE = "order.retire"
    KEEP = "order.keep"
    CLEAR_REQUEST = "order.clear_request"
    RENEW = "order.renew"
    SUBMITTED = "csr.submitted"
    ISSUED = "csr.issued"
    UPLOAD = "csr.upload"
    CSR_MORE = "csr.more"
    PORTAL = "csr.portal"
    REVIEW_PLAN = "plan.review"
    REJECT_PLAN = "plan.reject"
    REPLAN = "plan.replan"
    APPROVE_RENEWAL = "renewal.approve"
    POSTPONE_RENEWAL = "renewal.postpone"
    REQUEST = "home.request"


class Callback(StrEnum):
    """Modals and shortcuts; the shortcuts are in the Slack manifest too."""

    REQUEST_SHORTCUT = "order.request"
    BUNDLE_SHORTCUT = "bundle.use"
    ORDER_FORM = "order_form"
    REASON_FORM = "reason_form"
    SUBMITTED_FORM = "submitted_form"
    UPLOAD_FORM = "upload_form"
    BUNDLE_FORM = "bundle_form"
    PLAN_FORM = "plan_form"
    NOTICE = "notice"


class Field(StrEnum):
    """Input blocks; the action id inside is the same name."""

    HOSTS = "order_form.hosts"
    COMMON_NAME = "order_form.common_name"
    COUNTRY = "order_form.country"
    STATE = "order_form.state"
    LOCALITY = "order_form.locality"
    ORGANIZATION = "order_form.organization"
    UNIT = "order_form.unit"
    NAMES = "order_form.names"
    KEY_BITS = "order_form.key_bits"
    KEY_MAKER = "order_form.key_maker"
    EXPORTABLE = "order_form.exportable"
    SERVICES = "order_form.services"
    CONNECTORS = "order_form.connectors"
    VENDOR = "order_form.vendor"
    REASON = "order_form.reason"
    WHY = "reason_form.reason"
    TYPED_NAME = "reason_form.typed_name"
    REFERENCE = "submitted_form.reference"
    FILE = "upload_form.file"
    BUNDLE_ORDER = "bundle_form.order"
    SMTP_ANSWER = "plan_form.answer"
    PLAN_NOTE = "plan_form.note"


def answer_field(position: int) -> str:
    """The field of one host's SMTP question, by the host's place in the plan, from 0."""
    return f"{Field.SMTP_ANSWER}.{position}"
