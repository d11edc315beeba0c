"""A small Bolt app for the page's tests: one form, one card, one home, and a note of what reached it."""

import asyncio
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

Json = dict[str, Any]


def plain(text: str) -> Json:
    """A plain_text object."""
    return {"type": "plain_text", "text": text}


def button(text: str, action_id: str, **rest: Any) -> Json:
    """A button with a value."""
    return {"type": "button", "text": plain(text), "action_id": action_id, "value": "27", **rest}


def form(*, title: str = "Ask", note: str = "") -> Json:
    """A modal with one field of each common kind; a note stands above them."""
    noted = [{"type": "section", "block_id": "note", "text": plain(note)}] if note else []
    return {
        "type": "modal",
        "callback_id": "form",
        "title": plain(title),
        "submit": plain("Send"),
        "close": plain("Cancel"),
        "blocks": [
            *noted,
            {
                "type": "input",
                "block_id": "names",
                "label": plain("Names"),
                "element": {
                    "type": "plain_text_input",
                    "action_id": "form.names",
                    "multiline": True,
                },
            },
            {
                "type": "input",
                "block_id": "vendor",
                "label": plain("Vendor"),
                "dispatch_action": True,
                "element": {
                    "type": "static_select",
                    "action_id": "form.vendor",
                    "initial_option": {"text": plain("First CA"), "value": "first"},
                    "options": [
                        {"text": plain("First CA"), "value": "first"},
                        {"text": plain("Second CA"), "value": "second"},
                    ],
                },
            },
            {
                "type": "input",
                "block_id": "services",
                "label": plain("Services"),
                "optional": True,
                "element": {
                    "type": "checkboxes",
                    "action_id": "form.services",
                    "options": [
                        {"text": plain("IIS"), "value": "iis"},
                        {"text": plain("SMTP"), "value": "smtp"},
                    ],
                },
            },
            {
                "type": "input",
                "block_id": "bundle",
                "label": plain("Bundle"),
                "optional": True,
                "element": {"type": "file_input", "action_id": "form.bundle", "max_files": 1},
            },
            {"type": "actions", "block_id": "more", "elements": [button("Explain", "form.more")]},
        ],
    }


def card(text: str, *, done: bool = False) -> list[Json]:
    """An order's card: its text as mrkdwn, then its buttons or its outcome."""
    sure = {
        "title": plain("Reject?"),
        "text": plain("The requester is told."),
        "confirm": plain("Reject"),
        "deny": plain("Keep"),
    }
    last: Json = {
        "type": "actions",
        "block_id": "gate",
        "elements": [
            button("Approve", "approve", style="primary"),
            button("Reject", "reject", style="danger", confirm=sure),
            button("Stay silent", "silent"),
        ],
    }
    if done:
        last = {"type": "context", "block_id": "done", "elements": [plain("Approved")]}
    return [
        {
            "type": "section",
            "block_id": "words",
            "text": {"type": "mrkdwn", "text": text, "verbatim": True},
        },
        last,
    ]


class TinyApp:
    """The app; `seen` holds what reached it, in order."""

    def __init__(self, given: Json) -> None:
        self.channel: str = given["channels"]["cert-requests"]
        self.client = AsyncWebClient(token=given["bot_token"], base_url=given["api_url"])
        self.seen: list[tuple[str, Any]] = []
        self.app = AsyncApp(client=self.client, signing_secret="not used in Socket Mode")
        self._news = asyncio.Event()
        self._handler = AsyncSocketModeHandler(self.app, given["app_token"])
        self._register()

    async def start(self) -> None:
        await self._handler.connect_async()  # type: ignore[no-untyped-call]  # slack_bolt has no type here

    async def stop(self) -> None:
        await self._handler.close_async()  # type: ignore[no-untyped-call]  # slack_bolt has no type here

    async def heard(self, kind: str, what: Any) -> None:
        """Wait until this has reached the app; TimeoutError when it never does."""
        async with asyncio.timeout(60):
            while (kind, what) not in self.seen:
                self._news.clear()
                await self._news.wait()

    async def post(self, text: str, blocks: list[Json] | None = None) -> str:
        """A message of the app; gives its ts."""
        answer = await self.client.chat_postMessage(
            channel=self.channel, text=text, blocks=blocks or card(text)
        )
        return str(answer["ts"])

    def _note(self, kind: str, what: Any) -> None:
        self.seen.append((kind, what))
        self._news.set()

    def _register(self) -> None:
        self.app.command("/cert")(self._command)
        self.app.shortcut("order.request")(self._open)
        self.app.shortcut("bundle.use")(self._use)
        self.app.view("form")(self._submitted)
        self.app.action("form.more")(self._explain)
        self.app.action("form.vendor")(self._vendor)
        self.app.action("approve")(self._approve)
        self.app.action("reject")(self._clicked)
        self.app.event("file_shared")(self._file)
        self.app.event("message")(self._message)
        self.app.event("app_home_opened")(self._home)

    async def _command(self, ack: Any, body: Json, client: AsyncWebClient) -> None:
        self._note("command", body["text"])
        if body["text"] == "whisper":
            await ack("Only you read *this*.")
            return
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=form())

    async def _open(self, ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=form(title="By shortcut"))

    async def _use(self, ack: Any, body: Json) -> None:
        await ack()
        self._note("use", body["message"]["text"])

    async def _submitted(self, ack: Any, body: Json, client: AsyncWebClient) -> None:
        values = body["view"]["state"]["values"]
        names = values["names"]["form.names"]["value"]
        if "." not in names:
            refusal = {"names": f"{names!r} is not a full name."}
            await ack(response_action="errors", errors=refusal)
            return
        await ack()
        self._note("submitted", values)
        await self.post(f"*Order* for {names}")

    async def _explain(self, ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        told = {"type": "modal", "title": plain("Explained"), "blocks": [{"type": "divider"}]}
        await client.views_push(trigger_id=body["trigger_id"], view=told)

    async def _vendor(self, ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        chosen = body["actions"][0]["selected_option"]["value"]
        await client.views_update(view_id=body["view"]["id"], view=form(note=f"{chosen} it is."))

    async def _approve(self, ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        self._note("approve", body["user"]["id"])
        await client.chat_update(
            channel=body["channel"]["id"],
            ts=body["message"]["ts"],
            text="Approved",
            blocks=card(f"Approved by <@{body['user']['id']}>", done=True),
        )

    async def _clicked(self, ack: Any, action: Json) -> None:
        await ack()
        self._note(action["action_id"], action["value"])

    async def _file(self, event: Json, client: AsyncWebClient) -> None:
        found = (await client.files_info(file=event["file_id"]))["file"]
        self._note("file", (found["name"], found["size"]))

    async def _message(self, event: Json) -> None:
        self._note("message", (event.get("text"), event.get("thread_ts")))

    async def _home(self, event: Json, client: AsyncWebClient) -> None:
        hello = {"type": "mrkdwn", "text": f"Home of <@{event['user']}>"}
        blocks = [{"type": "section", "block_id": "hello", "text": hello}]
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})
