"""The form that asks for a certificate; `order_form_reader` reads it back."""

from dataclasses import dataclass

from bot.certs.names import DnsName
from bot.domain.ids import HostName, OrderId
from bot.domain.order import KEY_SIZES, Wish
from bot.domain.plan import Service
from bot.domain.site import Host, Site
from handlers.blocks.fields import MOST_OPTIONS, choice, choices, field, line, search
from handlers.blocks.parts import Block, context, modal, option
from handlers.ids import Callback, Field
from handlers.refs import OrderRef, render_ref

COMMON_NAME_LIMIT = 64
ORGANIZATION_LIMIT = 64
PLACE_LIMIT = 128
COUNTRY_LIMIT = 2
NAMES_LIMIT = 3000
REASON_LIMIT = 500
HOSTS_LIMIT = 20
"""Hosts of one order; the plan of all of them must fit into one modal."""
YES, NO = "yes", "no"
BY_HOST, BY_CERTDESK = "host", "certdesk"

_DEFAULT_SERVICES = (Service.IIS, Service.SMTP)
_SERVICE_TEXTS = {
    Service.IIS: "Outlook on the web, ActiveSync, Autodiscover",
    Service.SMTP: "Mail transport with STARTTLS",
    Service.IMAP: "IMAP with TLS",
    Service.POP: "POP with TLS",
    Service.UM: "Unified Messaging, up to Exchange 2016; also called UC",
}
_NO_ORDER = OrderId(0)
"""In the metadata of a form that renews nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedAhead:
    """
    What was typed with the command, to be found in the form; all of it can be changed there.

    Args:
        names: the common name first.
        hints: sentences on what was understood otherwise than it was written.
    """

    names: tuple[DnsName, ...] = ()
    services: tuple[Service, ...] = ()
    hints: tuple[str, ...] = ()


NOTHING_TYPED = TypedAhead()


def order_form(
    site: Site,
    *,
    home: str,
    prefill: Wish | None = None,
    renews: OrderId | None = None,
    typed: TypedAhead = NOTHING_TYPED,
) -> Block:
    """
    Render the form.

    Args:
        home: the channel the order will live in.
        prefill: a wish to begin with, for a renewal.
        renews: the order whose certificate the new one follows.
        typed: what stood behind the command, where there is no wish to begin with.
    """
    title = "Renew certificate" if renews else "Request certificate"
    return modal(
        Callback.ORDER_FORM, title=title, submit="Ask for approval", close="Discard",
        metadata=render_ref(OrderRef(order=renews or _NO_ORDER, channel=home)),
        blocks=[
            *_hints(typed), *_where(site, prefill), *_who(prefill, typed), *_key(site, prefill),
            *_rest(site, prefill, typed),
        ],
    )  # fmt: skip


def renewed_order(order_id: OrderId) -> OrderId | None:
    """The order a form renews, from the number in its metadata; None when it renews nothing."""
    return None if order_id == _NO_ORDER else order_id


def host_options(site: Site, typed: str = "") -> list[Block]:
    """The hosts whose name holds what was typed, as options; as many as Slack takes."""
    found = [host for host in site.hosts if typed.strip().lower() in host.name.lower()]
    return [option(_host_label(host), host.name) for host in found[:MOST_OPTIONS]]


def _hints(typed: TypedAhead) -> list[Block]:
    return [context(*typed.hints)] if typed.hints else []


def _where(site: Site, wish: Wish | None) -> list[Block]:
    return [
        field(Field.HOSTS, "Exchange hosts, in the order of installation",
              _host_field(site, wish.hosts if wish else ()),
              hint="The CSR and the private key are made on the first one"
                   f"{', unless CertDesk makes them' if may_make_keys(site) else ''}."),
    ]  # fmt: skip


def _host_field(site: Site, chosen: tuple[HostName, ...]) -> Block:
    if len(site.hosts) > MOST_OPTIONS:
        known = [host for name in chosen if (host := site.host(name))]
        return search([option(_host_label(h), h.name) for h in known], most=HOSTS_LIMIT)
    listed = choices(host_options(site), initial=chosen, kind="multi_static_select")
    return listed | {"max_selected_items": HOSTS_LIMIT}


def _host_label(host: Host) -> str:
    return f"{host.name} (Exchange {host.version}{', lab' if host.lab else ''})"


def _who(wish: Wish | None, typed: TypedAhead) -> list[Block]:
    subject = wish.subject if wish else None
    common_name = subject.common_name if subject else next(iter(typed.names), "")
    names = [name for name in (wish.names if wish else typed.names) if name != common_name]
    return [
        field(Field.COMMON_NAME, "Common name (CN)",
              line(common_name, most=COMMON_NAME_LIMIT, placeholder="mail.example.com")),
        field(Field.NAMES, "More names, one a line",
              line("\n".join(names), most=NAMES_LIMIT, lines=True,
                   placeholder="autodiscover.example.com"),
              hint="Every name clients use; the common name is among them by itself.",
              optional=True),
        field(Field.ORGANIZATION, "Organisation (O)",
              line(subject.organization if subject else "", most=ORGANIZATION_LIMIT),
              hint="Exactly as registered, where the vendor checks it.", optional=True),
        field(Field.UNIT, "Unit (OU)",
              line(subject.unit if subject else "", most=ORGANIZATION_LIMIT), optional=True),
        field(Field.LOCALITY, "Town (L)",
              line(subject.locality if subject else "", most=PLACE_LIMIT), optional=True),
        field(Field.STATE, "State or province (ST)",
              line(subject.state if subject else "", most=PLACE_LIMIT), optional=True),
        field(Field.COUNTRY, "Country (C)",
              line(subject.country if subject else "", most=COUNTRY_LIMIT, placeholder="US"),
              hint="Two letters.", optional=True),
    ]  # fmt: skip


def _key(site: Site, wish: Wish | None) -> list[Block]:
    sizes = [option(f"RSA {bits}", str(bits)) for bits in KEY_SIZES]
    size = str(wish.key_bits if wish else KEY_SIZES[0])
    answers = [
        option("No", NO, "The key never leaves its host"),
        option("Yes", YES, "An administrator can move the key to other hosts"),
    ]
    exportable = YES if wish and wish.exportable else NO
    return [
        field(Field.KEY_BITS, "Key size", choice(sizes, initial=size)),
        *_maker(site, wish),
        field(Field.EXPORTABLE, "May the private key be exported?",
              choice(answers, initial=exportable, kind="radio_buttons")),
    ]  # fmt: skip


def _connectors(wish: Wish | None) -> Block:
    told = option(
        "Change connectors to the new certificate", YES,
        "Those that name the certificate of before; mail through them needs it",
    )  # fmt: skip
    ticked = (YES,) if wish and wish.connectors else ()
    return field(
        Field.CONNECTORS, "Send and receive connectors", choices([told], initial=ticked),
        hint="A connector can name a certificate by issuer and subject (TlsCertificateName). Left alone, its TLS "
        "fails once the named one is gone. The plan shows each change before it is made.",
        optional=True,
    )  # fmt: skip


def _maker(site: Site, wish: Wish | None) -> list[Block]:
    """Who makes the key; asked only where the configuration leaves a choice."""
    if not may_make_keys(site):
        return []
    days = site.policy.local_key_days
    makers = [
        option("The first host", BY_HOST, "The key is born there, as Exchange does it"),
        option("CertDesk", BY_CERTDESK, f"Kept encrypted for {days} days at most, then deleted"),
    ]
    maker = BY_CERTDESK if wish and wish.local_key_days else BY_HOST
    return [
        field(Field.KEY_MAKER, "Who makes the private key?",
              choice(makers, initial=maker, kind="radio_buttons"),
              hint="CertDesk's key reaches each host as a PFX in memory and cannot be exported there; the answer below "
                   "does not count for it."),
    ]  # fmt: skip


def may_make_keys(site: Site) -> bool:
    """Whether there is a host for which CertDesk may make a key."""
    return any(host.local_key for host in site.hosts)


def _rest(site: Site, wish: Wish | None, typed: TypedAhead) -> list[Block]:
    chosen = wish.services if wish else typed.services or _DEFAULT_SERVICES
    services = [option(service, service, text) for service, text in _SERVICE_TEXTS.items()]
    vendors = [option(vendor.title, vendor.name) for vendor in site.vendors]
    vendor = wish.vendor if wish else (site.vendors[0].name if len(site.vendors) == 1 else "")
    return [
        field(Field.SERVICES, "Services",
              choices(services, initial=chosen)),
        _connectors(wish),
        field(Field.VENDOR, "Vendor", choice(vendors, initial=vendor)),
        field(Field.REASON, "Reason", line(most=REASON_LIMIT, lines=True),
              hint="The approver reads it; it is kept in the audit."),
        context("Nothing is ordered before an approver says yes."),
    ]  # fmt: skip
