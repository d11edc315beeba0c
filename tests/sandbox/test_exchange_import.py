"""Import-ExchangeCertificate on the sandbox's host: response, certificate, PFX, and everything that breaks."""

import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    pkcs7,
    pkcs12,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.exchange.engine.exchange import VirtualExchange
from sandbox.exchange.engine.values import Argument, SecureString
from tests.sandbox.exchange_lab import Authority, install_leaf, make_engine, request_csr, run


@pytest.fixture(scope="module")
def authority() -> Authority:
    """One authority for all tests; it has no state."""
    return Authority()


@pytest.fixture(scope="module")
def engine() -> VirtualExchange:
    """A 2019 host for tests that change nothing which another reads."""
    return make_engine()


def _answered(engine: VirtualExchange, authority: Authority) -> x509.Certificate:
    return authority.issue(request_csr(engine).public_key())


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


@pytest.mark.parametrize("form", ["der", "pem", "p7b der", "p7b pem", "base64"])
def test_every_form_completes_the_request(
    engine: VirtualExchange, authority: Authority, form: str
) -> None:
    """The request is gone, the certificate lies in My with its key, the object is returned."""
    leaf = _answered(engine, authority)
    bundle = [authority.intermediate, leaf]
    forms = {
        "der": _der(leaf),
        "pem": leaf.public_bytes(Encoding.PEM),
        "p7b der": pkcs7.serialize_certificates(bundle, Encoding.DER),
        "p7b pem": pkcs7.serialize_certificates(bundle, Encoding.PEM),
        "base64": base64.b64encode(_der(leaf)),
    }
    waiting = len(engine.state.stores.requests)

    outcome = run(engine, "Import-ExchangeCertificate", FileData=forms[form], FriendlyName="Mail")

    shown = outcome.objects[0].properties
    assert (shown["HasPrivateKey"], shown["FriendlyName"]) == (True, "Mail")
    assert len(engine.state.stores.requests) == waiting - 1
    assert not engine.state.stores.ca


def test_a_stranger_is_imported_without_key_and_hidden(
    engine: VirtualExchange, authority: Authority
) -> None:
    """No matching request is no error: Get hides the certificate, Get -Thumbprint says why."""
    stranger = authority.issue(rsa.generate_private_key(65537, 2048).public_key())

    shown = run(engine, "Import-ExchangeCertificate", FileData=_der(stranger)).objects[0].properties

    thumbprint = str(shown["Thumbprint"])
    listed = run(engine, "Get-ExchangeCertificate").objects
    asked = run(engine, "Get-ExchangeCertificate", Thumbprint=thumbprint)
    assert shown["HasPrivateKey"] is False
    assert thumbprint not in {one.properties["Thumbprint"] for one in listed}
    assert "(reason: PrivateKeyMissing)" in asked.errors[0].message


def test_the_same_again_is_refused(engine: VirtualExchange, authority: Authority) -> None:
    """Error 7; nothing changes."""
    leaf = _answered(engine, authority)
    run(engine, "Import-ExchangeCertificate", FileData=_der(leaf))

    outcome = run(engine, "Import-ExchangeCertificate", FileData=_der(leaf))

    assert outcome.errors[0].category == "WriteError"
    assert outcome.errors[0].message.startswith(
        "A special Rpc error occurs on server EX01: Cannot import certificate. A certificate with"
    )


def test_the_requests_key_decides_about_export(authority: Authority) -> None:
    """-PrivateKeyExportable of the request counts, not that of the import."""
    engine = make_engine()
    csr = request_csr(engine, PrivateKeyExportable=True)
    leaf = authority.issue(csr.public_key())
    run(engine, "Import-ExchangeCertificate", FileData=_der(leaf), PrivateKeyExportable=False)
    thumbprint = engine.state.newest_first()[0].thumbprint

    outcome = run(
        engine,
        "Export-ExchangeCertificate",
        Thumbprint=thumbprint,
        Password=SecureString("pw"),
        BinaryEncoded=True,
    )

    data = outcome.objects[0].properties["FileData"]
    assert isinstance(data, bytes)
    _, found, _ = pkcs12.load_key_and_certificates(data, b"pw")
    assert found == leaf


