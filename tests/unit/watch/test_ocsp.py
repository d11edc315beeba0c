"""What a responder's answer proves."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from bot.watch.ocsp import request_for, responders_of, standing_by_response
from bot.watch.standing import Unproven
from tests.unit.certs.toyca import NOW, Issuer, Plan, issue, key, name, toy_vendor
from tests.unit.watch.issuer import asks_at, leaf_naming, response

URL = "http://ocsp.example.com/"
VENDOR = toy_vendor()
LEAF = leaf_naming(asks_at(URL))
OTHER = VENDOR.leaf(serial=99)
_UNKNOWN, _REVOKED = ocsp.OCSPCertStatus.UNKNOWN, ocsp.OCSPCertStatus.REVOKED
FORGER = toy_vendor("forger").issuer


def said(data: bytes) -> str:
    """What an answer says: the state, or why it proves nothing."""
    try:
        return standing_by_response(data, cert=LEAF, issuer=VENDOR.issuing, at=NOW).state
    except Unproven as fault:
        return str(fault)


def delegate(
    *,
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.OCSP_SIGNING,
    by: Issuer = VENDOR.issuer,
    days: float = 30,
) -> x509.Certificate:
    """A certificate for a responder of its own."""
    plan = Plan(
        subject=name("Toy responder"),
        private=key("responder"),
        usages=(usage,),
        serial=5,
        days=days,
    )
    return issue(plan, by)


def delegated(**changes: object) -> bytes:
    """An answer signed by such a responder."""
    return response(LEAF, delegate=delegate(**changes), delegate_key=key("responder"))  # type: ignore[arg-type]  # passed on


def test_the_issuer_and_its_delegate_are_believed() -> None:
    """Good is good, and revoked is revoked, with the day."""
    told = standing_by_response(response(LEAF, _REVOKED), cert=LEAF, issuer=VENDOR.issuing, at=NOW)

    assert "good" == said(response(LEAF)) == said(delegated())
    assert ("revoked", "on 2026-11-20, no reason given") == (told.state, told.said)


WRONG: dict[str, tuple[bytes, str]] = {
    "about another certificate": (response(OTHER), "another certificate"),
    "unknown": (response(LEAF, _UNKNOWN), "does not know"),
    "signed by a forger": (response(LEAF, is_forged=True), "not signed"),
    "a revocation by a forger": (response(LEAF, _REVOKED, is_forged=True), "not signed"),
    "out of date": (response(LEAF, at=NOW - timedelta(days=5)), "out of date"),
    "of a later day": (response(LEAF, at=NOW + timedelta(hours=1)), "later day"),
    "a delegate for something else": (
        delegated(usage=ExtendedKeyUsageOID.SERVER_AUTH),
        "not signed",
    ),
    "a delegate that expired": (delegated(days=0.5), "not signed"),
    "a delegate of a forger": (delegated(by=FORGER), "cannot be read"),
    "a refusal": (
        ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(
            Encoding.DER
        ),
        "try_later",
    ),
    "a web page": (b"<html></html>", "cannot be read"),
    "nothing": (b"", "cannot be read"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_proves_nothing_is_said(what: str) -> None:
    """Each answer is refused for its own reason, and never taken as good."""
    data, why = WRONG[what]

    assert why in said(data)


def test_the_question_names_certificate_and_issuer() -> None:
    """As responders expect it."""
    asked = ocsp.load_der_ocsp_request(request_for(LEAF, VENDOR.issuing))

    assert LEAF.serial_number == asked.serial_number
    assert isinstance(asked.hash_algorithm, hashes.SHA1)


def test_responders_are_those_the_certificate_names() -> None:
    """And none where it names none."""
    assert (URL,) == responders_of(LEAF)
    assert () == responders_of(VENDOR.leaf())


@given(st.binary(max_size=300), st.integers(0, 300))
def test_any_bytes_end_in_an_answer(noise: bytes, at: int) -> None:
    """Noise, or a good answer with noise in it: never an exception."""
    good = GOOD
    spoilt = good[:at] + noise + good[at + len(noise) :]

    assert "good" != said(noise)
    assert isinstance(said(spoilt), str)


GOOD = response(LEAF)
