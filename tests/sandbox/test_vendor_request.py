"""Pasted text becomes a request or one sentence, whatever it is."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from sandbox.vendor.refusal import DeskRefused
from sandbox.vendor.request import CertificateRequest, parse_request
from tests.sandbox.vendor_customer import NAMES, customer_key, make_csr

GOOD = make_csr(*NAMES)
KEY_MARK = "-----BEGIN " + "PRIVATE KEY-----"

# made by `openssl req -sha1`: the library in use signs no request with SHA-1
SHA1_REQUEST = """\
-----BEGIN CERTIFICATE REQUEST-----
MIICYDCCAUgCAQAwGzEZMBcGA1UEAwwQbWFpbC5leGFtcGxlLmNvbTCCASIwDQYJ
KoZIhvcNAQEBBQADggEPADCCAQoCggEBANA+Eo6SopXgPAFF8fBS7BEN1hk9RB2J
hljg1nayq3t0ixheKAfiPtNxUUSgbezMiLKkTQIrBxJhlFdA9KYvXC0gM0bcSVzO
h/9oC4cT3SdbFYczgexZyMHA0yHIRWb0oQSkJBFeVQPpgcWFOBtx7ZU+uv4v7GvU
JTe4vIl2KFOCUyhKs9YvhbGcTTSAPYUYg0Pp8AzFyWotcUTjtfz5amdTUHvoGbVd
EvqLFrsc9Dw87RgK81JyPYCP0D1ETksg+s1A0mR5AF+SzBu7SV7W6D8zHl+WAPrP
oFNXesNL0eUhm5IowcDJjKWOCHGz1WSaLkg75J/g9Gwq2IMWoJrm+RECAwEAAaAA
MA0GCSqGSIb3DQEBBQUAA4IBAQDA72gyZYY5yvWOctUJi47m3v0ASYjtZ1PxLi3Y
4tbmHX9nZqdFeWagQG+by8sv9/CACTApb1BcGD2EGx0PZ8UD1gvb6S38JVzsAfvD
BXCWLck13eolIcTvKT1e+5FgOTzOdP80RTe6OlhSDei617rOjLgAQ/K9WIbbxlxJ
h4vMbfSSKs5XNlHmLm4iOxBxqyCC+XILr8oBHKumf8kX8b4y4q8u099kTR24CtWt
ogtQ8LFFTaqagcLt6mXmphAQTVFkkZg0O7oJUbE42hfCKnqr96qJSaBZrB4QhVuy
4P/ncCI3o8SamrQilf5Rgr+Wb9UWgwiegQB8pqTzW8rVeyjj
-----END CERTIFICATE REQUEST-----
"""

# in the shape of Windows: an attribute with machine, account and process
WINDOWS_REQUEST = """\
-----BEGIN NEW CERTIFICATE REQUEST-----
MIICuzCCAaMCAQAwGzEZMBcGA1UEAwwQbWFpbC5leGFtcGxlLmNvbTCCASIwDQYJ
KoZIhvcNAQEBBQADggEPADCCAQoCggEBAKFoFgZ2WBE0it8cNDZufiKibF/tSHae
5ojkE/htXzsAo28rVS9psIVlAiAbaN3OlikNVpkPCxmghZZPOkJKW9uAuRePVjsH
kWgIkpujBCLlmuyWWKl8tTNEnLxR2jqXhZ+ba6vzaFlHIiJN9x0gN05Nu9VGBqxU
5aupOho/aHFWWPF0o762nY8PSFMTIEyGLA4lzbwGN6mxOZnMFct3G643DP/G1pFd
v0M7lRYRPMyDn5bObvhw1gKYRXSWMm1qN8wf18ooEigSwtEaZ8NeZOCspC5N5AtO
GkhjP85EIMvqUhMyDsH/NZZASk0SapYGy+rbh5u0BVUZZE7B7GUg4msCAwEAAaBb
MFkGCSsGAQQBgjcVFDFMMEoCAQUMFWV4MDEuY29ycC5leGFtcGxlLmNvbQwKQ09S
UFxFWDAxJAwiTWljcm9zb2Z0LkV4Y2hhbmdlLlNlcnZpY2VIb3N0LmV4ZTANBgkq
hkiG9w0BAQsFAAOCAQEACGaWk6nA+GhR27MFWqKPA8fShUnxRwwVDZoGvuybgTbl
hz51b98amMO7PU0AQPBi+tDqXaqgbMzMvgrPwmh/S+yQAbpMaOIppUUBBju0fZ/1
XlzOECBZFX/uCDszFKng7d6Mx1XT8Ji9UmDi3x/URUKnmKdxc69mAiE6VLT+wYMH
QzP9yuQDJj2G+SOQmHDzH177yDDb7aJ/quvwREcW5TCoP8E5M0fS8/51xdHm+j68
tuGfhyLVsB4yUbI0sgJdMGcycunhLAgFWp9HNbPFo96jWNVgsTkx1XqAwuhevJUh
p0o1A8G1KJZ9PrlR0QEsK6y9mujkpFQgPbtrdxV/Iw==
-----END NEW CERTIFICATE REQUEST-----
"""

REFUSED = {
    "nothing": ("", "not a certificate request"),
    "chatter": ("please give me a certificate", "not a certificate request"),
    "a certificate": (GOOD.replace("NEW CERTIFICATE REQUEST", "CERTIFICATE"), "not a certificate"),
    "a key with it": (f"{GOOD}\n{KEY_MARK}", "holds a private key"),
    "cut short": (GOOD[:400] + GOOD[-40:], "cannot be read"),
    "far too long": (GOOD * 20, "longer than"),
    "no names": (make_csr(common_name=None), "names no server"),
    "internal name": (make_csr("mail.corp.local"), "'mail.corp.local'"),
    "single label": (make_csr("ex01"), "'ex01'"),
    "address as a name": (make_csr("192.0.2.7"), "'192.0.2.7'"),
    "underscore": (make_csr("my_mail.example.com"), "'my_mail.example.com'"),
    "star inside": (make_csr("mail.*.example.com"), "'mail.*.example.com'"),
    "too many names": (make_csr(*(f"n{i}.example.com" for i in range(101))), "100 slots"),
    "an EC key": (make_csr(*NAMES, key=ec.generate_private_key(ec.SECP256R1())), "RSA keys only"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_paste_is_refused_with_its_reason(case: str) -> None:
    """Each sentence names what is wrong and says that nothing was ordered."""
    text, reason = REFUSED[case]

    with pytest.raises(DeskRefused) as refused:
        parse_request(text)

    assert reason in str(refused.value)
    assert "Nothing was ordered" in str(refused.value) or "nothing was kept" in str(refused.value)


def test_weak_key_is_refused_with_its_size() -> None:
    """1024 bits are named as the reason."""
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)

    with pytest.raises(DeskRefused, match="1024 bits"):
        parse_request(make_csr(*NAMES, key=weak))


def test_changed_request_is_refused() -> None:
    """A request whose text was altered no longer carries its own signature."""
    lines = GOOD.split("\r\n")
    lines[-3] = lines[-3][:-8] + ("AAAAAAAA" if not lines[-3].endswith("AAAAAAAA") else "BBBBBBBB")

    with pytest.raises(DeskRefused, match=r"signature .* is wrong|cannot be read"):
        parse_request("\r\n".join(lines))


def test_request_signed_with_sha1_is_taken() -> None:
    """Windows before 2016 signs requests no other way; the certificate is SHA-256 all the same."""
    assert parse_request(SHA1_REQUEST).names == ("mail.example.com",)


def test_request_of_windows_shows_what_it_gives_away() -> None:
    """The machine's inside name and account travel in the request; its owner is told."""
    assert parse_request(WINDOWS_REQUEST).gives_away == {
        "Machine": "ex01.corp.example.com",
        "Account": "CORP\\EX01$",
        "Program": "Microsoft.Exchange.ServiceHost.exe",
    }


