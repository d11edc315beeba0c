"""
The zip a customer downloads: which files, under which names, packed the way such portals pack.

Never here: signing. What is in an `Issued` is packed as it is, right or wrong.
"""

import zipfile
from enum import StrEnum

from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from sandbox.vendor.issuance import Issued
from sandbox.vendor.trouble import Trouble

P7B_NAME = "gd-like_iis_intermediates.p7b"
BUNDLE_NAME = "gd-like_bundle_dv-r1-g2.crt"


class ServerType(StrEnum):
    """The choice at the download; it decides the packing alone."""

    EXCHANGE = "exchange"
    OTHER = "other"


def pack_bundle(issued: Issued, *, server: ServerType = ServerType.EXCHANGE) -> bytes:
    """
    The zip as bytes, the same each time: streamed, so sizes follow the data in descriptors.

    Exchange gets the leaf twice and the intermediates as PEM-armoured PKCS #7; others get one
    file of PEM blocks that ends, as at the model vendor, in a self-signed root.
    """
    stream = _OneWay()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in _files(issued, server).items():
            entry = zipfile.ZipInfo(name, issued.issued_at.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, data)
    return stream.taken()


def _files(issued: Issued, server: ServerType) -> dict[str, bytes]:
    leaf_pem = issued.leaf.public_bytes(Encoding.PEM)
    folder = "../../" if issued.trouble is Trouble.PATH_TRAVERSAL else ""
    files = {
        f"{folder}{issued.serial_hex}.crt": leaf_pem,
        f"{issued.serial_hex}.pem": leaf_pem,
    }
    if issued.intermediates and server is ServerType.EXCHANGE:
        files[P7B_NAME] = pkcs7.serialize_certificates(list(issued.intermediates), Encoding.PEM)
    elif issued.intermediates:
        blocks = (*issued.intermediates, issued.root)
        files[BUNDLE_NAME] = b"".join(each.public_bytes(Encoding.PEM) for each in blocks)
    if issued.stray_key_pem is not None:
        files[f"{issued.serial_hex}.key"] = issued.stray_key_pem
    return files


class _OneWay:
    """A stream that cannot go back: zipfile then writes data descriptors, as portals do."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """Nothing is held open."""

    def taken(self) -> bytes:
        return b"".join(self._parts)
