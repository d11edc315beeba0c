"""
The judge against the openssl command: the same bundle, the same questions, one run.

A person who follows a guide types these commands; the ratio says what a judgement costs beside them.
"""

import json
import statistics
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding

from bot.certs.csr import parse_csr
from bot.certs.judge import Expectation, judge_upload
from tests.unit.certs.bundles import delivery, p7b, packed, pem
from tests.unit.certs.csrs import request_pem
from tests.unit.certs.toyca import NOW, ToyVendor, toy_vendor

GOAL: Final = 20.0
GOAL_MS: Final = 2.0
"""What one judgement may take as the median; processor time counts where other work shares the machine."""
_ROUNDS: Final = 15


def measure() -> dict[str, object]:
    """Return the figures: medians in milliseconds of both sides, and how many times faster the judge is."""
    vendor = toy_vendor()
    given = delivery(vendor)
    # No roots in it: with a self-signed copy in the bag the command does not find the path at all.
    bundle = packed(
        [
            (f"{given.serial}.crt", pem(given.leaf)),
            ("gd_dv-r1-g2_iis_intermediates.p7b", p7b(*given.intermediates)),
        ]
    )
    csr = request_pem()
    with tempfile.TemporaryDirectory(prefix="certdesk-bench-") as folder:
        ours = _median_ms(lambda: _judge(bundle, csr, vendor), rounds=_ROUNDS * 4)
        processor = _median_ms(
            lambda: _judge(bundle, csr, vendor), rounds=_ROUNDS * 4, clock=time.thread_time
        )
        theirs = _median_ms(lambda: _by_hand(bundle, csr, vendor, Path(folder)), rounds=_ROUNDS)
    ratio = theirs / ours
    return {
        "name": "judge",
        "what": "one bundle judged, against the same checks by openssl commands (medians, ms)",
        "ratio": round(ratio, 1),
        "goal": GOAL,
        "holds": ratio >= GOAL,
        "judge_ms": round(ours, 3),
        "judge_processor_ms": round(processor, 3),
        "judge_goal_ms": GOAL_MS,
        "judge_holds": min(ours, processor) <= GOAL_MS,
        "openssl_ms": round(theirs, 3),
        "rounds": {"judge": _ROUNDS * 4, "openssl": _ROUNDS},
    }


def _judge(bundle: bytes, csr: bytes, vendor: ToyVendor) -> None:
    request = parse_csr(csr)
    expectation = Expectation(spki_der=request.spki_der, names=request.names)
    verdict = judge_upload(bundle, "bundle.zip", expectation, anchors=[vendor.g2], at=NOW)
    if verdict.outcome == "refuse":
        raise RuntimeError(f"the benchmark's own bundle was refused: {verdict.findings}")


def _by_hand(bundle: bytes, csr: bytes, vendor: ToyVendor, folder: Path) -> None:
    """Unpack, check the request, take the PKCS7 apart, compare keys, read the leaf, build the chain."""
    (folder / "bundle.zip").write_bytes(bundle)
    (folder / "request.pem").write_bytes(csr)
    (folder / "anchor.pem").write_bytes(vendor.g2.public_bytes(Encoding.PEM))
    with zipfile.ZipFile(folder / "bundle.zip") as archive:
        leaf, bag = (archive.extract(name, folder) for name in archive.namelist())
    _openssl("req", "-in", "request.pem", "-noout", "-verify", folder=folder)
    wanted = _openssl("req", "-in", "request.pem", "-noout", "-pubkey", folder=folder)
    got = _openssl("x509", "-in", leaf, "-noout", "-pubkey", folder=folder)
    if wanted != got:
        raise RuntimeError("the benchmark's own keys differ")
    _openssl("x509", "-in", leaf, "-noout", "-text", "-fingerprint", "-sha256", folder=folder)
    untrusted = _openssl("pkcs7", "-in", bag, "-print_certs", folder=folder)
    (folder / "untrusted.pem").write_bytes(untrusted)
    moment = str(int(NOW.timestamp()))
    _openssl(
        *("verify", "-attime", moment, "-purpose", "sslserver", "-partial_chain"),
        *("-CAfile", "anchor.pem", "-untrusted", "untrusted.pem", leaf),
        folder=folder,
    )


def _openssl(*words: str, folder: Path) -> bytes:
    return subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True).stdout


def _median_ms(
    work: Callable[[], None], *, rounds: int, clock: Callable[[], float] = time.perf_counter
) -> float:
    work()
    times = []
    for _ in range(rounds):
        begin = clock()
        work()
        times.append((clock() - begin) * 1000)
    return statistics.median(times)


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
