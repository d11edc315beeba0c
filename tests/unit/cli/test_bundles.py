"""The verbs about files: `bundle inspect`, `csr inspect`, `csr command`."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from tests.unit.certs.bundles import pem
from tests.unit.certs.csrs import request_pem
from tests.unit.certs.toyca import NAMES, NOW, toy_vendor
from tests.unit.cli.front_door import FrontDoor

AT = ("--at", NOW.isoformat())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A CSR, an honest bundle, a foreign one, the roots, and the certificate alone."""
    vendor = toy_vendor()
    leaf = vendor.leaf()
    (tmp_path / "our.csr").write_bytes(request_pem())
    (tmp_path / "bundle.pem").write_bytes(pem(leaf, vendor.issuing, vendor.cross))
    (tmp_path / "leaf.pem").write_bytes(pem(leaf))
    (tmp_path / "leaf.der").write_bytes(leaf.public_bytes(Encoding.DER))
    (tmp_path / "empty.zip").write_bytes(b"")
    (tmp_path / "roots.pem").write_bytes(pem(vendor.g2))
    return tmp_path


def test_an_honest_bundle_is_accepted(certdesk: FrontDoor, folder: Path) -> None:
    """Exit 0, and the one JSON object has the fields of the contract."""
    told = certdesk(
        "bundle",
        "inspect",
        "bundle.pem",
        "--csr",
        "our.csr",
        "--anchors",
        "roots.pem",
        *AT,
        "--json",
    )
    page = json.loads(told.out)

    assert (0, "") == (told.code, told.err)
    assert {"verdict", "findings", "leaf", "install", "ignored"} == set(page)
    assert "accept" == page["verdict"]
    assert list(NAMES) == page["leaf"]["names"]
    assert 2 == len(page["install"])


@pytest.mark.parametrize("certificate", ["leaf.pem", "leaf.der"])
def test_the_key_can_come_from_a_certificate(
    certdesk: FrontDoor, folder: Path, certificate: str
) -> None:
    """In either encoding; its names are what is looked for."""
    told = certdesk(
        "bundle",
        "inspect",
        "bundle.pem",
        "--public-key-of",
        certificate,
        "--anchors",
        "roots.pem",
        *AT,
        "--json",
    )

    assert 0 == told.code
    assert "accept" == json.loads(told.out)["verdict"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (("--name", "other.example.com"), "name_missing"),
        (("--at", "2030-01-01"), "expired"),
        (("--vendor", "godaddy"), "wrong_vendor"),
    ],
)
def test_a_bundle_that_is_not_what_was_ordered_is_refused(
    certdesk: FrontDoor, folder: Path, more: tuple[str, str], code: str
) -> None:
    """Exit 1, with the finding's code; options given twice count as given last."""
    told = certdesk(
        "bundle", "inspect", "bundle.pem", "--csr", "our.csr", "--anchors", "roots.pem", *AT, *more, "--json"
    )  # fmt: skip
    page = json.loads(told.out)

    assert 1 == told.code
    assert "refuse" == page["verdict"]
    assert code in {finding["code"] for finding in page["findings"]}


def test_without_anchors_the_world_s_roots_count(certdesk: FrontDoor, folder: Path) -> None:
    """A toy root is not trusted."""
    assert 1 == certdesk("bundle", "inspect", "bundle.pem", "--csr", "our.csr", *AT, "--json").code


def test_people_get_lines_instead_of_json(certdesk: FrontDoor, folder: Path) -> None:
    """The verdict first, then each finding with its code."""
    told = certdesk("bundle", "inspect", "empty.zip", "--csr", "our.csr", *AT)

    assert 1 == told.code
    assert told.out.startswith("Verdict: refuse\n")
    assert "not_recognised" in told.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("bundle.pem",),
        ("bundle.pem", "--csr", "our.csr", "--public-key-of", "leaf.pem"),
        ("nothing.zip", "--csr", "our.csr"),
        ("bundle.pem", "--csr", "nothing.csr"),
        ("bundle.pem", "--csr", "leaf.pem"),
        ("bundle.pem", "--public-key-of", "our.csr"),
        ("bundle.pem", "--csr", "our.csr", "--at", "yesterday"),
        ("bundle.pem", "--csr", "our.csr", "--anchors", "nothing.pem"),
        ("bundle.pem", "--csr", "our.csr", "--anchors", "our.csr"),
        ("bundle.pem", "--csr", "our.csr", "--name", "not a name"),
        ("bundle.pem", "--csr", "our.csr", "--vendor", "nobody"),
        ("bundle.pem", "--csr", "our.csr", "--what"),
    ],
)
def test_wrong_use_is_two_and_a_sentence(
    certdesk: FrontDoor, folder: Path, arguments: tuple[str, ...]
) -> None:
    """Nothing is judged, stdout stays empty even for a program, and no traceback comes."""
    told = certdesk("bundle", "inspect", *arguments, "--json")

    assert (2, "") == (told.code, told.out)
    assert told.err
    assert "Traceback" not in told.err
    assert "itself failed" not in told.err


def test_a_csr_says_what_it_asks_for(certdesk: FrontDoor, folder: Path) -> None:
    """As one JSON object, and as lines."""
    told = certdesk("csr", "inspect", "our.csr", "--json")
    page = json.loads(told.out)

    assert 0 == told.code
    assert (True, list(NAMES), "RSA 2048") == (page["ok"], page["names"], page["key"])
    assert NAMES[0] in certdesk("csr", "inspect", "our.csr").out


def test_what_is_no_csr_is_answered_with_no(certdesk: FrontDoor, folder: Path) -> None:
    """Exit 1, and a program still gets its one JSON object."""
    told = certdesk("csr", "inspect", "leaf.pem", "--json")

    assert 1 == told.code
    assert json.loads(told.out)["ok"] is False


@pytest.mark.parametrize("version", ["2007", "2010", "2013", "2016", "2019", "se"])
def test_the_line_for_people_is_printed_for_each_exchange(
    certdesk: FrontDoor, version: str
) -> None:
    """One line that begins with the cmdlet and quotes what it was given."""
    told = certdesk(
        "csr", "command", "--host-version", version, "--subject", "C=DE,O=Example,CN=mail.example.com",
        "--name", "autodiscover.example.com",
    )  # fmt: skip

    assert (0, 1) == (told.code, len(told.out.splitlines()))
    assert told.out.startswith("New-ExchangeCertificate ")
    assert "'mail.example.com'" in told.out or "mail.example.com" in told.out
    assert "autodiscover.example.com" in told.out


@pytest.mark.parametrize(
    ("version", "subject", "name"),
    [
        ("2003", "CN=mail.example.com", "a.example.com"),
        ("2019", "O=Example", "a.example.com"),
        ("2019", "X=1,CN=mail.example.com", "a.example.com"),
        ("2019", "CN=mail.example.com", "no name"),
    ],
)
def test_a_line_that_cannot_be_made_is_wrong_use(
    certdesk: FrontDoor, version: str, subject: str, name: str
) -> None:
    """Exit 2 with a sentence."""
    told = certdesk(
        "csr", "command", "--host-version", version, "--subject", subject, "--name", name
    )

    assert 2 == told.code
    assert "itself failed" not in told.err
