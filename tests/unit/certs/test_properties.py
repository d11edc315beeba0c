"""Any bytes give a verdict, and what does not matter changes nothing."""

import json
import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.certs import rules
from bot.certs.archive import open_archive
from bot.certs.codes import STEP_OF_CODE
from bot.certs.findings import BadMaterial
from bot.certs.judge import Expectation, Verdict, judge_upload
from bot.certs.names import DnsName
from bot.certs.pem import armour, blocks_of, to_text
from bot.certs.report import as_json
from tests.unit.certs.bundles import LITTER, delivery, p7b, packed, pem
from tests.unit.certs.toyca import NAMES, NOW, der, spki, toy_vendor

VENDOR = toy_vendor()
GIVEN = delivery(VENDOR)
EXPECTATION = Expectation(
    spki_der=spki(VENDOR.leaf_plan.private), names=tuple(DnsName(text) for text in NAMES)
)
FILES = [
    ("leaf.crt", pem(GIVEN.leaf)),
    ("bag.p7b", p7b(*GIVEN.intermediates, *GIVEN.roots)),
    ("chain.der", b"".join(der(cert) for cert in GIVEN.intermediates)),
]
GOOD = {
    "zip": packed(FILES),
    "streamed": packed(FILES, streamed=True),
    "nested": packed([("inner.zip", packed(FILES, stored=True))]),
    "pem": pem(*GIVEN.chain),
    "p7b": p7b(*GIVEN.chain),
    "der": b"".join(der(cert) for cert in GIVEN.chain),
    "utf-16": pem(*GIVEN.chain).decode().encode("utf-16"),
}
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def judged(data: bytes, filename: str = "upload") -> Verdict:
    """Judge an upload of the order of this file."""
    return judge_upload(data, filename, EXPECTATION, anchors=[VENDOR.g2], at=NOW)


def assert_sound(verdict: Verdict) -> None:
    """Check what is true of every verdict."""
    json.dumps(as_json(verdict))
    steps = [STEP_OF_CODE[finding.code] for finding in verdict.findings]
    refused = any(finding.severity == "refuse" for finding in verdict.findings)

    assert (verdict.outcome == "refuse") is refused
    assert (verdict.certificate is None) is refused
    assert steps == sorted(steps)
    assert all(finding.message.isprintable() for finding in verdict.findings)


HEADS = st.sampled_from(
    [
        b"",
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"0\x82\x01\x00",
        b"0\x80",
        b"-----BEGIN CERTIFICATE-----",
        b"\xff\xfe",
    ]
)


@CALM
@given(head=HEADS, body=st.binary(max_size=400), filename=st.text(max_size=20))
def test_any_bytes_give_a_verdict(head: bytes, body: bytes, filename: str) -> None:
    """No exception, no acceptance, and a verdict that can be sent on."""
    verdict = judged(head + body, filename)

    assert_sound(verdict)
    assert verdict.outcome == "refuse"


@CALM
@given(kind=st.sampled_from(sorted(GOOD)), seed=st.integers(0, 2**32), times=st.integers(1, 6))
def test_spoilt_bundle_never_installs_anything_else(kind: str, seed: int, times: int) -> None:
    """Bytes changed, lost or doubled at random end in a refusal, or in the very same certificates."""
    verdict = judged(spoilt(GOOD[kind], seed, times))
    genuine = {der(cert) for cert in GIVEN.chain}

    assert_sound(verdict)
    if verdict.certificate is not None:
        assert {verdict.certificate.leaf_der, *verdict.certificate.path} == genuine


def spoilt(data: bytes, seed: int, times: int) -> bytes:
    """Return the data with some random damage."""
    die = random.Random(seed)
    for _ in range(times):
        at = die.randrange(len(data))
        length = die.choice([1, 1, 2, 4, 40, 400])
        match die.randrange(4):
            case 0:
                data = data[:at] + die.randbytes(1) + data[at + 1 :]
            case 1:
                data = data[:at] + data[at + length :]
            case 2:
                data = data[:at] + data[at : at + length] + data[at:]
            case _:
                data = data[:at] + die.randbytes(length) + data[at + length :]
        data = data or b"0"
    return data


# No name begins as a device of Windows (aux, con): those are refused.
NAMES_OF_FILES = st.from_regex(
    r"x[a-z]{3,9}( [a-z]{3,9})?\.(crt|pem|p7b|txt|jpg|key|pfx)", fullmatch=True
)


@CALM
@given(data=st.data())
def test_shuffling_renaming_and_padding_change_nothing(data: st.DataObject) -> None:
    """Order, names, copies and litter are not what a bundle means."""
    contents = [content for _, content in FILES]
    padding = data.draw(st.lists(st.sampled_from([c for _, c in LITTER] + contents), max_size=8))
    shuffled = data.draw(st.permutations([*contents, *padding]))
    names = data.draw(
        st.lists(NAMES_OF_FILES, min_size=len(shuffled), max_size=len(shuffled), unique=True)
    )
    plain = judged(GOOD["zip"])
    verdict = judged(packed(list(zip(names, shuffled, strict=True))))

    assert verdict.outcome == plain.outcome
    assert verdict.certificate == plain.certificate
    assert verdict.ignored == plain.ignored
    assert [f.code for f in verdict.findings] == [f.code for f in plain.findings]


@CALM
@given(
    seed=st.integers(0, 2**32),
    times=st.integers(1, 4),
    kind=st.sampled_from(["zip", "streamed", "nested"]),
)
def test_archive_stays_within_its_limits(seed: int, times: int, kind: str) -> None:
    """A spoilt archive gives its files within the limits, or BadMaterial; never anything else."""
    try:
        files = open_archive(spoilt(GOOD[kind], seed, times), where="x")
    except BadMaterial:
        return

    assert len(files) <= rules.ENTRY_LIMIT
    assert sum(len(file.data) for file in files) <= rules.TOTAL_LIMIT


@CALM
@given(
    data=st.binary(min_size=1, max_size=300),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]),
    newline=st.sampled_from(["\n", "\r\n", "\r", " ", "\n\n", "\n  "]),
)
def test_armour_is_read_in_every_encoding(data: bytes, encoding: str, newline: str) -> None:
    """What was armoured comes out as it went in, whatever the text went through."""
    text = armour("CERTIFICATE", data).replace("\n", newline)
    blocks = blocks_of(to_text(text.encode(encoding)))

    assert [(block.label, block.data) for block in blocks] == [("CERTIFICATE", data)]