def test_request_without_that_attribute_gives_nothing_away() -> None:
    """Requests made elsewhere have no such line."""
    assert parse_request(GOOD).gives_away == {}


@pytest.mark.parametrize(
    "paste",
    [
        GOOD,
        GOOD.replace("NEW ", ""),
        GOOD.replace("\r\n", "\n"),
        f"Dear vendor,\n\n{GOOD}\n\nKind regards",
    ],
)
def test_request_is_found_however_it_is_pasted(paste: str) -> None:
    """With or without NEW, any line ends, text around it."""
    request = parse_request(paste)

    assert request.names == NAMES
    assert request.public_key == customer_key().public_key()


@pytest.mark.parametrize(
    ("common_name", "listed", "names"),
    [
        ("mail.example.com", (), ("mail.example.com",)),
        ("MAIL.Example.com", ("mail.example.com",), ("mail.example.com",)),
        ("b.example.com", ("a.example.com",), ("b.example.com", "a.example.com")),
        (None, ("a.example.com",), ("a.example.com",)),
        ("*.example.com", ("example.com",), ("*.example.com", "example.com")),
    ],
)
def test_names_are_common_name_first_each_once(
    common_name: str | None, listed: tuple[str, ...], names: tuple[str, ...]
) -> None:
    """A request without a list is certified for its common name."""
    assert parse_request(make_csr(*listed, common_name=common_name)).names == names


@given(st.text() | st.text(alphabet="A/+=\n").map(lambda body: GOOD[:37] + body + GOOD[-39:]))
def test_any_text_gives_a_request_or_a_refusal(text: str) -> None:
    """No paste ends in another error."""
    try:
        outcome: object = parse_request(text)
    except DeskRefused as refused:
        outcome = str(refused)

    assert isinstance(outcome, CertificateRequest | str)
