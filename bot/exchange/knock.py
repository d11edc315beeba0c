"""
One knock without credentials after a refused sign-in: the answer's date and offers tell the causes apart.

A 401 carries no reason; a clock that is off and a mechanism that is not offered can be seen from outside.
"""

import http.client
import ssl
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

import certifi

from bot.exchange.dialling import PREFLIGHT_S

_KERBEROS_BEARS_S: Final = 300.0


def sign_in_note(url: str, *, ca_pem: str | None, now: datetime) -> str:
    """
    Ask the door what it offers and what time it has; empty when it does not say.

    Args:
        url: where the sign-in was refused.
        ca_pem: file with the anchor of its certificate; None takes the public list.
        now: our time, aware UTC.
    """
    try:
        offers, date = _knock(url, ca_pem or certifi.where())
    except (OSError, http.client.HTTPException, ValueError):
        return ""
    words = sorted(
        {offer.split()[0] for line in offers for offer in line.split(",") if offer.split()}
    )
    return f"The host offers {', '.join(words)[:80] or 'no way to sign in'}.{_skew_note(date, now)}"


def _knock(url: str, anchors: str) -> tuple[list[str], str]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=anchors)
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, parts.port or 5986, timeout=PREFLIGHT_S, context=context
        )
    else:
        connection = http.client.HTTPConnection(host, parts.port or 5985, timeout=PREFLIGHT_S)
    try:
        connection.request("POST", parts.path or "/", body=b"", headers={"Content-Length": "0"})
        answer = connection.getresponse()
        return answer.headers.get_all("WWW-Authenticate", []), answer.headers.get("Date", "")
    finally:
        connection.close()


def _skew_note(date: str, now: datetime) -> str:
    try:
        skew_s = (parsedate_to_datetime(date) - now).total_seconds()
    except (TypeError, ValueError):
        return ""
    is_far = abs(skew_s) > _KERBEROS_BEARS_S
    verdict = "which Kerberos does not bear" if is_far else "which Kerberos bears"
    return f" Its clock differs from ours by {skew_s:+.0f} s, {verdict} (at most {_KERBEROS_BEARS_S:.0f})."
