"""
One operation on one host: look whether its end state is there, or bring it about, once.

What is done follows from the operation's kind and data, never from its text. Nothing here repeats
anything, and nothing here touches the Root store.
"""

from dataclasses import replace
from typing import Final, assert_never

from bot.certs.judge import IssuedCertificate
from bot.certs.prints import Thumbprint, thumbprint_of
from bot.domain.faults import Executed, FaultKind, HostFault
from bot.domain.plan import Observation, Operation, OperationKind, Receipt, Service
from bot.exchange import cmdlets
from bot.exchange.call import Reply, Switch
from bot.exchange.carry import unpack_key
from bot.exchange.failed import CmdletFailed
from bot.exchange.fit import check_fits
from bot.exchange.intermediates import remove_intermediate, see_removed
from bot.exchange.naming import name_certificate, restore_connector, see_naming, see_restored
from bot.exchange.operations import enabling_call
from bot.exchange.served import BY_NAME
from bot.exchange.session import Runner
from bot.exchange.snapshot import (
    Held,
    HostFacts,
    default_smtp,
    find_held,
    own_store,
    shown_certificates,
    store_thumbprints,
)
from bot.exchange.talk import run, run_one
from bot.exchange.warned import cautions_of
from bot.key_ports import Parcel

_OPTIONAL: Final = ("Force", "DoNotRequireSsl")


def observe(
    runner: Runner, facts: HostFacts, operation: Operation, certificate: IssuedCertificate
) -> Observation:
    """Look whether an operation's end state is there; changes nothing."""
    match operation.kind:
        case OperationKind.ADD_INTERMEDIATE:
            is_there = operation.thumbprint in store_thumbprints(runner, "CA")
            return _seen(is_there, "the intermediate is in the CA store", "it is not there")
        case OperationKind.IMPORT_CERTIFICATE:
            return _see_key(runner, certificate)
        case OperationKind.ENABLE_SERVICES:
            return _see_services(runner, facts, operation)
        case OperationKind.ENABLE_SMTP | OperationKind.ENABLE_SMTP_KEEPING_DEFAULT:
            return _see_smtp(runner, facts, operation)
        case OperationKind.RESTORE_SMTP_DEFAULT:
            return _see_default(runner, facts, operation.thumbprint)
        case OperationKind.NAME_IN_CONNECTOR:
            return see_naming(runner, facts, operation)
        case OperationKind.RESTORE_CONNECTOR:
            return see_restored(runner, facts, operation)
        case OperationKind.REMOVE_INTERMEDIATE:
            return see_removed(runner, facts, operation, certificate)
        case OperationKind.REMOVE_CERTIFICATE:
            is_gone = all(held.thumbprint != operation.thumbprint for held in own_store(runner))
            return _seen(is_gone, "the certificate is gone", "it is still in the store")
        case unreachable:
            assert_never(unreachable)


def act(
    runner: Runner,
    facts: HostFacts,
    operation: Operation,
    certificate: IssuedCertificate,
    *,
    parcel: Parcel | None = None,
) -> Receipt:
    """
    Run one operation, once.

    Args:
        parcel: certificate and key, for an import where no request waits here.

    Raises:
        HostFault: of the wire or of the cmdlet, which tells what a look right after it showed; PrivateKeyMissing when the
            import left no key; as `check_fits` says.
    """
    check_fits(runner, facts, operation, certificate)
    try:
        return _act(runner, facts, operation, certificate, parcel)
    except CmdletFailed as fault:
        raise fault.looked_at(lambda: observe(runner, facts, operation, certificate)) from fault


