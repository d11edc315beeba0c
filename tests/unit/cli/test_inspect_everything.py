"""`bundle inspect` over every vendor's layout, every attack and every defect: verdict, exit code, JSON and page."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from bot.certs.rules import UPLOAD_LIMIT
from bot.cli.answers import NO, WRONG_USE, YES
from bot.system import judge as judge_module
from tests.unit.certs.bundles import LAYOUTS, PACKINGS, delivery, pem, sample
from tests.unit.certs.csrs import request
from tests.unit.certs.defects import DEFECTS
from tests.unit.certs.test_archive import ATTACKS
from tests.unit.certs.toyca import NAMES, NOW, der, key, name, toy_vendor
from tests.unit.cli.front_door import FrontDoor, Told
from tests.unit.watch.issuer import ToyIssuer, asks_at, leaf_naming, pages, points_at

VENDOR = toy_vendor()
GIVEN = delivery(VENDOR)
FIELDS = {"code", "severity", "where", "message", "expected", "got"}


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge without a process of its own; the guard has its own tests."""

    def run(function: Callable[..., Any], *args: Any, wall_s: float) -> Any:
        return function(*args)

    monkeypatch.setattr(judge_module, "run_guarded", run)


@pytest.fixture
def inspect(certdesk: FrontDoor, tmp_path: Path, in_this_process: None) -> Callable[..., Told]:
    """Inspect these bytes as an upload for our order."""
    (tmp_path / "our.csr").write_bytes(request().public_bytes(serialization.Encoding.PEM))
    (tmp_path / "roots.pem").write_bytes(pem(VENDOR.g2))

    def run(data: bytes, *more: object, csr: str = "our.csr") -> Told:
        (tmp_path / "bundle.zip").write_bytes(data)
        return certdesk(
            "bundle", "inspect", "bundle.zip", "--csr", csr, "--anchors", "roots.pem",
            "--at", NOW.isoformat(), *more,
        )  # fmt: skip

    return run


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_vendor_s_layout_is_accepted(inspect: Callable[..., Told], layout: str) -> None:
    """Exit 0, the leaf of the order, the path in its order, and nothing else on stdout or stderr."""
    made = sample(GIVEN, layout=layout, encoding="pem, CRLF", packing="streamed")

    told = inspect(made.data, "--json")
    page = json.loads(told.out)

    assert (YES, "", "accept") == (told.code, told.err, page["verdict"])
    assert list(NAMES) == page["leaf"]["names"]
    assert [_print(cert) for cert in GIVEN.intermediates] == [
        ca["sha256"] for ca in page["install"]
    ]


@pytest.mark.parametrize("packing", PACKINGS)
def test_every_packing_is_accepted(inspect: Callable[..., Told], packing: str) -> None:
    """A zip in a zip and litter included."""
    made = sample(GIVEN, layout="GoDaddy for IIS", encoding="p7b, ber", packing=packing)

    assert YES == inspect(made.data, "--json").code


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_attack_on_archives_is_refused(inspect: Callable[..., Told], attack: str) -> None:
    """Exit 1, the attack's code first, nothing to install."""
    data, code = ATTACKS[attack]

    told = inspect(data, "--json")
    page = json.loads(told.out)

    assert (NO, "", "refuse", []) == (told.code, told.err, page["verdict"], page["install"])
    # Step 2 looks at the size before step 3 opens anything.
    assert page["findings"][0]["code"] == (code if len(data) <= UPLOAD_LIMIT else "too_big")
    assert all(set(finding) == FIELDS for finding in page["findings"])


@pytest.mark.parametrize("what", [w for w, defect in DEFECTS.items() if defect.expect is None])
def test_every_defect_is_refused(inspect: Callable[..., Told], what: str) -> None:
    """What can be wrong with a certificate for our order ends in its code and exit 1."""
    told = inspect(pem(*DEFECTS[what].certs(VENDOR)), "--json")
    codes = [f["code"] for f in json.loads(told.out)["findings"] if f["severity"] == "refuse"]

    assert (NO, DEFECTS[what].code) == (told.code, codes[0])


