"""
The pages before an order exists: the list, the form for a CSR, the review, the sentence of a refusal.

Never here: HTTP, and the page of one order.
"""

from sandbox.vendor.frame import button, day, facts_list, form, names_list, page, status_badge
from sandbox.vendor.markup import Html, joined, tag
from sandbox.vendor.orders import Order
from sandbox.vendor.request import CertificateRequest


def render_list(orders: list[Order]) -> str:
    """Every order, newest first."""
    new = tag("a", "New certificate", href="/orders/new", class_="primary button")
    if not orders:
        empty = tag("p", "No orders yet. Paste a certificate request to place the first one.")
        return page("Orders", tag("div", empty, new, class_="card empty"))
    columns = ("Order", "Common name", "Names", "Placed", "Status")
    head = tag("tr", *(tag("th", column, scope="col") for column in columns))
    rows = joined(*(_row(order) for order in orders))
    table = tag("table", tag("thead", head), tag("tbody", rows))
    return page("Orders", tag("p", new), tag("div", table, class_="card"))


def render_paste(
    token: str, *, action: str = "/orders/review", about: str = "", refused: str = "", csr: str = ""
) -> str:
    """The form that takes a CSR, with the sentence why the last one was not taken."""
    area = tag(
        "textarea",
        csr,
        id="csr",
        name_="csr",
        rows="16",
        required=True,
        spellcheck="false",
        placeholder="-----BEGIN NEW CERTIFICATE REQUEST-----",
        aria_describedby="csr-help",
    )
    guide = tag(
        "p",
        "Paste the whole text, with the BEGIN and END lines. Your names are read from it.",
        id="csr-help",
        class_="hint",
    )
    label = tag("label", "Certificate signing request (CSR)", for_="csr")
    asked = form(action, token, label, guide, area, tag("p", button("Continue")))
    heading = f"Rekey {about}" if about else "New certificate"
    return page(heading, alert(refused), tag("div", asked, class_="card"))


def render_review(token: str, request: CertificateRequest, *, days: int) -> str:
    """What was read from the CSR, to be looked at before the order is placed."""
    facts = facts_list(
        {
            "Common name": request.common_name or "(none)",
            "Key": f"RSA {request.public_key.key_size} bits",
            "Validity": f"{days} days, reissued free of charge within one year",
            "Signature": "SHA-256",
        }
    )
    names = joined(
        tag("h2", f"Subject alternative names ({len(request.names)})"), names_list(request.names)
    )
    place = form(
        "/orders",
        token,
        tag("input", type="hidden", name_="csr", value=request.pem),
        button("Place the order"),
        tag("a", "Back", href="/orders/new", class_="quiet button"),
        class_="line",
    )
    return page(
        "Check your request", tag("div", facts, names, _gives_away(request), place, class_="card")
    )


def render_refusal(sentence: str) -> str:
    """A page with one sentence and the way back."""
    back = tag("p", tag("a", "Back to the orders", href="/"))
    return page("That did not work", alert(sentence), back)


def alert(sentence: str) -> Html:
    """The sentence in a box that is read out; nothing for an empty one."""
    return tag("p", sentence, class_="alert", role="alert") if sentence else joined()


def _gives_away(request: CertificateRequest) -> Html:
    if not request.gives_away:
        return joined()
    hint = tag("p", "Windows wrote this into the request. It is not certified.", class_="hint")
    return joined(tag("h2", "Your request also tells us"), hint, facts_list(request.gives_away))


def _row(order: Order) -> Html:
    link = tag("a", order.number, href=f"/orders/{order.id}")
    return tag(
        "tr",
        tag("td", link),
        tag("td", order.request.names[0]),
        tag("td", str(len(order.request.names))),
        tag("td", day(order.placed_at)),
        tag("td", status_badge(order)),
        data_order=order.id,
    )
