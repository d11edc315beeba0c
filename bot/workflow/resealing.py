"""Rotation: everything that is kept sealed gets the newest key, one secret at a time."""

from dataclasses import dataclass

from bot.domain.audit import AuditEntry
from bot.domain.ids import SYSTEM
from bot.domain.sealed import KeptSecret
from bot.key_ports import KeyVault, SealedSecrets
from bot.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Resealing:
    """
    What came of one rotation.

    Args:
        resealed: how many were given the newest key now.
        current: how many had it already.
        overtaken: how many were wiped or resealed by somebody else meanwhile.
        lost: those that no listed key opens; they were left as they are.
    """

    resealed: int = 0
    current: int = 0
    overtaken: int = 0
    lost: tuple[KeptSecret, ...] = ()


def reseal_all(vault: KeyVault, secrets: SealedSecrets, clock: Clock) -> Resealing:
    """
    Reseal whatever another key than the newest sealed.

    Each secret is a transaction of its own with its audit entry, so a run that was killed is taken up by the next one.

    Raises:
        ValueError: no vault key is listed.
    """
    newest = vault.newest()
    if not newest:
        raise ValueError("no vault key is set, so nothing was resealed")
    resealed, current, overtaken = 0, 0, 0
    lost: list[KeptSecret] = []
    for kept in secrets.kept():
        if kept.secret.key_id == newest:
            current += 1
            continue
        try:
            plain = vault.open_(kept.secret.sealed, kept.secret.bond)
        except ValueError:
            lost.append(kept)
            continue
        sealed = vault.seal(plain, kept.secret.bond)
        if secrets.reseal(kept, sealed, newest, _entry(kept, newest, clock)):
            resealed += 1
        else:
            overtaken += 1
    return Resealing(resealed=resealed, current=current, overtaken=overtaken, lost=tuple(lost))


def _entry(kept: KeptSecret, newest: str, clock: Clock) -> AuditEntry:
    bond = kept.secret.bond
    return AuditEntry(
        order_id=bond.order_id, at=clock.now(), by=SYSTEM, what="key_resealed", before=kept.secret.key_id,
        after=newest, why="The vault's keys were rotated.",
        facts={"purpose": bond.purpose.value, "round": str(bond.round)},
    )  # fmt: skip
