"""Snapshots of hosts as they are met: web sites, names, Auth certificate, Edge; made by hand, one certificate a purpose."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.certs.names import DnsName
from bot.certs.prints import Fingerprint, Thumbprint
from bot.domain.plan import HostCertificate, Service, Snapshot
from bot.domain.surroundings import AuthCertificates, Web, WebBinding
from tests.fakes.exchange import BUILDS
from tests.unit.exchange.samples import EX01, MAIL, NOW

OLD = Thumbprint("0" * 39 + "1")
OWN = Thumbprint("0" * 39 + "2")
AUTH = Thumbprint("0" * 39 + "3")
NEXT_AUTH = Thumbprint("0" * 39 + "4")
AUTH_SUBJECT = "CN=Microsoft Exchange Server Auth Certificate"


def held(thumbprint: Thumbprint, **parts: Any) -> HostCertificate:
    """One certificate of a vendor for mail.example.com, serving nothing, valid for 200 days more."""
    whole = HostCertificate(
        thumbprint=thumbprint,
        sha256=Fingerprint(thumbprint.lower().ljust(64, "0")),
        subject="CN=mail.example.com",
        issuer="CN=Old CA, O=Old Vendor",
        names=(MAIL,),
        not_before=NOW - timedelta(days=165),
        not_after=NOW + timedelta(days=200),
        status="Valid",
    )
    return replace(whole, **parts)


def self_signed(thumbprint: Thumbprint = OWN, **parts: Any) -> HostCertificate:
    """What set-up made: it is on 443 and 444 and the default for SMTP, until somebody changes that."""
    whole: dict[str, Any] = {
        "subject": "CN=EX01",
        "issuer": "CN=EX01",
        "names": (DnsName("ex01"),),
        "services": ("IMAP", "POP", "IIS", "SMTP"),
        "not_after": NOW + timedelta(days=1700),
    }
    return held(thumbprint, **{**whole, **parts})


def auth(thumbprint: Thumbprint = AUTH, **parts: Any) -> HostCertificate:
    """The certificate for OAuth: no names, and it shows SMTP."""
    whole: dict[str, Any] = {
        "subject": AUTH_SUBJECT,
        "issuer": AUTH_SUBJECT,
        "names": (),
        "services": ("SMTP",),
        "not_after": NOW + timedelta(days=1700),
    }
    return held(thumbprint, **{**whole, **parts})


def bound(
    site: int | None, address: str, thumbprint: Thumbprint | None, name: str = ""
) -> WebBinding:
    """One binding; the two sites of Exchange have their names."""
    names = {1: "Default Web Site", 2: "Exchange Back End"}
    return WebBinding(
        site=site,
        name=name or names.get(site or 0, ""),
        address=address,
        port=int(address.rpartition(":")[2]),
        thumbprint=thumbprint,
    )


def web(
    front: Thumbprint | None = OWN,
    back: Thumbprint | None = OWN,
    *more: WebBinding,
    requires_ssl: bool | None = True,
) -> Web:
    """The web sites of Exchange, and whatever else listens."""
    sites = (bound(1, "*:443", front), bound(2, "*:444", back))
    return Web(bindings=(*sites, *more), requires_ssl=requires_ssl)


def seen(version: str = "2019", **parts: Any) -> Snapshot:
    """A host of this version on which everything could be read, last year's certificate in use."""
    whole = Snapshot(
        host=EX01,
        taken_at=NOW,
        build=BUILDS[version],  # type: ignore[index] # a table of words
        fqdn="ex01.corp.example.com",
        certificates=(
            held(OLD, services=("IMAP", "POP", "IIS", "SMTP"), sites=(1,)),
            self_signed(services=("SMTP", "IIS (back end)"), sites=(2,)),
            auth(),
        ),
        default_smtp=OWN,
        intermediates=(),
        web=web(OLD, OWN),
        mail_names={Service.POP: MAIL, Service.IMAP: MAIL},
        auth=AuthCertificates(current=AUTH),
        edge_subscriptions=(),
        roles="Mailbox",
    )
    return replace(whole, **parts)
