"""The versions of Exchange this host can be: build, Windows, PowerShell, roles. Values only."""

from dataclasses import dataclass
from typing import Final, Literal

Version = Literal["2007", "2010", "2013", "2016", "2019", "se"]
Build = tuple[int, int, int, int]

# Flag values of ServerRole in AD: Mailbox 2, ClientAccess 4, UnifiedMessaging 16, HubTransport 32.
_ALL_ROLES: Final = "Mailbox, ClientAccess, UnifiedMessaging, HubTransport"
_ADMIN: Final = "Microsoft.Exchange.Management.PowerShell"


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionProfile:
    """What differs between hosts by version; the dialect of the cmdlets follows from `build`."""

    version: Version
    build: Build
    os_version: str
    powershell: str
    roles: str
    snapin: str
    install_folder: str
    service_letters: int
    csr_hash: Literal["sha1", "sha256"]
    wmsvc: str

    @property
    def build_text(self) -> str:
        """The build as people write it: 15.2.1118.7."""
        return ".".join(str(part) for part in self.build)

    @property
    def admin_display_version(self) -> str:
        """The build as Get-ExchangeServer prints it."""
        major, minor, build, revision = self.build
        return f"Version {major}.{minor} (Build {build}.{revision})"

    @property
    def has_um(self) -> bool:
        """Unified Messaging existed until 2016."""
        return self.build < (15, 2, 0, 0)


def _folder(version: str) -> str:
    return rf"C:\Program Files\Microsoft\Exchange Server\{version}".rstrip("\\") + "\\"


PROFILES: Final[dict[str, VersionProfile]] = {
    "2007": VersionProfile(
        version="2007",
        build=(8, 3, 83, 6),
        os_version="6.1.7601.2",
        powershell="2.0",
        roles=_ALL_ROLES,
        snapin=f"{_ADMIN}.Admin",
        install_folder=_folder(""),
        service_letters=5,
        csr_hash="sha1",
        wmsvc="WMSvc",
    ),
    "2010": VersionProfile(
        version="2010",
        build=(14, 3, 123, 4),
        os_version="6.1.7601.2",
        powershell="2.0",
        roles=_ALL_ROLES,
        snapin=f"{_ADMIN}.E2010",
        install_folder=_folder("V14"),
        service_letters=6,
        csr_hash="sha1",
        wmsvc="WMSvc",
    ),
    "2013": VersionProfile(
        version="2013",
        build=(15, 0, 1497, 2),
        os_version="6.2.9200.2",
        powershell="4.0",
        roles="Mailbox, ClientAccess",
        snapin=f"{_ADMIN}.SnapIn",
        install_folder=_folder("V15"),
        service_letters=7,
        csr_hash="sha1",
        wmsvc="WMSvc",
    ),
    "2016": VersionProfile(
        version="2016",
        build=(15, 1, 2507, 6),
        os_version="10.0.14393.2",
        powershell="5.1.14393.7515",
        roles="Mailbox",
        snapin=f"{_ADMIN}.SnapIn",
        install_folder=_folder("V15"),
        service_letters=7,
        csr_hash="sha256",
        wmsvc="WMSvc-SHA2",
    ),
    "2019": VersionProfile(
        version="2019",
        build=(15, 2, 1118, 7),
        os_version="10.0.17763.2",
        powershell="5.1.17763.6189",
        roles="Mailbox",
        snapin=f"{_ADMIN}.SnapIn",
        install_folder=_folder("V15"),
        service_letters=7,
        csr_hash="sha256",
        wmsvc="WMSvc-SHA2",
    ),
    "se": VersionProfile(
        version="se",
        build=(15, 2, 2562, 17),
        os_version="10.0.20348.2",
        powershell="5.1.20348.2849",
        roles="Mailbox",
        snapin=f"{_ADMIN}.SnapIn",
        install_folder=_folder("V15"),
        service_letters=7,
        csr_hash="sha256",
        wmsvc="WMSvc-SHA2",
    ),
}

BEFORE_2022_H1: Final[dict[Version, Build]] = {"2016": (15, 1, 2375, 7), "2019": (15, 2, 986, 5)}
"""2016 CU22 and 2019 CU11, the last with -RequestFile and -FileName: builds for `ExchangeHost(build=...)`."""
