"""Loopback listeners: one thread that accepts for every door of a host, one thread for each guest."""

import contextlib
import logging
import selectors
import socket
import ssl
import struct
import threading
from collections.abc import Callable

from cryptography import x509
from cryptography.x509.oid import NameOID

_log = logging.getLogger(__name__)
_LINGER_NOT_AT_ALL = struct.pack("ii", 1, 0)
_ORDER_S = 60.0
"""An order is always followed; on a busy machine it may take its time."""
_JOIN_S = 2.0
_LINGER_S = 5.0


class Guest:
    """One accepted connection; it may be upgraded to TLS, reset, or closed."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Handshake as the server on this connection from here on."""
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def peer_name(self) -> str:
        """The common name of the certificate the guest showed in the handshake; empty when there was none."""
        if not isinstance(self.socket, ssl.SSLSocket):
            return ""
        der = self.socket.getpeercert(binary_form=True)
        if not der:
            return ""
        names = x509.load_der_x509_certificate(der).subject.get_attributes_for_oid(
            NameOID.COMMON_NAME
        )
        return str(names[0].value) if names else ""

    def reset_on_close(self) -> None:
        """Let the close be an RST instead of a FIN."""
        with contextlib.suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT_AT_ALL)

    def close_half(self) -> None:
        """Say no more; wait until the other side has understood, or a moment."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)
            self.socket.settimeout(_LINGER_S)
            while self.socket.recv(4096):
                pass

    def hang_up(self) -> None:
        """End both directions at once; wakes whoever reads."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.close()


Serve = Callable[[Guest], None]


class Doorman:
    """Opens doors on 127.0.0.1, lets guests in, and can shut or drop everything at once."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._doors: dict[int, Serve] = {}
        self._sockets: list[socket.socket] = []
        self._kept: list[socket.socket] = []
        self._guests: dict[threading.Thread, Guest] = {}
        self._lock = threading.Lock()
        self._orders: list[tuple[Callable[[], None], threading.Event]] = []
        self._wake, self._woken = socket.socketpair()
        self._running = True
        self._thread = threading.Thread(target=self._watch, name=f"{name}-doorman", daemon=True)
        self._thread.start()

    def open(self, serve: Serve, *, port: int = 0) -> int:
        """Open one more door; gives back its port. `serve` runs in a thread of its own for each guest."""
        listening = _bind(port)
        _listen(listening)
        taken = int(listening.getsockname()[1])
        self._doors[taken] = serve
        self._order(lambda: self._sockets.append(listening))
        return taken

    def shut_doors(self) -> None:
        """
        Refuse new connections; the ports stay reserved for `reopen_doors`.

        Each is bound again at once, by a socket that does not listen: any other program may else be given it meanwhile.
        """
        self._order(self._keep_ports)

    def reopen_doors(self) -> None:
        """Listen again on every port that was shut."""
        self._order(self._listen_again)

    def is_open(self) -> bool:
        """False between `shut_doors` and `reopen_doors`."""
        return bool(self._sockets)

    def drop_guests(self) -> None:
        """Reset every connection."""
        with self._lock:
            guests = list(self._guests.values())
        for guest in guests:
            guest.reset_on_close()
            guest.hang_up()

    def stop(self) -> None:
        """Close everything and wait for the guests' threads."""
        self._order(self._end)
        self._thread.join(_ORDER_S)
        self.drop_guests()
        with self._lock:
            threads = list(self._guests)
        for thread in threads:
            thread.join(_JOIN_S)
        self._wake.close()
        self._woken.close()

    def _order(self, what: Callable[[], None]) -> None:
        """Have the watching thread do something: only it touches the listening sockets."""
        done = threading.Event()
        with self._lock:
            self._orders.append((what, done))
        self._wake.send(b".")
        done.wait(_ORDER_S)

    def _keep_ports(self) -> None:
        while self._sockets:
            listening = self._sockets.pop()
            port = int(listening.getsockname()[1])
            listening.close()
            self._kept.append(_bind(port))

    def _listen_again(self) -> None:
        for kept in self._kept:
            _listen(kept)
        self._sockets, self._kept = self._sockets + self._kept, []

    def _end(self) -> None:
        self._running = False
        for opened in (*self._sockets, *self._kept):
            opened.close()
        self._sockets, self._kept = [], []

    def _watch(self) -> None:
        while self._running:
            with selectors.DefaultSelector() as selector:
                for listening in (self._woken, *self._sockets):
                    selector.register(listening, selectors.EVENT_READ)
                ready = [key.fileobj for key, _ in selector.select()]
            for listening in list(self._sockets):
                if listening in ready:
                    self._let_in(listening)
            if self._woken in ready:
                self._follow_orders()

    def _follow_orders(self) -> None:
        self._woken.recv(4096)
        with self._lock:
            orders, self._orders = self._orders, []
        for what, done in orders:
            what()
            done.set()

    def _let_in(self, listening: socket.socket) -> None:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        connection.setblocking(True)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        serve = self._doors[int(listening.getsockname()[1])]
        guest = Guest(connection)
        thread = threading.Thread(
            target=self._attend, args=(guest, serve), name=f"{self._name}-guest", daemon=True
        )
        with self._lock:
            self._guests[thread] = guest
        thread.start()

    def _attend(self, guest: Guest, serve: Serve) -> None:
        try:
            serve(guest)
        except (OSError, ValueError):
            # ValueError: reading from a connection that drop_guests has just closed.
            _log.debug("%s: a connection ended early", self._name, exc_info=True)
        finally:
            guest.close()
            with self._lock:
                self._guests.pop(threading.current_thread(), None)


def _bind(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", port))
    except OSError:
        bound.close()
        raise
    return bound


def _listen(bound: socket.socket) -> None:
    bound.listen(64)
    bound.setblocking(False)
