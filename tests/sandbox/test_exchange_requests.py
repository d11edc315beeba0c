"""New-ExchangeCertificate on the sandbox's host: names, subject, key, shape of the CSR by version."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import ObjectIdentifier
from hypothesis import given
from hypothesis import strategies as st

from sandbox.exchange.engine.exchange import VirtualExchange
from sandbox.exchange.engine.names import parse_subject, show_name
from sandbox.exchange.engine.values import Argument
from tests.sandbox.exchange_lab import make_engine, request_csr, run

_ALL = ("2007", "2010", "2013", "2016", "2019", "se")
_SUBJECT = "C=US,S=WA,L=Redmond,O=Contoso,OU=IT,CN=mail.example.com"


@pytest.fixture(scope="module")
def engine() -> VirtualExchange:
    """A 2019 host; requests only add to it."""
    return make_engine()


def _names(csr: x509.CertificateSigningRequest) -> list[str] | None:
    try:
        found = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return None
    return list(found.value.get_values_for_type(x509.DNSName))


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({}, None),
        ({"DomainName": ["b.example.com", "a.example.com"]}, ["b.example.com", "a.example.com"]),
        ({"DomainName": "one.example.com"}, ["one.example.com"]),
        ({"DomainName": []}, None),
        ({"IncludeServerFQDN": True}, ["EX01.corp.example.com"]),
        ({"IncludeServerNetBIOSName": True}, ["EX01"]),
        ({"IncludeAcceptedDomains": True}, ["corp.example.com"]),
        ({"IncludeAutoDiscover": True}, ["autodiscover.corp.example.com"]),
        (
            {"DomainName": ["mail.example.com"], "IncludeServerFQDN": True},
            ["mail.example.com", "EX01.corp.example.com"],
        ),
    ],
)
def test_the_names_are_the_list_in_its_order(
    engine: VirtualExchange, arguments: dict[str, Argument], names: list[str] | None
) -> None:
    """The CN is not added, whatever the documentation says; no list means no SAN at all."""
    assert _names(request_csr(engine, **arguments)) == names


def test_without_subject_and_names_the_server_stands_in(engine: VirtualExchange) -> None:
    """Names host and FQDN, the first of them as CN."""
    outcome = run(engine, "New-ExchangeCertificate", GenerateRequest=True)
    csr = x509.load_pem_x509_csr(outcome.objects[0].text.encode())

    assert _names(csr) == ["EX01", "EX01.corp.example.com"]
    assert show_name(csr.subject) == "CN=EX01"


def test_a_subject_without_a_dns_name_is_refused(engine: VirtualExchange) -> None:
    """Only a CN, and it is no host name: an error."""
    outcome = run(
        engine, "New-ExchangeCertificate", GenerateRequest=True, SubjectName="CN=Not A Name"
    )

    assert outcome.errors[0].category == "InvalidArgument"


def test_an_empty_list_of_names_silences_the_check_of_the_cn(engine: VirtualExchange) -> None:
    """That is how setup makes its OAuth certificate."""
    csr = request_csr(engine, SubjectName="CN=Not A Name", DomainName=[])

    assert _names(csr) is None


@pytest.mark.parametrize(
    "arguments",
    [
        {"DomainName": ["under_score.example.com"]},
        {"DomainName": ["a b.example.com"]},
        {"DomainName": ["x" * 250 + ".example.com"]},
        {"DomainName": ["www.*.example.com"]},
        {"KeySize": 3072},
        {"FriendlyName": "x" * 64},
        {"SubjectName": "mail.example.com"},
        {"SubjectName": 'O="open, CN=mail.example.com'},
        {"SubjectName": "XX=1, CN=mail.example.com"},
        {"SubjectName": "C=USA, CN=mail.example.com"},
    ],
)
def test_bad_input_is_refused_and_leaves_nothing(
    engine: VirtualExchange, arguments: dict[str, Argument]
) -> None:
    """An error, and no request waits."""
    before = set(engine.state.stores.requests)
    given: dict[str, Argument] = {"SubjectName": "CN=mail.example.com", **arguments}

    outcome = run(engine, "New-ExchangeCertificate", GenerateRequest=True, **given)

    assert outcome.errors
    assert set(engine.state.stores.requests) == before


@pytest.mark.parametrize("version", _ALL[1:])
def test_the_request_has_the_shape_of_windows(version: str) -> None:
    """NEW label, CRLF, reversed subject, Microsoft's attributes, no extended key usage."""
    engine = make_engine(version)
    outcome = run(
        engine, "New-ExchangeCertificate", GenerateRequest=True, SubjectName=_SUBJECT, KeySize=2048
    )
    text = outcome.objects[0].text
    csr = x509.load_pem_x509_csr(text.encode())

    assert text.startswith("-----BEGIN NEW CERTIFICATE REQUEST-----\r\n")
    assert text.endswith("-----END NEW CERTIFICATE REQUEST-----\r\n")
    assert {len(line) for line in text.split("\r\n")[1:-3]} == {64}
    assert [attribute.oid.dotted_string for attribute in csr.attributes] != []
    assert csr.subject.rfc4514_string({}) == _SUBJECT.replace("S=WA", "ST=WA")
    assert next(iter(csr.subject)).value == "mail.example.com"
    oids = {attribute.oid.dotted_string for attribute in csr.attributes}
    assert oids == {
        "1.3.6.1.4.1.311.13.2.3",
        "1.3.6.1.4.1.311.21.20",
        "1.3.6.1.4.1.311.13.2.2",
        "1.2.840.113549.1.9.14",
    }
    assert [type(extension.value) for extension in csr.extensions] == [
        x509.KeyUsage,
        x509.BasicConstraints,
        x509.SubjectKeyIdentifier,
    ]


