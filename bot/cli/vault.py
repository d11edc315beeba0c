"""Verbs of the vault: what is kept sealed, and giving it the newest key. Never shows what is inside."""

from typing import Annotated, Any

import typer

from bot.cli.answers import NO, YES, leave, say, say_json
from bot.cli.records import database, database_to_change
from bot.domain.sealed import KeptSecret

vault = typer.Typer(help="Secrets that are kept sealed.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


@vault.command("list")
def list_kept(*, as_json: Json = False) -> None:
    """List what is kept: whose, for what, until when, under which key; exit 1 when a key is missing."""
    room, secrets = _open()
    kept = secrets.kept()
    missing = [one for one in kept if not room.has(one.secret.key_id)]
    if as_json:
        say_json(
            {"newest_key": room.newest(), "secrets": [_line(room, one) for one in kept]},
        )
    else:
        for one in kept:
            line = _line(room, one)
            note = "" if line["openable"] else "  NO LISTED KEY OPENS IT"
            say(
                f"order {line['order']:>5}  {line['purpose']} {line['round']}  until {line['dies_at'][:10]}  "
                f"key {line['key_id']}{note}"
            )
        say(f"{len(kept)} kept sealed; the newest key is {room.newest() or 'none'}.")
    leave(NO if missing else YES)


@vault.command("rotate")
def rotate(*, as_json: Json = False) -> None:
    """Seal everything that is kept with the first key of CERTDESK_VAULT_KEY; may be repeated and interrupted."""
    from bot.system.clock import SystemClock
    from bot.workflow.resealing import reseal_all

    room, secrets = _open(must_seal=True)
    done = reseal_all(room, secrets, SystemClock())
    if as_json:
        say_json(
            {
                "newest_key": room.newest(),
                "resealed": done.resealed,
                "current": done.current,
                "overtaken": done.overtaken,
                "lost": [_line(room, one) for one in done.lost],
            }
        )
    else:
        say(
            f"{done.resealed} resealed, {done.current} had the newest key, {done.overtaken} changed meanwhile."
        )
        for one in done.lost:
            say(
                f"- Order {one.secret.bond.order_id}: no listed key opens its {one.secret.bond.purpose.value}. It was "
                f"left as it is. List key {one.secret.key_id} again and repeat."
            )
        if not done.lost:
            say(
                "Older keys may leave CERTDESK_VAULT_KEY once no process uses them and no backup needs them."
            )
    leave(NO if done.lost else YES)


def _open(*, must_seal: bool = False) -> tuple[Any, Any]:
    from bot.settings import BadSettings, load_settings
    from bot.store.sealed import SqlSealedSecrets
    from bot.system.vault import AesVault

    settings = load_settings()
    faults = settings.faults_of_vault()
    if faults and (must_seal or settings.vault_keys):
        raise BadSettings(faults)
    kept = SqlSealedSecrets(database_to_change() if must_seal else database())
    return AesVault(settings.vault_keys), kept


def _line(room: Any, kept: KeptSecret) -> dict[str, Any]:
    secret = kept.secret
    return {
        "id": kept.id,
        "order": secret.bond.order_id,
        "purpose": secret.bond.purpose.value,
        "round": secret.bond.round,
        "key_id": secret.key_id,
        "openable": room.has(secret.key_id),
        "made_at": secret.made_at.isoformat(),
        "dies_at": secret.dies_at.isoformat(),
    }
