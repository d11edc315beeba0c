"""Just enough DER writing for a Windows-shaped PKCS#10. No reading, no rules."""


def tlv(tag: int, *content: bytes) -> bytes:
    """One element: tag, length, the contents joined."""
    body = b"".join(content)
    return bytes([tag]) + _length(len(body)) + body


def sequence(*elements: bytes) -> bytes:
    return tlv(0x30, *elements)


def set_of(*elements: bytes) -> bytes:
    """SET OF: DER wants its elements sorted by their bytes."""
    return tlv(0x31, *sorted(elements))


def integer(number: int) -> bytes:
    """A small non-negative INTEGER."""
    return tlv(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def true() -> bytes:
    return tlv(0x01, b"\xff")


def octet_string(data: bytes) -> bytes:
    return tlv(0x04, data)


def bit_string(data: bytes) -> bytes:
    """Whole bytes, no unused bits."""
    return tlv(0x03, b"\x00", data)


def utf8(text: str) -> bytes:
    return tlv(0x0C, text.encode())


def ia5(text: str) -> bytes:
    return tlv(0x16, text.encode("ascii"))


def bmp(text: str) -> bytes:
    return tlv(0x1E, text.encode("utf-16-be"))


def oid(dotted: str) -> bytes:
    first, second, *rest = (int(part) for part in dotted.split("."))
    return tlv(0x06, bytes([first * 40 + second]), *(_base128(part) for part in rest))


def null() -> bytes:
    return tlv(0x05)


def _length(size: int) -> bytes:
    if size < 0x80:
        return bytes([size])
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def _base128(number: int) -> bytes:
    septets = [number & 0x7F]
    while number := number >> 7:
        septets.append(number & 0x7F | 0x80)
    return bytes(reversed(septets))
