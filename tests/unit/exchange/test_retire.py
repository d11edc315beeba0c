"""Retirement: every use that is found is told, in one sentence; only what serves nothing is removed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.certs.names import DnsName
from bot.certs.prints import Thumbprint
from bot.domain.faults import HostFault
from bot.domain.ids import HostName
from bot.domain.plan import Connector, HostCertificate, OperationKind, Service, Snapshot
from bot.domain.surroundings import AuthCertificates, Fact, Unread
from bot.exchange.retire import plan_retirement
from bot.exchange.snapshot import BACK_END
from bot.exchange.uses import uses_of
from tests.fakes.exchange import FakeExchangeHosts
from tests.unit.exchange.hosts_seen import OLD, OWN, auth, bound, held, seen, self_signed, web
from tests.unit.exchange.samples import EX01, MAIL, NOW, Authority, ask, order

_NEW = Authority().answer(FakeExchangeHosts().make_csr(ask()))
_RETIRED = _NEW.facts.thumbprint
_FOLLOWER = Thumbprint("0" * 39 + "5")


def _retired(**parts: Any) -> HostCertificate:
    """The certificate that shall go, still shown by POP, IMAP and SMTP as Exchange shows it for ever."""
    whole: dict[str, Any] = {
        "services": ("IMAP", "POP", "SMTP"),
        "issuer": _NEW.facts.issuer,
        "subject": _NEW.facts.subject,
    }
    return held(_RETIRED, **{**whole, **parts})


def _host(mine: HostCertificate | None = None, **parts: Any) -> Snapshot:
    """A host on which a follower with the same names has taken over everything."""
    follower = held(_FOLLOWER, services=("IMAP", "POP", "IIS", "SMTP"), issuer="CN=Other CA")
    certificates = (mine or _retired(), follower, self_signed(), auth())
    whole: dict[str, Any] = {"certificates": certificates, "web": web(_FOLLOWER, OWN)}
    return seen(**{**whole, **parts})


def _without_follower(mine: HostCertificate | None = None, **parts: Any) -> Snapshot:
    whole: dict[str, Any] = {"certificates": (mine or _retired(), self_signed(services=()), auth())}
    return _host(**{**whole, **parts})


def _connector(direction: str, *, pinned: bool = True, fqdn: str = "ex01") -> Connector:
    name = f"<I>{_NEW.facts.issuer}<S>{_NEW.facts.subject}" if pinned else ""
    return Connector(direction=direction, name="Default 1", fqdn=fqdn, tls_certificate_name=name)


def _uses(snapshot: Snapshot) -> list[str]:
    mine = snapshot.certificate(_RETIRED)
    assert mine is not None
    return [use.what for use in uses_of(snapshot, mine)]


_USES: list[tuple[Snapshot, str]] = [
    (_host(default_smtp=_RETIRED), "it is the default SMTP certificate"),
    (_host(_retired(services=("UM",))), "UM uses it"),
    (_host(_retired(services=("UMCallRouter",))), "UM's call router uses it"),
    (_host(_retired(services=("Federation",))), "the federation trust uses it"),
    (_host(connectors=(_connector("send"),)), "the send connector 'Default 1' names it"),
    (_host(web=web(_RETIRED, OWN)), "the web site 'Default Web Site' at *:443 is bound to it"),
    (_host(web=web(OLD, _RETIRED)), "the web site 'Exchange Back End' at *:444 is bound to it"),
    (
        _host(web=web(OLD, OWN, bound(7, "a.example.com:443", _RETIRED, "Intranet"))),
        "the web site 'Intranet' at a.example.com:443 is bound to it",
    ),
    (
        _host(web=web(OLD, OWN, bound(None, "0.0.0.0:8172", _RETIRED))),
        "the listener at 0.0.0.0:8172 is bound to it",
    ),
    (_host(_retired(services=("IIS",)), web=None), "a web site is bound to it"),
    (_host(_retired(services=(BACK_END,)), web=None), "a web site is bound to it"),
    (
        _host(web=None, unread=(Unread(fact=Fact.WEB, why="it rains"),)),
        "whether a web site is bound to it is not known, because it rains",
    ),
    (
        _without_follower(_retired(services=("POP",)), mail_names={Service.POP: MAIL}),
        f"POP goes by the name '{MAIL}', and no other certificate serves POP under it",
    ),
    (
        _without_follower(_retired(services=("IMAP",)), mail_names={}),
        "no other certificate serves IMAP",
    ),
    (_host(connectors=(_connector("receive"),)), "the receive connector 'Default 1' names it"),
    (
        _without_follower(_retired(services=("SMTP",)), mail_names={}),
        "no other certificate serves SMTP",
    ),
    (
        _without_follower(
            _retired(services=("SMTP",)),
            certificates=(_retired(services=("SMTP",)), self_signed()),
            mail_names={},
            connectors=(_connector("receive", pinned=False, fqdn=MAIL),),
        ),
        f"the receive connector 'Default 1' answers as '{MAIL}', and no other certificate for SMTP holds that name",
    ),
    (
        _host(auth=AuthCertificates(previous=_RETIRED)),
        "it is the Auth certificate of the organisation",
    ),
    (
        _host(hybrid=f"<I>{_NEW.facts.issuer}<S>{_NEW.facts.subject}"),
        "the hybrid configuration names it",
    ),
]


@pytest.mark.parametrize(("snapshot", "use"), _USES, ids=[use for _, use in _USES])
def test_each_use_alone_is_found_and_refused(snapshot: Snapshot, use: str) -> None:
    """Exchange refuses only some of these; all of them break something."""
    with pytest.raises(HostFault) as caught:
        plan_retirement(order(), _NEW, (snapshot,))

    assert _uses(snapshot) == [use]
    assert f"EX01: the certificate is still used: {use}. Nothing was removed. " in str(caught.value)
    assert str(caught.value).endswith("Then retire it again.")
    assert (caught.value.code, caught.value.executed) == ("still-used", "no")


def test_the_table_has_every_use() -> None:
    """A kind of use that stands in no row would be untested: thirteen kinds, some seen in several ways."""
    assert len({use for _, use in _USES}) == len(_USES) - 1


def test_all_uses_are_told_at_once_and_in_exchange_s_order() -> None:
    """One sentence, its refusals first; each advice once."""
    everywhere = _without_follower(
        _retired(services=("IMAP", "POP", "UM", "SMTP", "Federation", "UMCallRouter")),
        default_smtp=_RETIRED,
        connectors=(_connector("send"), _connector("receive")),
        web=web(_RETIRED, _RETIRED),
        auth=AuthCertificates(current=_RETIRED),
    )
    with pytest.raises(HostFault) as caught:
        plan_retirement(order(), _NEW, (everywhere,))
    told = str(caught.value)

    assert [use.partition(" ")[0] for use in _uses(everywhere)] == [
        "it", "UM", "UM's", "the", "the", "the", "the", "POP", "IMAP", "the", "no", "it",
    ]  # fmt: skip
    assert all(use in told for use in _uses(everywhere))
    assert told.count("Make another certificate the default for SMTP first.") == 1
    assert told.count("Give UM, its call router or the federation trust") == 1
    assert told.count("Give these connectors the name of another certificate first") == 1


def test_a_same_subject_twin_is_said_to_be_the_reason() -> None:
    """The connector means the new one; Exchange refuses the old one all the same (exchange.md 7 trap 1)."""
    twin = held(_FOLLOWER, services=("SMTP",), issuer=_NEW.facts.issuer, subject=_NEW.facts.subject)
    snapshot = _host(
        certificates=(_retired(services=("SMTP",)), twin), connectors=(_connector("send"),)
    )
    with pytest.raises(HostFault) as caught:
        plan_retirement(order(), _NEW, (snapshot,))

    assert "names it by the issuer and subject it shares with another certificate" in str(
        caught.value
    )
    assert "clear TlsCertificateName, retire this one, set the name again" in str(caught.value)


_NO_FOLLOWERS: list[dict[str, Any]] = [
    {"not_after": NOW},
    {"not_before": NOW + timedelta(seconds=1)},
    {"has_private_key": False},
    {"names": (DnsName("other.example.com"),)},
    {"subject": "CN=Microsoft Exchange Server Auth Certificate"},
]


@pytest.mark.parametrize("parts", _NO_FOLLOWERS)
def test_only_a_usable_follower_is_one(parts: dict[str, Any]) -> None:
    """Expired, not valid yet, without its key, without the name, or for OAuth: it takes nothing over."""
    follower = held(_FOLLOWER, services=("POP",), **parts)
    mine = _retired(services=("POP",))
    snapshot = _host(certificates=(mine, follower), mail_names={Service.POP: MAIL})

    assert len(_uses(snapshot)) == 1


def test_a_wildcard_takes_a_name_over() -> None:
    """One label of it is covered."""
    follower = held(_FOLLOWER, services=("POP",), names=(DnsName("*.example.com"),))
    snapshot = _host(
        certificates=(_retired(services=("POP",)), follower), mail_names={Service.POP: MAIL}
    )

    assert _uses(snapshot) == []


@pytest.mark.parametrize("name", ["pop.elsewhere.com", ""])
def test_a_name_it_does_not_hold_is_no_use(name: str) -> None:
    """POP goes by another name, or by none: the column shows it for ever, that proves nothing."""
    snapshot = _without_follower(_retired(services=("POP",)), mail_names={Service.POP: name})

    assert _uses(snapshot) == []


def test_what_serves_nothing_is_removed_where_it_is() -> None:
    """One removal for each host that holds it; none where it is gone, none on hosts of others."""
    there = _host()
    gone = replace(there, certificates=there.certificates[1:])
    elsewhere = replace(there, host=HostName("EX09"))
    (removal,) = plan_retirement(order(), _NEW, (there, elsewhere))

    assert (removal.kind, removal.host, removal.thumbprint) == (
        OperationKind.REMOVE_CERTIFICATE,
        EX01,
        _RETIRED,
    )
    assert plan_retirement(order(), _NEW, (gone,)) == ()


def test_a_certificate_for_oauth_alone_cannot_be_removed_by_its_subject() -> None:
    """Also where the organisation's word could not be read."""
    odd = _retired(subject="CN=Microsoft Exchange Server Auth Certificate", services=())
    with pytest.raises(HostFault, match="Auth certificate"):
        plan_retirement(order(), _NEW, (_host(odd, auth=None),))
