"""Signed checkpoints: what they prove, and what cannot be slipped under them."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from bot.system.checkpoints import (
    Checkpoint,
    CheckpointTrouble,
    checkpoint_of,
    first_mismatch,
    load_key,
    load_public_key,
    new_key,
    sign,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
CHAIN = {0: "0" * 64, 1: "1" * 64, 2: "2" * 64, 3: "3" * 64}
LINES = [sign(Checkpoint(number=n, hash=CHAIN[n], at=AT), KEY) for n in (0, 2, 3)]


def chain(numbers: Iterable[int]) -> Mapping[int, str]:
    """What an untouched audit answers."""
    return {number: CHAIN[number] for number in numbers if number in CHAIN}


def test_checkpoints_of_an_untouched_chain_fit() -> None:
    """Each is read, and blank lines are none."""
    assert (3, None) == first_mismatch([LINES[0], "", *LINES[1:]], KEY.public_key(), chain)


def test_the_unused_bits_of_a_signature_s_base64_count_as_well() -> None:
    """Sixty-four bytes leave four bits over, which a lenient reader drops: the line would be another one unseen."""
    told = json.loads(LINES[1])
    signature = told["signature"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = alphabet[alphabet.index(signature[-3]) + 1]
    changed = LINES[1].replace(signature, f"{signature[:-3]}{other}==")
    _, wrong = first_mismatch([LINES[0], changed], KEY.public_key(), chain)

    assert changed != LINES[1]
    assert wrong is not None


@given(st.data())
def test_no_character_of_a_checkpoint_can_be_changed(data: st.DataObject) -> None:
    """Whatever is changed in the line, it is named and not believed."""
    line = LINES[1]
    at = data.draw(st.integers(0, len(line) - 1))
    other = data.draw(st.characters(codec="ascii").filter(lambda char: char != line[at]))
    changed = line[:at] + other + line[at + 1 :]
    told = {**json.loads(line)}
    try:
        same = json.loads(changed) == told
    except (ValueError, RecursionError):
        same = False
    _, wrong = first_mismatch([LINES[0], changed], KEY.public_key(), chain)

    # A blank between two parts of JSON is no change of what is said.
    assert same or (wrong is not None and wrong.line == 2)


@pytest.mark.parametrize(
    ("kept", "says"),
    [
        ({**CHAIN, 2: "f" * 64}, "another hash"),
        ({0: CHAIN[0], 1: CHAIN[1]}, "is not any more"),
    ],
    ids=["written anew", "cut off"],
)
def test_chain_that_was_written_anew_is_found(kept: dict[int, str], says: str) -> None:
    """The first checkpoint that the chain does not bear out is named."""
    _, wrong = first_mismatch(
        LINES, KEY.public_key(), lambda numbers: {n: kept[n] for n in numbers if n in kept}
    )

    assert wrong is not None
    assert 2 == wrong.line
    assert says in wrong.why


def test_checkpoint_by_another_key_is_not_believed() -> None:
    """Whoever can write the database cannot sign."""
    stranger = Ed25519PrivateKey.generate()
    line = sign(Checkpoint(number=2, hash=CHAIN[2], at=AT), stranger)
    count, wrong = first_mismatch([LINES[0], line], KEY.public_key(), chain)

    assert wrong is not None
    assert (2, 2) == (count, wrong.line)
    assert "not by this key" in wrong.why


def test_fault_in_the_chain_before_a_bad_line_is_named_first() -> None:
    """The first line that is wrong in any way counts."""
    _, wrong = first_mismatch([LINES[1], "{}"], KEY.public_key(), lambda _: {})

    assert wrong is not None
    assert 1 == wrong.line


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"signature": "!"}', "[" * 100_000])
def test_what_is_no_checkpoint_is_told_so(text: str) -> None:
    """Any text gives a checkpoint or a sentence."""
    with pytest.raises(CheckpointTrouble, match="no checkpoint"):
        checkpoint_of(text)


def test_key_is_made_and_loaded(tmp_path: Path) -> None:
    """What `new_key` makes is what signs and what verifies."""
    private, public = new_key()
    (tmp_path / "k.pem").write_bytes(private)
    (tmp_path / "p.pem").write_bytes(public)
    line = sign(Checkpoint(number=2, hash=CHAIN[2], at=AT), load_key(tmp_path / "k.pem"))

    assert (1, None) == first_mismatch([line], load_public_key(tmp_path / "p.pem"), chain)


def test_other_keys_are_refused_and_not_repeated(tmp_path: Path) -> None:
    """A wrong file gives a sentence that holds nothing of it."""
    path = tmp_path / "k.pem"
    other = generate_private_key(SECP256R1())
    for content in (
        b"geheim",
        other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    ):
        path.write_bytes(content)
        with pytest.raises(CheckpointTrouble, match="no Ed25519 private key") as caught:
            load_key(path)
        assert "geheim" not in str(caught.value)
    path.write_bytes(
        other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )

    with pytest.raises(CheckpointTrouble, match="no Ed25519 public key"):
        load_public_key(path)
    for load in (load_key, load_public_key):
        with pytest.raises(CheckpointTrouble, match="cannot be read"):
            load(tmp_path / "none.pem")
