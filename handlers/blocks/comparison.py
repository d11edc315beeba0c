"""
Approved beside delivered, as a table in fixed width: what the operators read before they decide.

The rows come with the order; here they are only laid out.
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from textwrap import wrap

from bot.certs.compare import Change, rows_of
from bot.certs.findings import Finding
from bot.domain.order import CertificateOrder
from handlers.blocks.parts import Block, context, labelled, preformatted
from handlers.blocks.text import count, visible
from handlers.headlines import finding_title

_TITLE = "Approved and delivered"
_HEAD = Change(label="", before="Approved, or in place", after="Delivered")
_LABEL_WIDTH, _SIDE_WIDTH = 12, 36
_LONGEST_SIDE = 360
_TABLE_LIMIT = 2500
_WARNINGS_SHOWN = 8
_WARNINGS_LIMIT = 2500


def comparison(order: CertificateOrder) -> list[Block]:
    """The table, and every warning about the certificate; one line of small print where nothing differs."""
    if order.certificate is None:
        return []
    rows = rows_of(order.findings)
    warnings = [finding for finding in order.findings if finding.severity == "warn"]
    return [_table(rows) if rows else context(_nothing_differs(order)), *_warnings(warnings)]


def _table(rows: Sequence[Change]) -> Block:
    lines = [line for row in (_HEAD, *rows) for line in _row(row)]
    return preformatted(_TITLE, "\n".join(lines), _TABLE_LIMIT)


def _row(row: Change) -> Iterator[str]:
    """One row of the table; a long side goes on in the lines below."""
    before, after = (
        wrap(visible(side)[:_LONGEST_SIDE], _SIDE_WIDTH) or ["none"]
        for side in (row.before, row.after)
    )
    label = [row.label]
    for cells in zip_longest(label, before, after, fillvalue=""):
        yield f"{cells[0]:<{_LABEL_WIDTH}}  {cells[1]:<{_SIDE_WIDTH}}  {cells[2]}".rstrip()


def _nothing_differs(order: CertificateOrder) -> str:
    against = " and from the certificate it renews" if order.wish.renews is not None else ""
    return f"{_TITLE}: {count(len(order.wish.names), 'name')}; nothing differs from the order{against}."


def _warnings(warnings: Sequence[Finding]) -> list[Block]:
    if not warnings:
        return []
    lines = [f"• {finding_title(f.code)}: {f.message}" for f in warnings[:_WARNINGS_SHOWN]]
    rest = len(warnings) - len(lines)
    more = [f"and {rest} more"] if rest > 0 else []
    return [labelled("To be weighed", "\n".join([*lines, *more]), _WARNINGS_LIMIT)]
