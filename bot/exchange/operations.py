"""
Operations of a plan, each with the call that it means and the text people read.

What `act` does and what the plan shows come from the same builders here, so they cannot differ.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from bot.certs.judge import IssuedCertificate
from bot.certs.prints import Thumbprint, thumbprint_of
from bot.domain.ids import HostName
from bot.domain.plan import Answer, Operation, OperationKind, Renaming, Service, Step
from bot.exchange import cmdlets
from bot.exchange.call import Call, Secret, SmtpDecision
from bot.exchange.dialect import Dialect
from bot.exchange.preview import preview_call, preview_intermediate, preview_naming, preview_removal

_PREVIEW_PATH = "C:\\CertDesk\\certificate.cer"


def add_intermediate(host: HostName, der: bytes) -> Operation:
    """Put one CA certificate into the host's intermediates, never into its roots."""
    thumbprint = thumbprint_of(der)
    return Operation(
        key=_key(host, OperationKind.ADD_INTERMEDIATE, thumbprint),
        host=host,
        step=Step.INTERMEDIATES,
        kind=OperationKind.ADD_INTERMEDIATE,
        thumbprint=thumbprint,
        text=preview_intermediate(f"{thumbprint}.cer"),
    )


def import_certificate(
    host: HostName,
    certificate: IssuedCertificate,
    dialect: Dialect,
    *,
    friendly_name: str,
    key_from: HostName | None = None,
) -> Operation:
    """
    Complete the pending request with its certificate, or bring certificate and key from another host.

    Args:
        key_from: the host that made the key, where it is not this one.
    """
    path = _PREVIEW_PATH if dialect.import_by == "path" else ""
    call = cmdlets.import_certificate(friendly_name, data=certificate.leaf_der, path=path)
    thumbprint = certificate.facts.thumbprint
    text = preview_call(call, file_name=f"{thumbprint}.cer")
    if key_from is not None:
        text = _carrying_text(host, key_from, thumbprint, friendly_name)
    return Operation(
        key=_key(host, OperationKind.IMPORT_CERTIFICATE, thumbprint),
        host=host,
        step=Step.IMPORT,
        kind=OperationKind.IMPORT_CERTIFICATE,
        thumbprint=thumbprint,
        friendly_name=friendly_name,
        key_from=key_from,
        text=text,
    )


def import_pfx(
    host: HostName, certificate: IssuedCertificate, dialect: Dialect, *, friendly_name: str
) -> Operation:
    """Import the certificate together with the key that CertDesk made for it."""
    thumbprint = certificate.facts.thumbprint
    # Shown only: the real file and its password are made at the moment of the call.
    call = cmdlets.import_pfx(friendly_name, data=b"pfx", password=Secret(text=""))
    return Operation(
        key=_key(host, OperationKind.IMPORT_CERTIFICATE, thumbprint, "pfx"),
        host=host,
        step=Step.IMPORT,
        kind=OperationKind.IMPORT_CERTIFICATE,
        thumbprint=thumbprint,
        friendly_name=friendly_name,
        pfx=dialect.pfx,
        text=preview_call(call, file_name=f"{thumbprint}.pfx"),
    )


def enable_services(
    host: HostName,
    thumbprint: Thumbprint,
    services: Sequence[Service],
    dialect: Dialect,
    *,
    step: Step = Step.ENABLE,
) -> Operation:
    """Bind services other than SMTP."""
    plain = Operation(
        key=_key(host, OperationKind.ENABLE_SERVICES, thumbprint, step, *services),
        host=host,
        step=step,
        kind=OperationKind.ENABLE_SERVICES,
        thumbprint=thumbprint,
        services=tuple(services),
    )
    return _with_text(plain, enabling_call(plain, keep_http=dialect.knows_force))


def enable_smtp(
    host: HostName,
    thumbprint: Thumbprint,
    *,
    only_if: Answer | None,
    current_default: Thumbprint | None = None,
) -> Operation:
    """
    Bind SMTP; with an answer the question is settled by it, without one no question is expected.

    Args:
        current_default: let the question come and answer it with yes if it names this one; without it, force.
    """
    plain = Operation(
        key=_key(
            host,
            OperationKind.ENABLE_SMTP,
            thumbprint,
            only_if or "unasked",
            *([current_default[:16]] if current_default else []),
        ),
        host=host,
        step=Step.ENABLE,
        kind=OperationKind.ENABLE_SMTP,
        thumbprint=thumbprint,
        services=(Service.SMTP,),
        only_if=only_if,
        current_default=current_default,
    )
    return _with_text(plain, enabling_call(plain, keep_http=False))


def enable_smtp_keeping_default(
    host: HostName, thumbprint: Thumbprint, *, current_default: Thumbprint
) -> Operation:
    """Bind SMTP and answer the question with no, so that the default is at no moment another one."""
    kind = OperationKind.ENABLE_SMTP_KEEPING_DEFAULT
    plain = Operation(
        key=_key(host, kind, thumbprint, current_default[:16]),
        host=host,
        step=Step.ENABLE,
        kind=kind,
        thumbprint=thumbprint,
        services=(Service.SMTP,),
        only_if=Answer.NO,
        current_default=current_default,
    )
    return _with_text(plain, enabling_call(plain, keep_http=False))