def test_the_page_for_people_says_all_of_it(inspect: Callable[..., Told]) -> None:
    """Verdict, reasons by weight, the certificate, what would be installed in order, what is left aside."""
    upload = pem(
        VENDOR.leaf(names=[*NAMES, "www.mail.example.com"]), *GIVEN.intermediates, *GIVEN.roots
    )

    lines = inspect(upload).out.splitlines()
    heads = [line for line in lines if line and not line.startswith(" ")]

    assert [
        "Verdict: accept with warnings",
        "To be weighed",
        "Good to know",
        "Certificate",
        "Would be installed, in this order",
        "Left aside",
    ] == heads
    assert any("name_extra" in line for line in lines)


def test_a_refusal_s_page_begins_with_the_reasons(inspect: Callable[..., Told]) -> None:
    """And offers nothing to install."""
    told = inspect(pem(VENDOR.leaf(names=NAMES[:1]), *GIVEN.intermediates))

    assert NO == told.code
    assert told.out.startswith("Verdict: refuse\n\nRefused because\n  name_missing")
    assert "Would be installed" not in told.out


def test_no_control_character_reaches_the_terminal(inspect: Callable[..., Told]) -> None:
    """Names of a hostile certificate colour nothing and move no cursor."""
    hostile = VENDOR.leaf(subject=name("\x1b[31mmail\u202e[bold]"), names=NAMES)

    told = inspect(pem(hostile, *GIVEN.intermediates))

    assert NO == told.code
    assert "[bold]" in told.out
    assert not {"\x1b", "\u202e"} & set(told.out)


def test_elliptic_keys_need_leave(inspect: Callable[..., Told], tmp_path: Path) -> None:
    """Refused without `--allow-ec`, taken with it."""
    private = key("ec")
    (tmp_path / "ec.csr").write_bytes(
        request(private=private).public_bytes(serialization.Encoding.PEM)
    )
    upload = pem(VENDOR.leaf(private=private), *GIVEN.intermediates)

    without = inspect(upload, "--json", csr="ec.csr")

    assert (NO, "weak_key") == (without.code, json.loads(without.out)["findings"][0]["code"])
    assert YES == inspect(upload, "--json", "--allow-ec", csr="ec.csr").code


def test_a_wildcard_counts_where_it_was_asked_for(inspect: Callable[..., Told]) -> None:
    """A certificate for `*.example.com` serves an order for it, and not one for two plain names."""
    star = "*.example.com"
    upload = pem(VENDOR.leaf(names=[star], subject=name(star)), *GIVEN.intermediates)

    assert NO == inspect(upload, "--json").code
    assert YES == inspect(upload, "--json", "--name", star).code


