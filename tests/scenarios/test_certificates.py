"""What can be wrong with a certificate, its key or its path when it reaches a host (exchange.md 4, 5.4, 6; 8 rows 3 to 10)."""

import hashlib
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from bot.certs.names import DnsName
from bot.domain.faults import FaultKind
from bot.domain.plan import Answer, OperationKind, Service
from bot.domain.states import State
from bot.domain.subject import Subject
from sandbox.exchange.engine.state import HostState
from sandbox.exchange.engine.stores import StoredCertificate
from tests.scenarios.farm import EX01, Farm, farm_of
from tests.unit.exchange.samples import ALL_BUT_UM

WILD = DnsName("*.example.com")
IMPORT, ENABLE = "Import-ExchangeCertificate", "Enable-ExchangeCertificate"


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    """One host of 2019."""
    with farm_of(tmp_path) as opened:
        yield opened


def _state(farm: Farm) -> HostState:
    return farm.machines[EX01].engine.state


def test_a_request_that_is_gone_is_told_with_its_repair(farm: Farm) -> None:
    """Exchange imports it without a word; CertDesk sees that the key is not there and moves no service."""
    farm.ready()
    farm.approve()
    _state(farm).stores.requests.clear()
    after = farm.install()

    assert (after.state, after.fault_code) == (State.FAILED, FaultKind.CMDLET_ERROR)
    assert "its private key is not there, so no service was changed" in after.detail
    assert "certutil -repairstore my" in after.detail
    assert farm.count(ENABLE) == 0


def test_a_certificate_that_lies_there_without_its_key_stops_the_plan(farm: Farm) -> None:
    """Imported by hand on the wrong host: nothing is approved that could not work."""
    farm.place()
    farm.make_csr()
    certificate = farm.issue()
    leaf = x509.load_der_x509_certificate(certificate.leaf_der)
    _state(farm).stores.add_my(StoredCertificate(certificate=leaf))
    after = farm.make_plan()

    assert (after.state, after.plan) == (State.PROVEN, None)
    assert "in the host's store without its private key. Nothing was changed." in after.detail


def test_an_elliptic_key_is_told_as_what_exchange_does_not_take(farm: Farm) -> None:
    """Brought to the host by hand, since Exchange makes no such request: error 4 in plain words, and no service moves."""
    farm.place()
    farm.make_csr()
    key = ec.generate_private_key(ec.SECP256R1())
    csr = x509.load_pem_x509_csr(farm.order().csr_pem.encode())
    names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(csr.subject)
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate = farm.vendor.answer(request.public_bytes(Encoding.PEM).decode())
    leaf = x509.load_der_x509_certificate(certificate.leaf_der)
    _state(farm).stores.add_my(StoredCertificate(certificate=leaf, key=key))
    farm.prove(certificate)
    farm.make_plan()
    before = dict(_state(farm).sites)
    farm.approve()
    after = farm.install()

    assert (after.state, after.fault_code) == (State.FAILED, FaultKind.CMDLET_ERROR)
    assert "KeyAlgorithmUnsupported" in after.detail
    assert "Order an RSA certificate" in after.detail
    assert _state(farm).sites == before


def test_what_reaches_the_host_is_the_leaf_alone_as_der(farm: Farm) -> None:
    """Whatever file the vendor sent, with a BOM, in one bundle or as text: no text and no second certificate is imported."""
    farm.ready()
    farm.approve()
    farm.install()
    journal = farm.machines[EX01].engine.journal.listed()
    [imported] = [one for one in journal if one["cmdlet"] == IMPORT]
    certificate = farm.order().certificate
    assert certificate is not None
    digest = hashlib.sha256(certificate.leaf_der).hexdigest()

    assert digest in str(imported["parameters"])


def test_an_intermediate_that_is_there_is_not_added_again(farm: Farm) -> None:
    """The plan says so and has no operation for it."""
    _state(farm).stores.add_ca(farm.vendor.intermediate)
    farm.ready()
    farm.approve()
    after = farm.install()

    assert after.state is State.INSTALLED
    assert "All intermediates are there already." in farm.forecast()
    assert farm.count("store.add") == 0
    assert not [
        one for one in farm.host_plan().operations if one.kind is OperationKind.ADD_INTERMEDIATE
    ]


def test_a_wrong_cross_signed_intermediate_is_seen_and_not_overruled(farm: Farm) -> None:
    """One that was there before wins the building of the chain: FAILED with the chain as the reason, nothing removed."""
    cross = _cross_signed(farm)
    _state(farm).stores.add_ca(cross)
    farm.ready()
    farm.approve()
    after = farm.install()

    assert (after.state, after.done_hosts) == (State.FAILED, ())
    assert "its chain is broken" in after.detail
    assert cross in _state(farm).stores.ca.values()


