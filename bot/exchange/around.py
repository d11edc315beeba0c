"""
What hangs on the certificates of a host, read as far as the host lets it be read; reads, never changes.

A version without a fact, an account without the role, a machine without IIS: none of them may stop a snapshot. The
fact is unknown then, and `Around.unread` says why. A wire that fails is a fault as everywhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeVar

from bot.certs.findings import show
from bot.certs.prints import Thumbprint, parse_thumbprint
from bot.domain.plan import Service
from bot.domain.surroundings import AuthCertificates, Fact, Unread, Web
from bot.exchange import cmdlets
from bot.exchange.call import Call, RemoteError
from bot.exchange.catalogue import entry_for
from bot.exchange.dialect import Dialect
from bot.exchange.session import Runner
from bot.exchange.talk import Row
from bot.exchange.websites import read_web

_T = TypeVar("_T")
_REFUSED: Final = {
    "CmdletUnknown": "{title} is not there: this build has none, or the account has no role for it",
    "NotOnTheList": "the runner refused {title}",
}


_MAIL: Final[tuple[tuple[Literal[Service.POP, Service.IMAP], Fact], ...]] = (
    (Service.POP, Fact.POP),
    (Service.IMAP, Fact.IMAP),
)


@dataclass(slots=True, kw_only=True)
class Around:
    """Everything that was read beside the certificates; fields as those of `Snapshot`."""

    roles: str = ""
    web: Web | None = None
    mail_names: dict[Service, str] = field(default_factory=dict)
    auth: AuthCertificates | None = None
    edge_subscriptions: tuple[str, ...] | None = None
    hybrid: str | None = None
    unread: list[Unread] = field(default_factory=list)


def look_around(runner: Runner, dialect: Dialect, machine: str, *, roles: str = "") -> Around:
    """
    Read what a host of this version can have.

    Args:
        roles: as ``ServerRole`` prints them, where they are known already.

    Raises:
        HostFault: of the wire alone.
    """
    around = Around(roles=roles)
    if not roles:
        read = _read(runner, around, Fact.ROLES, cmdlets.get_server(machine), _roles)
        around.roles = read or ""
    if "edge" in around.roles.lower():
        # An Edge Transport server has neither web sites nor mailboxes nor the organisation's directory.
        return around
    around.web = _read(runner, around, Fact.WEB, cmdlets.list_web_bindings(), read_web)
    for service, fact in _MAIL:
        call = cmdlets.get_mail_settings(service, machine)
        name = _read(runner, around, fact, call, _name)
        if name is not None:
            around.mail_names[service] = name
    call = cmdlets.get_edge_subscriptions()
    around.edge_subscriptions = _read(runner, around, Fact.EDGE, call, _names)
    if dialect.has_auth:
        around.auth = _read(runner, around, Fact.AUTH, cmdlets.get_auth_config(), _auth)
    if dialect.has_hybrid:
        around.hybrid = _read(runner, around, Fact.HYBRID, cmdlets.get_hybrid(), _hybrid)
    return around


def readings_around(dialect: Dialect, machine: str, *, roles: str) -> tuple[Call, ...]:
    """What `look_around` will ask; nothing while the roles are not known, since an Edge server lacks most of it."""
    if "edge" in roles.lower():
        return ()
    return (
        *([] if roles else [cmdlets.get_server(machine)]),
        cmdlets.list_web_bindings(),
        *(cmdlets.get_mail_settings(service, machine) for service, _ in _MAIL),
        cmdlets.get_edge_subscriptions(),
        *([cmdlets.get_auth_config()] if dialect.has_auth else []),
        *([cmdlets.get_hybrid()] if dialect.has_hybrid else []),
    )


def auth_certificates(runner: Runner, dialect: Dialect) -> AuthCertificates | None:
    """The OAuth certificates of now; None where there are none or they cannot be read."""
    if not dialect.has_auth:
        return None
    return _read(runner, Around(), Fact.AUTH, cmdlets.get_auth_config(), _auth)


def _read(
    runner: Runner,
    around: Around,
    fact: Fact,
    call: Call,
    parse: Callable[[Sequence[Row]], _T],
) -> _T | None:
    reply = runner.run(call)
    if reply.errors:
        around.unread.append(Unread(fact=fact, why=_why(call, reply.errors[0])))
        return None
    try:
        return parse(reply.objects)
    except (ValueError, IndexError):
        around.unread.append(
            Unread(fact=fact, why=f"the answer to {call.title} could not be understood")
        )
        return None


def _why(call: Call, error: RemoteError) -> str:
    entry = entry_for(call, error)
    told = _REFUSED.get(entry.code) if entry is not None else None
    if told is not None:
        return told.format(title=call.title)
    return f"{call.title} answered {show(error.message)}"


def _one(rows: Sequence[Row]) -> Row:
    """The only row; ValueError when there is another number of them."""
    (row,) = rows
    return row


def _roles(rows: Sequence[Row]) -> str:
    return _one(rows)[1] or ""


def _name(rows: Sequence[Row]) -> str:
    return (_one(rows)[0] or "").strip()


def _names(rows: Sequence[Row]) -> tuple[str, ...]:
    return tuple(row[0] or "" for row in rows)


def _auth(rows: Sequence[Row]) -> AuthCertificates:
    current, previous, following = (_thumbprint(text) for text in _one(rows)[:3])
    return AuthCertificates(current=current, previous=previous, next=following)


def _hybrid(rows: Sequence[Row]) -> str | None:
    """An organisation without a hybrid configuration answers with nothing."""
    return (rows[0][0] or "") if rows else None


def _thumbprint(text: str | None) -> Thumbprint | None:
    return parse_thumbprint(text) if text and text.strip() else None
