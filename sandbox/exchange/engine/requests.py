"""New-ExchangeCertificate: a request that waits in store REQUEST, or a self-signed certificate."""

from datetime import timedelta
from typing import Final

from cryptography import x509

from sandbox.exchange.engine.call import Call
from sandbox.exchange.engine.csr import build_csr, csr_pem
from sandbox.exchange.engine.enabling import enable
from sandbox.exchange.engine.errors import CmdletFailure
from sandbox.exchange.engine.names import common_name, is_dns_name, parse_subject
from sandbox.exchange.engine.selfsigned import cn, new_key, self_signed
from sandbox.exchange.engine.services import parse_services
from sandbox.exchange.engine.show import show_certificate, show_pending
from sandbox.exchange.engine.stores import PendingRequest, StoredCertificate
from sandbox.exchange.engine.values import PSObject

_KEY_SIZES: Final = (1024, 2048, 4096)
_LONGEST_CN: Final = 64
_REQUEST_ENDINGS: Final = (".req", ".csr", ".txt", ".p10")


def new_certificate(call: Call) -> list[PSObject]:
    """The request's text (2010 and later), its object (2007), or the self-signed certificate's object."""
    _check_input(call)
    names, subject = _names_and_subject(call)
    if call.flag("GenerateRequest"):
        return [_new_request(call, names, subject)]
    return [_new_self_signed(call, names, subject)]


def _check_input(call: Call) -> None:
    if len(call.text("FriendlyName")) >= 64:
        raise CmdletFailure("The friendly name must be fewer than 64 characters long.")
    size = call.number("KeySize", 2048)
    if size not in _KEY_SIZES:
        raise CmdletFailure(f"The key size {size} is invalid. Valid sizes are 1024, 2048 and 4096.")
    for name in call.listed("DomainName"):
        if not is_dns_name(name):
            raise CmdletFailure(f"The domain name '{name[:80]}' is not valid.")


def _names_and_subject(call: Call) -> tuple[list[str], x509.Name]:
    """The SAN's names in their order and the subject, by the rules of reference 5.3: the CN is not added."""
    names = _wanted_names(call)
    subject = parse_subject(call.text("SubjectName")) if call.has("SubjectName") else None
    if subject is None:
        names = names or ([] if call.has("DomainName") else [call.host.name, call.host.fqdn])
        short = [name for name in names if len(name) <= _LONGEST_CN]
        return names, cn(short[0] if short else call.host.name)
    if not names and not call.has("DomainName"):
        _check_common_name(subject)
    return names, subject


def _check_common_name(subject: x509.Name) -> None:
    name = common_name(subject)
    if name is None or not is_dns_name(name):
        raise CmdletFailure(
            "The common name of the subject is not a valid fully qualified domain name."
        )


def _wanted_names(call: Call) -> list[str]:
    host = call.host
    names = [*call.listed("DomainName")]
    if call.flag("IncludeServerFQDN"):
        names.append(host.fqdn)
    if call.flag("IncludeServerNetBIOSName"):
        names.append(host.name)
    if call.flag("IncludeAcceptedDomains"):
        names.extend(host.accepted_domains)
    if call.flag("IncludeAutoDiscover"):
        names.extend(f"autodiscover.{domain}" for domain in host.accepted_domains)
    return list(dict.fromkeys(names))


def _new_request(call: Call, names: list[str], subject: x509.Name) -> PSObject:
    host = call.host
    path = _free_path(call)
    key = new_key(call.number("KeySize", 2048))
    request = build_csr(subject=subject, names=names, key=key, state=host)
    pending = PendingRequest(
        stand_in=self_signed(subject=subject, names=names, key=key, start=host.now()),
        key=key,
        csr_der=request,
        csr_pem=csr_pem(request),
        exportable=call.flag("PrivateKeyExportable"),
        friendly_name=call.text("FriendlyName", "Microsoft Exchange"),
        created_at=host.now(),
    )
    host.stores.requests[pending.thumbprint] = pending
    content = request if call.flag("BinaryEncoded") else pending.csr_pem.encode()
    if path:
        host.files.write(path, content)
    return _request_output(call, pending)


def _request_output(call: Call, pending: PendingRequest) -> PSObject:
    if call.host.profile.version == "2007":
        return show_pending(pending, call.host)
    if call.flag("BinaryEncoded"):
        return PSObject(properties={"FileData": pending.csr_der})
    return PSObject(text=pending.csr_pem)


def _free_path(call: Call) -> str:
    """Where the request shall be written, or nothing; error 39 when something lies there."""
    path = call.text("Path") or call.text("RequestFile")
    if path and not path.lower().endswith(_REQUEST_ENDINGS):
        path += ".req"
    if path and call.host.files.exists(path):
        raise CmdletFailure(f"The request file {path[:80]!r} is not valid: it exists already.")
    return path


def _new_self_signed(call: Call, names: list[str], subject: x509.Name) -> PSObject:
    host = call.host
    key = new_key(call.number("KeySize", 2048))
    start = host.now() - timedelta(seconds=1)
    certificate = self_signed(subject=subject, names=names, key=key, start=start)
    stored = host.stores.add_my(
        StoredCertificate(
            certificate=certificate,
            key=key,
            exportable=call.flag("PrivateKeyExportable"),
            friendly_name=call.text("FriendlyName", "Microsoft Exchange"),
        )
    )
    services = parse_services(call.text("Services", "SMTP"), host.profile, call.cmdlet)
    enable(call, stored, services)
    return show_certificate(stored, host)
