"""The small forms of the vendor's desk: the order number there, the bundle, and which order a file is for."""

from bot.domain.order import CertificateOrder
from handlers.blocks import order_facts as of
from handlers.blocks.fields import choice, field, line
from handlers.blocks.parts import Block, modal, option, section
from handlers.blocks.text import code
from handlers.ids import Callback, Field
from handlers.refs import OrderRef, render_ref

REFERENCE_LIMIT = 100
BUNDLE_TYPES = ("zip", "p7b", "p7c", "spc", "cer", "crt", "pem", "der", "txt")
"""A convenience of the file picker; the content decides (vendors.md 1.2)."""
_TOLD = "Public certificates only: never upload a private key or a PFX file."


def submitted_modal(order: CertificateOrder) -> Block:
    """Ask for the vendor's own order number."""
    number = field(
        Field.REFERENCE, "The vendor's order number", line(most=REFERENCE_LIMIT),
        hint="As the portal or the vendor's mail shows it.",
    )  # fmt: skip
    return modal(
        Callback.SUBMITTED_FORM, title="CSR submitted", submit="Report submission",
        metadata=_ref(order), blocks=[section(of.sentence(order)), number],
    )  # fmt: skip


def upload_modal(order: CertificateOrder) -> Block:
    """Ask for the vendor's zip."""
    element = {"type": "file_input", "filetypes": list(BUNDLE_TYPES), "max_files": 1}
    bundle = field(Field.FILE, "The vendor's zip", element, hint=_TOLD)
    return modal(
        Callback.UPLOAD_FORM, title="Upload bundle", submit="Hand in bundle",
        metadata=_ref(order), blocks=[section(of.sentence(order)), bundle],
    )  # fmt: skip


def bundle_modal(orders: tuple[CertificateOrder, ...], file_id: str, file_name: str) -> Block:
    """Ask which waiting order a file of a message belongs to; at least one order."""
    options = [option(order.title, str(order.id)) for order in orders]
    which = field(Field.BUNDLE_ORDER, "For which order?", choice(options), hint=_TOLD)
    return modal(
        Callback.BUNDLE_FORM, title="Use as bundle", submit="Hand in bundle",
        metadata=render_ref(OrderRef(order=orders[0].id, file=file_id)),
        blocks=[section(f"The file {code(file_name)} is judged as the bundle of an order."), which],
    )  # fmt: skip


def _ref(order: CertificateOrder) -> str:
    return render_ref(OrderRef(order=order.id, version=order.version))
