"""What tests and people may change from outside: anchors, the clock, revocation, trouble."""

from dataclasses import fields, replace
from datetime import datetime
from typing import Literal

from cryptography import x509

from sandbox.exchange.clock import HostClock
from sandbox.exchange.engine.directory import Connector
from sandbox.exchange.engine.exchange import VirtualExchange
from sandbox.exchange.engine.languages import CULTURES
from sandbox.exchange.engine.selection import tls_name
from sandbox.exchange.engine.state import HostState
from sandbox.exchange.engine.stores import thumbprint_of
from sandbox.exchange.wsman.quotas import Quotas

_KEYS = ("at", "advance_s")
_SWITCHES = ("require_ssl", "edge_credentials", "shared_web")


def add_anchors(exchange: VirtualExchange, pem: bytes) -> list[str]:
    """
    Put PEM roots into store Root as third-party ones; gives back their thumbprints.

    Raises:
        ValueError: no certificate can be read from the bytes.
    """
    roots = x509.load_pem_x509_certificates(pem)
    with exchange.lock:
        for root in roots:
            exchange.state.stores.add_root(root, "ThirdParty")
    return [thumbprint_of(root) for root in roots]


def move_clock(clock: HostClock, given: object) -> None:
    """
    Set the host's clock by `{"at": "<ISO 8601 with zone>"}` or move it by `{"advance_s": n}`.

    Raises:
        ValueError: with a sentence on what is wrong.
    """
    wanted = given if isinstance(given, dict) else {}
    at, seconds = (wanted.get(key) for key in _KEYS)
    if isinstance(at, str):
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError("`at` needs a time zone.")
        clock.set(moment)
    elif isinstance(seconds, int | float):
        clock.advance(float(seconds))
    else:
        raise ValueError('The clock takes {"at": "2027-01-01T00:00:00Z"} or {"advance_s": 60}.')  # noqa: TRY004 - data from outside


def set_revocation(exchange: VirtualExchange, given: object) -> None:
    """
    What CRL and OCSP say: `{"reachable": true, "revoked": [thumbprints]}`.

    Raises:
        ValueError: the object has another shape.
    """
    wanted = given if isinstance(given, dict) else {}
    reachable, revoked = wanted.get("reachable", True), wanted.get("revoked", [])
    if not isinstance(reachable, bool) or not isinstance(revoked, list):
        raise ValueError('Revocation takes {"reachable": true, "revoked": []}.')  # noqa: TRY004 - data from outside
    with exchange.lock:
        exchange.state.revocation.reachable = reachable
        exchange.state.revocation.revoked = {str(thumbprint).upper() for thumbprint in revoked}


def pin_connector(exchange: VirtualExchange, given: object) -> None:
    """
    What an administrator did to a connector before: `{"kind": "Send", "name": "Internet", "pin": "<thumbprint>"}`.

    An empty `pin` clears it; `sources` are the servers a Send connector is used by. A connector that is not there is made.

    Raises:
        ValueError: another shape, or no such certificate.
    """
    wanted = given if isinstance(given, dict) else {}
    kind, name, pin = (wanted.get(key, "") for key in ("kind", "name", "pin"))
    if kind not in {"Send", "Receive"} or not isinstance(name, str) or not name:
        raise ValueError('A connector takes {"kind": "Send", "name": "Internet", "pin": ""}.')
    with exchange.lock:
        state = exchange.state
        stored = state.stores.my.get(str(pin).upper())
        if pin and stored is None:
            raise ValueError(f"There is no certificate {str(pin)[:60]!r}.")
        known = (one for one in state.connectors if (one.kind, one.name) == (kind, name))
        connector = next(known, None) or _add_connector(state, kind, name)
        connector.tls_certificate_name = tls_name(stored) if stored is not None else ""
        connector.sources = [str(one) for one in wanted.get("sources", connector.sources)]


def _add_connector(state: HostState, kind: Literal["Send", "Receive"], name: str) -> Connector:
    made = Connector(kind=kind, name=name, fqdn=state.fqdn, sources=[state.name])
    state.connectors.append(made)
    return made


def set_host(exchange: VirtualExchange, given: object) -> None:
    """
    Switches of the host itself: `{"require_ssl": bool, "edge_credentials": bool, "shared_web": bool}`, and the
    language it speaks: `{"culture": "de-DE"}`.

    Edge credentials come with the subscription of an Edge server, so both are switched together.

    Raises:
        ValueError: an unknown switch, not a boolean, or a culture nobody here speaks.
    """
    wanted = dict(given) if isinstance(given, dict) else {}
    culture = wanted.pop("culture", exchange.state.culture)
    if culture not in CULTURES:
        raise ValueError(f"The culture is one of {', '.join(CULTURES)}.")
    for name, value in wanted.items():
        if name not in _SWITCHES or not isinstance(value, bool):
            raise ValueError(f"The switches are {', '.join(_SWITCHES)}, true or false.")
    with exchange.lock:
        exchange.state.culture = culture
        for name, value in wanted.items():
            setattr(exchange.state, name, value)
        if "edge_credentials" in wanted:
            exchange.state.edge_subscriptions = ["EDGE01"] if wanted["edge_credentials"] else []


def changed_quotas(quotas: Quotas, given: object) -> Quotas:
    """
    The quotas with some of them set anew: `{"max_shells": 3}`.

    Raises:
        ValueError: an unknown quota, or a value of another sort.
    """
    wanted = given if isinstance(given, dict) else {}
    known = {one.name for one in fields(Quotas)}
    for name, value in wanted.items():
        if name not in known:
            raise ValueError(f"The quotas are {', '.join(sorted(known))}.")
        if name.endswith("_form"):
            is_good = value in {"wsman", "wmi"}
        else:
            is_good = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
        if not is_good:
            raise ValueError(f"The quota {name} does not take {value!r}.")
    return replace(quotas, **wanted)
