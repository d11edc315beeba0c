"""Log-ons by hand, token by token: NTLM bare and inside SPNEGO, Kerberos, each bound to the TLS connection or not."""

import base64
import hashlib
import http.client
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
import spnego
from spnego.channel_bindings import GssChannelBindings

from sandbox.exchange.host import ExchangeHost
from sandbox.exchange.kerberos.realm import Realm
from tests.contract.kerberos_lab import FQDN, realm_of

_TOKEN = re.compile(r"Negotiate (\S+)")


@pytest.fixture(scope="module")
def realm() -> Iterator[Realm]:
    """One KDC for this file."""
    with realm_of() as running:
        yield running


@contextmanager
def _started(**options: Any) -> Iterator[dict[str, Any]]:
    host = ExchangeHost(**options)
    try:
        yield host.start()
    finally:
        host.stop()


def _log_on(info: dict[str, Any], protocol: str, binding: str, *, scheme: str = "https") -> int:
    """
    Offer tokens until the host is done.

    Args:
        binding: the ``right`` one, ``none``, or that of a ``foreign`` certificate.

    Returns: the HTTP status of the last answer.
    """
    parts = urlsplit(info[f"wsman_{scheme}"])
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    if scheme == "https":
        trust = ssl.create_default_context(cadata=info["ca_pem"])
        connection = http.client.HTTPSConnection(parts.hostname or "", parts.port, context=trust)
    connection.connect()
    bound = None
    if binding != "none":
        shown: Any = b"foreign"
        if binding == "right":
            shown = cast("ssl.SSLSocket", connection.sock).getpeercert(binary_form=True)
        digest = hashlib.sha256(shown).digest()
        bound = GssChannelBindings(application_data=b"tls-server-end-point:" + digest)
    user = info["kerberos"]["user"] if protocol == "kerberos" else info["user"]
    client = spnego.client(
        user,
        info["password"],
        hostname=FQDN,
        service="HTTP",
        channel_bindings=bound,
        protocol=protocol,
        options=spnego.NegotiateOptions.use_negotiate
        if protocol == "negotiate"
        else spnego.NegotiateOptions.none,
    )
    token = client.step()
    try:
        while token:
            sent = base64.b64encode(token).decode()
            connection.request("POST", "/wsman", headers={"Authorization": f"Negotiate {sent}"})
            answer = connection.getresponse()
            answer.read()
            found = _TOKEN.search(answer.headers.get("WWW-Authenticate", ""))
            if found is None:
                break
            token = client.step(base64.b64decode(found[1]))
        return answer.status
    finally:
        connection.close()


@pytest.mark.parametrize("protocol", ["ntlm", "negotiate"])
@pytest.mark.parametrize(("binding", "status"), [("right", 200), ("none", 401), ("foreign", 401)])
def test_a_strict_host_wants_ntlm_bound_to_its_certificate(
    protocol: str, binding: str, status: int
) -> None:
    """CbtHardeningLevel Strict: the right value, and nothing else (winrm.md 4)."""
    with _started(strict_binding=True) as info:
        assert _log_on(info, protocol, binding) == status


@pytest.mark.parametrize(("binding", "status"), [("right", 200), ("none", 401), ("foreign", 401)])
def test_a_strict_host_wants_a_ticket_bound_to_its_certificate(
    realm: Realm, binding: str, status: int
) -> None:
    """The same by Kerberos."""
    with _started(realm=realm, strict_binding=True) as info:
        assert _log_on(info, "kerberos", binding) == status


@pytest.mark.parametrize("binding", ["right", "none", "foreign"])
def test_a_relaxed_host_looks_at_no_binding(realm: Realm, binding: str) -> None:
    """Its clients may come through what ends TLS for them."""
    with _started(realm=realm) as info:
        statuses = {_log_on(info, protocol, binding) for protocol in ("ntlm", "kerberos")}

    assert statuses == {200}


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_ntlm_inside_spnego_is_taken(scheme: str) -> None:
    """As pypsrp's negotiate sends it where there is no ticket; the last token is in the 200."""
    with _started() as info:
        assert _log_on(info, "negotiate", "none", scheme=scheme) == 200


def test_http_asks_for_no_binding(realm: Realm) -> None:
    """Without TLS there is nothing to bind to, however strict the host."""
    with _started(realm=realm, strict_binding=True) as info:
        statuses = {_log_on(info, way, "none", scheme="http") for way in ("ntlm", "kerberos")}

    assert statuses == {200}
