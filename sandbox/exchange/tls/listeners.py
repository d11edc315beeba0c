"""The TLS doors of one host, by service; each serves what the host's settings choose at that moment."""

from functools import partial
from typing import Final

from sandbox.exchange.engine.directory import Connector
from sandbox.exchange.engine.exchange import VirtualExchange
from sandbox.exchange.engine.selection import mail_certificate, smtp_certificate, web_certificate
from sandbox.exchange.engine.state import HostState
from sandbox.exchange.engine.stores import StoredCertificate
from sandbox.exchange.net.doorman import Doorman, Guest, Serve
from sandbox.exchange.tls.contexts import LiveContexts
from sandbox.exchange.tls.dialogues import (
    imap_words,
    pop_words,
    serve_implicit,
    serve_starttls,
    serve_web,
    smtp_words,
)

SMTP_PORT: Final = 25
SUBMISSION_PORT: Final = 587


def open_services(doorman: Doorman, exchange: VirtualExchange) -> dict[str, int]:
    """Open every service's door; gives back the loopback port of each."""
    contexts = LiveContexts(exchange)
    pop = partial(contexts.current, partial(mail_certificate, "POP"))
    imap = partial(contexts.current, partial(mail_certificate, "IMAP"))
    web = partial(contexts.current, web_certificate)
    doors: dict[str, Serve] = {
        "https": partial(serve_web, context=web),
        "smtp": partial(_serve_smtp, port=SMTP_PORT, exchange=exchange, contexts=contexts),
        "submission": partial(
            _serve_smtp, port=SUBMISSION_PORT, exchange=exchange, contexts=contexts
        ),
        "imap": partial(serve_starttls, context=imap, words=imap_words()),
        "pop": partial(serve_starttls, context=pop, words=pop_words()),
        "imaps": partial(serve_implicit, context=imap, words=imap_words()),
        "pops": partial(serve_implicit, context=pop, words=pop_words()),
    }
    return {name: doorman.open(serve) for name, serve in doors.items()}


def _serve_smtp(
    guest: Guest, *, port: int, exchange: VirtualExchange, contexts: LiveContexts
) -> None:
    def choose(state: HostState) -> StoredCertificate | None:
        return smtp_certificate(_connector(state, port), state)

    context = partial(contexts.current, choose)
    with exchange.lock:
        fqdn = _connector(exchange.state, port).fqdn
    words = smtp_words(fqdn, offers_tls=context() is not None)
    serve_starttls(guest, context, words)


def _connector(state: HostState, port: int) -> Connector:
    return next(one for one in state.receive_connectors() if one.port == port)
