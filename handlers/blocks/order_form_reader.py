"""Reading the order form: a complete wish, or a sentence for every field that is wrong, all at once."""

from dataclasses import dataclass

from bot.certs.names import BadNames, DnsName, parse_names
from bot.certs.rules import NAME_LIMIT
from bot.domain.ids import HostName, OrderId, VendorName
from bot.domain.order import KEY_SIZES, Wish
from bot.domain.plan import Service
from bot.domain.site import Site
from bot.domain.subject import Subject
from handlers.blocks.order_form import (
    BY_CERTDESK,
    COMMON_NAME_LIMIT,
    HOSTS_LIMIT,
    ORGANIZATION_LIMIT,
    PLACE_LIMIT,
    REASON_LIMIT,
    YES,
)
from handlers.blocks.state_reader import State, chosen, chosen_all, typed
from handlers.ids import Field

_ERROR_LIMIT = 1900
_SUBJECT_FIELDS = {
    Field.ORGANIZATION: ORGANIZATION_LIMIT,
    Field.UNIT: ORGANIZATION_LIMIT,
    Field.LOCALITY: PLACE_LIMIT,
    Field.STATE: PLACE_LIMIT,
}


@dataclass(frozen=True, slots=True)
class FormErrors:
    """A sentence for each field that is wrong, by block id."""

    by_field: dict[str, str]


def read_order_form(state: State, site: Site, *, renews: OrderId | None) -> Wish | FormErrors:
    """Read what was entered; every fault is named, not only the first."""
    common_name = typed(state, Field.COMMON_NAME)
    errors = {
        Field.HOSTS: _hosts_error(state, site),
        Field.COMMON_NAME: _common_name_error(common_name),
        Field.NAMES: _names_error(typed(state, Field.NAMES), common_name),
        Field.COUNTRY: _country_error(typed(state, Field.COUNTRY)),
        **{name: _subject_error(typed(state, name), n) for name, n in _SUBJECT_FIELDS.items()},
        Field.KEY_BITS: _key_error(state),
        Field.EXPORTABLE: _exportable_error(state),
        Field.KEY_MAKER: _maker_error(state, site),
        Field.SERVICES: _services_error(state),
        Field.VENDOR: _vendor_error(state, site),
        Field.REASON: _reason_error(typed(state, Field.REASON)),
    }
    wrong = {str(name): said[:_ERROR_LIMIT] for name, said in errors.items() if said}
    return FormErrors(wrong) if wrong else _wish(state, site, renews)


def _wish(state: State, site: Site, renews: OrderId | None) -> Wish:
    is_local = chosen(state, Field.KEY_MAKER) == BY_CERTDESK
    names = parse_names(typed(state, Field.NAMES), common_name=typed(state, Field.COMMON_NAME))
    return Wish(
        hosts=tuple(HostName(name) for name in chosen_all(state, Field.HOSTS)),
        subject=_subject(state, names[0]),
        names=names,
        key_bits=int(chosen(state, Field.KEY_BITS)),
        exportable=chosen(state, Field.EXPORTABLE) == YES and not is_local,
        services=tuple(s for s in Service if s in chosen_all(state, Field.SERVICES)),
        vendor=VendorName(chosen(state, Field.VENDOR)),
        reason=typed(state, Field.REASON),
        renews=renews,
        connectors=YES in chosen_all(state, Field.CONNECTORS),
        local_key_days=site.policy.local_key_days if is_local else 0,
    )


def _subject(state: State, common_name: DnsName) -> Subject:
    return Subject(
        common_name=common_name,
        country=typed(state, Field.COUNTRY).upper(),
        state=typed(state, Field.STATE),
        locality=typed(state, Field.LOCALITY),
        organization=typed(state, Field.ORGANIZATION),
        unit=typed(state, Field.UNIT),
    )


def _hosts_error(state: State, site: Site) -> str:
    hosts = chosen_all(state, Field.HOSTS)
    if not hosts:
        return "Choose at least one host."
    if len(hosts) > HOSTS_LIMIT:
        return f"Choose {HOSTS_LIMIT} hosts at most; ask for the others with a second order."
    gone = [name for name in hosts if site.host(HostName(name)) is None]
    return f"No longer configured: {', '.join(gone)}. Choose again." if gone else ""


def _common_name_error(name: str) -> str:
    if not name:
        return "Write the name clients use, for example mail.example.com."
    try:
        parsed = parse_names("", common_name=name)
    except BadNames as bad:
        return str(bad)
    if len(parsed[0]) > COMMON_NAME_LIMIT:
        return f"A common name has {COMMON_NAME_LIMIT} characters at most. Use a shorter name."
    return ""


def _names_error(text: str, common_name: str) -> str:
    if not text:
        return ""
    try:
        names = parse_names(text, common_name="")
    except BadNames as bad:
        return str(bad)
    if len(names) + bool(common_name) > NAME_LIMIT:
        return f"{len(names)} names are too many; a certificate holds {NAME_LIMIT} with the CN."
    return ""


def _country_error(text: str) -> str:
    fine = not text or (len(text) == 2 and text.isascii() and text.isalpha())  # noqa: PLR2004 - ISO 3166-1 codes have two letters
    return "" if fine else "Write the two letters of the country, for example US or DE."


def _subject_error(text: str, limit: int) -> str:
    if not text.isprintable():
        return "Remove line ends and invisible characters."
    return f"{limit} characters at most." if len(text) > limit else ""


def _key_error(state: State) -> str:
    sizes = [str(bits) for bits in KEY_SIZES]
    return "" if chosen(state, Field.KEY_BITS) in sizes else f"Choose {', '.join(sizes)}."


def _exportable_error(state: State) -> str:
    """A key that is bound to its host serves no other: said before a certificate is bought, not after."""
    is_bound = chosen(state, Field.EXPORTABLE) != YES
    if chosen(state, Field.KEY_MAKER) == BY_CERTDESK or not is_bound:
        return ""
    if len(chosen_all(state, Field.HOSTS)) <= 1:
        return ""
    return "The other hosts need the key too: choose Yes, or order one certificate a host."


def _maker_error(state: State, site: Site) -> str:
    if chosen(state, Field.KEY_MAKER) != BY_CERTDESK:
        return ""
    found = {name: site.host(HostName(name)) for name in chosen_all(state, Field.HOSTS)}
    closed = [name for name, host in found.items() if host is not None and not host.local_key]
    if not closed:
        return ""
    return (
        f"Not allowed for {', '.join(closed)}: choose that the first host makes it, or other hosts."
    )


def _services_error(state: State) -> str:
    services = chosen_all(state, Field.SERVICES)
    known = all(name in list(Service) for name in services)
    return "" if services and known else "Choose at least one service."


def _vendor_error(state: State, site: Site) -> str:
    known = site.vendor(VendorName(chosen(state, Field.VENDOR))) is not None
    return "" if known else "Choose a vendor."


def _reason_error(text: str) -> str:
    if not text:
        return "Write why the certificate is needed; the approver reads it."
    return f"{REASON_LIMIT} characters at most." if len(text) > REASON_LIMIT else ""
