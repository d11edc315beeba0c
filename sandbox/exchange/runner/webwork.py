"""The runner's look at the web server: HTTPS bindings of IIS, listeners of HTTP.SYS, flags of the sites' roots."""

from collections.abc import Iterator
from typing import Final

from sandbox.exchange.engine.exchange import VirtualExchange
from sandbox.exchange.engine.state import BACK_END_SITE, FRONT_END_SITE, HostState
from sandbox.exchange.engine.values import Property
from sandbox.exchange.runner.errors import RunnerError, missing

Row = list[Property]
_NAMES: Final = {FRONT_END_SITE: "Default Web Site", BACK_END_SITE: "Exchange Back End"}
_WITH_LOOPBACK: Final = 15
_IP: Final = "SslBindingInfo"
_SNI: Final = "SslSniBindingInfo"


def list_bindings(exchange: VirtualExchange) -> list[Row]:
    """
    Rows `site`, `access` and `listener`, five fields each.

    Raises:
        RunnerError: there is no IIS, or its configuration lies elsewhere.
    """
    with exchange.lock:
        state = exchange.state
        if state.edge:
            raise missing("This machine has no configuration of IIS.", "WebMissing")
        if state.shared_web:
            raise RunnerError(
                "The configuration of IIS is shared and lies on another machine.",
                "NotImplemented",
                "WebElsewhere",
            )
        return [*_sites(state), *_access(state), *_listeners(state)]


def _sites(state: HostState) -> Iterator[Row]:
    for number in state.sites:
        for information in _addresses(state, number):
            yield ["site", str(number), _name(number), f"{information}:", "0"]
    for listener in state.listeners:
        if listener.site:
            host, _, port = listener.address.rpartition(":")
            told = f"*:{port}:{host}"
            yield ["site", str(listener.site), _name(listener.site), told, "1"]


def _access(state: HostState) -> Iterator[Row]:
    flags = "Ssl, Ssl128" if state.require_ssl else "None"
    yield ["access", "", "None", "", ""]
    yield ["access", _NAMES[FRONT_END_SITE], flags, "", ""]
    if BACK_END_SITE in state.sites:
        yield ["access", _NAMES[BACK_END_SITE], "Ssl", "", ""]


def _listeners(state: HostState) -> Iterator[Row]:
    for number, thumbprint in state.sites.items():
        for address in _addresses(state, number):
            if thumbprint:
                yield ["listener", _IP, address.replace("*", "0.0.0.0"), thumbprint, "My"]
    for listener in state.listeners:
        section = _SNI if listener.site else _IP
        yield ["listener", section, listener.address, listener.thumbprint, "MY"]


def _addresses(state: HostState, number: int) -> tuple[str, ...]:
    """From 2013 on set-up gives the front end a second binding on the loop-back address."""
    if number == BACK_END_SITE:
        return ("*:444",)
    if state.profile.build[0] >= _WITH_LOOPBACK:
        return ("*:443", "127.0.0.1:443")
    return ("*:443",)


def _name(number: int) -> str:
    return _NAMES.get(number, f"Site {number}")
