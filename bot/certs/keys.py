"""
Public keys: what they are, and whether they are too weak to carry a certificate.

No certificate is read here.
"""

import hashlib
import math
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bot.certs import rules

KeyKind = Literal["RSA", "EC", "other"]

_CURVE_NAMES: Final = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
_FERMAT_ROUNDS: Final = 100
"""BR 6.1.1.3 asks a vendor for so many."""
_SQUARES_MOD_64: Final = frozenset(number * number % 64 for number in range(64))
"""Twelve of 64 remainders can belong to a square."""
_SQUARES_MOD_4095: Final = frozenset(number * number % 4095 for number in range(4095))
"""336 of 4,095."""
_SMALL_PRIMES_BELOW: Final = 752
"""BR 6.1.6 (NIST SP 800-89 5.3.3): no factor smaller than 752."""
# CVE-2017-15361: moduli of the broken chip are powers of 65537 modulo each of these primes.
_ROCA_PRIMES: Final = (11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """A public key as facts: kind, size in bits, the curve of an EC key, and the SHA-256 of its DER (lower hex)."""

    kind: KeyKind
    bits: int
    spki_sha256: str
    curve: str = ""
    exponent: int = 0

    def __str__(self) -> str:
        """Return it as people say it: `RSA 2048`, `EC P-256`."""
        if self.kind == "RSA":
            return f"RSA {self.bits}"
        return f"EC {_CURVE_NAMES.get(self.curve, self.curve)}" if self.kind == "EC" else "other"


def spki_of(key: CertificatePublicKeyTypes) -> bytes:
    """Return the DER SubjectPublicKeyInfo."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def key_facts(key: CertificatePublicKeyTypes, spki_der: bytes) -> KeyFacts:
    """Return the facts of a public key; kinds that no public vendor certifies are `other`."""
    digest = hashlib.sha256(spki_der).hexdigest()
    if isinstance(key, rsa.RSAPublicKey):
        exponent = key.public_numbers().e
        return KeyFacts(kind="RSA", bits=key.key_size, spki_sha256=digest, exponent=exponent)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return KeyFacts(kind="EC", bits=key.key_size, spki_sha256=digest, curve=key.curve.name)
    return KeyFacts(kind="other", bits=0, spki_sha256=digest)


def leaf_key_fault(facts: KeyFacts, *, allow_ec: bool) -> str | None:
    """
    Say why a leaf may not hold this key, or None.

    Source: BR 6.1.5 and 6.1.6; EC only where the order allows it, since Exchange needs a switch for it.
    """
    if facts.kind == "RSA":
        return _rsa_fault(facts, largest=rules.RSA_LEAF_MAXIMUM)
    if facts.kind == "EC" and not allow_ec:
        return f"the key is {facts}, and this order asks for RSA"
    if facts.kind == "EC":
        return _curve_fault(facts, rules.CURVES)
    return "the key is of a kind that no public vendor certifies"


def ca_key_fault(facts: KeyFacts) -> str | None:
    """Say why an issuer may not hold this key, or None."""
    if facts.kind == "RSA":
        return _rsa_fault(facts, largest=rules.RSA_CA_MAXIMUM)
    if facts.kind == "EC":
        return _curve_fault(facts, rules.CA_CURVES)
    return "the key is of a kind that no public vendor uses"


def broken_key_fault(key: CertificatePublicKeyTypes) -> str | None:
    """
    Say by which known flaw the private key could be computed from this RSA key, or None.

    Looks for a small factor, primes that lie close together (Fermat) and the chip of CVE-2017-15361 (ROCA).
    """
    if not isinstance(key, rsa.RSAPublicKey):
        return None
    modulus = key.public_numbers().n
    if math.gcd(modulus, _small_primes_product()) != 1:
        return "its modulus has a small factor"
    if all(modulus % prime in residues for prime, residues in _roca_residues()):
        return "it was made by a chip with a known flaw (ROCA, CVE-2017-15361)"
    if _has_close_primes(modulus):
        return "its two primes lie too close together (Fermat)"
    return None


def _rsa_fault(facts: KeyFacts, *, largest: int) -> str | None:
    if not rules.RSA_MINIMUM <= facts.bits <= largest:
        return f"the key is {facts}, and {rules.RSA_MINIMUM} to {largest} bits are allowed"
    if facts.bits % 8:
        return f"the key is {facts}, and its size must be a multiple of 8 bits"
    if facts.exponent < rules.RSA_EXPONENT_MINIMUM or facts.exponent % 2 == 0:
        return f"the RSA exponent must be odd and {rules.RSA_EXPONENT_MINIMUM} or more"
    if facts.exponent.bit_length() > rules.RSA_EXPONENT_MAXIMUM_BITS:
        return f"the RSA exponent is longer than {rules.RSA_EXPONENT_MAXIMUM_BITS} bits"
    return None


def _curve_fault(facts: KeyFacts, allowed: frozenset[str]) -> str | None:
    if facts.curve in allowed:
        return None
    names = ", ".join(sorted(_CURVE_NAMES[curve] for curve in allowed))
    return f"the key is {facts}, and the allowed curves are {names}"


def _has_close_primes(modulus: int) -> bool:
    middle = math.isqrt(modulus)
    if middle * middle == modulus:
        return True
    candidate = middle + 1
    square = candidate * candidate - modulus
    for _ in range(_FERMAT_ROUNDS):
        # Remainders tell most numbers that are no squares, and roots of large ones are dear.
        if (
            square & 63 in _SQUARES_MOD_64
            and square % 4095 in _SQUARES_MOD_4095
            and math.isqrt(square) ** 2 == square
        ):
            return True
        # From one square to the next by an addition, not by a multiplication.
        square += 2 * candidate + 1
        candidate += 1
    return False


@cache
def _small_primes_product() -> int:
    return math.prod(
        number
        for number in range(2, _SMALL_PRIMES_BELOW)
        if all(number % divisor for divisor in range(2, math.isqrt(number) + 1))
    )


@cache
def _roca_residues() -> tuple[tuple[int, frozenset[int]], ...]:
    return tuple(
        (prime, frozenset(pow(65537, power, prime) for power in range(prime)))
        for prime in _ROCA_PRIMES
    )
