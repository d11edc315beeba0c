"""What a revocation list proves, and the many ways in which it proves nothing."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from bot.watch.crl import lists_of, standing_by_list
from bot.watch.standing import Unproven
from tests.unit.certs.toyca import NOW, Issuer, ca_plan, issue, key, toy_vendor
from tests.unit.watch.issuer import LEAF_SERIAL, crl, leaf_naming, points_at

URL = "http://crl.example.com/part7.crl"
VENDOR = toy_vendor()
LEAF = leaf_naming(points_at(URL))
ISSUING = VENDOR.issuing


def said(data: bytes, *, cert: x509.Certificate = LEAF, issuer: x509.Certificate = ISSUING) -> str:
    """What a list says: the state, or why it proves nothing."""
    try:
        return standing_by_list(data, cert=cert, issuer=issuer, at=NOW).state
    except Unproven as fault:
        return str(fault)


def part(**changes: Any) -> tuple[tuple[x509.ExtensionType, bool], ...]:
    """The extension that says which part of the issuer's list this is."""
    whole: dict[str, Any] = {
        "full_name": None, "relative_name": None, "only_contains_user_certs": False,
        "only_contains_ca_certs": False, "only_some_reasons": None, "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }  # fmt: skip
    return ((x509.IssuingDistributionPoint(**{**whole, **changes}), True),)


def uris(*urls: str) -> list[x509.UniformResourceIdentifier]:
    """Addresses as the extension holds them."""
    return [x509.UniformResourceIdentifier(url) for url in urls]


def test_a_current_list_without_our_serial_is_good() -> None:
    """Also as PEM, and when it names this very part or only certificates like ours."""
    plain = crl("R1v1", [1, 2])
    pem = x509.load_der_x509_crl(plain).public_bytes(serialization.Encoding.PEM)

    assert "good" == said(plain) == said(pem)
    assert "good" == said(crl("R1v1", [], extensions=part(full_name=uris(URL))))
    assert "good" == said(crl("R1v1", [], extensions=part(only_contains_user_certs=True)))


def test_our_serial_on_it_is_revoked() -> None:
    """With the day and the reason in words."""
    told = standing_by_list(crl("R1v1", [1, LEAF_SERIAL]), cert=LEAF, issuer=ISSUING, at=NOW)

    assert "revoked" == told.state
    assert "on 2026-11-20, because its key is known to others" == told.said


def test_what_was_taken_back_stays_so() -> None:
    """An attacker who replays an old list cannot hide what it holds."""
    old = NOW - timedelta(days=90)

    assert "revoked" == said(crl("R1v1", [LEAF_SERIAL], at=old))
    assert "out of date" in said(crl("R1v1", [], at=old))


@pytest.mark.parametrize(
    "reason",
    [None, *(r for r in x509.ReasonFlags if r.value not in {"unspecified", "removeFromCRL"})],
)
def test_every_reason_has_words(reason: x509.ReasonFlags | None) -> None:
    """None is left as a bare code."""
    data = crl("R1v1", [LEAF_SERIAL], reason=reason)
    told = standing_by_list(data, cert=LEAF, issuer=ISSUING, at=NOW)

    assert "revoked" == told.state
    assert "_" not in told.said


WRONG: dict[str, tuple[bytes, str]] = {
    "another issuer's": (crl("R1", []), "another issuer's"),
    "signed by somebody else": (crl("R1v1", [], private=key("forger")), "not signed"),
    "a revocation signed by somebody else": (
        crl("R1v1", [LEAF_SERIAL], private=key("forger")),
        "not signed",
    ),
    "out of date": (crl("R1v1", [], at=NOW - timedelta(days=8)), "out of date"),
    "from the future": (crl("R1v1", [], at=NOW + timedelta(minutes=6)), "begins on"),
    "another part": (
        crl("R1v1", [], extensions=part(full_name=uris("http://crl.example.com/part8.crl"))),
        "another part",
    ),
    "about CAs only": (crl("R1v1", [], extensions=part(only_contains_ca_certs=True)), "other"),
    "about attributes": (
        crl("R1v1", [], extensions=part(only_contains_attribute_certs=True)),
        "other",
    ),
    "for other issuers too": (crl("R1v1", [], extensions=part(indirect_crl=True)), "other"),
    "for some reasons": (
        crl(
            "R1v1",
            [],
            extensions=part(only_some_reasons=frozenset({x509.ReasonFlags.key_compromise})),
        ),
        "other",
    ),
    "a supplement": (
        crl("R1v1", [], extensions=((x509.DeltaCRLIndicator(1), True),)),
        "supplement",
    ),
    "a web page": (b"<html>Welcome to our hotel</html>", "cannot be read"),
    "nothing": (b"", "cannot be read"),
    "cut short": (crl("R1v1", [])[:-9], "cannot be read"),
    "damaged PEM": (b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", "cannot be read"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_proves_nothing_is_said(what: str) -> None:
    """Each list is refused for its own reason, and never taken as good."""
    data, why = WRONG[what]

    assert why in said(data)


def test_an_issuer_that_may_not_sign_lists_proves_nothing() -> None:
    """Its key is ours to trust for certificates alone."""
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=True, crl_sign=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    plan = ca_plan(VENDOR.issuer, writes_key_usage=False, extra=((usage, True),))
    issuer = issue(plan, VENDOR.issuer_named("R1"))

    assert "may not sign lists" in said(crl("R1v1", []), issuer=issuer)


def test_a_list_about_users_says_nothing_about_a_ca() -> None:
    """And the other way round it counts."""
    data = crl("R1", [], extensions=part(only_contains_user_certs=True))
    other = crl("R1", [], extensions=part(only_contains_ca_certs=True))
    r1 = issue(ca_plan(VENDOR.issuer_named("R1")), VENDOR.issuer_named("G2"))

    assert "other certificates" in said(data, cert=ISSUING, issuer=r1)
    assert "good" == said(other, cert=ISSUING, issuer=r1)


def test_only_whole_lists_over_http_are_named() -> None:
    """Directories, files, other schemes, and lists by others or for some reasons are left out."""
    name = uris("http://a.example.com/x.crl")
    reasons = frozenset({x509.ReasonFlags.key_compromise})
    points = x509.CRLDistributionPoints(
        [
            x509.DistributionPoint(
                uris("ldap://dir.example.com/cn=x", "HTTP://b.example.com/y"), None, None, None
            ),
            x509.DistributionPoint(uris("file:///etc/passwd", "https://c/z"), None, None, None),
            x509.DistributionPoint(name, None, reasons, None),
            x509.DistributionPoint(name, None, None, [x509.DirectoryName(ISSUING.subject)]),
        ]
    )

    assert ("HTTP://b.example.com/y",) == lists_of(leaf_naming(points))
    assert () == lists_of(VENDOR.leaf())


@given(st.binary(max_size=300), st.integers(0, 400))
def test_any_bytes_end_in_an_answer(noise: bytes, at: int) -> None:
    """Noise, or a good list with noise in it: never an exception, and never good by accident."""
    good = crl("R1v1", [])
    spoilt = good[:at] + noise + good[at + len(noise) :]

    assert "good" != said(noise)
    assert spoilt == good or "good" != said(spoilt)


def test_a_forged_issuer_of_the_same_name_proves_nothing() -> None:
    """The name is a claim; the key counts."""
    forger = Issuer(subject=VENDOR.issuer.subject, private=key("forger"))
    other = issue(ca_plan(forger), VENDOR.issuer_named("R1"))

    assert "not signed" in said(crl("R1v1", []), issuer=other)
