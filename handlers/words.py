"""
The sentences said once, in an order's thread or to one person, under the codes of the notices.

Facts from outside (reasons, file names, references) stand in code spans only; no decision is taken here.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from bot.certs.compare import Change, rows_of
from bot.domain.ids import PersonId
from bot.domain.messages import LineMessage, Place
from bot.domain.order import CertificateOrder
from bot.domain.pending import left_rounds
from bot.domain.states import State
from bot.domain.undoing import what_stays
from handlers.blocks.text import (
    MESSAGE_TEXT_LIMIT,
    code,
    codes,
    cut_markup,
    day,
    escape,
    hosts_in_row,
    mention,
    visible,
    when,
)
from handlers.headlines import FAULTS, finding_title

Facts = Mapping[str, str]
Sentence = Callable[[CertificateOrder, Facts], str]

_FINDINGS_SHOWN = 12


def render_line(line: LineMessage, order: CertificateOrder) -> str:
    """The sentence of a line in mrkdwn; a direct message names the order, a thread stands under it."""
    said = LINES[line.code](order, line.facts)
    if line.place is Place.DIRECT:
        said = f"*{_title(order)}*\n{said}"
    return cut_markup(said, MESSAGE_TEXT_LIMIT)


def _title(order: CertificateOrder) -> str:
    return f"Order {order.id}: {code(order.wish.subject.common_name)}"


def _by(facts: Facts) -> str:
    return mention(PersonId(facts["by"])) if "by" in facts else "Somebody"


def _why(facts: Facts) -> str:
    return f" Reason: {code(facts['reason'], 600)}." if "reason" in facts else ""


def _host(facts: Facts) -> str:
    return code(facts.get("host", "the host"))


def _fault(facts: Facts) -> str:
    headline = FAULTS.get(facts.get("code", ""), "")
    told = facts.get("reason", "")
    lines = [headline, f"> {code(told, 1200)}" if told else ""]
    return "\n".join(line for line in lines if line)


def _placed(order: CertificateOrder, _: Facts) -> str:
    if order.wish.renews is not None:
        return (
            f"This order renews order {order.wish.renews}, for {codes(list(order.wish.names))} with a "
            f"new key. {mention(order.requester)} goes on with it as its requester."
        )
    return (
        f"A certificate for {codes(list(order.wish.names))} is asked for by "
        f"{mention(order.requester)}. An approver decides next; nothing is ordered before."
    )


def _csr_made(order: CertificateOrder, _: Facts) -> str:
    made = f"The CSR was made on {code(order.wish.hosts[0])}; the private key stays there."
    if order.key_dies_at is not None:
        made = f"The CSR was made by CertDesk, which keeps the private key encrypted until {day(order.key_dies_at)} at the latest."
    return (
        f"{made} "
        f"Next: paste the CSR of the card in this order's thread at the vendor's portal, then "
        f"press *I submitted the CSR*."
    )


def _submitted(order: CertificateOrder, facts: Facts) -> str:
    return (
        f"{_by(facts)} submitted the CSR; the vendor's order number is "
        f"{code(order.vendor_reference or facts.get('reference', ''))}. Next: prove control of the names as the "
        "vendor asks; when the certificate is issued, upload the zip."
    )


def _issued(_: CertificateOrder, facts: Facts) -> str:
    return (
        f"{_by(facts)} says that the vendor has issued the certificate. Next: download the zip "
        "for Exchange or IIS and drop it into the order's thread."
    )


def _refused_bundle(order: CertificateOrder, _: Facts) -> str:
    lines = [
        f"• *{finding_title(finding.code)}* ({finding.code}): {code(visible(finding.message), 500)}"
        for finding in order.findings[:_FINDINGS_SHOWN]
    ]
    rest = len(order.findings) - len(lines)
    more = [f"… and {rest} more; `/cert status {order.id}` counts them."] if rest > 0 else []
    return "\n".join(
        ["The bundle was refused, and nothing of it was installed:", *lines, *more,
         "Upload the zip that the vendor issued for this order's CSR."]
    )  # fmt: skip


def _proven(order: CertificateOrder, _: Facts) -> str:
    noted = [f for f in order.findings if f.severity == "warn"]
    warned = "".join(
        f"\n• *{finding_title(f.code)}* ({f.code}): {code(f.message, 500)}"
        for f in noted[:_FINDINGS_SHOWN]
    )
    until = (
        f" It is valid until {when(order.certificate.facts.not_after)}."
        if order.certificate
        else ""
    )
    return (
        f"The bundle holds the ordered certificate and its chain.{until} Next: the hosts are read and an "
        f"operator reviews the plan.{_differences(order)}{warned}"
    )


def _differences(order: CertificateOrder) -> str:
    rows = rows_of(order.findings)
    if not rows:
        return "\nNothing differs from what was approved."
    head = "\nApproved, or in place, beside what was delivered:"
    return "".join([head, *(f"\n• {row.label}: {_sides(row)}" for row in rows)])


def _sides(row: Change) -> str:
    sides = [code(side, 200) for side in (row.before, row.after) if side]
    return " became ".join(sides)


def _installed(order: CertificateOrder, _: Facts) -> str:
    return (
        f"The certificate is installed on {hosts_in_row(order.wish.hosts)}; every host was read "
        "back and showed it in real TLS handshakes. Nothing is left to do until the renewal."
    )


def _host_failed(order: CertificateOrder, facts: Facts) -> str:
    if facts.get("code") == "internal":
        stopped = "The work stopped; how far it came stands on the order's card."
    elif facts.get("code") == "before-not-usable":
        stopped = "Not everything could be given back; what stays with this order's certificate is named here."
    else:
        stopped = f"The work stopped on {_host(facts)}; hosts after it were not touched."
    return (
        f"{stopped}\n{_fault(facts)}\n"
        f"Next: an operator mends the cause and presses *Retry* on the card of order {order.id}."
    )


def _host_refused(order: CertificateOrder, facts: Facts) -> str:
    return (
        f"There is no CSR from {code(order.wish.hosts[0])}, so nothing new can be submitted.\n"
        f"{_fault(facts)}\nNext: an operator mends the cause and presses *Retry* on the order's card."
    )


def _host_done(_: CertificateOrder, facts: Facts) -> str:
    seen = facts.get("proof", "").splitlines()
    proof = "".join(f"\n• {code(line, 300)}" for line in seen)
    return f"{_host(facts)} is done: read back and proven.{proof}"


def _rolled_back(order: CertificateOrder, facts: Facts) -> str:
    left = "".join(f"\n• {escape(line)}" for line in facts.get("left", "").splitlines())
    alone = f"\nLeft alone, because it is another certificate's by now:{left}\n" if left else " "
    stays = "".join(f"\n• {escape(line)}" for line in what_stays(order.plan)) if order.plan else ""
    return (
        f"What this order's certificate still served on {hosts_in_row(order.wish.hosts)} went back to the certificates of "
        f"before where there were any; `/cert inventory {order.wish.hosts[0]}` shows what serves now.{alone}"
        f"What could not be undone:{stays}"
    )


def _cancelled(order: CertificateOrder, facts: Facts) -> str:
    return (
        f"{_by(facts)} called the order off; nothing more will be done.{_why(facts)}"
        f"{''.join(_left_behind(order))}"
    )


def _left_behind(order: CertificateOrder) -> Iterator[str]:
    """What calling off does not undo, in the hosts and at the vendor's desk."""
    if order.failed_in is State.INSTALLING:
        yield (
            f" What the installation changed on {hosts_in_row(order.wish.hosts)} before it failed stays: "
            "the progress on the order's card says how far it came."
        )
    elif order.wish.local_key_days:
        yield " CertDesk keeps no private key of it any more."
    elif left_rounds(order):
        yield (
            f" A pending request may be left on {code(order.wish.hosts[0])}; an approver can clear it with the button "
            "on the order's card."
        )
    elif order.failed_in is State.APPROVED:
        yield (
            f" A pending request may be left on {code(order.wish.hosts[0])} until somebody removes it there: CertDesk "
            "never saw its CSR, so it does not touch it."
        )
    if order.vendor_reference:
        yield f" The purchase {code(order.vendor_reference)} at the vendor is not called off by this."


