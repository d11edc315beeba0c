"""The virtual host as callers see it: invoke a cmdlet, work on a store; one at a time, all written down."""

import threading
import uuid
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from sandbox.exchange.engine import (
    enabling,
    importing,
    keeping,
    organization,
    requests,
    settings,
)
from sandbox.exchange.engine.call import Ask, Break, Call, nobody_answers
from sandbox.exchange.engine.dialect import NOT_ON_EDGE, bind, parameters_of, proper_name
from sandbox.exchange.engine.errors import (
    CmdletFailure,
    ErrorRecord,
    no_such_object,
    unknown_command,
)
from sandbox.exchange.engine.journal import Journal
from sandbox.exchange.engine.languages import calendar, spoken
from sandbox.exchange.engine.state import HostState
from sandbox.exchange.engine.values import Arguments, PSObject

Cmdlet = Callable[[Call], list[PSObject]]

_CMDLETS: Final[Mapping[str, Cmdlet]] = {
    "New-ExchangeCertificate": requests.new_certificate,
    "Import-ExchangeCertificate": importing.import_certificate,
    "Enable-ExchangeCertificate": enabling.enable_certificate,
    "Get-ExchangeCertificate": keeping.get_certificate,
    "Remove-ExchangeCertificate": keeping.remove_certificate,
    "Export-ExchangeCertificate": keeping.export_certificate,
    "Get-ExchangeServer": settings.get_server,
    "Get-TransportService": settings.get_transport,
    "Get-TransportServer": settings.get_transport,
    "Get-SendConnector": settings.get_send_connectors,
    "Set-SendConnector": settings.set_send_connector,
    "Get-ReceiveConnector": settings.get_receive_connectors,
    "Set-ReceiveConnector": settings.set_receive_connector,
    "Get-PopSettings": settings.get_pop_settings,
    "Set-PopSettings": settings.set_pop_settings,
    "Get-ImapSettings": settings.get_imap_settings,
    "Set-ImapSettings": settings.set_imap_settings,
    "Get-AuthConfig": organization.get_auth_config,
    "Get-EdgeSubscription": organization.get_edge_subscriptions,
    "Get-HybridConfiguration": organization.get_hybrid_configuration,
}
_CLASSES: Final = "Microsoft.Exchange.Management.SystemConfigurationTasks."


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who runs a cmdlet, and whether through Exchange's own session (its errors carry more in their id)."""

    principal: str
    in_session: bool = False
    ask: Ask = nobody_answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Bend:
    """
    What trouble on demand makes of a run that takes place all the same.

    Args:
        warning: said besides the cmdlet's own.
        unattended: nothing is forced and nobody answers: what would be asked ends in the error of a prompt.
        lag_s: what is written into Active Directory is read back so much later.
        failure: it fails with this when `after` of the things it does are done, and they stay done.
    """

    warning: str = ""
    unattended: bool = False
    lag_s: float = 0.0
    failure: CmdletFailure | None = None
    after: int = 0


STRAIGHT: Final = Bend()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one cmdlet left on its streams."""

    objects: list[PSObject] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    errors: list[ErrorRecord] = field(default_factory=list)


class VirtualExchange:
    """One host's engine. Everything that reads or changes `state` holds `lock`."""

    def __init__(self, state: HostState) -> None:
        self.state = state
        self.journal = Journal()
        self.lock = threading.RLock()

    def parameters(self, cmdlet: str) -> list[str]:
        """
        The names of a cmdlet's parameters on this build.

        Raises:
            CmdletFailure: there is no such cmdlet here.
        """
        return list(parameters_of(proper_name(cmdlet), self.state.profile.build))

    def invoke(
        self, cmdlet: str, arguments: Arguments, caller: Caller, bend: Bend = STRAIGHT
    ) -> Outcome:
        """Run one cmdlet; errors come back as values, and changes are written down."""
        name = proper_name(cmdlet)
        if bend.unattended:
            arguments = {key: value for key, value in arguments.items() if key.lower() != "force"}
        with self.lock:
            if bend.lag_s:
                self.state.let_directory_lag(bend.lag_s)
            outcome = self._run(name, arguments, caller, bend)
            if bend.warning:
                outcome.warnings.extend(self._spoken([bend.warning]))
            if not name.startswith("Get-"):
                self._record(name, arguments, outcome, caller)
        return outcome

    def fail(
        self, cmdlet: str, arguments: Arguments, caller: Caller, failure: CmdletFailure
    ) -> Outcome:
        """The outcome of a cmdlet that met trouble before it did anything; written down like any other."""
        name = proper_name(cmdlet)
        outcome = Outcome(errors=[self._error(name, failure, caller)])
        with self.lock:
            self._record(name, arguments, outcome, caller)
        return outcome

    def _run(self, name: str, arguments: Arguments, caller: Caller, bend: Bend) -> Outcome:
        warnings: list[str] = []
        breaks = Break(left=bend.after, failure=bend.failure) if bend.failure is not None else None
        try:
            if self.state.edge and name in NOT_ON_EDGE:
                raise unknown_command(name)
            call = Call(
                cmdlet=name,
                host=self.state,
                arguments=bind(name, arguments, self.state.profile.build),
                ask=caller.ask,
                warnings=warnings,
                breaks=breaks,
            )
            _check_server(call)
            objects = [] if call.flag("WhatIf") else _CMDLETS[name](call)
            call.did_all()
        except CmdletFailure as failure:
            return Outcome(
                warnings=self._spoken(warnings), errors=[self._error(name, failure, caller)]
            )
        return Outcome(objects=objects, warnings=self._spoken(warnings))

    def _record(self, name: str, arguments: Arguments, outcome: Outcome, caller: Caller) -> None:
        self.journal.record(
            name,
            arguments,
            principal=caller.principal,
            at=self.state.now(),
            error=outcome.errors[0].message if outcome.errors else "",
        )

    def _error(self, name: str, failure: CmdletFailure, caller: Caller) -> ErrorRecord:
        server = self.state.name
        has_rpc = failure.rpc and self.state.profile.build[0] > 8
        prefix = f"A special Rpc error occurs on server {server}: " if has_rpc else ""
        return ErrorRecord(
            message=spoken(prefix + failure.text, self.state.culture),
            category=failure.category,
            error_id=failure.error_id or self._error_id(name, failure, caller),
        )

    def _spoken(self, texts: list[str]) -> list[str]:
        return [spoken(text, self.state.culture) for text in texts]

    def _error_id(self, name: str, failure: CmdletFailure, caller: Caller) -> str:
        place = f"{zlib.crc32(failure.text[:24].encode()):08X}"
        plain = f"{place},{_CLASSES}{name.replace('-', '')}"
        if not caller.in_session:
            return plain
        stamp = calendar(self.state.now(), self.state.culture)
        return (
            f"[Server={self.state.name},RequestId={uuid.uuid4()},TimeStamp={stamp}] "
            f"[FailureCategory=Cmdlet-InvalidOperationException] {plain}"
        )


def _check_server(call: Call) -> None:
    """-Server names this host or nobody: there is no other in the sandbox's directory."""
    server = call.text("Server")
    if server and not call.host.is_called(server):
        raise no_such_object(server, call.host.domain)
