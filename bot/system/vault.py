"""Secrets at rest: sealed with the newest key, opened with any key that is still listed."""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class FernetVault:
    """
    A `KeyVault` over Fernet (AES-128-CBC with HMAC-SHA256).

    Args:
        keys: url-safe base64 of 32 bytes each; the first one seals. Raises ValueError on a bad one.
    """

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._fernet = MultiFernet([Fernet(key.encode("ascii")) for key in keys])

    def seal(self, secret: bytes) -> bytes:
        """Encrypt with the newest key."""
        return self._fernet.encrypt(secret)

    def open_(self, sealed: bytes) -> bytes:
        """Decrypt; ValueError when no listed key made these bytes."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise ValueError("none of the listed vault keys opens this secret") from None