def restore_smtp_default(
    host: HostName, thumbprint: Thumbprint, *, step: Step, only_if: Answer | None
) -> Operation:
    """Make a certificate the default for SMTP again."""
    plain = Operation(
        key=_key(host, OperationKind.RESTORE_SMTP_DEFAULT, thumbprint, step),
        host=host,
        step=step,
        kind=OperationKind.RESTORE_SMTP_DEFAULT,
        thumbprint=thumbprint,
        services=(Service.SMTP,),
        only_if=only_if,
    )
    return _with_text(plain, enabling_call(plain, keep_http=False))


def name_in_connector(
    host: HostName, thumbprint: Thumbprint, connector: Renaming, *, only_if: Answer | None
) -> Operation:
    """
    Make a connector name the certificate instead of the one it named when the plan was made.

    Raises:
        BadValue: the connector's name cannot be sent.
    """
    return Operation(
        key=_key(host, OperationKind.NAME_IN_CONNECTOR, thumbprint, *_short(connector)),
        host=host,
        step=Step.CONNECTORS,
        kind=OperationKind.NAME_IN_CONNECTOR,
        thumbprint=thumbprint,
        only_if=only_if,
        connector=connector,
        text=preview_naming(connector, thumbprint),
    )


def restore_connector(host: HostName, thumbprint: Thumbprint, connector: Renaming) -> Operation:
    """
    Make a connector name again what it named before, if it still names this certificate.

    Args:
        thumbprint: the certificate the installation made it name.
    """
    return Operation(
        key=_key(host, OperationKind.RESTORE_CONNECTOR, thumbprint, *_short(connector)),
        host=host,
        step=Step.RESTORE,
        kind=OperationKind.RESTORE_CONNECTOR,
        thumbprint=thumbprint,
        connector=connector,
        text=preview_call(cmdlets.set_connector(connector, connector.was)),
    )


def remove_intermediate(host: HostName, thumbprint: Thumbprint) -> Operation:
    """Take an intermediate out of the host's CA store, if nothing there needs it."""
    return Operation(
        key=_key(host, OperationKind.REMOVE_INTERMEDIATE, thumbprint),
        host=host,
        step=Step.RESTORE,
        kind=OperationKind.REMOVE_INTERMEDIATE,
        thumbprint=thumbprint,
        text=preview_removal(thumbprint),
    )


def remove_certificate(host: HostName, thumbprint: Thumbprint) -> Operation:
    """Take a certificate out of the host's store."""
    return Operation(
        key=_key(host, OperationKind.REMOVE_CERTIFICATE, thumbprint),
        host=host,
        step=Step.REMOVE,
        kind=OperationKind.REMOVE_CERTIFICATE,
        thumbprint=thumbprint,
        text=preview_call(cmdlets.remove_certificate(thumbprint)),
    )


def enabling_call(operation: Operation, *, keep_http: bool) -> Call:
    """
    The Enable call an operation means.

    Force stands only where a person answered the SMTP question and nobody can answer it on the host
    (exchange.md 3.5 point 2), and for UM, which asks always in words nobody has seen. IIS never shares a
    call with Force.

    Args:
        keep_http: the host knows ``-DoNotRequireSsl``.
    """
    decision = _decision(operation)
    is_decided = operation.only_if is not None
    is_restored = operation.kind is OperationKind.RESTORE_SMTP_DEFAULT
    is_forced = is_decided or is_restored or Service.UM in operation.services
    return cmdlets.enable(
        operation.thumbprint,
        operation.services,
        force=is_forced and decision is None,
        keep_http=keep_http and Service.IIS in operation.services,
        decision=decision,
    )


def _decision(operation: Operation) -> SmtpDecision | None:
    if operation.current_default is None:
        return None
    return SmtpDecision(
        current=operation.current_default,
        new=operation.thumbprint,
        overwrite=operation.kind is not OperationKind.ENABLE_SMTP_KEEPING_DEFAULT,
    )


def _key(host: HostName, kind: OperationKind, thumbprint: Thumbprint, *more: str) -> str:
    """
    Name an operation by what it does, so that the same name never means two things.

    A number would: after a new plan the journal would take one operation for another.
    """
    return "/".join([host, kind, thumbprint[:16], *more])


def _short(connector: Renaming) -> tuple[str, str]:
    """Names of connectors are people's words of any length, and keys are not."""
    digest = hashlib.sha256(connector.identity.lower().encode("utf-8", "replace")).hexdigest()
    return connector.direction, digest[:16]


def _carrying_text(
    host: HostName, key_from: HostName, thumbprint: Thumbprint, friendly_name: str
) -> str:
    """Both halves, each with its host; the password is made for this one export and is nobody's to read."""
    unseen = Secret(text="")
    packing = cmdlets.export_certificate(thumbprint, unseen)
    opening = cmdlets.import_pfx(friendly_name, data=b"", password=unseen)
    return (
        f"On {key_from}: {preview_call(packing)}\n"
        f"On {host}: {preview_call(opening, file_name=f'{thumbprint}.pfx')}"
    )


def _with_text(operation: Operation, call: Call) -> Operation:
    return replace(operation, text=preview_call(call))