def test_a_key_that_is_not_exportable_stays(authority: Authority) -> None:
    """Error 12."""
    engine = make_engine()
    thumbprint = install_leaf(engine, authority)

    outcome = run(
        engine, "Export-ExchangeCertificate", Thumbprint=thumbprint, Password=SecureString("pw")
    )

    assert "isn't exportable" in outcome.errors[0].message


@pytest.mark.parametrize(("password", "category"), [("right", None), ("wrong", "ReadError")])
def test_a_pfx_needs_its_password(
    engine: VirtualExchange, authority: Authority, password: str, category: str | None
) -> None:
    """With it the key comes along, without it error 8."""
    key = rsa.generate_private_key(65537, 2048)
    pfx = pkcs12.serialize_key_and_certificates(
        b"m", key, authority.issue(key.public_key()), None, BestAvailableEncryption(b"right")
    )

    outcome = run(
        engine, "Import-ExchangeCertificate", FileData=pfx, Password=SecureString(password)
    )

    assert [error.category for error in outcome.errors] == ([category] if category else [])


def test_broken_texts_are_told_apart(engine: VirtualExchange, authority: Authority) -> None:
    """A PEM bundle is no base64 (error 9); a byte order mark or UTF-16 makes it unreadable (error 8)."""
    leaf = _answered(engine, authority)
    pem = leaf.public_bytes(Encoding.PEM)
    bundle = pem + authority.intermediate.public_bytes(Encoding.PEM)
    cms = pem.replace(b"CERTIFICATE", b"CMS")

    messages = {
        name: run(engine, "Import-ExchangeCertificate", FileData=data).errors[0].message[43:79]
        for name, data in {
            "bundle": bundle,
            "cms": cms,
            "bom": b"\xef\xbb\xbf" + pem,
            "utf-16": pem.decode().encode("utf-16"),
        }.items()
    }

    corrupted, unreadable = (
        "The source data is corrupted or not ",
        "The source data cannot be imported o",
    )
    assert messages == {
        "bundle": corrupted,
        "cms": corrupted,
        "bom": unreadable,
        "utf-16": unreadable,
    }


def test_nothing_given_is_an_error(engine: VirtualExchange) -> None:
    """Error 11."""
    assert run(engine, "Import-ExchangeCertificate").errors[0].category == "InvalidArgument"


def test_2007_reads_from_its_own_disk(authority: Authority) -> None:
    """-Path, and a file that is not there is said so."""
    engine = make_engine("2007")
    run(engine, "New-ExchangeCertificate", GenerateRequest=True, Path=r"C:\a.req")
    request = engine.state.files.read(r"C:\a.req")
    assert request is not None
    leaf = authority.issue(x509.load_pem_x509_csr(request).public_key())
    engine.state.files.write(r"C:\a.cer", _der(leaf))

    missing = run(engine, "Import-ExchangeCertificate", Path=r"C:\b.cer")
    there = run(engine, "Import-ExchangeCertificate", Path=r"C:\A.CER")

    assert missing.errors[0].category == "ReadError"
    assert there.objects[0].properties["HasPrivateKey"] is True


@given(data=st.binary(max_size=400))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=60,
)
def test_any_bytes_give_an_error_and_no_certificate(data: bytes) -> None:
    """Foreign bytes never change the store and never break the host."""
    engine = _QUIET
    before = set(engine.state.stores.my)
    arguments: dict[str, Argument] = {"FileData": data}

    outcome = run(engine, "Import-ExchangeCertificate", **arguments)

    assert outcome.errors[0].category in {"ReadError", "InvalidArgument"}
    assert set(engine.state.stores.my) == before


_QUIET = make_engine()
