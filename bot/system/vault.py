"""
Secrets at rest: sealed with the newest key, opened with any key that is still listed.

AES-256-GCM, so that what a secret belongs to is part of the seal (Fernet has no place for it). Each listed key is a
master of 32 bytes; the key that encrypts and the key's id are drawn from it by HKDF-SHA256 (RFC 5869), and the id
stands in front of the sealed bytes, which says without trying which key opens them.
"""

import base64
import binascii
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.domain.sealed import Bond

_MARK: Final = b"CDV1"
_ID_BYTES: Final = 8
_NONCE_BYTES: Final = 12
_HEAD: Final = len(_MARK) + _ID_BYTES + _NONCE_BYTES
MASTER_BYTES: Final = 32


class AesVault:
    """
    A `ports.KeyVault`.

    Args:
        keys: url-safe base64 of 32 bytes each, as `new_key` makes them; the first one seals. None at all makes a
            vault that opens and seals nothing. Raises ValueError on a bad one.
    """

    def __init__(self, keys: tuple[str, ...]) -> None:
        masters = [_master(key) for key in keys]
        ids = [_drawn(master, b"certdesk vault: id", _ID_BYTES) for master in masters]
        self._newest = ids[0] if ids else None
        self._ciphers = {
            key_id: AESGCM(_drawn(master, b"certdesk vault: seal", MASTER_BYTES))
            for key_id, master in zip(ids, masters, strict=True)
        }

    def newest(self) -> str:
        """The id of the key that seals; empty when there is none."""
        return self._newest.hex() if self._newest else ""

    def key_of(self, sealed: bytes) -> str:
        """The id of the key that sealed these bytes; empty when no vault of ours did."""
        is_ours = sealed.startswith(_MARK) and len(sealed) > _HEAD
        return sealed[len(_MARK) : len(_MARK) + _ID_BYTES].hex() if is_ours else ""

    def has(self, key_id: str) -> bool:
        """Whether this key is listed."""
        return any(listed.hex() == key_id for listed in self._ciphers)

    def seal(self, secret: bytes, bond: Bond) -> bytes:
        """Encrypt with the newest key, for this bond alone."""
        if self._newest is None:
            raise ValueError("no vault key is set, so nothing was sealed")
        head = _MARK + self._newest
        nonce = os.urandom(_NONCE_BYTES)
        return head + nonce + self._ciphers[self._newest].encrypt(nonce, secret, head + bytes(bond))

    def open_(self, sealed: bytes, bond: Bond) -> bytes:
        """Decrypt; ValueError when no listed key sealed these bytes for this bond."""
        head, nonce = sealed[: len(_MARK) + _ID_BYTES], sealed[len(_MARK) + _ID_BYTES : _HEAD]
        cipher = self._ciphers.get(head.removeprefix(_MARK))
        if cipher is None or not self.key_of(sealed):
            raise ValueError("none of the listed vault keys opens this secret")
        try:
            return cipher.decrypt(nonce, sealed[_HEAD:], head + bytes(bond))
        except InvalidTag:
            raise ValueError(
                "the sealed bytes were changed, or belong to another order or purpose"
            ) from None


def new_key() -> str:
    """Make a key for CERTDESK_VAULT_KEY."""
    return base64.urlsafe_b64encode(os.urandom(MASTER_BYTES)).decode("ascii")


def _master(key: str) -> bytes:
    try:
        master = base64.b64decode(key.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise ValueError("a vault key is not url-safe base64") from None
    if len(master) != MASTER_BYTES:
        raise ValueError(f"a vault key holds {len(master)} bytes instead of {MASTER_BYTES}")
    return master


def _drawn(master: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=purpose).derive(master)
