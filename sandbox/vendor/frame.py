"""
The frame around each page of the portal: head, header, footer, forms, the words for a status.

Never here: one page's own content.
"""

from datetime import datetime

from sandbox.vendor.authority import ORGANISATION
from sandbox.vendor.markup import Html, joined, tag
from sandbox.vendor.orders import Order, Status

TITLE = "Sandbox Certificates for Exchange"
CSRF_FIELD = "form_token"

STATUS_WORDS = {
    Status.PENDING: "Pending validation",
    Status.ISSUED: "Issued",
    Status.REJECTED: "Rejected",
}


def page(heading: str, *content: Html) -> str:
    """A whole document."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name_="viewport", content_="width=device-width, initial-scale=1"),
        tag("title", f"{heading} · {TITLE}"),
        tag("link", rel="stylesheet", href="/style.css"),
        tag("link", rel="icon", href="/icon.svg", type="image/svg+xml"),
    )
    body = tag("body", _header(), tag("main", tag("h1", heading), *content), _footer())
    return "<!doctype html>" + tag("html", head, body, lang="en").source


def form(action: str, token: str, *content: Html, **attributes: str | bool) -> Html:
    """A form that posts, with the token that proves it came from this portal."""
    hidden = tag("input", type="hidden", name_=CSRF_FIELD, value=token)
    return tag("form", hidden, *content, method="post", action=action, **attributes)


def button(label: str, *, kind: str = "primary", **attributes: str | bool) -> Html:
    """A button that sends its form."""
    return tag("button", label, type="submit", class_=kind, **attributes)


def status_badge(order: Order) -> Html:
    """The status as a coloured word."""
    words = STATUS_WORDS[order.status]
    return tag("span", words, class_=f"badge {order.status.value}", data_status=order.status.value)


def names_list(names: tuple[str, ...]) -> Html:
    """Names one a line, ready to be copied."""
    return tag("pre", "\n".join(names), class_="names", data_names=True)


def facts_list(facts: dict[str, str]) -> Html:
    """Terms and what they are, side by side."""
    rows = (joined(tag("dt", term), tag("dd", fact)) for term, fact in facts.items())
    return tag("dl", *rows)


def day(moment: datetime) -> str:
    """A moment as people write it on orders, in UTC."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _header() -> Html:
    brand = tag("a", TITLE, href="/", class_="brand")
    links = joined(tag("a", "Orders", href="/"), tag("a", "New certificate", href="/orders/new"))
    return tag("header", brand, tag("nav", links, aria_label="Main"))


def _footer() -> Html:
    return tag(
        "footer",
        f"{ORGANISATION} is a made-up vendor. Its certificates are trusted by nobody but the sandbox.",
    )
