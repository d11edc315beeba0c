"""Keys that could be computed by others are found."""

import math
import random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.certs.keys import KeyFacts, broken_key_fault, ca_key_fault, leaf_key_fault
from tests.unit.certs.toyca import key

SMALL = math.prod(p for p in range(3, 2000) if all(p % d for d in range(2, math.isqrt(p) + 1)))
GENERATOR_PRIMES = 71
"""How many small primes the broken chip multiplied for keys of 1024 and 2048 bits."""


def is_prime(number: int, die: random.Random) -> bool:
    """Say whether a number is prime, almost surely (Miller and Rabin)."""
    if pow(2, number - 1, number) != 1:
        return False
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(4):
        power = pow(die.randrange(2, number - 1), odd, number)
        if power in {1, number - 1}:
            continue
        for _ in range(twos - 1):
            power = power * power % number
            if power == number - 1:
                break
        else:
            return False
    return True


def next_prime(number: int, die: random.Random) -> int:
    """Return the first prime from here."""
    number |= 1
    while math.gcd(number, SMALL) != 1 or not is_prime(number, die):
        number += 2
    return number


def public(modulus: int) -> rsa.RSAPublicKey:
    """Return an RSA public key of this modulus."""
    return rsa.RSAPublicNumbers(65537, modulus).public_key()


def roca_prime(die: random.Random) -> int:
    """Return a prime as the chip of CVE-2017-15361 made them: k * M + (65537 ** a mod M)."""
    small = [p for p in range(2, 400) if all(p % d for d in range(2, math.isqrt(p) + 1))]
    product = math.prod(small[:GENERATOR_PRIMES])
    while True:
        candidate = die.randrange(1 << 532, 1 << 533) * product + pow(
            65537, die.randrange(1, 1 << 60), product
        )
        if math.gcd(candidate, SMALL) == 1 and is_prime(candidate, die):
            return candidate


def test_close_primes_are_found() -> None:
    """Two primes side by side are found within a hundred rounds."""
    die = random.Random(1)
    first = next_prime(die.randrange(1 << 1023, 1 << 1024), die)
    second = next_prime(first + 2, die)

    assert "close together" in (broken_key_fault(public(first * second)) or "")


def test_square_is_found() -> None:
    """One prime used twice is the closest pair there is."""
    die = random.Random(2)
    prime = next_prime(die.randrange(1 << 1023, 1 << 1024), die)

    assert "close together" in (broken_key_fault(public(prime * prime)) or "")


def test_small_factor_is_found() -> None:
    """A factor below 752 is found at once (BR 6.1.6)."""
    die = random.Random(3)
    rest = die.getrandbits(2039) | 1 << 2038 | 1

    assert "small factor" in (broken_key_fault(public(rest * 751)) or "")


def test_keys_of_the_broken_chip_are_found() -> None:
    """The fingerprint of CVE-2017-15361 is recognised."""
    die = random.Random(4)

    assert "ROCA" in (broken_key_fault(public(roca_prime(die) * roca_prime(die))) or "")


def test_honest_keys_are_not_accused() -> None:
    """An ordinary key has no such flaw, and an EC key cannot have it."""
    for private in (key("leaf", kind="2048"), key("spare", kind="2048"), key("ec")):
        assert broken_key_fault(private.public_key()) is None


def facts(bits: int = 2048, **changes: Any) -> KeyFacts:
    """Return facts of an RSA key."""
    values: dict[str, Any] = {"kind": "RSA", "exponent": 65537, **changes}
    return KeyFacts(bits=bits, spki_sha256="", **values)


@pytest.mark.parametrize(
    ("key_facts", "as_leaf", "as_ca"),
    [
        (facts(2048), True, True),
        (facts(3072), True, True),
        (facts(4096), True, True),
        (facts(8192), False, True),
        (facts(8200), False, False),
        (facts(1024), False, False),
        (facts(2047), False, False),
        (facts(2052), False, False),
        (facts(exponent=3), False, False),
        (facts(exponent=65538), False, False),
        (facts(exponent=(1 << 64) + 1), False, False),
        (facts(256, kind="EC", curve="secp256r1"), True, True),
        (facts(384, kind="EC", curve="secp384r1"), True, True),
        (facts(521, kind="EC", curve="secp521r1"), False, True),
        (facts(256, kind="EC", curve="secp256k1"), False, False),
        (facts(0, kind="other"), False, False),
    ],
)
def test_sizes_and_curves(key_facts: KeyFacts, as_leaf: bool, as_ca: bool) -> None:
    """The table of BR 6.1.5, narrowed to what Exchange can use."""
    assert (leaf_key_fault(key_facts, allow_ec=True) is None) is as_leaf
    assert (ca_key_fault(key_facts) is None) is as_ca


def test_keys_are_named_as_people_say() -> None:
    """A key prints as on a card."""
    assert str(facts(2048)) == "RSA 2048"
    assert str(facts(256, kind="EC", curve="secp256r1")) == "EC P-256"
    assert str(facts(0, kind="other")) == "other"
