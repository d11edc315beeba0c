"""A host as it was read, as lines of a terminal and as JSON; pure."""

from collections.abc import Iterator

from bot.domain.inventory import addresses_of, host_lines, marks_of
from bot.domain.pending import JudgedRequest
from bot.domain.plan import HostCertificate, Snapshot

Json = dict[str, object]


def inventory_page(snapshot: Snapshot, pending: tuple[JudgedRequest, ...] = ()) -> Iterator[str]:
    """Facts first, one a line, then one line a certificate, then one a pending request."""
    lines = host_lines(snapshot)
    width = max(len(line.label) for line in lines)
    yield f"{snapshot.host} {snapshot.build}"
    for line in lines:
        until = f" until {line.until:%Y-%m-%d}" if line.until is not None else ""
        warning = f"  ! {line.warning}" if line.warning else ""
        yield f"  {line.label:<{width}}  {line.value}{until}{warning}"
    yield ""
    for held in snapshot.certificates:
        yield _certificate(held, snapshot)
    if pending:
        yield ""
    for one in pending:
        yield _request_line(one)


def inventory_json(snapshot: Snapshot, pending: tuple[JudgedRequest, ...] = ()) -> Json:
    """Everything that was read; a fact that could not be is null and stands in `unread`."""
    return {
        "host": snapshot.host,
        "build": snapshot.build,
        "roles": snapshot.roles,
        "clock_skew_s": snapshot.clock_skew_s,
        "default_smtp": snapshot.default_smtp,
        "web": _web(snapshot),
        "mail_names": {service.value: name for service, name in snapshot.mail_names.items()},
        "auth": _auth(snapshot),
        "edge_subscriptions": snapshot.edge_subscriptions,
        "hybrid": snapshot.hybrid,
        "unread": [{"fact": one.fact.value, "why": one.why} for one in snapshot.unread],
        "certificates": [
            {
                "thumbprint": held.thumbprint,
                "sha256": held.sha256,
                "subject": held.subject,
                "names": list(held.names),
                "not_after": held.not_after.isoformat(),
                "services": list(held.services),
                "status": held.status,
            }
            for held in snapshot.certificates
        ],
        "pending": [_request(one) for one in pending],
    }


def _request_line(one: JudgedRequest) -> str:
    request = one.request
    made = f"{request.not_before:%Y-%m-%d}" if request.not_before else "-"
    order = f" by order {one.order.id}" if one.order else ""
    name = request.friendly_name or request.subject
    return f"{request.thumbprint}  {made:<10}  pending, {one.standing.value}{order}  {name}"


def _request(one: JudgedRequest) -> Json:
    request = one.request
    return {
        "thumbprint": request.thumbprint,
        "friendly_name": request.friendly_name,
        "subject": request.subject,
        "names": list(request.names),
        "made_at": request.not_before.isoformat() if request.not_before else None,
        "standing": one.standing.value,
        "order": one.order.id if one.order else None,
        "round": one.round or None,
        "can_clear": one.can_clear,
    }


def _certificate(held: HostCertificate, snapshot: Snapshot) -> str:
    marks = [
        *marks_of(snapshot, held),
        *(f"bound at {address}" for address in addresses_of(snapshot, held)),
    ]
    services = ",".join(held.services) or "-"
    told = f"  ({'; '.join(marks)})" if marks else ""
    return f"{held.thumbprint}  {held.not_after:%Y-%m-%d}  {services}  {held.subject}{told}"


def _web(snapshot: Snapshot) -> Json | None:
    if snapshot.web is None:
        return None
    return {
        "requires_ssl": snapshot.web.requires_ssl,
        "bindings": [
            {
                "site": one.site,
                "name": one.name,
                "address": one.address,
                "port": one.port,
                "thumbprint": one.thumbprint,
            }
            for one in snapshot.web.bindings
        ],
    }


def _auth(snapshot: Snapshot) -> Json | None:
    auth = snapshot.auth
    if auth is None:
        return None
    return {"current": auth.current, "previous": auth.previous, "next": auth.next}
