"""
The last look before an operation runs: is the host still the one of the plan, and is the certificate one it may hold?

A plan is approved once and may run days later; a roll-back's plan may be months old. Reads, never changes.
"""

from typing import Final

from bot.certs.judge import IssuedCertificate
from bot.domain.faults import FaultKind, HostFault
from bot.domain.plan import Operation, OperationKind, Step
from bot.exchange.around import auth_certificates
from bot.exchange.dialect import UnknownVersion, dialect_of_build
from bot.exchange.session import Runner
from bot.exchange.snapshot import HostFacts, shown_certificates
from bot.exchange.untouchable import auth_refusal, is_auth

_OWN: Final = frozenset(
    {
        OperationKind.ENABLE_SERVICES,
        OperationKind.ENABLE_SMTP,
        OperationKind.ENABLE_SMTP_KEEPING_DEFAULT,
        OperationKind.NAME_IN_CONNECTOR,
        OperationKind.REMOVE_CERTIFICATE,
    }
)
"""What is done to the order's own certificate and to no other; giving back alone names another."""


def check_fits(
    runner: Runner, facts: HostFacts, operation: Operation, certificate: IssuedCertificate
) -> None:
    """
    Refuse an operation that was planned for another version, or names a certificate it may not touch.

    A build that changed within its version is no reason: every operation is spoken the same way there.

    Raises:
        HostFault: UNSUPPORTED: ``build-changed``, ``other-certificate``, ``auth-certificate``.
    """
    _check_version(facts, operation)
    if operation.kind in _OWN and operation.step is not Step.RESTORE:
        _check_own(operation, certificate)
    elif _gives_back(operation):
        _check_no_auth(runner, facts, operation)


def _gives_back(operation: Operation) -> bool:
    is_restored = operation.kind is OperationKind.RESTORE_SMTP_DEFAULT
    return is_restored or (operation.kind in _OWN and operation.step is Step.RESTORE)


def _check_version(facts: HostFacts, operation: Operation) -> None:
    if operation.build is None:
        return
    try:
        is_same = dialect_of_build(operation.build) is facts.dialect
    except UnknownVersion:
        is_same = False
    if not is_same:
        raise HostFault(
            FaultKind.UNSUPPORTED,
            operation.host,
            f"{operation.host}: the plan was made for build {operation.build}, and the host has {facts.build} "
            f"({facts.dialect.title}) now. Nothing was changed by this step. Cancel the order and ask anew: "
            "what is done there differs by version, and the plan is part of what was approved.",
            executed="no",
            code="build-changed",
        )


def _check_own(operation: Operation, certificate: IssuedCertificate) -> None:
    if operation.thumbprint != certificate.facts.thumbprint:
        raise HostFault(
            FaultKind.UNSUPPORTED,
            operation.host,
            f"{operation.host}: the plan names {operation.thumbprint}, and the order's certificate is "
            f"{certificate.facts.thumbprint}. Nothing was changed. Make a new plan.",
            executed="no",
            code="other-certificate",
        )


def _check_no_auth(runner: Runner, facts: HostFacts, operation: Operation) -> None:
    """The plan may be older than the organisation's newest Auth certificate, so the host is asked now."""
    if not facts.dialect.has_auth:
        return
    auth = auth_certificates(runner, facts.dialect)
    held = next(
        (one for one in shown_certificates(runner) if one.thumbprint == operation.thumbprint), None
    )
    named = auth.all if auth is not None else ()
    if operation.thumbprint in named or (held is not None and is_auth(held, auth)):
        raise auth_refusal(operation.host, operation.thumbprint)
