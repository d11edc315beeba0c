"""
The page of one order: its domains to confirm, its certificate to download, its other doors.

Never here: HTTP, and pages that are not about one order.
"""

from cryptography.x509.oid import NameOID

from sandbox.vendor.bundle import ServerType
from sandbox.vendor.frame import button, day, facts_list, form, names_list, page, status_badge
from sandbox.vendor.issuance import Issued
from sandbox.vendor.markup import Html, joined, tag
from sandbox.vendor.orders import Domain, Order, Status
from sandbox.vendor.trouble import MEANING

_SERVERS = {ServerType.EXCHANGE: "Exchange", ServerType.OTHER: "Other (Apache, nginx)"}


def render_order(token: str, order: Order) -> str:
    """The order as it stands, with a form for everything that can be done now."""
    summary = tag(
        "p",
        status_badge(order),
        f" placed {day(order.placed_at)}, good for reissues until {day(order.ends_at)}",
    )
    sections = {
        Status.PENDING: _pending,
        Status.ISSUED: _issued,
        Status.REJECTED: _rejected,
    }[order.status](token, order)
    names = _card("Names", names_list(order.request.names))
    return page(f"Order {order.number}", summary, sections, names, _earlier(order))


def _pending(token: str, order: Order) -> Html:
    hint = tag(
        "p",
        "Publish each TXT record in the DNS, then confirm the name. In the sandbox no DNS is asked.",
        class_="hint",
    )
    columns = ("Name", "TXT record", "Control")
    head = tag("tr", *(tag("th", column, scope="col") for column in columns))
    rows = joined(*(_domain_row(token, order, domain) for domain in order.domains))
    table = tag("table", tag("thead", head), tag("tbody", rows))
    every = form(_to(order, "confirm"), token, button("Confirm every name"))
    reject = form(_to(order, "reject"), token, button("Reject the order", kind="danger"))
    domains = _card("Confirm your domains", hint, table, tag("div", every, reject, class_="line"))
    return joined(domains, _trouble(token, order))


def _domain_row(token: str, order: Order, domain: Domain) -> Html:
    record = joined(
        tag("code", domain.record_name), tag("br"), tag("code", domain.token, class_="token")
    )
    if domain.confirmed:
        control = tag("span", "Confirmed", class_="badge issued")
    else:
        hidden = tag("input", type="hidden", name_="name", value=domain.name)
        confirm = button("Confirm", kind="quiet", aria_label=f"Confirm {domain.name}")
        control = form(_to(order, "confirm"), token, hidden, confirm)
    cells = (tag("td", domain.name), tag("td", record), tag("td", control))
    return tag("tr", *cells, data_domain=domain.name)


def _issued(token: str, order: Order) -> Html:
    newest = order.newest()
    options = (tag("option", words, value=kind.value) for kind, words in _SERVERS.items())
    choice = joined(
        tag("label", "Server type", for_="server"),
        tag("select", *options, id="server", name_="server"),
        button("Download zip"),
    )
    download = tag("form", choice, method="get", action=_to(order, "zip"), class_="line")
    again = tag(
        "p",
        tag("a", "Rekey this certificate", href=_to(order, "rekey"), class_="quiet button"),
        " with a new request, under the same order and free of charge.",
    )
    return joined(
        _card("Your certificate", _certificate(newest), download),
        _card("Rekey", again),
        _trouble(token, order),
    )


def _rejected(token: str, order: Order) -> Html:
    return _card("Rejected", tag("p", "This order was rejected. No certificate was issued."))


def _certificate(issued: Issued) -> Html:
    facts = {
        "Serial number": issued.serial_hex,
        "Issued": day(issued.issued_at),
        "Valid until": day(issued.leaf.not_valid_after_utc),
        "Issuer": str(issued.leaf.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value),
    }
    return facts_list(facts)


def _earlier(order: Order) -> Html:
    current = 1 if order.status is Status.ISSUED else 0
    earlier = order.issued[: len(order.issued) - current]
    if not earlier:
        return joined()
    items = (tag("li", tag("code", each.serial_hex), f" {day(each.issued_at)}") for each in earlier)
    return _card("Earlier certificates of this order", tag("ul", *items))


def _trouble(token: str, order: Order) -> Html:
    chosen = order.trouble.value if order.trouble else ""
    choices = {"": "Nothing: issue it properly"} | {key.value: MEANING[key] for key in MEANING}
    options = (
        tag("option", words, value=value, selected=value == chosen)
        for value, words in choices.items()
    )
    content = form(
        _to(order, "trouble"),
        token,
        tag("label", "What shall be wrong with the next certificate?", for_="trouble"),
        tag("select", *options, id="trouble", name_="next"),
        button("Remember", kind="quiet"),
        class_="line",
    )
    summary = tag("summary", "Trouble, for the curious")
    return tag("details", summary, content, class_="card", open=bool(chosen))


def _card(heading: str, *content: Html) -> Html:
    return tag("section", tag("h2", heading), *content, class_="card")


def _to(order: Order, door: str) -> str:
    return f"/orders/{order.id}/{door}"
