"""Pending requests of a host as rows: whose each is, and what can be done about those nobody waits for."""

from bot.domain.pending import JudgedRequest, Standing
from handlers.blocks.parts import Block, context, header, section
from handlers.blocks.text import code, codes, count, when
from handlers.headlines import STATES

_SHOWN = 10


def pending_rows(found: tuple[JudgedRequest, ...]) -> list[Block]:
    """Render them, those nobody waits for first; nothing when there is none."""
    if not found:
        return []
    order = [Standing.ABANDONED, Standing.AWAITED, Standing.FOREIGN]
    shown = sorted(found, key=lambda one: order.index(one.standing))
    rest = len(shown) - _SHOWN
    more = (
        [context(f"and {rest} more: `certdesk inventory HOST` lists them all")] if rest > 0 else []
    )
    rows = [section(_row(one)) for one in shown[:_SHOWN]]
    return [header(f"{count(len(found), 'pending request')}"), *rows, *more]


def _row(judged: JudgedRequest) -> str:
    request = judged.request
    made = f", made {when(request.not_before)}" if request.not_before else ""
    names = codes(list(request.names), limit=300) if request.names else "not shown"
    return (
        f"{code(request.friendly_name or 'without a friendly name', 100)}{made}\n"
        f"{code(request.subject, 300)}. Names: {names}\n{_whose(judged)}"
    )


def _whose(judged: JudgedRequest) -> str:
    order = judged.order
    if order is None:
        return "*Foreign:* not made by CertDesk for an order it keeps; it is never touched."
    stands = STATES[order.state]
    if judged.standing is Standing.AWAITED:
        return f"*Awaited* by order {order.id}, which is {stands}."
    replaced = judged.round < order.csr_round or not order.csr_pem
    why = f"order {order.id} made a newer one" if replaced else f"order {order.id} is {stands}"
    return f"*Abandoned:* {why}. {_remedy(judged, order.id)}"


def _remedy(judged: JudgedRequest, order_id: int) -> str:
    if judged.can_clear:
        return f"An approver clears it with `/cert clear {order_id}`."
    return "CertDesk cannot clear it now: its CSR is not kept, or its order is at work. It can be removed by hand in Exchange."