def test_a_root_the_host_does_not_have_is_told_and_never_added(farm: Farm) -> None:
    """Status Untrusted: CertDesk says what is missing, and the Root store stays as it was."""
    roots = _state(farm).stores.root
    for thumbprint, root in list(roots.items()):
        if root.kind == "ThirdParty":
            del roots[thumbprint]
    before = dict(roots)
    farm.ready()
    farm.approve()
    after = farm.install()

    assert after.state is State.FAILED
    assert "its root is not in the host's store" in after.detail or "chain" in after.detail
    assert _state(farm).stores.root == before


def test_revocation_lists_out_of_reach_stop_nothing_and_are_told(farm: Farm) -> None:
    """The host cannot ask, the certificate may be fine: installed, with the reason for the status."""
    _state(farm).revocation.reachable = False
    farm.ready()
    farm.approve()
    after = farm.install()
    certificate = farm.order().certificate
    assert certificate is not None
    seen = farm.hosts.read_back(EX01, certificate, ALL_BUT_UM, farm.plan(), Answer.NO)

    assert after.state is State.INSTALLED
    assert seen.done
    assert "the host cannot reach the vendor's revocation lists" in seen.seen


def test_a_certificate_the_host_knows_as_revoked_is_not_called_installed(farm: Farm) -> None:
    """Found out after the import: FAILED, and the sentence says who took it back."""
    farm.ready()
    _state(farm).revocation.revoked.add(str(farm.plan().thumbprint))
    farm.approve()
    after = farm.install()

    assert (after.state, after.done_hosts) == (State.FAILED, ())
    assert "the vendor has revoked it" in after.detail


def test_a_clock_that_is_behind_is_told_before_and_waited_for_by_retry(farm: Farm) -> None:
    """The certificate is of the host's future: foreseen in the plan; once the clock is right, Retry repeats no change."""
    machine = farm.machines[EX01]
    machine.clock.advance(-3 * 3600)
    farm.ready()
    farm.approve()
    failed = farm.install()
    machine.clock.advance(3 * 3600)
    before = farm.ran()
    after = farm.retry()

    assert re.search(r"The host's clock is 1080\d s behind ours", farm.forecast())
    assert "By its own clock the certificate is not valid yet" in farm.forecast()
    assert failed.state is State.FAILED
    assert "expired or not valid yet" in failed.detail
    assert after.state is State.INSTALLED
    assert farm.ran() == before


def test_a_wildcard_leaves_pop_and_imap_as_they_are(farm: Farm) -> None:
    """Exchange would only warn: they are not enabled, the plan says what to run, and the rest is installed."""
    before = dict(_state(farm).mail_names)
    farm.place(names=(WILD,), subject=Subject(common_name=WILD))
    farm.make_csr()
    farm.issue()
    farm.make_plan()
    farm.approve()
    after = farm.install()
    enabled = {s for one in farm.host_plan().operations for s in one.services}

    assert after.state is State.INSTALLED
    assert not {Service.POP, Service.IMAP} & enabled
    assert "Set-PopSettings" in farm.forecast()
    assert _state(farm).mail_names == before


def test_an_import_that_exchange_refuses_is_quoted_and_explained(farm: Farm) -> None:
    """Error 8: the words of Exchange, what they mean, and that nothing was changed."""
    farm.ready()
    farm.approve()
    farm.spoil(
        do="cmdlet_error",
        cmdlet=IMPORT,
        message="The source data cannot be imported or the wrong password was specified.",
        category="ReadError",
    )
    after = farm.install()

    assert (after.state, after.fault_code) == (State.FAILED, FaultKind.CMDLET_ERROR)
    assert "The source data cannot be imported" in after.detail
    assert "Nothing was changed by it." in after.detail


def _cross_signed(farm: Farm) -> x509.Certificate:
    """The vendor's intermediate once more, newer, signed by a root nobody has."""
    signer = ec.generate_private_key(ec.SECP256R1())
    elsewhere = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Elsewhere Root")])
    genuine = farm.vendor.intermediate
    return (
        x509.CertificateBuilder()
        .subject_name(genuine.subject)
        .issuer_name(elsewhere)
        .public_key(genuine.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(genuine.not_valid_before_utc + timedelta(minutes=30))
        .not_valid_after(genuine.not_valid_after_utc)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(signer, hashes.SHA256())
    )
