"""`probe`: a wrong address is wrong use, a closed port is trouble outside."""

import json
import socket

import pytest

from tests.unit.cli.front_door import FrontDoor


@pytest.mark.parametrize(
    "arguments",
    [
        ("mail.example.com:https",),
        ("mail.example.com:0",),
        ("mail.example.com:70000",),
        (":443",),
        ("127.0.0.1",),
        ("127.0.0.1", "--name", "no name"),
        ("mail.example.com", "--starttls", "ldap"),
        (),
    ],
)
def test_an_address_that_is_none_is_wrong_use(
    certdesk: FrontDoor, arguments: tuple[str, ...]
) -> None:
    """Exit 2 with a sentence; nobody is called."""
    told = certdesk("probe", *arguments, "--json")

    assert (2, "") == (told.code, told.out)
    assert "itself failed" not in told.err


def test_a_closed_port_is_trouble_outside(certdesk: FrontDoor) -> None:
    """Exit 3, and the one JSON object says what was tried."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]

        told = certdesk("probe", f"127.0.0.1:{port}", "--name", "mail.example.com", "--json")

    page = json.loads(told.out)
    assert (3, False, None) == (told.code, page["proven"], page["sha256"])
    assert f"127.0.0.1:{port}" == page["address"]
    assert page["detail"]
