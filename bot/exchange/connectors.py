"""The connectors as a host prints them, and the certificate each names; reads, never changes."""

import re

from bot.domain.plan import Connector
from bot.exchange import cmdlets
from bot.exchange.session import Runner
from bot.exchange.talk import Row, run_rows


def connectors_of(runner: Runner, machine: str) -> tuple[Connector, ...]:
    """
    The send connectors of the organisation and the receive connectors of this server.

    Raises:
        HostFault: as the calls do.
    """
    calls = (
        ("send", cmdlets.get_send_connectors()),
        ("receive", cmdlets.get_receive_connectors(machine)),
    )
    return tuple(
        _connector(direction, row)
        for direction, call in calls
        for row in run_rows(runner, call, width=len(call.wants))
    )


def server_name(text: str) -> str:
    """
    A server as a bare name in small letters, however it is printed: name, FQDN, path or distinguished name.

    Which of them the list of a connector's source servers holds is UNCONFIRMED; consoles show names.
    """
    last = re.split(r"[\\/]", text.strip())[-1]
    first = last.partition(",")[0]
    bare = first[3:] if first[:3].upper() == "CN=" else first
    return bare.partition(".")[0].strip().lower()


def _connector(direction: str, row: Row) -> Connector:
    name, fqdn, pair, identity, sources = (*row, None)[:5]
    return Connector(
        direction=direction,
        name=name or "",
        fqdn=fqdn or "",
        tls_certificate_name=pair or "",
        identity=identity or name or "",
        sources=tuple(server_name(line) for line in (sources or "").splitlines() if line.strip()),
    )