@pytest.mark.parametrize(
    ("vendor", "code"),
    [("", YES), ("godaddy", NO), ("Let's Encrypt", NO), ("lets-encrypt", NO), ("toy", WRONG_USE), ("!!", WRONG_USE)],
)  # fmt: skip
def test_a_vendor_is_known_or_wrong_use(
    inspect: Callable[..., Told], vendor: str, code: int
) -> None:
    """A known one limits the issuers; an unknown one is a sentence that names the known ones."""
    told = inspect(pem(*GIVEN.chain), "--json", "--vendor", vendor)

    assert code == told.code
    assert ("godaddy" in told.err) == (code == WRONG_USE)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--public-key-of", "odd.pem"),
        ("--public-key-of", "nothing.pem"),
        ("--csr", "."),
        ("--csr", "our.csr", "--anchors", "."),
    ],
)
def test_what_cannot_be_read_is_wrong_use(
    certdesk: FrontDoor, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """A folder, a missing file, a certificate that is none: a sentence, never a failure of ours."""
    odd = b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
    (tmp_path / "odd.pem").write_bytes(odd)
    (tmp_path / "our.csr").write_bytes(request().public_bytes(serialization.Encoding.PEM))
    (tmp_path / "x.zip").write_bytes(b"x")

    told = certdesk("bundle", "inspect", "x.zip", *arguments)

    assert (WRONG_USE, "") == (told.code, told.out)
    assert "othing was judged" in told.err


def test_the_issuers_are_asked_on_demand(
    inspect: Callable[..., Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only with `--revocation`; in the toy world this machine may be asked."""
    issuer = ToyIssuer(revoked={"leaf"})
    with pages(issuer) as address:
        leaf = leaf_naming(points_at(f"{address}/leaf.crl"), asks_at(f"{address}/ocsp"))
        upload = pem(leaf, *GIVEN.intermediates)
        without = inspect(upload, "--json")
        closed = inspect(upload, "--json", "--revocation")
        unasked = list(issuer.asked)
        monkeypatch.setenv("CERTDESK_WORLD", "sandbox")
        told = inspect(upload, "--json", "--revocation")
    page = json.loads(told.out)

    assert (YES, YES, []) == (without.code, closed.code, unasked)
    assert "accept_with_warnings" == json.loads(closed.out)["verdict"]
    assert (NO, "refuse", []) == (told.code, page["verdict"], page["install"])
    assert "revoked" in {finding["code"] for finding in page["findings"]}


def test_the_linter_only_notes(inspect: Callable[..., Told]) -> None:
    """With `--lint` there are notes, and the verdict is the same."""
    told = inspect(pem(*GIVEN.chain), "--json", "--lint")
    page = json.loads(told.out)
    notes = [finding for finding in page["findings"] if finding["code"] == "lint"]

    assert (YES, "accept") == (told.code, page["verdict"])
    assert {"note"} == {finding["severity"] for finding in notes}


@pytest.mark.parametrize("accepted", [True, False])
def test_the_installed_command_answers_like_this(tmp_path: Path, *, accepted: bool) -> None:
    """Through a real process with its guard: the exit code, and one JSON object alone on stdout."""
    (tmp_path / "our.csr").write_bytes(request().public_bytes(serialization.Encoding.PEM))
    (tmp_path / "roots.pem").write_bytes(pem(VENDOR.g2))
    (tmp_path / "b.zip").write_bytes(
        sample(GIVEN, layout="DigiCert", encoding="pem", packing="deflated").data
        if accepted
        else ATTACKS["comment"][0]
    )

    told = subprocess.run(
        [sys.executable, "-m", "bot", "bundle", "inspect", str(tmp_path / "b.zip"), "--csr", str(tmp_path / "our.csr"),
         "--anchors", str(tmp_path / "roots.pem"), "--at", NOW.isoformat(), "--json"],
        capture_output=True, check=False, text=True,
    )  # fmt: skip

    assert (YES if accepted else NO, "") == (told.returncode, told.stderr)
    assert ("accept" if accepted else "refuse") == json.loads(told.stdout)["verdict"]


def test_a_narrow_terminal_still_gets_the_page(tmp_path: Path) -> None:
    """Sentences hold characters that plain ASCII has not; they are written as escapes."""
    (tmp_path / "our.csr").write_bytes(request().public_bytes(serialization.Encoding.PEM))
    (tmp_path / "b.pem").write_bytes(pem(VENDOR.leaf(private=key("other"))))

    told = subprocess.run(
        [sys.executable, "-m", "bot", "bundle", "inspect", str(tmp_path / "b.pem"), "--csr", str(tmp_path / "our.csr")],
        capture_output=True, check=False, text=True, env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )  # fmt: skip

    assert (NO, "") == (told.returncode, told.stderr)
    assert "key_mismatch" in told.stdout
    assert told.stdout.isascii()


def _print(cert: x509.Certificate) -> str:
    return hashlib.sha256(der(cert)).hexdigest()
