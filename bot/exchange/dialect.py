"""
What differs between the versions of Exchange, as one table; everything else asks here.

The build the host reports decides; the version word of the configuration serves until it is known.
Source: exchange.md 1.1 (builds), 2 (parameters), 3.2 (the SMTP question).
"""

from dataclasses import dataclass
from typing import Final, Literal

from bot.certs.pfx import PfxCipher
from bot.domain.plan import Answer, Service

Version = Literal["2007", "2010", "2013", "2016", "2019", "se"]

_WITH_UM: Final = frozenset(Service)
_WITHOUT_UM: Final = frozenset(Service) - {Service.UM}
_SE_FIRST_BUILD: Final = 2562
"""15.2.2562 is the first build of Subscription Edition; below it 15.2 is 2019 (UNCONFIRMED, from the release list)."""


# A PFX locked with AES is an error 8 ("wrong password") on Windows before Server 2019; 2019 and SE run on nothing older.
# 2016 runs on Server 2012 to 2016 and so gets the old way, which every Windows reads (UNCONFIRMED for 2016, exchange.md 8).


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """
    How one version wants to be spoken to.

    Args:
        csr_as: the CSR comes back as ``text``, or lands in a ``file`` named by ``-Path``.
        import_by: the certificate goes in as ``file_data`` bytes, or as a ``path`` on the host.
        transport_cmdlet: whose ``InternalTransportCertificateThumbprint`` is the default SMTP certificate.
        services: what can be enabled at all.
        knows_force: False: whether ``-Force`` and ``-DoNotRequireSsl`` exist must be probed on the host.
        has_back_end: a second web site on 444 needs its own certificate.
        has_auth: the organisation has OAuth certificates (``Get-AuthConfig``).
        has_hybrid: there can be a hybrid configuration (from 2010 Service Pack 2 on).
        old_engine: PowerShell must be started as version 2.0.
        pfx: how a PFX must be locked for the Windows this version runs on.
        smtp_default: the answer proposed to the SMTP question; None: it must be asked without a proposal.
    """

    version: Version
    title: str
    csr_as: Literal["text", "file"] = "text"
    import_by: Literal["file_data", "path"] = "file_data"
    transport_cmdlet: Literal["Get-TransportService", "Get-TransportServer"] = (
        "Get-TransportService"
    )
    services: frozenset[Service] = _WITH_UM
    knows_force: bool = True
    has_back_end: bool = True
    has_auth: bool = True
    has_hybrid: bool = True
    old_engine: bool = False
    pfx: PfxCipher = PfxCipher.TRIPLEDES
    smtp_default: Answer | None = Answer.NO


DIALECTS: Final[dict[Version, Dialect]] = {
    "2007": Dialect(
        version="2007",
        title="Exchange 2007",
        csr_as="file",
        import_by="path",
        transport_cmdlet="Get-TransportServer",
        knows_force=False,
        has_back_end=False,
        has_auth=False,
        has_hybrid=False,
        smtp_default=None,
    ),
    "2010": Dialect(
        version="2010",
        title="Exchange 2010",
        transport_cmdlet="Get-TransportServer",
        has_back_end=False,
        has_auth=False,
        old_engine=True,
    ),
    "2013": Dialect(version="2013", title="Exchange 2013"),
    "2016": Dialect(version="2016", title="Exchange 2016"),
    "2019": Dialect(
        version="2019", title="Exchange 2019", services=_WITHOUT_UM, pfx=PfxCipher.AES256
    ),
    "se": Dialect(
        version="se",
        title="Exchange Subscription Edition",
        services=_WITHOUT_UM,
        pfx=PfxCipher.AES256,
    ),
}


class UnknownVersion(ValueError):
    """A version word or a build that no dialect belongs to."""


def dialect_of_word(word: str) -> Dialect:
    """
    Find the dialect by the configuration's word; case does not count.

    Raises:
        UnknownVersion: the word is none of the six.
    """
    lowered = word.strip().lower()
    for version, dialect in DIALECTS.items():
        if version == lowered:
            return dialect
    raise UnknownVersion(f"{word[:40]!r} is no version of Exchange: write {', '.join(DIALECTS)}.")


def dialect_of_build(build: str) -> Dialect:
    """
    Find the dialect by a build such as ``15.2.1118.7``.

    Raises:
        UnknownVersion: CertDesk does not know this line of builds.
    """
    numbers = [int(part) for part in build.split(".") if part.isdecimal()]
    match [*numbers[:2], *(numbers[2:] or [0])]:
        case [8, *_]:
            return DIALECTS["2007"]
        case [14, *_]:
            return DIALECTS["2010"]
        case [15, 0, *_] if len(numbers) > 1:
            return DIALECTS["2013"]
        case [15, 1, *_]:
            return DIALECTS["2016"]
        case [15, 2, third, *_]:
            return DIALECTS["se" if third >= _SE_FIRST_BUILD else "2019"]
        case _:
            raise UnknownVersion(f"The build {build[:40]!r} belongs to no version CertDesk knows.")
