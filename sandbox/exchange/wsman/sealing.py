"""Message encryption of WinRM over plain HTTP (MS-WSMV 2.2.9.1): multipart/encrypted around sealed bytes."""

import struct
from typing import Final

import spnego

_BOUNDARY: Final = b"--Encrypted Boundary"
_OCTETS: Final = b"\tContent-Type: application/octet-stream\r\n"
_SPNEGO: Final = "application/HTTP-SPNEGO-session-encrypted"
_CREDSSP: Final = "application/HTTP-CredSSP-session-encrypted"
_PIECE: Final = 16384


class CannotUnseal(Exception):
    """The bytes were sealed for another context, tampered with, or not sealed at all."""


def is_sealed(content_type: str) -> bool:
    """True when a message says of itself that it is sealed."""
    return content_type.lower().startswith(("multipart/encrypted", "multipart/x-multi-encrypted"))


def seal(
    context: spnego.ContextProxy, message: bytes, *, is_credssp: bool = False
) -> tuple[bytes, str]:
    """The body that carries `message` so that only the other end can read it, and its content type."""
    protocol = _CREDSSP if is_credssp else _SPNEGO
    size = _PIECE if is_credssp else len(message)
    pieces = [message[start : start + size] for start in range(0, len(message), size)]
    body = b"".join(_sealed_piece(context, piece, protocol) for piece in pieces)
    kind = "multipart/encrypted" if len(pieces) == 1 else "multipart/x-multi-encrypted"
    content_type = f'{kind};protocol="{protocol}";boundary="Encrypted Boundary"'
    return body + _BOUNDARY + b"--\r\n", content_type


def unseal(context: spnego.ContextProxy, body: bytes, *, is_credssp: bool = False) -> bytes:
    """
    The message in a sealed body.

    Raises:
        CannotUnseal: for every reason there can be; Windows does not tell them apart either.
    """
    _, *payloads = body.removesuffix(_BOUNDARY + b"--\r\n").split(_OCTETS)
    if not payloads:
        raise CannotUnseal("no sealed part")
    try:
        return b"".join(_opened(context, payload, is_credssp=is_credssp) for payload in payloads)
    except Exception as bad:
        raise CannotUnseal(str(bad)) from bad


def _sealed_piece(context: spnego.ContextProxy, piece: bytes, protocol: str) -> bytes:
    sealed = context.wrap_winrm(piece)
    length = len(piece) + sealed.padding_length
    head = (
        f"\tContent-Type: {protocol}\r\n"
        f"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={length}\r\n"
    ).encode()
    payload = struct.pack("<i", len(sealed.header)) + sealed.header + sealed.data
    return b"".join((_BOUNDARY, b"\r\n", head, _BOUNDARY, b"\r\n", _OCTETS, payload))


def _opened(context: spnego.ContextProxy, payload: bytes, *, is_credssp: bool) -> bytes:
    # The next piece's head follows where there are several.
    payload = payload.partition(_BOUNDARY + b"\r\n\tContent-Type: " + _CREDSSP.encode())[0]
    if is_credssp:
        return bytes(context.unwrap(payload[4:]).data)
    size = struct.unpack("<i", payload[:4])[0]
    return bytes(context.unwrap_winrm(payload[4 : 4 + size], payload[4 + size :]))
