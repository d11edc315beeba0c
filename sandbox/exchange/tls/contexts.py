"""TLS contexts for the certificates that services serve right now; made once for each chain."""

import ssl
import threading
from collections.abc import Callable

from sandbox.exchange.engine.chain import served_chain
from sandbox.exchange.engine.exchange import VirtualExchange
from sandbox.exchange.engine.state import HostState
from sandbox.exchange.engine.stores import StoredCertificate, thumbprint_of
from sandbox.exchange.net.identity import server_context

Choose = Callable[[HostState], StoredCertificate | None]


class LiveContexts:
    """Gives a context for what a rule chooses at this moment, so that a change needs no restart."""

    def __init__(self, exchange: VirtualExchange) -> None:
        self._exchange = exchange
        self._made: dict[tuple[str, ...], ssl.SSLContext] = {}
        self._lock = threading.Lock()

    def current(self, choose: Choose) -> ssl.SSLContext | None:
        """The context with the chosen leaf and the intermediates the host has; None when there is nothing to serve."""
        with self._exchange.lock:
            stored = choose(self._exchange.state)
            if stored is None or stored.key is None:
                return None
            chain = [
                stored.certificate,
                *served_chain(stored.certificate, self._exchange.state.stores),
            ]
            key = stored.key
        mark = tuple(thumbprint_of(certificate) for certificate in chain)
        with self._lock:
            if mark not in self._made:
                self._made[mark] = server_context(chain, key)
            return self._made[mark]
