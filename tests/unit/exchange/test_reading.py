"""What a host answers, read: certificates, requests, files; and answers that make no sense."""

import base64
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from bot.certs.judge import IssuedCertificate
from bot.certs.prints import thumbprint_of
from bot.domain.faults import FaultKind, HostFault
from bot.domain.plan import Answer
from bot.exchange import cmdlets, operations
from bot.exchange.call import Call, RemoteError, Reply
from bot.exchange.dialect import DIALECTS, Version
from bot.exchange.install import act
from bot.exchange.pending import find_request, make_request, request_file
from bot.exchange.readback import STATUS_WORDS, read_back
from bot.exchange.snapshot import BACK_END, HostFacts, default_smtp, shown_certificates
from bot.exchange.talk import run_one
from tests.fakes.exchange import FakeExchangeHosts
from tests.unit.exchange.samples import ALL_BUT_UM, EX01, NOW, Authority, ask, order
from tests.unit.exchange.wires import FakeRunner

_CSR = FakeExchangeHosts().make_csr(ask())
_BODY = "".join(_CSR.splitlines()[1:-1])
_ISSUED = Authority().answer(_CSR)
_NEW = _CSR.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST").replace("\n", "\r\n")


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _facts(version: Version = "2019") -> HostFacts:
    return HostFacts(
        host=EX01,
        machine="EX01",
        fqdn="ex01.corp.example.com",
        now=NOW,
        build="",
        dialect=DIALECTS[version],
    )


def _answering(*rows: tuple[str | None, ...]) -> FakeRunner:
    return FakeRunner(reply=lambda _: Reply(objects=rows))


def _row(
    certificate: IssuedCertificate,
    *,
    services: str | None = "IIS, SMTP",
    status: str = "Valid",
    sites: str | None = None,
    root: str | None = None,
) -> tuple[str | None, ...]:
    raw = _b64(certificate.leaf_der)
    thumbprint = certificate.facts.thumbprint
    return (thumbprint, raw, services, status, "mail", "1", None, None, sites, root)


@pytest.mark.parametrize(
    ("root", "kind"),
    [("Registry", "Registry"), ("ThirdParty", "ThirdParty"), ("", None), (None, None)],
)
def test_where_the_root_lies_is_read_as_it_is_said(root: str | None, kind: str | None) -> None:
    """RootCAType in Exchange's own word; a host that says nothing of it is not guessed about."""
    (shown,) = shown_certificates(_answering(_row(_ISSUED, root=root)))

    assert shown.root_kind == kind


def test_a_pending_request_is_no_certificate() -> None:
    """What waits in the request store is not shown among the certificates."""
    runner = _answering(_row(_ISSUED), _row(_ISSUED, status="PendingRequest"))

    assert len(shown_certificates(runner)) == 1


@pytest.mark.parametrize(
    ("services", "sites", "expected"),
    [
        (
            "IMAP, POP, IIS, SMTP",
            "IIS://EX01/W3SVC/1\nIIS://EX01/W3SVC/2",
            ("IMAP", "POP", "IIS", "SMTP"),
        ),
        ("IIS", "IIS://EX01/W3SVC/2", (BACK_END,)),
        ("IIS", "IIS://EX01/W3SVC/11", (BACK_END,)),
        ("IIS", None, ("IIS",)),
        ("IIS", "", ("IIS",)),
        ("None", None, ()),
        (None, None, ()),
    ],
)
def test_services_are_read_by_site(
    services: str | None, sites: str | None, expected: tuple[str, ...]
) -> None:
    """The back end's certificate shows IIS for ever; it is told apart where the host says how."""
    (shown,) = shown_certificates(_answering(_row(_ISSUED, services=services, sites=sites)))

    assert shown.services == expected


@pytest.mark.parametrize("raw", [None, "", "%%%", _b64(b"\x30\x03\x02\x01\x01")])
def test_an_unreadable_certificate_is_a_fault(raw: str | None) -> None:
    """A snapshot with a hole in it would be worse than none."""
    row = (_ISSUED.facts.thumbprint, raw, *_row(_ISSUED)[2:])
    with pytest.raises(HostFault) as caught:
        shown_certificates(_answering(row))

    assert (caught.value.kind, caught.value.executed) == (FaultKind.PROTOCOL, "no")


