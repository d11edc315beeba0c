"""
The rows of ``web.bindings`` read: which certificate is shown at which address, and whether SSL is required. Pure.

IIS knows the addresses of its sites, HTTP.SYS the certificate of each address; only both together say which
site shows what. Source: docs/runner.md, "The web server".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.certs.prints import Thumbprint, parse_thumbprint
from bot.domain.surroundings import DEFAULT_WEB_SITE, Web, WebBinding

WIDTH: Final = 5
_NO_PORT: Final = 0
_ANYWHERE: Final = ("0.0.0.0", "[::]")
_SNI_FLAG: Final = 1
_REQUIRES: Final = "ssl"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Site:
    """One HTTPS binding as IIS writes it, ``address:port:name``."""

    number: int
    name: str
    address: str
    port: int
    host: str
    by_name: bool

    @property
    def shown(self) -> str:
        return f"{self.host or self.address or '*'}:{self.port}"

    def listener_keys(self) -> Iterator[str]:
        """The listeners of HTTP.SYS that may serve it, the most exact first."""
        if self.by_name and self.host:
            yield f"{self.host}:{self.port}".lower()
        if self.address not in {"", "*"}:
            yield f"{self.address}:{self.port}".lower()
        for anywhere in _ANYWHERE:
            yield f"{anywhere}:{self.port}"


def read_web(rows: Sequence[Sequence[str | None]]) -> Web:
    """
    Put sites, listeners and access flags together.

    Raises:
        ValueError: a row of a shape that docs/runner.md does not have.
    """
    if any(len(row) < WIDTH for row in rows):
        raise ValueError("a row lacks fields")
    sites = tuple(_site(row) for row in rows if row[0] == "site")
    listeners: dict[str, Thumbprint | None] = {}
    for key, thumbprint in (_listener(row) for row in rows if row[0] == "listener"):
        # An address of the central store has the same key and no certificate of its own; it comes later.
        listeners.setdefault(key, thumbprint)
    flags = {row[1] or "": row[2] or "" for row in rows if row[0] == "access"}
    used = {key for site in sites for key in _served_by(site, listeners)}
    strangers = (_stranger(key, found) for key, found in listeners.items() if key not in used)
    return Web(
        bindings=(*(_bound(site, listeners) for site in sites), *strangers),
        requires_ssl=_requires_ssl(sites, flags),
    )


def _site(row: Sequence[str | None]) -> _Site:
    _, number, name, information, flags = ((text or "") for text in row[:WIDTH])
    # The address may be one of IPv6 and hold colons itself.
    rest, _, host = information.rpartition(":")
    address, _, port = rest.rpartition(":")
    return _Site(
        number=int(number),
        name=name,
        address=address,
        port=int(port),
        host=host,
        by_name=bool(int(flags or "0") & _SNI_FLAG),
    )


def _listener(row: Sequence[str | None]) -> tuple[str, Thumbprint | None]:
    _, _, key, digits, _ = ((text or "") for text in row[:WIDTH])
    return key.lower(), parse_thumbprint(digits) if digits else None


def _served_by(site: _Site, listeners: Mapping[str, Thumbprint | None]) -> Iterator[str]:
    """The first of the site's listeners that exists, if any."""
    found = next((key for key in site.listener_keys() if key in listeners), None)
    if found is not None:
        yield found


def _bound(site: _Site, listeners: Mapping[str, Thumbprint | None]) -> WebBinding:
    key = next(_served_by(site, listeners), "")
    return WebBinding(
        site=site.number,
        name=site.name,
        address=site.shown,
        port=site.port,
        thumbprint=listeners.get(key),
    )


def _stranger(key: str, thumbprint: Thumbprint | None) -> WebBinding:
    """A listener of other software, or one whose site is gone."""
    port = key.rpartition(":")[2]
    return WebBinding(
        site=None,
        name="",
        address=key,
        port=int(port) if port.isdecimal() else _NO_PORT,
        thumbprint=thumbprint,
    )


def _requires_ssl(sites: Sequence[_Site], flags: Mapping[str, str]) -> bool | None:
    """
    What the root of the Default Web Site says, else what stands for all sites.

    A site without an HTTPS binding is not among the rows; then nothing is known.
    """
    name = next((site.name for site in sites if site.number == DEFAULT_WEB_SITE), None)
    if name is None:
        return None
    own = next((text for path, text in flags.items() if path.lower() == name.lower()), None)
    told = flags.get("", "") if own is None else own
    return _REQUIRES in {word.strip().lower() for word in told.split(",")}
