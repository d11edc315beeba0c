"""A whole installation taken back over real wires: services, connectors to the letter, intermediates nobody needs."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.certs.judge import IssuedCertificate
from bot.domain.plan import Answer, InstallPlan, Operation, OperationKind, Receipt
from bot.domain.undoing import GivingBack
from bot.exchange.hosts import WinRMHosts
from sandbox.exchange.engine.exchange import Caller
from sandbox.exchange.engine.selection import tls_name
from sandbox.exchange.engine.stores import StoredCertificate
from sandbox.exchange.engine.values import Arguments
from sandbox.exchange.host import ExchangeHost
from tests.contract.test_exchange_hosts import access
from tests.unit.exchange.samples import EX01, MAIL, NOW, Authority, SetClock, ask, order

_CHANGING = ("Set-SendConnector", "Set-ReceiveConnector", "store.remove")


@dataclass(kw_only=True)
class Lab:
    """A host, its order's certificate and plan, and everything of the plan done."""

    host: ExchangeHost
    hosts: WinRMHosts
    certificate: IssuedCertificate
    plan: InstallPlan

    def back(self) -> dict[OperationKind, Receipt]:
        """Roll back; the last receipt of each kind, after a look that says that it is done."""
        receipts = {}
        for operation in self.giving_back().operations:
            receipts[operation.kind] = self.hosts.act(operation, self.certificate)
            assert self.hosts.observe(operation, self.certificate).done, operation.key
        return receipts

    def operation(self, kind: OperationKind) -> Operation:
        """One operation of the roll-back."""
        return next(one for one in self.giving_back().operations if one.kind is kind)

    def giving_back(self) -> GivingBack:
        """What a roll-back does on the host as it is now."""
        return self.hosts.plan_roll_back(self.plan, self.hosts.snapshot(EX01))

    def pairs(self) -> dict[str, str]:
        """What each connector names, seen without the wire."""
        return {one.name: one.tls_certificate_name for one in self.host.engine.state.connectors}

    def intermediates(self) -> set[str]:
        """What the CA store holds."""
        return set(self.host.engine.state.stores.ca)

    def changes(self) -> int:
        """How often a connector or the CA store was changed by taking back or giving."""
        listed = self.host.engine.journal.listed()
        return sum(op["cmdlet"] in _CHANGING and bool(op["ok"]) for op in listed)

    def enabled(self) -> int:
        """How often a certificate was enabled."""
        listed = self.host.engine.journal.listed()
        return sum(op["cmdlet"] == "Enable-ExchangeCertificate" for op in listed)


_WHERE = [
    "2010 winrm",
    "2010 psrp",
    "2013 psrp",
    "2016 winrm",
    "2019 winrm",
    "2019 psrp",
    "se psrp",
]


@pytest.fixture(scope="module")
def vendor() -> Authority:
    """Who signs."""
    return Authority()


@pytest.fixture
def make(vendor: Authority, tmp_path: Path) -> Iterator[Callable[[str], Lab]]:
    """Install on a host of a version, by one of its doors."""
    with ExitStack() as stack:

        def made(where: str, smtp_fqdn: str | None = None) -> Lab:
            return _installed(where, vendor, tmp_path, stack, smtp_fqdn)

        yield made


def _installed(
    where: str, vendor: Authority, folder: Path, stack: ExitStack, smtp_fqdn: str | None
) -> Lab:
    version, door = where.split()
    host = ExchangeHost(
        version=version,  # type: ignore[arg-type] # a word of the table
        anchors_pem=vendor.anchors_pem,
        clock=lambda: NOW,
        smtp_fqdn=smtp_fqdn,
        role_groups={"svc-certdesk": "Organization Management"},
    )
    stack.callback(host.stop)
    info = host.start()
    hosts = WinRMHosts([access(info, version, folder, door=door)], SetClock())  # type: ignore[arg-type] # as above
    stack.callback(hosts.close)
    _pin(host)
    certificate = vendor.answer(hosts.make_csr(ask()))
    plan = hosts.plan(order(connectors=True), certificate, (hosts.snapshot(EX01),))
    for operation in plan.host(EX01).operations_for(Answer.YES):
        hosts.act(operation, certificate)
    return Lab(host=host, hosts=hosts, certificate=certificate, plan=plan)


def _pin(host: ExchangeHost) -> None:
    wanted: Arguments = {
        "SubjectName": f"CN={MAIL},O=Last year",
        "DomainName": [MAIL],
        "Services": "SMTP",
        "Force": True,
    }
    made = host.engine.invoke("New-ExchangeCertificate", wanted, Caller(principal="setup"))
    held = host.engine.state.stores.my[str(made.objects[0].properties["Thumbprint"])]
    for connector in host.engine.state.connectors:
        if connector.kind == "Send" or connector.port == 25:
            connector.tls_certificate_name = tls_name(held)