@pytest.mark.parametrize("rows", [(), (("a",), ("b",)), ((),)])
def test_one_object_means_one(rows: tuple[tuple[str, ...], ...]) -> None:
    """None, two or an empty one are no answer to a question that has one."""
    with pytest.raises(HostFault, match="could not be understood"):
        run_one(_answering(*rows), cmdlets.hello())


@pytest.mark.parametrize("text", ["x", "AB" * 19, "AB" * 21, "ZZ" * 20])
def test_an_unreadable_thumbprint_is_a_fault(text: str) -> None:
    """A default that cannot be read is not taken for none."""
    with pytest.raises(HostFault, match="thumbprint is not readable"):
        default_smtp(_answering((text,)), _facts())


def test_no_default_is_no_thumbprint() -> None:
    """An empty answer means that there is no default SMTP certificate."""
    assert default_smtp(_answering((None,)), _facts()) is None
    assert default_smtp(_answering(("ab " * 20,)), _facts()) == "AB" * 20


@pytest.mark.parametrize("text", [_CSR, _NEW, _BODY, f"\r\n{_NEW}\r\n"])
def test_a_request_has_one_form(text: str) -> None:
    """Whatever label and line ends the host writes, CertDesk keeps the same text."""
    assert make_request(_answering((text,)), DIALECTS["2019"], ask()) == _CSR


@pytest.mark.parametrize("text", ["", "no base64 !", "-----BEGIN X-----\r\n-----END X-----"])
def test_an_unreadable_request_was_made_all_the_same(text: str) -> None:
    """The cmdlet ran: the fault says so, and nothing is made a second time."""
    runner = _answering((text,))
    with pytest.raises(HostFault) as caught:
        make_request(runner, DIALECTS["2019"], ask())

    assert (caught.value.executed, len(runner.calls)) == ("yes", 1)


def test_the_newest_of_several_requests_wins() -> None:
    """A request made again under the same name replaces the one before it."""
    other = Authority().answer(_CSR)
    older = ("CertDesk 27/1", _b64(other.leaf_der), "2026-11-23T11:00:00Z")
    newer = ("CertDesk 27/1", _BODY, "2026-11-23T12:00:00Z")
    foreign = ("Somebody's", _BODY, "2026-11-23T13:00:00Z")

    assert find_request(_answering(older, newer, foreign), DIALECTS["2019"], ask()) == _CSR


@dataclass(kw_only=True)
class _Files:
    """A 2007 host's folder: one request file, or none."""

    content: bytes | None

    def reply(self, call: Call) -> Reply:
        """Answer file operations and show a pending request without its text."""
        if call.op == "file.read" and self.content is None:
            missing = RemoteError(message="gone", category="ObjectNotFound", error_id="X")
            return Reply(errors=(missing,))
        if call.op == "file.read":
            return Reply(objects=((_b64(self.content or b""),),))
        if call.op == "cmdlet" and call.cmdlet == "Get-ExchangeCertificate":
            return Reply(objects=(("CertDesk 27/1", None, None),))
        return Reply(objects=(("C:\\CertDesk\\x.req",),))


@pytest.mark.parametrize("content", [_NEW.encode(), _NEW.encode("utf-16-le"), _CSR.encode()])
def test_2007_is_read_from_its_file(content: bytes) -> None:
    """The request lies in a file there, in whatever encoding it was written."""
    runner = FakeRunner(reply=_Files(content=content).reply)

    assert find_request(runner, DIALECTS["2007"], ask()) == _CSR
    assert make_request(runner, DIALECTS["2007"], ask()) == _CSR


def test_2007_without_its_file_has_no_request() -> None:
    """A pending request whose file is gone cannot be found again."""
    runner = FakeRunner(reply=_Files(content=None).reply)

    assert find_request(runner, DIALECTS["2007"], ask()) is None


def test_the_request_file_has_a_safe_name() -> None:
    """Whatever the friendly name holds, it becomes no part of a path."""
    assert request_file("../../x\x00") != request_file("../../y")
    assert request_file("a/b").startswith("csr-")


