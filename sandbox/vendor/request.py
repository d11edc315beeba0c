"""
A pasted CSR becomes a request the desk can certify, or a sentence that says what is wrong with it.

Never here: orders and pages. The text is hostile until `parse_request` has read all of it.
"""

import ipaddress
import re
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from sandbox.vendor.disclosure import read_disclosure
from sandbox.vendor.refusal import DeskRefused

MAX_PASTE = 16_384
MAX_NAMES = 100
# BR 7.1.2.7.12: no public CA may certify names that only exist inside a network.
INTERNAL_TAILS = frozenset(
    {"local", "internal", "lan", "corp", "home", "localdomain", "localhost", "test", "invalid"}
)
_HASHES = (hashes.SHA1, hashes.SHA256, hashes.SHA384, hashes.SHA512)
_PADDINGS = (padding.PKCS1v15, padding.PSS)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_BLOCK = re.compile(
    r"-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----"
    r"[A-Za-z0-9+/=\s]+"
    r"-----END (?:NEW )?CERTIFICATE REQUEST-----"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRequest:
    """
    A CSR that proved it holds its key; names in lower case, CN first, each once.

    `gives_away` is what else the customer tells with it, by what it is.
    """

    pem: str
    public_key: rsa.RSAPublicKey
    common_name: str
    names: tuple[str, ...]
    gives_away: dict[str, str]


def parse_request(text: str) -> CertificateRequest:
    """
    Read pasted text: PEM, with or without the word NEW, with anything around it.

    Raises:
        DeskRefused: with a sentence; nothing was ordered.
    """
    pem = _find_block(text)
    csr = _load(pem)
    key = _accepted_key(csr)
    _check_signature(csr, key)
    common_name, alternatives = _read_names(csr)
    names = tuple(dict.fromkeys(_canonical(name) for name in (common_name, *alternatives) if name))
    _check_names(names)
    return CertificateRequest(
        pem=pem,
        public_key=key,
        common_name=_canonical(common_name),
        names=names,
        gives_away=read_disclosure(csr),
    )


def _find_block(text: str) -> str:
    if len(text) > MAX_PASTE:
        raise DeskRefused(
            f"The pasted text is longer than {MAX_PASTE} characters. Nothing was ordered. "
            "Paste one certificate request only."
        )
    if "PRIVATE KEY" in text:
        raise DeskRefused(
            "The pasted text holds a private key. Nothing was ordered and nothing was kept. "
            "Treat that key as lost: make a new request, and never send the key to anyone."
        )
    found = _BLOCK.search(text)
    if found is None:
        raise DeskRefused(
            "This is not a certificate request. Nothing was ordered. Paste the text of the CSR "
            "with its lines BEGIN NEW CERTIFICATE REQUEST and END NEW CERTIFICATE REQUEST."
        )
    return found.group(0)


def _load(pem: str) -> x509.CertificateSigningRequest:
    try:
        return x509.load_pem_x509_csr(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise DeskRefused(
            "The certificate request cannot be read: it is damaged or cut short. Nothing was "
            "ordered. Copy it again, with every line between BEGIN and END."
        ) from error


def _accepted_key(csr: x509.CertificateSigningRequest) -> rsa.RSAPublicKey:
    try:
        key = csr.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise DeskRefused(
            "The request's public key cannot be read. Nothing was ordered."
        ) from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise DeskRefused(
            "This product certifies RSA keys only. Nothing was ordered. "
            "Make the request with an RSA key of 2048 bits or more."
        )
    if not 2048 <= key.key_size <= 8192:
        raise DeskRefused(
            f"The request's RSA key has {key.key_size} bits. Nothing was ordered. "
            "Make a new request with 2048 to 4096 bits."
        )
    return key


def _check_signature(csr: x509.CertificateSigningRequest, key: rsa.RSAPublicKey) -> None:
    """
    The request must be signed by its own key (RFC 2986).

    `csr.is_signature_valid` says no to SHA-1 whatever the signature, and old Windows knows nothing
    else; its hash says nothing about the certificate's, so vendors take it.
    """
    try:
        hashed_with = csr.signature_hash_algorithm
        padded_with = csr.signature_algorithm_parameters
        if isinstance(hashed_with, _HASHES) and isinstance(padded_with, _PADDINGS):
            key.verify(csr.signature, csr.tbs_certrequest_bytes, padded_with, hashed_with)
            return
    except (ValueError, InvalidSignature, UnsupportedAlgorithm):
        pass
    raise DeskRefused(
        "The signature of the certificate request is wrong: it was changed after it was made, or "
        "signed in a way nobody uses. Nothing was ordered. Copy it again or make a new request."
    )


def _read_names(csr: x509.CertificateSigningRequest) -> tuple[str, list[str]]:
    try:
        subject = csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        extensions = csr.extensions
        alternatives = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return _text(subject), []
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise DeskRefused(
            "The request's subject or its list of names cannot be read. Nothing was ordered. "
            "Make a new request."
        ) from error
    return _text(subject), alternatives.get_values_for_type(x509.DNSName)


def _text(subject: list[x509.NameAttribute[str | bytes]]) -> str:
    return str(subject[0].value) if subject else ""


def _canonical(name: str) -> str:
    return name.strip().lower().removesuffix(".")


def _check_names(names: tuple[str, ...]) -> None:
    if not names:
        raise DeskRefused(
            "The request names no server: it has neither a common name nor alternative names. "
            "Nothing was ordered. Make a new request with the names clients use."
        )
    if len(names) > MAX_NAMES:
        raise DeskRefused(
            f"The request holds {len(names)} names, this product has {MAX_NAMES} slots. "
            "Nothing was ordered."
        )
    bad = [name for name in names if not _may_certify(name)]
    if bad:
        shown = ", ".join(repr(name[:80]) for name in bad[:5])
        raise DeskRefused(
            f"No public authority may certify these names: {shown}. Nothing was ordered. Make a "
            "new request with names from the public DNS alone (no IP addresses, no internal names)."
        )


def _may_certify(name: str) -> bool:
    labels = name.removeprefix("*.").split(".")
    return (
        len(name) <= 253
        and len(labels) >= 2
        and labels[-1] not in INTERNAL_TAILS
        and all(_LABEL.fullmatch(label) for label in labels)
        and not _is_address(name)
    )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
