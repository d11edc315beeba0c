"""Message encryption of WinRM over plain HTTP (MS-WSMV 2.2.9.1): multipart/encrypted around sealed bytes."""

import struct
from typing import Final

import spnego

_BOUNDARY: Final = b"--Encrypted Boundary"
_OCTETS: Final = b"\tContent-Type: application/octet-stream\r\n"
_PROTOCOL: Final = "application/HTTP-SPNEGO-session-encrypted"
CONTENT_TYPE: Final = f'multipart/encrypted;protocol="{_PROTOCOL}";boundary="Encrypted Boundary"'


class CannotUnseal(Exception):
    """The bytes were sealed for another context, tampered with, or not sealed at all."""


def is_sealed(content_type: str) -> bool:
    """True when a message says of itself that it is sealed."""
    return content_type.lower().startswith("multipart/encrypted")


def seal(context: spnego.ContextProxy, message: bytes) -> bytes:
    """The body that carries `message` so that only the other end can read it."""
    sealed = context.wrap_winrm(message)
    length = len(message) + sealed.padding_length
    head = (
        f"\tContent-Type: {_PROTOCOL}\r\n"
        f"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={length}\r\n"
    ).encode()
    payload = struct.pack("<i", len(sealed.header)) + sealed.header + sealed.data
    return b"".join(
        (_BOUNDARY, b"\r\n", head, _BOUNDARY, b"\r\n", _OCTETS, payload, _BOUNDARY, b"--\r\n")
    )


def unseal(context: spnego.ContextProxy, body: bytes) -> bytes:
    """
    The message in a sealed body.

    Raises:
        CannotUnseal: for every reason there can be; Windows does not tell them apart either.
    """
    _, found, rest = body.partition(_OCTETS)
    if not found or len(rest) < 4:
        raise CannotUnseal("no sealed part")
    payload = rest.removesuffix(_BOUNDARY + b"--\r\n")
    size = struct.unpack("<i", payload[:4])[0]
    try:
        return context.unwrap_winrm(payload[4 : 4 + size], payload[4 + size :])
    except Exception as bad:
        raise CannotUnseal(str(bad)) from bad
