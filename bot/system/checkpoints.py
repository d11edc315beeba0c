"""
Signed checkpoints of the audit: what its chain ended with, told to a place that CertDesk cannot take back.

A hash chain shows a change inside it, not one that was written anew from the first entry on. A checkpoint says
"entry N had this hash at this time", signed with a key the database does not hold, and lies outside.
"""

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bot.ports import Clock

_SIGNED_AS: Final = b"certdesk-audit-checkpoint-v1\n"
"""Stands before what is signed, so that the signature is good for nothing else."""


class CheckpointTrouble(Exception):
    """A checkpoint could not be made or read; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """
    What the chain ended with at one moment.

    Args:
        number: of the last entry; 0 before the first.
        hash: of that entry, 64 hex digits.
        at: aware UTC.
    """

    number: int
    hash: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """A line of checkpoints that the chain, or the key, does not bear out."""

    line: int
    why: str


class Checkpoints:
    """
    Makes checkpoints.

    Args:
        head: number and hash of the chain's last entry.
        send: takes a line of JSON to where it is kept.
    """

    def __init__(
        self,
        head: Callable[[], tuple[int, str]],
        key: Ed25519PrivateKey,
        send: Callable[[str, datetime], None],
        clock: Clock,
    ) -> None:
        self._head = head
        self._key = key
        self._send = send
        self._clock = clock

    def write(self) -> Checkpoint:
        """Sign what the chain ends with now, and send it off. Raises `CheckpointTrouble`."""
        number, last = self._head()
        checkpoint = Checkpoint(number=number, hash=last, at=self._clock.now())
        self._send(sign(checkpoint, self._key), checkpoint.at)
        return checkpoint


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """A checkpoint as one line of JSON, with its signature (RFC 8032) in base64; keys sorted, ASCII."""
    told = {
        "at": checkpoint.at.isoformat(),
        "hash": checkpoint.hash,
        "key": key_id(key.public_key()),
        "number": checkpoint.number,
    }
    signature = base64.b64encode(key.sign(_signed(told))).decode("ascii")
    return json.dumps({**told, "signature": signature}, sort_keys=True, separators=(",", ":"))


def first_mismatch(
    lines: Iterable[str],
    key: Ed25519PublicKey,
    hashes_of: Callable[[Iterable[int]], Mapping[int, str]],
) -> tuple[int, Mismatch | None]:
    """
    Compare checkpoints with the chain.

    Args:
        hashes_of: the hash of each of these entries, where the chain has such an entry.

    Returns:
        how many checkpoints were read, and the first line that does not fit; None when all do.
    """
    read: list[tuple[int, Checkpoint]] = []
    wrong: Mismatch | None = None
    for line, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            read.append((line, _proven(text, key)))
        except CheckpointTrouble as trouble:
            wrong = Mismatch(line=line, why=str(trouble))
            break
    kept = hashes_of({checkpoint.number for _, checkpoint in read})
    for line, checkpoint in read:
        why = _difference(checkpoint, kept.get(checkpoint.number))
        if why:
            return len(read), Mismatch(line=line, why=why)
    return len(read) + (wrong is not None), wrong


def checkpoint_of(text: str) -> Checkpoint:
    """
    Read a line without believing it.

    Raises:
        CheckpointTrouble: it is no checkpoint.
    """
    return _parse(text)[0]


def key_id(key: Ed25519PublicKey) -> str:
    """The first 16 hex digits of the SHA-256 of the key's SubjectPublicKeyInfo."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(
        key.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return digest.finalize().hex()[:16]


def new_key() -> tuple[bytes, bytes]:
    """A new key pair: the private key as PKCS #8 PEM, the public one as PEM."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private, public


def load_key(path: Path) -> Ed25519PrivateKey:
    """The key that signs. Raises `CheckpointTrouble`; its sentence repeats nothing of the file."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except OSError as err:
        raise CheckpointTrouble(
            f"The key of the audit's checkpoints, {path}, cannot be read: {err.strerror}. "
            f"No checkpoint was written. Make one with `certdesk audit key`."
        ) from None
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise CheckpointTrouble(
            f"{path} holds no Ed25519 private key in PEM, so no checkpoint was written. "
            f"Make one with `certdesk audit key`."
        )
    return key


def load_public_key(path: Path) -> Ed25519PublicKey:
    """The key that verifies. Raises `CheckpointTrouble`."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except OSError as err:
        raise CheckpointTrouble(
            f"{path} cannot be read: {err.strerror}. Nothing was compared."
        ) from None
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise CheckpointTrouble(f"{path} holds no Ed25519 public key in PEM. Nothing was compared.")
    return key


def _signed(told: Mapping[str, object]) -> bytes:
    return _SIGNED_AS + json.dumps(told, sort_keys=True, separators=(",", ":")).encode("ascii")


def _parse(text: str) -> tuple[Checkpoint, dict[str, object], bytes]:
    try:
        told = json.loads(text)
        signature = _decoded(told.pop("signature"))
        checkpoint = Checkpoint(
            number=int(told["number"]),
            hash=str(told["hash"]),
            at=datetime.fromisoformat(told["at"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise CheckpointTrouble("This line is no checkpoint of CertDesk's.") from None
    return checkpoint, told, signature


def _decoded(signature: str) -> bytes:
    """The bytes of base64 in its one right form: the bits that are left over must be naught (RFC 4648 3.5)."""
    data = base64.b64decode(signature, validate=True)
    if base64.b64encode(data).decode("ascii") != signature:
        raise ValueError("not in its canonical form")
    return data


def _proven(text: str, key: Ed25519PublicKey) -> Checkpoint:
    checkpoint, told, signature = _parse(text)
    try:
        key.verify(signature, _signed(told))
    except InvalidSignature:
        raise CheckpointTrouble(
            f"Its signature is not by this key: it was changed, or signed by key {told.get('key')!r}."
        ) from None
    return checkpoint


def _difference(checkpoint: Checkpoint, kept: str | None) -> str:
    if kept == checkpoint.hash:
        return ""
    when = f"{checkpoint.at:%Y-%m-%d %H:%M} UTC"
    if kept is None:
        return f"Entry {checkpoint.number} was there on {when} and is not any more."
    return f"Entry {checkpoint.number} has another hash than on {when}: the audit was written anew."
