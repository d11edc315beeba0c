"""Names in two spellings, and connectors that pin certificates by them."""

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.plan import Connector
from bot.exchange.distinguished import name_parts, names_certificate, pinned_names

_WINDOWS = 'CN=mail.example.com, O="Example, Inc.", L=Redmond, S=WA, C=US'
_RFC4514 = "CN=mail.example.com,O=Example\\, Inc.,L=Redmond,ST=WA,C=US"
_values = st.text(
    alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x17F, exclude_categories=["Cc"]),
    min_size=1,
    max_size=12,
)


def _connector(pinned: str) -> Connector:
    return Connector(
        direction="send", name="Internet", fqdn="ex01.example.com", tls_certificate_name=pinned
    )


def test_windows_and_rfc_4514_mean_the_same() -> None:
    """Two spellings of one name are equal, another name is not."""
    assert name_parts(_WINDOWS) == name_parts(_RFC4514)
    assert name_parts(_WINDOWS) != name_parts(_WINDOWS.replace("Redmond", "Berlin"))


@given(_values, _values)
def test_any_value_keeps_its_parts_apart(organization: str, common_name: str) -> None:
    """Separators inside a value never make a part of their own."""
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )

    assert [key for key, _ in name_parts(name.rfc4514_string())] == ["CN", "O"]


@pytest.mark.parametrize(
    ("pinned", "expected"),
    [
        (f"<I>CN=CA, O=Vendor<S>{_WINDOWS}", True),
        (f"<I>cn=ca,o=vendor<S>{_RFC4514}", True),
        (f"<I>CN=Other CA, O=Vendor<S>{_WINDOWS}", False),
        ("<I>CN=CA, O=Vendor<S>CN=old.example.com", False),
        ("", False),
        ("mail.example.com", False),
        ("<S><I>", False),
    ],
)
def test_a_connector_names_by_issuer_and_subject(pinned: str, expected: bool) -> None:
    """Both must fit, the thumbprint never counts, and nonsense names nothing."""
    connector = _connector(pinned)

    assert names_certificate(connector, issuer="CN=CA,O=Vendor", subject=_RFC4514) is expected
    assert (pinned_names(connector) is not None) == pinned.startswith("<I>")