@pytest.mark.parametrize("where", _WHERE)
def test_everything_is_as_it_was(make: Callable[[str], Lab], where: str) -> None:
    """Connectors to the letter, the default, and no intermediate that was not there; each changed once."""
    lab = make(where)
    new = lab.pairs()
    assert lab.intermediates()
    lab.back()
    old = {name: pair for name, pair in lab.pairs().items() if pair}

    assert len(old) == 2
    assert {pair.partition("<S>")[2] for pair in old.values()} == {f"CN={MAIL}, O=Last year"}
    assert not set(old.values()) & set(new.values())
    assert lab.intermediates() == set()
    assert lab.changes() == 5


def test_taking_back_twice_changes_nothing_more(make: Callable[[str], Lab]) -> None:
    """A second run after a kill finds everything given back."""
    lab = make("2019 winrm")
    lab.back()
    pairs, changes = lab.pairs(), lab.changes()
    for kind in (OperationKind.RESTORE_CONNECTOR, OperationKind.REMOVE_INTERMEDIATE):
        operation = lab.operation(kind)
        assert lab.hosts.observe(operation, lab.certificate).done
        lab.hosts.act(operation, lab.certificate)

    assert lab.pairs() == pairs
    # Taking out what is not there is asked of the host once more, and does nothing there.
    assert lab.changes() <= changes + 1


def test_what_somebody_changed_since_is_left_alone_and_told(make: Callable[[str], Lab]) -> None:
    """A third pair is another person's decision; the roll-back goes on and says so."""
    lab = make("2019 psrp")
    third = "<I>CN=Third<S>CN=mail.example.com"
    for connector in lab.host.engine.state.connectors:
        if connector.kind == "Send":
            connector.tls_certificate_name = third
    operation = lab.operation(OperationKind.RESTORE_CONNECTOR)
    receipt = lab.hosts.act(operation, lab.certificate)

    assert lab.pairs()["Internet"] == third
    assert "somebody has changed it since" in receipt.warnings[0].meaning
    assert "Last year" in receipt.warnings[0].meaning
    assert lab.hosts.observe(operation, lab.certificate).done


def test_an_intermediate_another_certificate_needs_stays(
    make: Callable[[str], Lab], vendor: Authority
) -> None:
    """Somebody's other certificate of the same vendor is in the store: its chain is not cut."""
    lab = make("2019 winrm")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    other = x509.load_der_x509_certificate(lab.certificate.leaf_der)
    twin = vendor.answer(lab.hosts.make_csr(ask("CertDesk 28/1")))
    leaf = x509.load_der_x509_certificate(twin.leaf_der)
    assert leaf.issuer == other.issuer
    lab.host.engine.state.stores.add_my(StoredCertificate(certificate=leaf, key=key))
    receipts = lab.back()
    (told,) = receipts[OperationKind.REMOVE_INTERMEDIATE].warnings

    assert "is issued by it" in told.meaning
    assert lab.intermediates()


def test_an_intermediate_of_what_may_still_be_shown_stays(make: Callable[..., Lab]) -> None:
    """The new certificate stays in the store, and a connector without a pin chooses it by its name."""
    lab = make("2019 winrm", MAIL)
    receipts = lab.back()
    (told,) = receipts[OperationKind.REMOVE_INTERMEDIATE].warnings

    assert "transport may still show the certificate of this order" in told.meaning
    assert lab.intermediates()


@pytest.mark.parametrize("where", ["2010 psrp", "2016 winrm", "2019 winrm", "se psrp"])
def test_what_a_newer_certificate_serves_is_left_alone(
    make: Callable[[str], Lab], vendor: Authority, where: str
) -> None:
    """Rolled back after a newer order has taken over: not one service changes hands, and the sentences name what serves."""
    lab = make(where)
    newer = vendor.answer(lab.hosts.make_csr(ask("CertDesk 28-1 mail")))
    plan = lab.hosts.plan(order(), newer, (lab.hosts.snapshot(EX01),))
    for operation in plan.host(EX01).operations_for(Answer.YES):
        lab.hosts.act(operation, newer)
    before, sent = lab.hosts.snapshot(EX01), lab.enabled()
    back = lab.giving_back()
    lab.back()
    after = lab.hosts.snapshot(EX01)

    assert (after.default_smtp, after.web, after.mail_names) == (
        before.default_smtp,
        before.web,
        before.mail_names,
    )
    assert after.default_smtp == newer.facts.thumbprint
    assert lab.enabled() == sent
    assert newer.facts.thumbprint[:8] in back.left[0]
    assert not back.is_back


def test_nothing_is_given_back_to_a_certificate_that_has_gone(make: Callable[[str], Lab]) -> None:
    """Somebody removed it from the store since: the present one serves on, default and web site untouched."""
    lab = make("2019 winrm")
    old = lab.plan.host(EX01).before
    for thumbprint in set(old.values()):
        lab.host.engine.state.stores.my.pop(thumbprint)
    pairs, before = lab.pairs(), lab.hosts.snapshot(EX01)
    back = lab.giving_back()
    lab.back()
    after = lab.hosts.snapshot(EX01)

    assert (after.default_smtp, after.web) == (before.default_smtp, before.web)
    assert pairs == lab.pairs()
    assert ["is not on the host any more" in why for why in back.stays] == [
        True,
        True,
        False,
        False,
    ]
    assert all("connector" in why for why in back.stays[2:])
    assert not back.is_back
