"""
One session at Exchange's own endpoint, over pypsrp: cmdlets as typed data, questions answered as decided.

Beside `psrp_connection.py` and `psrp_told.py` the only file that names pypsrp. No script ever leaves here, the endpoint has no language for one. A session
belongs to the thread that opened it.
"""

import contextlib
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from pypsrp.complex_objects import HostMethodIdentifier, ObjectMeta, PSInvocationState
from pypsrp.host import PSHost, PSHostUserInterface
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.shell import SignalCode, WinRS
from pypsrp.wsman import SelectorSet, WSMan

from bot.exchange.access import HostAccess
from bot.exchange.allowance import Allowance, Gate
from bot.exchange.call import Call, Reply, Secret, SmtpDecision, Switch, Value
from bot.exchange.dialling import check_port, open_password
from bot.exchange.faults import Accident, Moment, WireTrouble, host_fault
from bot.exchange.frames import check_text
from bot.exchange.knock import sign_in_note
from bot.exchange.psrp_connection import Manner, connect
from bot.exchange.psrp_faults import ENDPOINT_ACCIDENT_RULES, endpoint_accident
from bot.exchange.psrp_question import NotDecided, answer_index, question_fault
from bot.exchange.psrp_reading import read_label, read_reply
from bot.exchange.psrp_told import told
from bot.exchange.quiet import ENDS_S
from bot.exchange.refused import RefusedPasswords
from bot.exchange.session import Deadlines
from bot.exchange.tickets import Tickets
from bot.exchange.winrm_reading import check_installed

_CONFIGURATION: Final = "Microsoft.Exchange"
_RESOURCE: Final = f"http://schemas.microsoft.com/powershell/{_CONFIGURATION}"
_STOP: Final = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/powershell/crtl_c"
"""As Windows itself spells it; the right spelling stops nothing (winrm.md 2)."""

# It logs each failure that is told as a fault here, and at DEBUG whole messages with their parameters.
logging.getLogger("pypsrp").setLevel(logging.CRITICAL)


