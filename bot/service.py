"""
Running the house: the doors in one event loop, the worker in threads of its own, until told to stop.

A link to Slack that stays down ends the process with a code, so that its supervisor starts it anew;
a process that only looks alive helps nobody.
"""

import asyncio
import logging
import signal
from collections.abc import Callable

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.opening import lock_single_process, prepare_database
from bot.settings import BadSettings, Settings
from bot.site_file import SiteFile
from bot.system.pulse import Pulse
from bot.wiring import House, build
from bot.workflow.durable import Worker
from bot.workflow.lifeguard import BEAT_S, LIFE_S
from handlers.serving import HttpDoor, SocketDoor

log = logging.getLogger(__name__)

LOOK_S = 1.0
DOWN_FOR_S = 120.0
SLOT_WAIT_S = 10.0
"""The server may need a moment to notice that a killed process is gone."""


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
    lock = lock_single_process(settings.database_address)
    try:
        await asyncio.to_thread(prepare_database, settings.database_address)
        team_id, workspace_url = await _who_am_i(settings)
        house = build(settings, site_file, team_id=team_id, workspace_url=workspace_url)
        await _serve(settings, house, stop, doors=doors, worker=worker)
    finally:
        if lock is not None:
            lock.close()


async def _serve(
    settings: Settings, house: House, stop: asyncio.Event, *, doors: bool, worker: bool
) -> None:
    life = WorkerLife(house, stop) if worker else None
    if life is not None:
        await life.begin(settings.executor_id)
    log.info("certdesk is up: mode %s, doors %s, worker %s", settings.mode, doors, worker)
    try:
        if doors:
            await _keep_door_open(_door(settings, house), stop)
        else:
            await stop.wait()
    finally:
        if life is not None:
            await life.end()
        await asyncio.to_thread(house.close)
        log.info("certdesk has stopped")
    if life is not None and life.is_lost:
        raise TroubleOutside(
            "This worker stood still for too long and was taken for dead; another one does its work. It ends "
            "here, so that its supervisor starts it anew; no order is lost."
        )


class WorkerLife:
    """
    The worker of this process from its entry among the workers to its end.

    Args:
        stop: set when this process was taken for dead and must end.
    """

    def __init__(self, house: House, stop: asyncio.Event) -> None:
        self.is_lost = False
        self._house = house
        self._stop = stop
        self._loop = asyncio.get_running_loop()
        self._machine: Worker = house.make_worker()
        self._pulse = Pulse(self._beat, every_s=BEAT_S, lost=self._lost)

    async def begin(self, executor: str) -> None:
        """
        Enter, then take up what the process of before has left, then the queues.

        Raises:
            BadSettings: another worker lives under this executor id.
        """
        if not await _within(SLOT_WAIT_S, self._house.slot.take):
            raise BadSettings(
                (
                    (
                        f"Another worker runs as {executor}; this one was not started. Give each worker "
                        f"a CERTDESK_EXECUTOR_ID of its own, or end the other one."
                    ),
                )
            )
        if not await _within(2 * LIFE_S, self._house.lifeguard.enter):
            raise TroubleOutside(
                f"Another worker still takes over what {executor} left behind. Nothing was started; start again."
            )
        self._pulse.start()
        await asyncio.to_thread(self._machine.start)

    async def end(self) -> None:
        """Stop the queues, then leave."""
        await asyncio.to_thread(self._machine.stop)
        await asyncio.to_thread(self._pulse.stop)
        if not self.is_lost:
            await asyncio.to_thread(self._house.lifeguard.leave)

    def _beat(self) -> bool:
        return self._house.lifeguard.beat(self._machine)

    def _lost(self) -> None:
        self.is_lost = True
        self._loop.call_soon_threadsafe(self._stop.set)


async def _within(seconds: float, attempt: Callable[[], bool]) -> bool:
    """Whether an attempt succeeds in so many seconds, tried again and again."""
    end = asyncio.get_running_loop().time() + seconds
    while not await asyncio.to_thread(attempt):
        if asyncio.get_running_loop().time() > end:
            return False
        await asyncio.sleep(0.25)
    return True


def _door(settings: Settings, house: House) -> SocketDoor | HttpDoor:
    app = house.make_app()
    if settings.mode == "socket":
        return SocketDoor(app, settings.app_token)
    return HttpDoor(
        app,
        host=settings.http_host,
        port=settings.http_port,
        is_ready=lambda: True,
        metrics=house.metrics.page,
    )


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


async def _who_am_i(settings: Settings) -> tuple[str, str]:
    client = AsyncWebClient(token=settings.bot_token, base_url=settings.slack_api_url)
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
    return str(answer["team_id"]), str(answer.get("url") or "")
