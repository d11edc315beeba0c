"""A stand-in for the bot: connects to the Slack its environment names, and stays. For tests alone."""

import asyncio
import os

from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient


async def lodge() -> None:
    """Be connected until the process is ended."""
    web = AsyncWebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])
    client = SocketModeClient(app_token=os.environ["SLACK_APP_TOKEN"], web_client=web)
    await client.connect()  # type: ignore[no-untyped-call]  # the SDK has no types here
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(lodge())
