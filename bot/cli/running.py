"""Verbs that run the bot or get it ready: run, worker, migrate, doctor, vault-key, watch now."""

import asyncio
from collections.abc import Callable
from contextlib import closing, nullcontext
from functools import partial
from typing import Annotated

import typer

from bot.cli.answers import NO, YES, leave, say, say_json
from bot.cli.extras import missing_extras
from bot.cli.records import check_database
from bot.settings import BadSettings, Settings, load_settings
from bot.site_file import SiteFile, load_site_file

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]

watch = typer.Typer(help="The daily watch.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Hang the verbs on the command line."""
    app.command("run")(run)
    app.command("worker")(worker)
    app.command("migrate")(migrate)
    app.command("doctor")(doctor)
    app.command("vault-key")(vault_key)
    app.add_typer(watch, name="watch")


def run(
    *, no_worker: Annotated[bool, typer.Option("--no-worker", help="Only the doors.")] = False
) -> None:
    """Serve Slack, and do the machine's work unless --no-worker."""
    _serve(doors=True, worker=not no_worker)


def worker() -> None:
    """Do the machine's work; Slack's doors are served by another process (PostgreSQL only)."""
    _serve(doors=False, worker=True)


def migrate(*, as_json: Json = False) -> None:
    """Bring the database up to date; take a backup before. On SQLite CertDesk must not run."""
    from bot.opening import lock_single_process, prepare_database
    from bot.store.migration import newest_revision

    address = load_settings().database_address
    lock = lock_single_process(address)
    with nullcontext() if lock is None else closing(lock):
        prepare_database(address)
    if as_json:
        say_json({"ok": True, "revision": newest_revision()})
    else:
        say("The database is up to date.")


def doctor(*, as_json: Json = False) -> None:
    """Look at the settings, the site file and the database; change nothing, and call nobody else."""
    faults, address = _looked_through()
    notes: tuple[str, ...] = ()
    if address:
        from bot.opening import condition_of

        seen = condition_of(address)
        faults, notes = faults + seen.faults, seen.notes
    if as_json:
        say_json({"ok": not faults, "faults": list(faults), "notes": list(notes)})
    else:
        for note in notes:
            say(note)
        for fault in faults:
            say(f"- {fault}")
        say("Everything needed is set." if not faults else "CertDesk would not start.")
    leave(NO if faults else YES)


def vault_key() -> None:
    """Print a new key for CERTDESK_VAULT_KEY."""
    from bot.system.vault import new_key

    say(new_key())


@watch.command("now")
def watch_now(*, as_json: Json = False) -> None:
    """Look at the calendar now: propose renewals, lapse gates nobody answered, wipe keys whose day has come and files nothing needs."""
    from bot.wiring import build
    from bot.workflow.turns import in_turn

    settings, site_file = _ready(load_settings())
    check_database(settings.database_address)
    house = build(settings, site_file, team_id="", machine="command line")
    counts: dict[str, int] = {}
    looks = {
        "proposed": house.calendar.propose_renewals,
        "lapsed": house.calendar.lapse_gates,
        "wiped": house.key_watch.wipe_dead,
        "files_wiped": house.file_watch.wipe_left,
    }
    try:
        in_turn(*(partial(_count, counts, name, look) for name, look in looks.items()))()
    finally:
        house.close()
    if as_json:
        say_json({"ok": True, **counts})
    else:
        say(
            f"{counts['proposed']} renewal(s) proposed, {counts['lapsed']} order(s) lapsed, "
            f"{counts['wiped']} key(s) deleted, {counts['files_wiped']} file(s) wiped."
        )


def _count(counts: dict[str, int], name: str, look: Callable[[], int]) -> None:
    counts[name] = look()


def _serve(*, doors: bool, worker: bool) -> None:
    from bot.service import run as serve
    from bot.system.logs import start_logging

    settings, site_file = _ready(load_settings())
    start_logging()
    asyncio.run(serve(settings, site_file, doors=doors, worker=worker))


def _ready(settings: Settings) -> tuple[Settings, SiteFile]:
    faults = settings.faults_for_running()
    if faults:
        raise BadSettings(_faults(settings))
    site_file = load_site_file(settings.config)
    extras = missing_extras(site_file)
    if extras:
        raise BadSettings(extras)
    return settings, site_file


def _looked_through() -> tuple[tuple[str, ...], str]:
    """Every fault of settings and site file, and where the database is, unless that cannot be known."""
    try:
        settings = load_settings()
    except BadSettings as bad:
        return bad.faults, ""
    faults = _faults(settings)
    try:
        return faults, settings.database_address
    except BadSettings:
        # Among the faults already.
        return faults, ""


def _faults(settings: Settings) -> tuple[str, ...]:
    try:
        site_file = load_site_file(settings.config)
    except BadSettings as bad:
        return settings.faults_for_running() + bad.faults
    return settings.faults_for_running(site_file.local_key_hosts) + missing_extras(site_file)