class ExchangeEndpoint:
    """A `Conversation` that knows the operation ``cmdlet`` alone."""

    def __init__(
        self,
        access: HostAccess,
        *,
        now: Callable[[], datetime],
        deadlines: Deadlines,
        monotonic: Callable[[], float],
        refused: RefusedPasswords | None = None,
        tickets: Tickets | None = None,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        self.host = access.name
        self._access = access
        self._now = now
        self._deadlines = deadlines
        self._monotonic = monotonic
        self._refused = refused or RefusedPasswords(monotonic)
        self._manner = Manner(
            monotonic=monotonic,
            pause=pause or threading.Event().wait,
            tickets=tickets or Tickets(self._refused, monotonic),
            gate=Gate(),
        )
        self._pipeline_id = ""
        self._console = _Host()
        self._wsman: WSMan | None = None
        self._pool: RunspacePool | None = None

    def open(self) -> None:
        """
        Sign in and open a session.

        Raises:
            HostFault: nobody there, not let in, no role, too many sessions; nothing stays open.
        """
        try:
            with told(Moment.OPEN):
                self._open()
        except WireTrouble as trouble:
            self._explain(trouble)
            self.close(maybe_created=not trouble.rule.never_ran)
            raise host_fault(self.host, trouble, None) from trouble
        self._refused.forget(self._access.psrp_url, self._access.user)

    def run(self, call: Call, allowance: Allowance | None = None) -> Reply:
        """Run one cmdlet, once; the session is closed when the wire failed or a question was left unanswered."""
        self._console.decision = call.decision
        try:
            return self._run(call, allowance if call.changes else None)
        except WireTrouble as trouble:
            self._explain(trouble)
            self.close()
            raise host_fault(self.host, trouble, call) from trouble
        except NotDecided as unsaid:
            self.close()
            raise question_fault(self.host, call, unsaid) from unsaid

    def cancel(self) -> None:
        """
        Stop the pipeline and end the session from another thread, over a connection of its own; never raises.

        What the cmdlet did is not known afterwards.
        """
        pool, pipeline_id = self._pool, self._pipeline_id
        if pool is None:
            return
        with contextlib.suppress(WireTrouble), told(Moment.CLOSE):
            password = open_password(self._access, self._refused, door=self._access.psrp_url)
            second = connect(self._access, password, replace(self._manner, gate=Gate()))
            shell = WinRS(second, resource_uri=_RESOURCE, id=pool.id)
            _mark_opened(shell)
            if pipeline_id:
                with contextlib.suppress(WireTrouble), told(Moment.CLOSE):
                    shell.signal(_STOP, pipeline_id)
                with contextlib.suppress(WireTrouble), told(Moment.CLOSE):
                    shell.signal(SignalCode.TERMINATE, pipeline_id)
            with contextlib.suppress(WireTrouble), told(Moment.CLOSE):
                shell.close()
            second.close()

    def close(self, *, maybe_created: bool = False) -> None:
        """
        Give the session back.

        Args:
            maybe_created: the host may have made it although no answer came; its id is ours, so it can be deleted.
        """
        wsman, pool = self._wsman, self._pool
        self._wsman = self._pool = None
        if wsman is None:
            return
        if pool is not None and (pool.shell.opened or maybe_created):
            _mark_opened(pool.shell)
            with contextlib.suppress(WireTrouble), told(Moment.CLOSE):
                pool.shell.close()
        wsman.close()

    def _open(self) -> None:
        check_port(self._access.endpoint_address, ENDPOINT_ACCIDENT_RULES)
        password = open_password(self._access, self._refused, door=self._access.psrp_url)
        if self._access.has_kerberos_endpoint:
            check_installed("kerberos")
        self._wsman = connect(self._access, password, self._manner)
        self._pool = RunspacePool(
            self._wsman,
            host=self._console,
            configuration_name=_CONFIGURATION,
            idle_timeout=ENDS_S,
        )
        try:
            with told(Moment.OPEN):
                self._pool.open()
        except WireTrouble as trouble:
            is_guess = self._access.is_guess and not self._access.has_kerberos_endpoint
            if trouble.code == "http-401" and is_guess:
                self._refused.remember(self._access.psrp_url, self._access.user, password)
            raise

    def _explain(self, trouble: WireTrouble) -> None:
        if trouble.code == "http-401":
            trouble.note = sign_in_note(
                self._access.psrp_url, ca_pem=self._access.ca_pem, now=self._now()
            ) + self._manner.tickets.clock_note(self._access)

    def _run(self, call: Call, allowance: Allowance | None) -> Reply:
        pool = self._pool
        if pool is None:
            raise endpoint_accident(Accident.ENDED, Moment.OPEN)
        with told(Moment.OPEN):
            shell = _pipeline(pool, call)
        self._pipeline_id = str(shell.id)
        with told(Moment.SEND), self._manner.gate.narrowed(allowance):
            shell.begin_invoke()
        limit = self._deadlines.limit_s(call, allowance)
        with told(Moment.RECEIVE):
            self._wait(shell, self._monotonic() + limit)
            reply = read_reply(call, shell.output, shell.streams)
        with contextlib.suppress(WireTrouble), told(Moment.CLOSE):
            # The answer is here: that the host keeps the pipeline until the session ends is no reason to lose it.
            shell.close()
        return reply

    def _wait(self, shell: PowerShell, deadline: float) -> None:
        """Take what comes until the end; the deadline is looked at between messages."""
        while shell.state == PSInvocationState.RUNNING:
            shell.poll_invoke()
            if shell.state == PSInvocationState.RUNNING and self._monotonic() > deadline:
                raise endpoint_accident(Accident.DEADLINE, Moment.RECEIVE)


class _Host(PSHost):
    """
    The host object of a session: it answers what was decided for the call under way, and nothing else.

    Without one, a question is never answered and never ends.
    """

    def __init__(self) -> None:
        super().__init__(None, None, False, "CertDesk", None, PSHostUserInterface(), "1.0")
        self.decision: SmtpDecision | None = None

    def run_method(
        self,
        method_identifier: HostMethodIdentifier,
        args: list[Any],
        runspace: RunspacePool,
        pipeline: PowerShell | None = None,
    ) -> Any:
        """Give the decided answer; whatever else wants a person raises `NotDecided`."""
        if str(method_identifier) == "PromptForChoice":
            _, message, choices, _ = args
            return answer_index(str(message), [read_label(one) for one in choices], self.decision)
        try:
            return super().run_method(method_identifier, args, runspace, pipeline)
        except (NotImplementedError, AttributeError) as fault:
            asked = f"{method_identifier} {' '.join(str(arg) for arg in args)}"
            raise NotDecided("UnknownQuestion", asked, "which nobody has decided") from fault


def _mark_opened(shell: WinRS) -> None:
    """Let a shell be closed that is known by its id alone; the library closes only what it saw open."""
    selectors = SelectorSet()
    selectors.add_option("ShellId", shell.id or "")
    shell.opened = True
    shell._selector_set = selectors  # noqa: SLF001 - there is no other way in


def _pipeline(pool: RunspacePool, call: Call) -> PowerShell:
    """The pipeline a call means: the cmdlet, and Select-Object where properties are wanted (exchange.md 4.5)."""
    shell = PowerShell(pool).add_cmdlet(call.cmdlet)
    for name, value in call.values:
        shell.add_parameter(name, _argument(pool, value))
    if call.wants and call.wants != (".",):
        shell.add_cmdlet("Select-Object").add_parameter("Property", list(call.wants))
    return shell


def _argument(pool: RunspacePool, value: Value) -> Any:
    match value:
        case Switch():
            return None
        case Secret():
            pool.exchange_keys()
            return pool.serialize(check_text(value.text), ObjectMeta("SS"))
        case str():
            return str(check_text(value))
        case tuple():
            return [str(check_text(item)) for item in value]
        case _:
            return value