def _act(
    runner: Runner,
    facts: HostFacts,
    operation: Operation,
    certificate: IssuedCertificate,
    parcel: Parcel | None,
) -> Receipt:
    match operation.kind:
        case OperationKind.ADD_INTERMEDIATE:
            return _add_intermediate(runner, operation, certificate)
        case OperationKind.IMPORT_CERTIFICATE:
            return _import(runner, facts, operation, certificate, parcel)
        case (
            OperationKind.ENABLE_SERVICES
            | OperationKind.ENABLE_SMTP
            | OperationKind.ENABLE_SMTP_KEEPING_DEFAULT
            | OperationKind.RESTORE_SMTP_DEFAULT
        ):
            return _enable(runner, facts, operation)
        case OperationKind.NAME_IN_CONNECTOR:
            return name_certificate(runner, facts, operation)
        case OperationKind.RESTORE_CONNECTOR:
            return restore_connector(runner, facts, operation)
        case OperationKind.REMOVE_INTERMEDIATE:
            return remove_intermediate(runner, facts, operation, certificate)
        case OperationKind.REMOVE_CERTIFICATE:
            reply = run(runner, cmdlets.remove_certificate(operation.thumbprint))
            return Receipt(warnings=cautions_of(reply), seen="removed")
        case unreachable:
            assert_never(unreachable)


def _see_key(runner: Runner, certificate: IssuedCertificate) -> Observation:
    held = find_held(runner, certificate.facts.sha256)
    if held is None:
        return Observation(done=False, seen="the certificate is not in the store")
    return _seen(held.has_key, "the certificate is there with its key", "it has no private key")


def _see_services(runner: Runner, facts: HostFacts, operation: Operation) -> Observation:
    """
    POP and IMAP are shown by name alone, so after a renewal even before they may read the key (exchange.md 4.3).

    Opening the key comes before naming them (2.3), and shows as SMTP. Of 2007 that is not known.
    """
    shown = _shown_services(runner, operation.thumbprint)
    is_open = Service.SMTP in shown or not facts.dialect.knows_force
    served = [
        service
        for service in operation.services
        if service in shown and (is_open or service not in BY_NAME)
    ]
    missing = [service for service in operation.services if service not in served]
    still = f"it does not serve {', '.join(missing)} yet"
    if served:
        still = f"it serves {', '.join(served)}, and does not serve {', '.join(missing)} yet"
    return _seen(not missing, f"it serves {', '.join(served)}", still)


def _see_smtp(runner: Runner, facts: HostFacts, operation: Operation) -> Observation:
    """
    Where SMTP is enabled with Force, its end state is the default being the new one, whatever was answered.

    The Services column alone proves nothing: SMTP is shown as soon as Network Service can read the key,
    and enabling any other service sees to that (exchange.md 4.3). With No the next operation gives back;
    where the question itself is answered with No, the default is still the one of before.
    """
    if Service.SMTP not in _shown_services(runner, operation.thumbprint):
        return Observation(done=False, seen="it does not serve SMTP yet")
    if operation.kind is OperationKind.ENABLE_SMTP_KEEPING_DEFAULT:
        return _see_kept(runner, facts, operation)
    seen = _see_default(runner, facts, operation.thumbprint)
    return seen if seen.done else replace(seen, seen=f"it serves SMTP, but {seen.seen}")


def _see_kept(runner: Runner, facts: HostFacts, operation: Operation) -> Observation:
    now = default_smtp(runner, facts)
    return _seen(
        now == operation.current_default,
        f"it serves SMTP, and {now} is still the default SMTP certificate",
        f"the default SMTP certificate is {now or 'none'}, and {operation.current_default} was to be kept",
    )


def _see_default(runner: Runner, facts: HostFacts, wanted: Thumbprint) -> Observation:
    now = default_smtp(runner, facts)
    return _seen(
        now == wanted,
        "it is the default SMTP certificate",
        f"the default SMTP certificate is {now or 'none'}",
    )


def _shown_services(runner: Runner, thumbprint: Thumbprint) -> tuple[str, ...]:
    shown = {held.thumbprint: held for held in shown_certificates(runner)}
    return shown[thumbprint].services if thumbprint in shown else ()


def _add_intermediate(
    runner: Runner, operation: Operation, certificate: IssuedCertificate
) -> Receipt:
    for der in certificate.path:
        if thumbprint_of(der) == operation.thumbprint:
            row = run_one(runner, cmdlets.add_intermediate(der), width=2)
            return Receipt(seen="added" if row[1] == "1" else "was there already")
    raise _refusal(operation, "not-in-path", "The plan names an intermediate that was not proven.")


