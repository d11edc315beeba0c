"""`bot.key_ports.LocalKeys` that counts, with a request the judge of the CSR accepts and parcels that can be told apart."""

from collections import Counter
from datetime import datetime

from bot.certs.judge import IssuedCertificate
from bot.certs.pfx import PfxCipher
from bot.domain.order import Wish
from bot.domain.sealed import Bond, SealedSecret
from bot.key_ports import KeyTrouble, MadeKey, Parcel
from tests.unit.domain.samples import NOON
from tests.unit.workflow.fuse import Fuse
from tests.unit.workflow.requests import csr_for


class ToyKeys:
    """
    Keys as numbers: the n-th one made seals to ``sealed n``.

    `trouble` is what the next call meets; `csr_pem` stands in for the request when it is set.
    """

    def __init__(self, fuse: Fuse) -> None:
        self.made: list[Bond] = []
        self.packed: Counter[bytes] = Counter()
        self.ciphers: list[PfxCipher] = []
        self.trouble: KeyTrouble | None = None
        self.csr_pem = ""
        self._fuse = fuse

    def make(self, bond: Bond, wish: Wish, *, dies_at: datetime) -> MadeKey:
        """Make one."""
        self._meet()
        self._fuse.burn("before a key is made")
        self.made.append(bond)
        sealed = f"sealed {len(self.made)}".encode()
        secret = SealedSecret(
            bond=bond, key_id="0f" * 8, sealed=sealed, made_at=NOON, dies_at=dies_at
        )
        self._fuse.burn("after a key was made")
        return MadeKey(csr_pem=self.csr_pem or csr_for(wish), secret=secret)

    def pack(
        self, secret: SealedSecret, certificate: IssuedCertificate, cipher: PfxCipher
    ) -> Parcel:
        """Pack it."""
        self._meet()
        self.packed[secret.sealed] += 1
        self.ciphers.append(cipher)
        return Parcel(pfx=b"pfx of " + secret.sealed, password=f"once {sum(self.packed.values())}")

    def _meet(self) -> None:
        if self.trouble is not None:
            trouble, self.trouble = self.trouble, None
            raise trouble
