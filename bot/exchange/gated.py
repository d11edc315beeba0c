"""How both doors' libraries reach the network: within bounds, and past a gate that no late change passes."""

import socket
from typing import Any, Final

import requests

from bot.exchange.allowance import CONNECT_S, UNHEARD_S, Gate

_USER_TIMEOUT: Final = getattr(socket, "TCP_USER_TIMEOUT", None)
"""Linux knows it; where it is missing the kernel may go on sending what was given up (for minutes)."""


class GatedAdapter(requests.adapters.HTTPAdapter):
    """
    requests' way to the network, with the last look at the clock before anything leaves.

    Args:
        gate: asked before each request, those of a sign-in as well.
    """

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Have the kernel drop what nobody acknowledges."""
        options = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
        if _USER_TIMEOUT is not None:
            options.append((socket.IPPROTO_TCP, _USER_TIMEOUT, int(UNHEARD_S * 1000)))
        super().init_poolmanager(*args, **kwargs, socket_options=options)

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """Send one request, unless it is too late for it."""
        self._gate.check()
        timeout = kwargs.get("timeout")
        if isinstance(timeout, int | float):
            kwargs["timeout"] = (min(CONNECT_S, timeout), timeout)
        return super().send(request, *args, **kwargs)
