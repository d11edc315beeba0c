"""
What a run of bytes is, told by its content alone: a file name and an extension prove nothing.

Shapes are recognised, not read; a certificate shape may still hold nonsense.
"""

from typing import Final, Literal

from bot.certs import der

Shape = Literal["certificate", "csr", "crl", "pkcs7", "pkcs12", "private_key", "unknown"]

_PKCS7_OID: Final = bytes.fromhex("2a864886f70d0107")
_PKCS5_OID: Final = bytes.fromhex("2a864886f70d0105")
_PKCS12_PBE_OID: Final = bytes.fromhex("2a864886f70d010c01")
_PKCS12_VERSION: Final = b"\x02\x01\x03"

KEYSTORE_MAGICS: Final = {
    b"\xfe\xed\xfe\xed": "a Java keystore (JKS)",
    b"\xce\xce\xce\xce": "a Java keystore (JCEKS)",
}
KEY_FILE_MAGICS: Final = {
    b"\x1e\xf1\xb5\xb0": "a Microsoft key file (PVK)",
    b"PuTTY-User-Key-File": "a PuTTY key file",
    b"openssh-key-v1\x00": "an OpenSSH key",
    b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY": "an SSH key",
    b"<RSAKeyValue>": "an XML key",
}
# Told apart only to say what to do instead; all of them are refused.
OTHER_MAGICS: Final = {
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"\x1f\x8b": "a gzip file",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ\x00": "an xz file",
    b"%PDF-": "a PDF document",
    b"\x89PNG\r\n": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"MZ": "a program",
    b"\x7fELF": "a program",
    b"\xd0\xcf\x11\xe0": "an Office document or an installer",
    b"\x00\x05\x16\x07": "a macOS side file",
}


def shape_of(data: bytes) -> Shape:
    """Return what the bytes look like, by the tags of their outer elements (RFC 5280, 2986, 2315, 7292, 5958)."""
    try:
        outer = der.first_element(data)
    except der.BadDer:
        return "unknown"
    if outer.tag != der.SEQUENCE:
        return "unknown"
    match der.tags_of(outer.content):
        case (der.SEQUENCE, der.SEQUENCE, der.BIT_STRING):
            return _signed_shape(outer.content)
        case (der.OBJECT_ID, der.CONTEXT_0) if _PKCS7_OID in outer.content[:16]:
            return "pkcs7"
        case (der.INTEGER, der.SEQUENCE, *_) if outer.content.startswith(_PKCS12_VERSION):
            return "pkcs12"
        case tags if _is_private_key(tags, outer.content):
            return "private_key"
    return "unknown"


def magic_of(data: bytes, table: dict[bytes, str]) -> str | None:
    """Return what the first bytes announce, by one of the tables above."""
    return next((name for magic, name in table.items() if data.startswith(magic)), None)


def _signed_shape(content: bytes) -> Shape:
    """Tell certificate, request and revocation list apart by the tags of the part that is signed."""
    match der.tags_of(der.first_element(content).content):
        case (der.INTEGER, der.SEQUENCE, der.SEQUENCE) | (
            der.INTEGER,
            der.SEQUENCE,
            der.SEQUENCE,
            der.CONTEXT_0,
        ):
            return "csr"
        case (der.SEQUENCE, der.SEQUENCE, der.UTC_TIME | der.GENERALIZED_TIME, *_) | (
            der.INTEGER,
            der.SEQUENCE,
            der.SEQUENCE,
            der.UTC_TIME | der.GENERALIZED_TIME,
            *_,
        ):
            return "crl"
    return "certificate"


def _is_private_key(tags: tuple[int, ...], content: bytes) -> bool:
    """PKCS#8, encrypted PKCS#8, PKCS#1 and DSA, SEC 1."""
    match tags:
        case (der.INTEGER, der.SEQUENCE, der.OCTET_STRING, *_):
            return True
        case (der.SEQUENCE, der.OCTET_STRING):
            return any(oid in content[:24] for oid in (_PKCS5_OID, _PKCS12_PBE_OID))
        case (der.INTEGER, der.INTEGER, der.INTEGER, der.INTEGER, der.INTEGER, der.INTEGER, *_):
            return True
        case (der.INTEGER, der.OCTET_STRING, *_):
            return True
    return False
