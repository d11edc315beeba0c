"""The host read back after the installation: is what was decided what it shows? Reads, never changes."""

from collections.abc import Iterator
from typing import Final

from bot.certs.judge import IssuedCertificate
from bot.certs.prints import Thumbprint
from bot.domain.plan import (
    Answer,
    HostCertificate,
    HostPlan,
    InstallPlan,
    Observation,
    Operation,
    OperationKind,
    Service,
)
from bot.exchange.forecast_organisation import BY_HAND
from bot.exchange.naming import naming_faults, renaming_of, title_of
from bot.exchange.served import served_services
from bot.exchange.session import Runner
from bot.exchange.snapshot import HostFacts, default_smtp, find_held, shown_certificates

STATUS_WORDS: Final = {
    "Unknown": "the host has not judged it",
    "Revoked": "the vendor has revoked it",
    "DateInvalid": "by the host's clock it is expired or not valid yet",
    "Untrusted": "its root is not in the host's store",
    "Invalid": "its chain is broken; usually an intermediate is missing",
    "RevocationCheckFailure": "the host cannot reach the vendor's revocation lists (proxy or firewall); "
    "the certificate itself may be fine",
}
"""``Status`` in plain words; ``Valid`` needs none. Source: exchange.md 4.3."""

_HARMLESS: Final = frozenset({"Valid", "RevocationCheckFailure", "Unknown"})


def read_back(
    runner: Runner,
    facts: HostFacts,
    certificate: IssuedCertificate,
    services: tuple[Service, ...],
    plan: InstallPlan,
    answer: Answer | None,
) -> Observation:
    """Whether the host shows the certificate with its key, its services and the decided default."""
    thumbprint = certificate.facts.thumbprint
    stored = find_held(runner, certificate.facts.sha256)
    if stored is None or not stored.has_key:
        return Observation(
            done=False, seen="the certificate or its private key is not in the store"
        )
    held = next((c for c in shown_certificates(runner) if c.thumbprint == thumbprint), None)
    if held is None:
        return Observation(
            done=False, seen="Exchange does not show the certificate: it cannot use it"
        )
    host_plan = plan.host(facts.host)
    wanted = _expected_services(facts, certificate, services, host_plan, answer)
    default = default_smtp(runner, facts) if Service.SMTP in wanted else None
    naming = tuple(
        operation
        for operation in host_plan.operations_for(answer)
        if operation.kind is OperationKind.NAME_IN_CONNECTOR
    )
    faults = [
        *_status_faults(held),
        *(f"{service} is not shown" for service in wanted if service not in held.services),
        *_default_faults(default, thumbprint, host_plan, wanted, answer),
        *naming_faults(runner, facts, naming),
    ]
    if faults:
        return Observation(done=False, seen="; ".join(faults))
    return Observation(done=True, seen=_all_well(held, wanted, default, naming))


def _expected_services(
    facts: HostFacts,
    certificate: IssuedCertificate,
    services: tuple[Service, ...],
    plan: HostPlan,
    answer: Answer | None,
) -> tuple[Service, ...]:
    """What the host should show; SMTP was left alone after a No that could not have been kept."""
    is_smtp_left = plan.leaves_smtp(answer)
    served = served_services(services, certificate, facts.dialect)
    return tuple(s for s in served if not (is_smtp_left and s is Service.SMTP))


def _status_faults(held: HostCertificate) -> Iterator[str]:
    if held.status not in _HARMLESS:
        meaning = STATUS_WORDS.get(held.status, "CertDesk does not know this status")
        yield f"its status is {held.status[:40]}: {meaning}"


def _default_faults(
    default: Thumbprint | None,
    new: Thumbprint,
    plan: HostPlan,
    wanted: tuple[Service, ...],
    answer: Answer | None,
) -> Iterator[str]:
    if Service.SMTP not in wanted:
        return
    question = plan.question
    old = question.current.thumbprint if question is not None and question.current else new
    expected = old if answer is Answer.NO else new
    if default != expected:
        yield f"the default SMTP certificate is {default or 'none'}, and {expected} was decided"


def _all_well(
    held: HostCertificate,
    wanted: tuple[Service, ...],
    default: Thumbprint | None,
    naming: tuple[Operation, ...],
) -> str:
    shown = ", ".join(wanted) or "no service"
    note = "" if held.status == "Valid" else f" ({STATUS_WORDS.get(held.status, held.status)})"
    root = f", its root {held.root_kind}" if held.root_kind == BY_HAND else ""
    smtp = f"; default SMTP certificate {default}" if default else ""
    named = "".join(f"; {title_of(renaming_of(one))} names it" for one in naming)
    return f"there with its key, status {held.status}{note}{root}, serving {shown}{smtp}{named}"
