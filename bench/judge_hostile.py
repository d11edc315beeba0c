"""
Uploads made to cost: how long the judge needs for each, and how much memory.

The promise is a ceiling for every sample, not an average.
"""

import json
import random
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.certs import rules
from bot.certs.judge import Expectation, judge_upload
from bot.certs.names import DnsName
from tests.unit.certs.bundles import delivery, packed, pem
from tests.unit.certs.test_archive import ATTACKS
from tests.unit.certs.test_chain import look_alikes, stolen_keys
from tests.unit.certs.toyca import (
    NAMES,
    NOW,
    ORGANISATION,
    Issuer,
    ca_plan,
    der,
    issue,
    key,
    name,
    spki,
    tlv,
    toy_vendor,
)
from tests.unit.certs.zips import Entry, write

_PKCS7_OID: Final = bytes.fromhex("06092a864886f70d010702")
LIMIT_MS: Final = 50.0
LIMIT_MIB: Final = 64.0
_ROUNDS: Final = 5
_MIB: Final = 1024 * 1024


def measure() -> dict[str, object]:
    """Return the slowest and the hungriest sample; the ratio is the time limit over the slowest."""
    vendor = toy_vendor()
    expectation = Expectation(
        spki_der=spki(vendor.leaf_plan.private), names=tuple(DnsName(text) for text in NAMES)
    )
    times, peaks = {}, {}
    for what, data in samples().items():
        work = partial(judge_upload, data, what, expectation, anchors=[vendor.g2], at=NOW)
        work()
        # The best of some rounds: what else runs on the machine only adds.
        times[what] = min(_timed(work) for _ in range(_ROUNDS))
        peaks[what] = _peak_mib(work)
    slowest, hungriest = max(times, key=times.__getitem__), max(peaks, key=peaks.__getitem__)
    return {
        "name": "judge_hostile",
        "what": f"slowest of {len(times)} hostile uploads against {LIMIT_MS:.0f} ms and {LIMIT_MIB:.0f} MiB",
        "ratio": round(LIMIT_MS / times[slowest], 2),
        "goal": 1.0,
        "holds": times[slowest] < LIMIT_MS and peaks[hungriest] < LIMIT_MIB,
        "slowest": {slowest: round(times[slowest], 2)},
        "hungriest": {hungriest: round(peaks[hungriest], 2)},
        "ms": {what: round(value, 2) for what, value in times.items()},
        "mib": {what: round(value, 2) for what, value in peaks.items()},
    }


def samples() -> dict[str, bytes]:
    """Return hostile uploads: every attack on archives, and content made to be slow."""
    return {f"zip: {what}": data for what, (data, _) in ATTACKS.items()} | _content_samples()