def _enable_on_2007(parameters: tuple[str, ...]) -> tuple[FakeRunner, Callable[[], object]]:
    def reply(call: Call) -> Reply:
        return Reply(objects=(parameters,)) if call.op == "parameters" else Reply()

    runner = FakeRunner(reply=reply)
    enabling = operations.enable_smtp(EX01, _ISSUED.facts.thumbprint, only_if=Answer.YES)
    return runner, lambda: act(runner, _facts("2007"), enabling, _ISSUED)


def test_2007_is_asked_whether_it_knows_force() -> None:
    """Where the reference is not sure the host is asked, and then told."""
    runner, enable = _enable_on_2007(("Thumbprint", "Services", "Force"))
    enable()

    assert [call.op for call in runner.calls] == ["parameters", "cmdlet"]
    assert "Force" in dict(runner.calls[-1].values)


def test_2007_without_force_is_left_to_a_person() -> None:
    """A question that cannot be answered from afar is not provoked."""
    runner, enable = _enable_on_2007(("Thumbprint", "Services"))
    with pytest.raises(HostFault, match="by hand") as caught:
        enable()

    assert caught.value.executed == "no"
    assert [call.op for call in runner.calls] == ["parameters"]


def test_an_intermediate_that_was_not_proven_is_not_added() -> None:
    """The operation names it, but only what the judge put into the path is ever sent."""
    foreign = operations.add_intermediate(EX01, Authority().answer(_CSR).path[0])
    runner = _answering()
    with pytest.raises(HostFault, match="not proven"):
        act(runner, _facts(), foreign, _ISSUED)

    assert runner.calls == []


def test_another_certificate_is_not_imported() -> None:
    """What runs is what was planned: another leaf under the same plan is refused."""
    importing = operations.import_certificate(
        EX01, Authority().answer(_CSR), DIALECTS["2019"], friendly_name="mail"
    )
    runner = _answering()
    with pytest.raises(HostFault, match="another certificate"):
        act(runner, _facts(), importing, _ISSUED)

    assert runner.calls == []


@pytest.mark.parametrize("has_key", ["0", "1"])
def test_what_is_in_the_store_is_not_imported_again(has_key: str) -> None:
    """With its key it is done; without it the repair is told, and nothing is sent but the look."""
    held = (_ISSUED.facts.thumbprint, _b64(_ISSUED.leaf_der), has_key, "mail")
    runner = _answering(held)
    importing = operations.import_certificate(EX01, _ISSUED, DIALECTS["2019"], friendly_name="mail")
    if has_key == "1":
        assert act(runner, _facts(), importing, _ISSUED).seen == "was there already with its key"
    else:
        with pytest.raises(HostFault, match="repairstore") as caught:
            act(runner, _facts(), importing, _ISSUED)
        assert (caught.value.code, caught.value.executed) == ("PrivateKeyMissing", "no")

    assert [call.op for call in runner.calls] == ["store.list"]


def _looked_at(status: str) -> str:
    """What is said of a host that shows the certificate with this status."""
    hosts = FakeExchangeHosts()
    plan = hosts.plan(order(), _ISSUED, (hosts.snapshot(EX01),))

    def reply(call: Call) -> Reply:
        if call.op == "store.list":
            held = (_ISSUED.facts.thumbprint, _b64(_ISSUED.leaf_der), "1", "mail")
            return Reply(objects=(held,))
        if call.cmdlet == "Get-ExchangeCertificate":
            return Reply(objects=(_row(_ISSUED, services="IMAP, POP, IIS, SMTP", status=status),))
        return Reply(objects=((thumbprint_of(_ISSUED.leaf_der),),))

    seen = read_back(FakeRunner(reply=reply), _facts(), _ISSUED, ALL_BUT_UM, plan, Answer.YES)
    return f"{seen.done}: {seen.seen}"


@pytest.mark.parametrize("status", ["Revoked", "DateInvalid", "Untrusted", "Invalid", "Strange"])
def test_a_bad_status_is_explained(status: str) -> None:
    """The host's one word is put plainly, and the installation is not done."""
    seen = _looked_at(status)

    assert seen.startswith(f"False: its status is {status}: ")
    assert STATUS_WORDS.get(status, "does not know") in seen


@pytest.mark.parametrize("status", ["Valid", "RevocationCheckFailure"])
def test_a_status_that_is_no_fault_of_the_certificate_passes(status: str) -> None:
    """A host that cannot reach the revocation lists is told, not failed."""
    assert _looked_at(status).startswith("True: there with its key")