def test_the_request_tells_the_hosts_name() -> None:
    """The client-info attribute leaks host and account to the authority, as the real one does."""
    csr = request_csr(make_engine())
    info = csr.attributes.get_attribute_for_oid(ObjectIdentifier("1.3.6.1.4.1.311.21.20")).value

    for told in (b"EX01.corp.example.com", b"CORP\\EX01$", b"Microsoft.Exchange.ServiceHost.exe"):
        assert told in info


@pytest.mark.parametrize(
    ("version", "algorithm"),
    [("2010", hashes.SHA1), ("2013", hashes.SHA1), ("2016", hashes.SHA256), ("se", hashes.SHA256)],
)
def test_the_signature_follows_the_windows_version_and_is_true(
    version: str, algorithm: type[hashes.HashAlgorithm]
) -> None:
    """SHA-1 on Windows 6.x, SHA-256 on 10.0; each verifies with the request's own key."""
    csr = request_csr(make_engine(version))
    key = csr.public_key()

    assert isinstance(key, RSAPublicKey)
    assert isinstance(csr.signature_hash_algorithm, algorithm)
    key.verify(csr.signature, csr.tbs_certrequest_bytes, padding.PKCS1v15(), algorithm())


def test_der_comes_as_bytes_in_a_property(engine: VirtualExchange) -> None:
    """-BinaryEncoded gives an object with FileData instead of a string."""
    outcome = run(engine, "New-ExchangeCertificate", GenerateRequest=True, BinaryEncoded=True)
    data = outcome.objects[0].properties["FileData"]

    assert isinstance(data, bytes)
    assert x509.load_der_x509_csr(data).is_signature_valid


def test_2007_writes_the_request_to_a_file() -> None:
    """The output is an object; the PEM lies at -Path, once."""
    engine = make_engine("2007")
    path = r"C:\requests\mail.req"
    arguments: dict[str, Argument] = {"GenerateRequest": True, "Path": path}

    first = run(engine, "New-ExchangeCertificate", **arguments)
    second = run(engine, "New-ExchangeCertificate", **arguments)

    assert first.objects[0].text.startswith("CN=")
    assert first.objects[0].properties["Thumbprint"] in engine.state.stores.requests
    content = engine.state.files.read(path.upper())
    assert content is not None
    assert content.startswith(b"-----BEGIN NEW CERTIFICATE REQUEST-----\r\n")
    assert "exists already" in second.errors[0].message


def test_a_waiting_request_can_be_looked_at_exported_and_dropped(engine: VirtualExchange) -> None:
    """Status PendingRequest; Export gives the same text again; Remove takes it away."""
    text = run(engine, "New-ExchangeCertificate", GenerateRequest=True).objects[0].text
    thumbprint = next(reversed(engine.state.stores.requests))
    shown = run(engine, "Get-ExchangeCertificate", Thumbprint=thumbprint).objects[0].properties

    assert (shown["Status"], shown["Services"], shown["HasPrivateKey"]) == (
        "PendingRequest",
        "None",
        True,
    )
    run(engine, "Remove-ExchangeCertificate", Thumbprint=thumbprint, Confirm=False)
    assert thumbprint not in engine.state.stores.requests
    assert text


def test_a_self_signed_certificate_takes_smtp_and_asks() -> None:
    """Without GenerateRequest the certificate is there at once; the question about the default is not answered."""
    engine = make_engine()
    before = engine.state.default_smtp

    outcome = run(engine, "New-ExchangeCertificate", DomainName=["mail.example.com"])

    assert "NonInteractive" in outcome.errors[0].message
    newest = engine.state.newest_first()[0]
    assert newest.network_service
    assert engine.state.default_smtp == before


@given(
    st.dictionaries(
        st.sampled_from(["CN", "OU", "O", "L", "S"]),
        st.text(
            st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=16
        )
        .map(str.strip)
        .filter(bool),
        min_size=1,
    )
)
def test_a_subject_survives_print_and_parse(parts: dict[str, str]) -> None:
    """What Exchange prints can be given to it again, quotes and commas included."""
    text = ", ".join(
        f'{kind}="{value.replace(chr(34), chr(34) * 2)}"' for kind, value in parts.items()
    )

    name = parse_subject(text)

    assert parse_subject(show_name(name)) == name
