"""Every fault of the plan, once for each place of the wire on which it means another thing."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

from bot.domain.states import Work
from sandbox.exchange.trouble import Trouble
from tests.contract.fault_steps import ENABLING, Step

Place = Literal["opening", "request", "answer", "cmdlet"]
FOR_EVER: Final = 0
DOWN_S: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """
    One row of the matrix.

    Args:
        place: opening the session; the message that carries the request; the one that fetches its answer; the cmdlet.
        rule: what is done there; the place adds what it is done to.
        fits: the steps it makes sense for.
        loses_shell: the client may never learn the id of a shell that was opened, so it ends by its idle time.
    """

    place: Place
    name: str
    rule: Trouble
    fits: Callable[[Step], bool] = lambda _: True
    loses_shell: bool = False
    is_lasting: bool = False

    @property
    def key(self) -> str:
        """Its name in the matrix."""
        return f"{self.place}: {self.name}"

    def trouble(self, step: Step, shell: str) -> Trouble:
        """The rule for a step at a door."""
        match self.place:
            case "opening":
                return replace(self.rule, action="Create", shell=shell)
            case "request":
                action = "Command" if shell == "psrp" else "Send"
                return replace(self.rule, action=action, cmdlet=step.target, shell=shell)
            case "answer":
                return replace(self.rule, action="Receive", cmdlet=step.target, shell=shell)
            case "cmdlet":
                return replace(self.rule, cmdlet=step.target, shell=shell)


def _changes(step: Step) -> bool:
    return not step.reads


def _sets_several(step: Step) -> bool:
    """Enable sets one thing after the other and undoes none (exchange.md 2.3)."""
    return step.target == ENABLING


def _asks(step: Step) -> bool:
    return step.name.startswith("SMTP")


def _fault(code: int, *, form: str = "wsman") -> Trouble:
    return Trouble(do="fault", code=code, form=form)


def _lasting(rule: Trouble) -> Trouble:
    return replace(rule, times=FOR_EVER)


def _rows(
    place: Place, rules: dict[str, Trouble], *, loses_shell: bool = False
) -> tuple[Fault, ...]:
    return tuple(
        Fault(
            place=place,
            name=name,
            rule=rule,
            loses_shell=loses_shell and rule.do in {"executed_then_lost", "truncate"},
            is_lasting=rule.times == FOR_EVER or rule.seconds > DOWN_S * 1000,
        )
        for name, rule in rules.items()
    )


_CUT: Final = {
    "reset": Trouble(do="rst"),
    "closed without an answer": Trouble(do="fin"),
    "half closed": Trouble(do="half_close"),
    "answer cut short": Trouble(do="truncate"),
    "done, answer lost": Trouble(do="executed_then_lost"),
    "reboot, down for 20 s": Trouble(do="reboot", seconds=DOWN_S),
}
_ODD: Final = {
    "HTTP 400": Trouble(do="status", status=400),
    "HTTP 401": Trouble(do="401"),
    "HTTP 503": Trouble(do="status", status=503),
    "answer in drips": Trouble(do="drip", seconds=0.002),
    "answer to another message": Trouble(do="wrong_relates_to"),
    "shell's process killed": Trouble(do="kill_shell_host"),
}

FAULTS: Final = (
    *_rows(
        "opening",
        {
            "access denied (5)": _fault(5),
            "too many shells (2150859173)": _fault(2150859173, form="wmi"),
            "too many users (2150859179)": _fault(2150859179),
            "no such resource (2150858811)": _fault(2150858811),
            "too little memory (1816)": _fault(1816),
            "unknown fault (4711)": _fault(4711),
            "HTTP 302": Trouble(do="status", status=302),
            "HTTP 403": Trouble(do="status", status=403),
            "HTTP 404": Trouble(do="status", status=404),
            "HTTP 500": Trouble(do="status", status=500),
            "HTTP 503": Trouble(do="status", status=503),
            "HTTP 503 until mended": _lasting(Trouble(do="status", status=503)),
            "HTTP 401": Trouble(do="401"),
            "HTTP 401 until mended": _lasting(Trouble(do="401")),
            "host's clock 10 min behind": Trouble(do="stale_time", seconds=600),
            **_CUT,
            "down until mended": Trouble(do="reboot", seconds=80_000),
        },
        loses_shell=True,
    ),
    *_rows(
        "request",
        {
            "busy (170)": _fault(170),
            "wrong parameter (87)": _fault(87),
            "aborted (995)": _fault(995),
            "time-out (2150858793)": _fault(2150858793),
            "shell unknown (2150858843)": _fault(2150858843),
            "too many operations (2150859174)": _fault(2150859174, form="wmi"),
            "too many requests (2150859175)": _fault(2150859175),
            "provider crashed (3221225477)": _fault(3221225477),
            "unknown fault (4711)": _fault(4711),
            **_ODD,
            **_CUT,
        },
    ),
    *_rows(
        "answer",
        {
            "time-out (2150858793)": _fault(2150858793),
            "aborted (995)": _fault(995),
            "shell unknown (2150858843)": _fault(2150858843),
            **_ODD,
            **_CUT,
        },
    ),
    *_rows(
        "cmdlet",
        {
            "done, host down for 20 s": Trouble(do="executed_then_lost", seconds=DOWN_S),
            "not done, host down for 20 s": Trouble(do="not_executed_and_lost", seconds=DOWN_S),
            "shell's process killed": Trouble(do="kill_shell_host"),
            "done, then every session lost": Trouble(do="session_drop"),
            "late": Trouble(do="delay", seconds=0.02),
            "Service Host stopped (27)": Trouble(do="rpc_down"),
            "Service Host stopped until mended (27)": _lasting(Trouble(do="rpc_down")),
            "access denied until mended (24)": _lasting(Trouble(do="access_denied")),
            "directory out of reach (43)": Trouble(do="catalogue", number=43),
            "unknown error": Trouble(
                do="cmdlet_error", message="Etwas <ging> schief & niemand weiß was.", error_id="X1"
            ),
        },
    ),
    Fault(
        place="cmdlet",
        name="access denied half way until mended (24)",
        rule=_lasting(Trouble(do="access_denied", after=1)),
        fits=_sets_several,
        is_lasting=True,
    ),
    Fault(
        place="cmdlet",
        name="Service Host stopped half way (27)",
        rule=Trouble(do="rpc_down", after=1),
        fits=_sets_several,
    ),
    Fault(
        place="cmdlet",
        name="written, read back 60 s late",
        rule=Trouble(do="replication_lag", seconds=60),
        fits=lambda step: (
            _changes(step) and step.work is not Work.MAKE_CSR and step.target != "store.add"
        ),
    ),
    Fault(
        place="cmdlet",
        name="prompt without a person (28, 29)",
        rule=Trouble(do="prompt_without_ui"),
        fits=_asks,
    ),
)

_AT_THE_ENDPOINT: Final = frozenset(
    {
        "opening: too many shells (2150859173)",
        "opening: HTTP 401",
        "opening: HTTP 401 until mended",
        "opening: HTTP 503",
        "opening: done, answer lost",
        "opening: down until mended",
        "request: busy (170)",
        "request: shell unknown (2150858843)",
        "request: too many operations (2150859174)",
        "request: too many requests (2150859175)",
        "request: unknown fault (4711)",
        "request: HTTP 401",
        "request: answer to another message",
        "request: shell's process killed",
        "request: reset",
        "request: done, answer lost",
        "answer: time-out (2150858793)",
        "answer: HTTP 401",
        "answer: HTTP 503",
        "answer: shell's process killed",
        "answer: answer cut short",
        "answer: done, answer lost",
    }
)
"""Of the wire, what the endpoint's client takes by another way; the rest goes through tables both doors share."""


def faults_at(door: str) -> tuple[Fault, ...]:
    """The rows of a door."""
    return tuple(
        fault
        for fault in FAULTS
        if door == "winrm" or fault.place == "cmdlet" or fault.key in _AT_THE_ENDPOINT
    )
