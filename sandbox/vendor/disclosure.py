"""
What a Windows request tells its reader besides names and key: machine, account, process.

Shown to the customer, who seldom knows. Never here: anything that decides.
"""

from cryptography import x509
from cryptography.hazmat import asn1

_CLIENT_INFO = x509.ObjectIdentifier("1.3.6.1.4.1.311.21.20")
_SEQUENCE = 0x30


@asn1.sequence
class _ClientInfo:
    """Microsoft's attribute of that number, as decoded from requests people published."""

    kind: int
    machine: str
    account: str
    process: str


def read_disclosure(csr: x509.CertificateSigningRequest) -> dict[str, str]:
    """What the request gives away, by what it is; empty for requests that give nothing away."""
    try:
        attribute = csr.attributes.get_attribute_for_oid(_CLIENT_INFO)
        told = asn1.decode_der(_ClientInfo, _with_header(attribute.value))
    except (x509.AttributeNotFound, ValueError):
        return {}
    return {"Machine": told.machine, "Account": told.account, "Program": told.process}


def _with_header(content: bytes) -> bytes:
    """The value comes without the header of its sequence (X.690 8.1.3: long lengths say their own)."""
    size = len(content)
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    length = bytes([size]) if size < 128 else bytes([0x80 | len(octets)]) + octets
    return bytes([_SEQUENCE]) + length + content