def _content_samples() -> dict[str, bytes]:
    vendor = toy_vendor()
    good = delivery(vendor).chain
    begin = b"-----BEGIN CERTIFICATE-----\n"
    full = rules.FILE_LIMIT
    return {
        "200,000 times nested": b"\x30\x80" * (full // 2),
        "only BEGIN lines": begin * (full // len(begin)),
        "BEGIN and END lines": (begin + begin.replace(b"BEGIN", b"END"))
        * (full // 2 // len(begin)),
        "only dashes": b"-" * full,
        "base64 without end": begin + b"QUJD\n" * ((full - 40) // 5),
        "noise as text": b"\xff\xfe" + bytes(range(1, 256)) * (full // 256),
        "seven files of BEGIN lines": packed([(f"{n}.pem", _begins(n)) for n in range(7)]),
        "tiny requests in a row": bytes.fromhex("30103009020100300030003000300003020000")[:18]
        * (full // 18),
        "tiny certificates in a PKCS7": tlv(
            0x30,
            _PKCS7_OID
            + tlv(0xA0, tlv(0x30, b"\x02\x01\x01" + tlv(0xA0, b"\x30\x00" * (full // 2 - 30)))),
        ),
        "streamed PKCS7 of nothing": b"\x30\x80"
        + _PKCS7_OID
        + b"\xa0\x80\x30\x80"
        + b"\x05\x00" * 100_000,
        "seven of them": packed(
            [
                (
                    str(n),
                    b"\x30\x80"
                    + _PKCS7_OID
                    + b"\xa0\x80\x30\x80"
                    + random.Random(n).randbytes(99_000).replace(b"\x1f", b"\x04"),
                )
                for n in range(7)
            ]
        ),
        "certificate of tiny parts": b"".join(
            tlv(
                0x30,
                tlv(0x30, b"\x02\x01" + bytes([n]) + b"\x05\x00" * 15_000)
                + b"\x30\x00\x03\x01\x00",
            )
            for n in range(8)
        ),
        "enormous extra fields": write(
            [
                Entry(name=b"%d" % n, extra=b"\x55\x54\x00\x00" * 3000, local_extra=b"")
                for n in range(60)
            ]
        ),
        "enormous names": write(
            [Entry(name=b"%d" % n + b"\xc4\x80" * 8000, flags=1 << 11) for n in range(30)]
        ),
        "forty look-alikes": pem(*good, *look_alikes(vendor, "R1v1", 37)),
        "forty copied keys": pem(*good, *stolen_keys(vendor, "R1v1", 37)),
        "forty chains of slow keys": _slow_chain(),
        "700 certificates": _many(700),
        "2,500 names": der(vendor.leaf(names=[f"n{n}.example.com" for n in range(2500)])),
        "names up to the size limit": _wide(),
        "enormous RSA key": _enormous_key(),
        "subject of thousands of parts": _long_subject(),
    }


def _begins(seed: int) -> bytes:
    """Lines that begin a certificate, with enough noise between them to stay under the ratio."""
    die = random.Random(seed)
    line = b"-----BEGIN CERTIFICATE-----\n"
    lines = [line + die.randbytes(6).hex().encode() + b"\n" for _ in range(rules.FILE_LIMIT // 41)]
    return b"".join(lines)


def _slow_chain() -> bytes:
    """Thirty-nine CAs of one name, each signed by another on the slowest curve."""
    vendor = toy_vendor()
    keys = [key(f"slow{n}", kind="P-521") for n in range(39)]
    whole = [
        Issuer(subject=name("Slow", ORGANISATION), private=private, key_id=b"same")
        for private in keys
    ]
    chain = [
        issue(ca_plan(low, serial=n + 1, key_id=b"same"), high)
        for n, (low, high) in enumerate(zip(whole, [*whole[1:], whole[0]], strict=True))
    ]
    return b"".join(der(cert) for cert in [issue(vendor.leaf_plan, whole[0]), *chain])


def _many(count: int) -> bytes:
    vendor = toy_vendor()
    whole = b"".join(der(vendor.leaf(serial=n + 1, names=None)) for n in range(count))
    return whole[: rules.FILE_LIMIT]


def _wide() -> bytes:
    """Certificates full of the shortest names, just below what is still read."""
    vendor = toy_vendor()
    return b"".join(
        der(vendor.leaf(serial=n + 1, names=[f"{m:x}.co" for m in range(3200)])) for n in range(5)
    )[: rules.FILE_LIMIT]


def _enormous_key() -> bytes:
    vendor = toy_vendor()
    huge = rsa.RSAPublicNumbers((1 << 8191) + 1, (1 << 16383) + 1).public_key()
    plan = ca_plan(vendor.issuer_named("R1v1"))
    certs = []
    for n in range(20):
        builder = (
            x509.CertificateBuilder()
            .subject_name(plan.subject)
            .issuer_name(name("Forger"))
            .public_key(huge)
            .serial_number(n + 1)
            .not_valid_before(plan.not_before)
            .not_valid_after(NOW)
        )
        certs.append(builder.sign(vendor.issuer.private, hashes.SHA256()))
    return pem(vendor.leaf(), *certs)


def _long_subject() -> bytes:
    vendor = toy_vendor()
    part = x509.NameAttribute(x509.oid.NameOID.ORGANIZATIONAL_UNIT_NAME, "x")
    subject = x509.Name([part] * 2000)
    return b"".join(der(vendor.leaf(serial=n + 1, subject=subject)) for n in range(5))


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return (time.perf_counter() - begin) * 1000


def _peak_mib(work: Callable[[], object]) -> float:
    tracemalloc.start()
    work()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / _MIB


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