def _kept(order: CertificateOrder, facts: Facts) -> str:
    if "code" not in facts:
        return (
            f"{_by(facts)} keeps the certificate where it still is; what was removed or given back before stays so, and "
            f"the progress on the order's card says where.{_watched(order)}{_why(facts)}"
        )
    return (
        f"Nothing was removed, and the certificate stays as it is on {_host(facts)} and the other hosts.\n"
        f"{_fault(facts)}\nThe order stands where it stood before.{_watched(order)} Retire it again when the cause "
        "is mended."
    )


def _watched(order: CertificateOrder) -> str:
    return " Its expiry is watched." if order.state is State.INSTALLED else ""


def _clearing(order: CertificateOrder, facts: Facts) -> str:
    return (
        f"{_by(facts)} has the pending request cleared that this order left on {code(order.wish.hosts[0])}. It is "
        f"dropped only if its public key is that of this order's CSR.{_why(facts)}"
    )


def _cleared(order: CertificateOrder, _: Facts) -> str:
    return (
        f"The pending request of this order is not on {code(order.wish.hosts[0])} any more. Nothing else was changed "
        "there."
    )


def _not_cleared(order: CertificateOrder, facts: Facts) -> str:
    return (
        f"The pending request on {code(order.wish.hosts[0])} was not cleared.\n{_fault(facts)}\nNext: an operator "
        f"mends the cause and presses *Retry* on the card of order {order.id}."
    )