def _import(
    runner: Runner,
    facts: HostFacts,
    operation: Operation,
    certificate: IssuedCertificate,
    parcel: Parcel | None,
) -> Receipt:
    if certificate.facts.thumbprint != operation.thumbprint:
        raise _refusal(operation, "other-certificate", "The plan names another certificate.")
    held = find_held(runner, certificate.facts.sha256)
    if held is not None:
        return _held_already(operation, certificate, held)
    if parcel is None and operation.pfx is not None:
        raise _refusal(operation, "no-parcel", "The key this import brings was not handed over.")
    if parcel is None:
        reply = _import_answer(runner, facts, operation, certificate.leaf_der)
    else:
        reply = unpack_key(runner, operation.friendly_name, parcel)
    held = find_held(runner, certificate.facts.sha256)
    if held is None or not held.has_key:
        raise _keyless(operation, certificate, "was imported, but", executed="yes")
    return Receipt(warnings=cautions_of(reply), seen="imported with its key")


def _held_already(operation: Operation, certificate: IssuedCertificate, held: Held) -> Receipt:
    """Importing it again would only give an error; whether it can be used is the question."""
    if not held.has_key:
        raise _keyless(operation, certificate, "is in the store already, but", executed="no")
    return Receipt(seen="was there already with its key")


def _keyless(
    operation: Operation, certificate: IssuedCertificate, happened: str, *, executed: Executed
) -> HostFault:
    return HostFault(
        FaultKind.CMDLET_ERROR,
        operation.host,
        f"{operation.host}: the certificate {happened} its private key is not there, so no service was "
        "changed. The request was made on another host or is gone. Try certutil -repairstore my "
        f"{certificate.facts.serial_hex}, or remove it and ask the vendor for a re-key.",
        executed=executed,
        code="PrivateKeyMissing",
    )


def _import_answer(runner: Runner, facts: HostFacts, operation: Operation, der: bytes) -> Reply:
    """Complete the pending request; 2007 reads a file, which is deleted whatever happens."""
    name = operation.friendly_name
    if facts.dialect.import_by == "file_data":
        return run(runner, cmdlets.import_certificate(name, data=der))
    file_name = f"{operation.thumbprint}.cer"
    path = run_one(runner, cmdlets.write_file(file_name, der))[0] or ""
    try:
        return run(runner, cmdlets.import_certificate(name, path=path))
    finally:
        _drop_file(runner, file_name)


def _drop_file(runner: Runner, name: str) -> None:
    """A certificate is public: one that stays behind after a broken wire is no reason to hide the first fault."""
    try:
        runner.run(cmdlets.delete_file(name))
    except HostFault:
        return


def _enable(runner: Runner, facts: HostFacts, operation: Operation) -> Receipt:
    knows = _OPTIONAL if facts.dialect.knows_force else _probe(runner)
    call = enabling_call(operation, keep_http="DoNotRequireSsl" in knows)
    if call.decision is not None and not facts.by_endpoint:
        raise _refusal(
            operation,
            "door-changed",
            "The plan answers Exchange's question at its own endpoint, and the host is reached by WinRM alone now.",
            "Name the endpoint in the configuration again, or make a new plan.",
        )
    if ("Force", Switch.PRESENT) in call.values and "Force" not in knows:
        raise _refusal(
            operation,
            "force-unknown",
            f"{facts.dialect.title} would ask a question here and offers no way to answer it from afar.",
            "Enable it by hand in the Exchange shell, then retry.",
        )
    reply = run(runner, call)
    return Receipt(warnings=cautions_of(reply), seen=f"enabled for {', '.join(operation.services)}")


def _probe(runner: Runner) -> tuple[str | None, ...]:
    return run_one(runner, cmdlets.parameters_of("Enable-ExchangeCertificate"))


def _seen(done: bool, yes: str, no: str) -> Observation:
    return Observation(done=done, seen=yes if done else no)


def _refusal(
    operation: Operation, code: str, happened: str, advice: str = "Make a new plan."
) -> HostFault:
    return HostFault(
        FaultKind.UNSUPPORTED,
        operation.host,
        f"{operation.host}: {happened} Nothing was changed. {advice}",
        executed="no",
        code=code,
    )
