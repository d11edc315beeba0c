"""How a host may be configured: which door its cmdlets take, and what is refused before anything is dialled."""

from typing import Any

import pytest

from bot.exchange.access import HostAccess
from tests.unit.exchange.samples import EX01

ENDPOINT = "http://ex01.corp.example.com/PowerShell/"


def access(**parts: Any) -> HostAccess:
    """A host in the configuration."""
    whole: dict[str, Any] = {
        "name": EX01,
        "version": "2019",
        "winrm_url": "https://ex01.corp.example.com:5986/wsman",
        "auth": "kerberos",
        "user": "svc",
        "password": lambda: "secret",
    }
    return HostAccess(**(whole | parts))


@pytest.mark.parametrize(
    ("version", "psrp_url", "door", "by_endpoint"),
    [
        ("2019", ENDPOINT, "auto", True),
        ("2010", ENDPOINT, "auto", True),
        ("2010", ENDPOINT, "psrp", True),
        ("2019", ENDPOINT, "winrm", False),
        ("2019", "", "auto", False),
        ("2007", ENDPOINT, "auto", False),
    ],
)
def test_the_door_follows_from_address_and_version(
    version: str, psrp_url: str, door: str, by_endpoint: bool
) -> None:
    """Auto takes the endpoint where one is named and the version has one."""
    assert access(version=version, psrp_url=psrp_url, door=door).by_endpoint is by_endpoint


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"door": "psrp"}, "needs the address"),
        ({"door": "psrp", "psrp_url": ENDPOINT, "version": "2007"}, "2007 has no endpoint"),
        ({"psrp_url": "ftp://ex01/PowerShell"}, "no address of Exchange's endpoint"),
        ({"psrp_url": "http://me:pw@ex01/PowerShell"}, "no address of Exchange's endpoint"),
        ({"psrp_url": ENDPOINT, "auth": "basic"}, "clear text"),
        ({"winrm_url": "ex01"}, "no WinRM address"),
        ({"user": "CORP\\svc"}, "name@REALM"),
        ({"auth": "ntlm", "keytab": "svc.keytab"}, "belong to auth = kerberos"),
        ({"auth": "ntlm", "delegate": True}, "belong to auth = kerberos"),
        ({"auth": "ntlm", "spn_host": "ex01.corp.example.com"}, "a name for Kerberos"),
    ],
)
def test_what_cannot_work_is_refused_by_name(parts: dict[str, Any], said: str) -> None:
    """A mistake is a sentence that names the host."""
    with pytest.raises(ValueError, match=said) as caught:
        access(**parts)

    assert "EX01" in str(caught.value)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (ENDPOINT, ("ex01.corp.example.com", 80)),
        ("https://ex01.corp.example.com/PowerShell/", ("ex01.corp.example.com", 443)),
        ("http://127.0.0.1:8080/PowerShell", ("127.0.0.1", 8080)),
    ],
)
def test_the_endpoint_is_dialled_where_the_web_is(url: str, address: tuple[str, int]) -> None:
    """Port 80, or 443, unless the address says another."""
    assert access(psrp_url=url).endpoint_address == address


def test_the_password_is_not_printed() -> None:
    """Whoever prints a configuration does not print a secret."""
    assert "secret" not in repr(access())


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"auth": "certificate"}, "needs two files"),
        ({"auth": "certificate", "cert_pem": "a"}, "needs two files"),
        (
            {
                "auth": "certificate",
                "cert_pem": "a",
                "key_pem": "b",
                "winrm_url": "http://ex01.corp.example.com:5985/wsman",
            },
            "inside TLS alone",
        ),
        ({"auth": "ntlm", "cert_pem": "a"}, "belong to auth = certificate"),
        (
            {
                "auth": "certificate",
                "cert_pem": "a",
                "key_pem": "b",
                "winrm_url": "https://ex01.corp.example.com:5986/wsman",
                "psrp_url": ENDPOINT,
            },
            "takes no client certificate",
        ),
    ],
)
def test_a_certificate_sign_in_is_whole_or_refused(parts: dict[str, str], why: str) -> None:
    """Both files, https, and no endpoint: anything else is seen at the start."""
    with pytest.raises(ValueError, match=why):
        access(**parts)
