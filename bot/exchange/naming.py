"""
A connector made to name another certificate, once: by what it names now, never by what a plan remembers of it.

A connector that names neither the old nor the new pair is somebody else's decision and is left alone. The pair is
built from issuer and subject as the host itself prints them, for Exchange compares them as text (exchange.md 7
trap 1); our own rendering of a distinguished name would differ in spaces, order or keys.
"""

from collections.abc import Iterator
from typing import Final

from bot.certs.findings import show, visible
from bot.certs.prints import Thumbprint
from bot.domain.faults import FaultKind, HostFault
from bot.domain.plan import Caution, Connector, Observation, Operation, Receipt, Renaming
from bot.exchange import cmdlets
from bot.exchange.connectors import connectors_of
from bot.exchange.distinguished import pinned_pair
from bot.exchange.session import Runner
from bot.exchange.snapshot import HostFacts, shown_certificates
from bot.exchange.talk import run
from bot.exchange.warned import cautions_of

_LONGEST: Final = 600
"""Characters of a pair that are shown; two distinguished names are a few hundred long."""


def see_naming(runner: Runner, facts: HostFacts, operation: Operation) -> Observation:
    """Look whether the connector names the operation's certificate."""
    wanted = renaming_of(operation)
    found, pair = find_connector(runner, facts, wanted), printed_pair(runner, operation.thumbprint)
    if found is None:
        return Observation(done=False, seen=f"{title_of(wanted)} is not there")
    if pair and is_same_pair(found.tls_certificate_name, pair):
        return Observation(done=True, seen=f"{title_of(wanted)} names {_named(pair)}")
    return Observation(
        done=False, seen=f"{title_of(wanted)} names {_named(found.tls_certificate_name)}"
    )


def name_certificate(runner: Runner, facts: HostFacts, operation: Operation) -> Receipt:
    """
    Make the connector name the operation's certificate, if it still names the one of the plan.

    Raises:
        HostFault: the connector is gone or names a third certificate; the certificate is not shown; of the cmdlet.
    """
    wanted = renaming_of(operation)
    found, pair = find_connector(runner, facts, wanted), printed_pair(runner, operation.thumbprint)
    if found is None:
        raise _refused(operation, "connector-gone", f"{title_of(wanted)} is not there any more.")
    if not pair:
        raise _refused(
            operation,
            "certificate-not-shown",
            f"Exchange does not show the certificate {operation.thumbprint}, so {title_of(wanted)} was left alone.",
        )
    if is_same_pair(found.tls_certificate_name, pair):
        return Receipt(seen="named it already")
    if not is_same_pair(found.tls_certificate_name, wanted.was):
        raise _refused(
            operation,
            "connector-changed",
            f"{title_of(wanted)} names {_named(found.tls_certificate_name)} now, and the plan was made for one that "
            f"names {_named(wanted.was)}. Somebody has changed it since.",
        )
    reply = run(runner, cmdlets.set_connector(wanted, pair))
    return Receipt(warnings=cautions_of(reply), seen=f"names {pair}")


def see_restored(runner: Runner, facts: HostFacts, operation: Operation) -> Observation:
    """Look whether the connector no longer names the operation's certificate; what else it names is not ours."""
    wanted = renaming_of(operation)
    found, pair = find_connector(runner, facts, wanted), printed_pair(runner, operation.thumbprint)
    if found is None:
        return Observation(done=True, seen=f"{title_of(wanted)} is not there any more")
    named = found.tls_certificate_name
    is_ours = bool(pair) and is_same_pair(named, pair)
    return Observation(done=not is_ours, seen=f"{title_of(wanted)} names {_named(named)}")


def restore_connector(runner: Runner, facts: HostFacts, operation: Operation) -> Receipt:
    """Give the connector back what it named; what somebody has changed since stays, and people are told."""
    wanted = renaming_of(operation)
    found, pair = find_connector(runner, facts, wanted), printed_pair(runner, operation.thumbprint)
    named = found.tls_certificate_name if found is not None else ""
    if found is not None and is_same_pair(named, wanted.was):
        return Receipt(seen="named it already")
    if found is None or not pair or not is_same_pair(named, pair):
        now = f"names {_named(named)} now" if found is not None else "is not there any more"
        meaning = (
            f"{title_of(wanted)[:1].upper()}{title_of(wanted)[1:]} {now}; somebody has changed it since, so it was left "
            f"as it is. Before the installation it named {_named(wanted.was)}."
        )
        return Receipt(warnings=(Caution(meaning=meaning),), seen="left alone")
    reply = run(runner, cmdlets.set_connector(wanted, wanted.was))
    return Receipt(warnings=cautions_of(reply), seen=f"names {wanted.was}")


def naming_faults(
    runner: Runner, facts: HostFacts, operations: tuple[Operation, ...]
) -> Iterator[str]:
    """A sentence for each of the connectors that does not name what its operation gave it."""
    seen = (see_naming(runner, facts, operation) for operation in operations)
    yield from (one.seen for one in seen if not one.done)


def renaming_of(operation: Operation) -> Renaming:
    """The connector an operation is about; ValueError when it is about none."""
    if operation.connector is None:
        raise ValueError(f"The operation {operation.key} names no connector.")
    return operation.connector


def find_connector(runner: Runner, facts: HostFacts, wanted: Renaming) -> Connector | None:
    """The connector as it is now; None when it is gone."""
    return next(
        (
            one
            for one in connectors_of(runner, facts.machine)
            if one.direction == wanted.direction and one.identity.lower() == wanted.identity.lower()
        ),
        None,
    )


def printed_pair(runner: Runner, thumbprint: Thumbprint) -> str:
    """``<I>issuer<S>subject`` as the host prints them; empty when Exchange does not show the certificate."""
    held = next((c for c in shown_certificates(runner) if c.thumbprint == thumbprint), None)
    return f"<I>{held.issuer}<S>{held.subject}" if held is not None else ""


def is_same_pair(one: str, other: str) -> bool:
    """Say whether two values of a connector name the same pair, however blanks and keys are printed."""
    if one.strip() == other.strip():
        return True
    parts = pinned_pair(one)
    return parts is not None and parts == pinned_pair(other)


def title_of(wanted: Renaming) -> str:
    """Name a connector in a sentence."""
    return f"the {wanted.direction} connector {show(wanted.identity)}"


def _named(pair: str) -> str:
    return f"'{visible(pair, at_most=_LONGEST)}'" if pair.strip() else "no certificate"


def _refused(operation: Operation, code: str, happened: str) -> HostFault:
    return HostFault(
        FaultKind.UNSUPPORTED,
        operation.host,
        f"{operation.host}: {happened} No connector was changed by this; what was done before stays. Put it right by "
        f"hand, then retry; what the plan would do is: {operation.text}",
        executed="no",
        code=code,
    )
