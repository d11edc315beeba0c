"""What a host does not let be read: a fact is unknown then, with its reason, and the snapshot goes on."""

from collections.abc import Callable

import pytest

from bot.certs.prints import Thumbprint
from bot.domain.faults import FaultKind, HostFault
from bot.domain.plan import Service
from bot.domain.surroundings import AuthCertificates, Fact
from bot.exchange.around import Around, look_around
from bot.exchange.call import Call, RemoteError, Reply
from bot.exchange.dialect import DIALECTS, Version
from tests.unit.exchange.samples import EX01
from tests.unit.exchange.wires import FakeRunner

_A = Thumbprint("A" * 40)
_GOOD: dict[str, tuple[tuple[str | None, ...], ...]] = {
    "Get-ExchangeServer": (("Version 15.2 (Build 1118.7)", "Mailbox"),),
    "web.bindings": (("site", "1", "Default Web Site", "*:443:", "0"),),
    "Get-PopSettings": ((" pop.example.com ",),),
    "Get-ImapSettings": ((None,),),
    "Get-EdgeSubscription": (("EDGE01",), ("EDGE02",)),
    "Get-AuthConfig": ((_A, None, " "),),
    "Get-HybridConfiguration": (("<I>CN=A<S>CN=B",),),
}
_UNKNOWN = RemoteError(
    message="The term is not recognized.",
    category="ObjectNotFound",
    error_id="CommandNotFoundException",
)
_STRANGE = RemoteError(message="It rains.", category="NotSpecified", error_id="X")
_MISSING = RemoteError(
    message="This machine has no configuration of IIS.",
    category="ObjectNotFound",
    error_id="WebMissing",
)


def _host(other: dict[str, Reply]) -> Callable[[Call], Reply]:
    """A host that answers everything, but for what a test puts in its place."""

    def reply(call: Call) -> Reply:
        return other.get(call.title, Reply(objects=_GOOD[call.title]))

    return reply


def _seen(
    version: Version = "2019", *, roles: str = "", other: dict[str, Reply] | None = None
) -> tuple[Around, list[str]]:
    runner = FakeRunner(reply=_host(other or {}))
    around = look_around(runner, DIALECTS[version], "EX01", roles=roles)
    return around, [call.title for call in runner.calls]


def test_everything_is_read_once() -> None:
    """One call a fact; an empty name is a name, an empty thumbprint is none."""
    around, asked = _seen()

    assert asked == list(_GOOD)
    assert around.mail_names == {Service.POP: "pop.example.com", Service.IMAP: ""}
    assert around.auth == AuthCertificates(current=_A)
    assert around.edge_subscriptions == ("EDGE01", "EDGE02")
    assert (around.hybrid, around.roles) == ("<I>CN=A<S>CN=B", "Mailbox")
    assert around.web is not None
    assert around.unread == []


def test_roles_that_are_known_are_not_asked_again() -> None:
    """The endpoint says them with the build."""
    around, asked = _seen(roles="Mailbox")

    assert asked == list(_GOOD)[1:]
    assert around.roles == "Mailbox"


@pytest.mark.parametrize(
    ("version", "left_out"),
    [
        ("2007", {"Get-AuthConfig", "Get-HybridConfiguration"}),
        ("2010", {"Get-AuthConfig"}),
        ("2013", set()),
        ("se", set()),
    ],
)
def test_a_version_is_not_asked_for_what_it_never_had(version: Version, left_out: set[str]) -> None:
    """And the fact is not told as unread."""
    around, asked = _seen(version)

    assert set(_GOOD) - set(asked) == left_out
    assert around.unread == []


def test_an_edge_server_is_asked_for_its_roles_alone() -> None:
    """It has no web sites, no mailboxes and no directory of the organisation."""
    around, asked = _seen(other={"Get-ExchangeServer": Reply(objects=((None, "Edge"),))})

    assert asked == ["Get-ExchangeServer"]
    assert around.unread == []


def test_no_hybrid_configuration_is_none() -> None:
    """An organisation without one answers with nothing; one without a certificate has an empty name."""
    assert _seen(other={"Get-HybridConfiguration": Reply()})[0].hybrid is None
    assert _seen(other={"Get-HybridConfiguration": Reply(objects=((None,),))})[0].hybrid == ""


_FACTS = dict(
    zip(
        _GOOD,
        (Fact.ROLES, Fact.WEB, Fact.POP, Fact.IMAP, Fact.EDGE, Fact.AUTH, Fact.HYBRID),
        strict=True,
    )
)


@pytest.mark.parametrize("title", _GOOD)
@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(errors=(_UNKNOWN,)), "this build has none, or the account has no role"),
        (Reply(errors=(_STRANGE,)), "answered 'It rains.'"),
        (Reply(errors=(_MISSING,)), "answered 'This machine has no configuration of IIS.'"),
        (Reply(objects=((),)), "could not be understood"),
    ],
)
def test_one_fact_that_cannot_be_read_stops_no_other(title: str, reply: Reply, why: str) -> None:
    """It is unknown, the reason is kept, and everything else is read all the same."""
    around, asked = _seen(other={title: reply})
    (unread,) = around.unread

    assert asked == list(_GOOD)
    assert (unread.fact, why in unread.why) == (_FACTS[title], True)


@pytest.mark.parametrize("title", ["Get-AuthConfig", "Get-PopSettings"])
def test_two_answers_where_one_is_due_are_none(title: str) -> None:
    """Which of them counts is not guessed."""
    around, _ = _seen(other={title: Reply(objects=_GOOD[title] * 2)})

    assert len(around.unread) == 1


def test_an_unreadable_thumbprint_is_not_taken_for_none() -> None:
    """An Auth certificate that cannot be named cannot be guarded by its name: people are told."""
    around, _ = _seen(other={"Get-AuthConfig": Reply(objects=(("rubbish", None, None),))})

    assert (around.auth, around.unread[0].fact) == (None, Fact.AUTH)


def test_a_wire_that_fails_is_a_fault() -> None:
    """A broken connection says nothing about a fact."""

    def broken(_: Call) -> Reply:
        raise HostFault(FaultKind.TIMEOUT, EX01, "gone", executed="no")

    with pytest.raises(HostFault, match="gone"):
        look_around(FakeRunner(reply=broken), DIALECTS["2019"], "EX01")
