"""
Running the house: the doors in one event loop, the worker in threads of its own, until told to stop.

A link to Slack that stays down ends the process with a code, so that its supervisor starts it anew;
a process that only looks alive helps nobody.
"""

import asyncio
import logging
import signal

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.settings import Settings
from bot.site_file import SiteFile
from bot.wiring import House, build, lock_single_process, prepare_database
from handlers.serving import HttpDoor, SocketDoor

log = logging.getLogger(__name__)

LOOK_S = 1.0
DOWN_FOR_S = 120.0


class TroubleOutside(Exception):
    """Something outside CertDesk keeps it from working; the sentence says what."""


async def run(settings: Settings, site_file: SiteFile, *, doors: bool, worker: bool) -> None:
    """
    Serve until SIGTERM or SIGINT.

    Args:
        doors: answer Slack.
        worker: do the machine's work.

    Raises:
        TroubleOutside: Slack refuses the token, or the link stays down.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    lock = lock_single_process(settings.database_url)
    try:
        await asyncio.to_thread(prepare_database, settings.database_url)
        team_id = await _who_am_i(settings)
        house = build(settings, site_file, team_id=team_id)
        await _serve(settings, house, stop, doors=doors, worker=worker)
    finally:
        if lock is not None:
            lock.close()


async def _serve(
    settings: Settings, house: House, stop: asyncio.Event, *, doors: bool, worker: bool
) -> None:
    machine = house.make_worker() if worker else None
    if machine is not None:
        await asyncio.to_thread(machine.start)
    log.info("certdesk is up: mode %s, doors %s, worker %s", settings.mode, doors, worker)
    try:
        if doors:
            await _keep_door_open(_door(settings, house), stop)
        else:
            await stop.wait()
    finally:
        if machine is not None:
            await asyncio.to_thread(machine.stop)
        await asyncio.to_thread(house.close)
        log.info("certdesk has stopped")


def _door(settings: Settings, house: House) -> SocketDoor | HttpDoor:
    app = house.make_app()
    if settings.mode == "socket":
        return SocketDoor(app, settings.slack_app_token.get_secret_value())
    return HttpDoor(app, host=settings.http_host, port=settings.http_port, is_ready=lambda: True)


async def _keep_door_open(door: SocketDoor | HttpDoor, stop: asyncio.Event) -> None:
    await door.open()
    down_s = 0.0
    try:
        while not stop.is_set():
            try:
                await asyncio.wait_for(stop.wait(), LOOK_S)
            except TimeoutError:
                down_s = 0.0 if await door.is_open() else down_s + LOOK_S
            if down_s >= DOWN_FOR_S:
                raise TroubleOutside(
                    f"The link to Slack has been down for {down_s:.0f} seconds. CertDesk stops, so that "
                    f"its supervisor starts it anew; no order is lost."
                )
    finally:
        await door.close()


async def _who_am_i(settings: Settings) -> str:
    client = AsyncWebClient(
        token=settings.slack_bot_token.get_secret_value(), base_url=settings.slack_api_url
    )
    try:
        answer = await client.auth_test()
    except SlackApiError as err:
        raise TroubleOutside(
            f"Slack refuses the bot token ({err.response['error']}). Nothing was started. Check "
            f"SLACK_BOT_TOKEN."
        ) from None
    except OSError as err:
        raise TroubleOutside(
            f"Slack cannot be reached ({type(err).__name__}). Nothing was started. Check the network."
        ) from None
    return str(answer["team_id"])