def _retry(what: str) -> Sentence:
    return lambda _, facts: f"{_by(facts)} retries: {what} is taken up where it stopped."


LINES: Final[Mapping[str, Sentence]] = {
    "order-placed": _placed,
    "approve": lambda o, f: (
        f"{_by(f)} approved the order. Next: {code(o.wish.hosts[0])} makes the CSR.{_why(f)}"
    ),
    "reject": lambda _, f: f"{_by(f)} rejected the order; nothing was ordered.{_why(f)}",
    "lapse": lambda _, __: (
        "Nobody decided in time, so the order has lapsed and nothing was ordered. "
        "Ask again with `/cert request` if the certificate is still wanted."
    ),
    "cancel": _cancelled,
    "withdrawn": _cancelled,
    "csr-made": _csr_made,
    "host-refused": _host_refused,
    "submitted": _submitted,
    "issued": _issued,
    "vendor-rejected": lambda o, f: (
        f"The vendor rejected the order; nothing was installed.{_why(f)} "
        f"Mend what it names, then ask again with `/cert request`.{''.join(_left_behind(o))}"
    ),
    "rekeyed": lambda o, f: (
        f"{_by(f)} asked for a new key and CSR for the same purchase; the CSR of before is void. "
        f"{code(o.wish.hosts[0])} makes the new one.{_why(f)}"
    ),
    "bundle-uploaded": lambda _, f: (
        f"{_by(f)} handed in {code(f.get('file', 'a file'))}; it is being checked."
    ),
    "bundle-refused": _refused_bundle,
    "bundle-proven": _proven,
    "plan-made": lambda o, _: (
        f"The hosts were read and the plan stands: {hosts_in_row(o.wish.hosts)}. Next: an operator "
        "reviews it in the approvals channel; nothing was changed so far."
    ),
    "plan-failed": lambda o, f: (
        f"There is no plan, because a host could not be read; nothing was changed.\n{_fault(f)}\n"
        f"Next: mend the cause, then press *Read hosts again* on the plan card of order {o.id}."
    ),
    "install-approved": lambda o, f: (
        f"{_by(f)} approved the plan. The hosts follow one after the other: "
        f"{hosts_in_row(o.wish.hosts)}.{_why(f)}"
    ),
    "host-done": _host_done,
    "host-failed": _host_failed,
    "install-finished": _installed,
    "roll-back": lambda _, f: (
        f"{_by(f)} asked for the certificates of before; they are put back host by host.{_why(f)}"
    ),
    "roll-back-finished": _rolled_back,
    "retire": lambda o, f: (
        f"{_by(f)} retires the certificate; it is removed from {hosts_in_row(o.wish.hosts)}."
        f"{_why(f)}"
    ),
    "retire-finished": lambda o, _: (
        f"The certificate was removed from {hosts_in_row(o.wish.hosts)}. Nothing is left to do."
    ),
    "keep-installed": _kept,
    "keep-superseded": _kept,
    "superseded": lambda _, f: (
        f"Order {code(f.get('successor', '?'))} took over. What may still use this certificate, the "
        "default for SMTP above all, is looked at when an approver retires it."
    ),
    "reinstated": lambda o, f: (
        f"Order {code(f.get('successor', '?'))} was rolled back, so this certificate "
        + (
            "counts as installed again and its expiry is watched."
            if o.state is State.INSTALLED
            else "serves again. When its removal is given up it counts as installed, and its expiry is watched."
        )
    ),
    "retry-csr": _retry("the CSR"),
    "retry-install": _retry("the installation"),
    "retry-roll-back": _retry("the roll-back"),
    "retry-retire": _retry("the removal"),
    "clear-request": _clearing,
    "request-cleared": _cleared,
    "clear-failed": _not_cleared,
    "retry-clear": _retry("the clearing"),
}
"""One sentence a code; `bot/workflow/notices.py` decides who hears which."""
