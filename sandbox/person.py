"""
Somebody at the sandbox Slack: reads what a person would see, clicks what a person would click.

Everything is found by the words on it, as a person finds it: a renamed button breaks a story, a renamed
id does not. Never here: an id of the bot's.
"""

import asyncio
import io
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, TypeVar

import aiohttp

from sandbox.parts import SandboxFault

PATIENCE_S = 180.0
LOOK_EVERY_S = 0.1

Found = TypeVar("Found")
Message = dict[str, Any]
View = dict[str, Any]


class Person:
    """
    One user of the workspace.

    Args:
        control: the address of the sandbox's control API, without a final slash.
        user: the id of the person acted as.
    """

    def __init__(self, session: aiohttp.ClientSession, control: str, user: str) -> None:
        self._session = session
        self._control = control
        self.user = user

    async def command(self, channel: str, text: str) -> None:
        """Type a slash command."""
        await self._act("command", channel=channel, command="/cert", text=text)

    async def messages(
        self, channel: str, thread_ts: str | None = None, *, oldest: str = ""
    ) -> list[Message]:
        """What stands in a channel, or in a thread, for this person; with `oldest` from that ts on."""
        query = {"as": self.user, "channel": channel, "oldest": oldest}
        if thread_ts is not None:
            query["thread_ts"] = thread_ts
        found: list[Message] = (await self._get("messages", query))["messages"]
        return found

    async def newest(self, channel: str) -> str:
        """The ts of the newest message this person sees in a channel; empty when there is none."""
        return max((message["ts"] for message in await self.messages(channel)), default="")

    async def direct(self) -> str:
        """The conversation of this person and the app."""
        channels = (await self._get("channels", {"as": self.user}))["channels"]
        found = [channel["id"] for channel in channels if channel["is_im"]]
        if not found:
            raise SandboxFault(f"The app has never written to {self.user}.")
        one: str = found[0]
        return one

    async def wait_for(
        self,
        channel: str,
        *words: str,
        thread_ts: str | None = None,
        button: str | None = None,
        after: str = "",
    ) -> Message:
        """
        Wait for the newest message that holds all the words (and a button so labelled).

        Args:
            after: only messages younger than this ts.
        """

        async def look() -> Message | None:
            for message in reversed(await self.messages(channel, thread_ts)):
                if (
                    message["ts"] > after
                    and all(word in said(message) for word in words)
                    and (button is None or find_button(message["blocks"], button))
                ):
                    return message
            return None

        return await self.patiently(look, f"a message with {words} {button or ''} in {channel}")

    async def whisper(
        self, channel: str, *words: str, thread_ts: str | None = None, after: str = ""
    ) -> str:
        """Wait for a message that only this person sees and that holds all the words."""

        async def look() -> str | None:
            for message in reversed(await self.messages(channel, thread_ts)):
                told = said(message)
                if message["ephemeral"] and message["ts"] > after and all(w in told for w in words):
                    return told
            return None

        return await self.patiently(look, f"a private message with {words} in {channel}")

    async def click(self, channel: str, message: Message, label: str) -> None:
        """Press the button with this label on a message as it was read, even if it has changed since."""
        button = find_button(message["blocks"], label)
        if button is None:
            raise SandboxFault(f"There is no button {label!r} on {said(message)[:200]!r}.")
        await self._act("action", channel=channel, message_ts=message["ts"], stale=True, **button)

    async def view(self, title: str) -> View:
        """Wait for the open modal with this title that is not loading any more."""

        async def look() -> View | None:
            views = (await self._get("views", {"as": self.user}))["views"]
            top = views[-1] if views else None
            return top if top and title in plain(top["title"]) and top.get("submit") else None

        return await self.patiently(look, f"a modal called {title!r}")

    async def notice(self, *words: str) -> str:
        """Wait for an open modal that only tells something, with all the words."""

        async def look() -> str | None:
            views = (await self._get("views", {"as": self.user}))["views"]
            told = "\n".join(words_of(views[-1])) if views and not views[-1].get("submit") else ""
            return told if told and all(word in told for word in words) else None

        return await self.patiently(look, f"a notice with {words}")

    async def close_all(self) -> None:
        """Press X on every open modal."""
        views = (await self._get("views", {"as": self.user}))["views"]
        if views:
            top = views[-1]["id"]
            await self._post("view/close", {"as": self.user, "view_id": top, "all": True})

    async def submit(self, view: View, answers: Mapping[str, Any]) -> dict[str, str]:
        """
        Fill a modal in by its labels and send it.

        Returns:
            the faults by label; empty when it was taken.
        """
        values = fill(view, answers)
        answer = await self._post(
            "view/submit", {"as": self.user, "view_id": view["id"], "values": values}
        )
        labels = {block["block_id"]: plain(block["label"]) for block in inputs(view)}
        faults = answer.get("errors") or {}
        if not answer.get("ok") and not faults:
            raise SandboxFault(f"The modal {plain(view['title'])!r} was not taken: {answer}.")
        return {labels.get(block, block): text for block, text in faults.items()}

    async def upload(self, channel: str, thread_ts: str, name: str, data: bytes) -> None:
        """Drop a file into a thread."""
        query = {"as": self.user, "channel": channel, "thread_ts": thread_ts, "filename": name}
        async with self._session.post(
            f"{self._control}/upload", params=query, data=io.BytesIO(data)
        ) as response:
            response.raise_for_status()

    async def _act(self, verb: str, **what: Any) -> None:
        answer = await self._post(verb, {"as": self.user, **what})
        if not answer.get("ok"):
            raise SandboxFault(f"Slack says {answer.get('error')!r} to {verb} {what}.")

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self._session.post(f"{self._control}/{path}", json=body) as response:
            answer: dict[str, Any] = await response.json()
            return answer

    async def _get(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        async with self._session.get(f"{self._control}/{path}", params=query) as response:
            response.raise_for_status()
            answer: dict[str, Any] = await response.json()
            return answer

    async def patiently(self, look: Callable[[], Awaitable[Found | None]], what: str) -> Found:
        """Look until there is something to see; `what` is for the sentence when there never is."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while (found := await look()) is None:
                    await asyncio.sleep(LOOK_EVERY_S)
        except TimeoutError:
            raise SandboxFault(f"Waited {PATIENCE_S:.0f} s in vain for {what}.") from None
        return found


def said(message: Message) -> str:
    """All the words of a message, its blocks included."""
    return "\n".join([str(message.get("text", "")), *words_of(message.get("blocks") or [])])


def words_of(node: Any) -> Iterator[str]:
    """Every text in a tree of blocks, in order."""
    if isinstance(node, dict):
        if isinstance(node.get("text"), str):
            yield node["text"]
        for value in node.values():
            yield from words_of(value)
    elif isinstance(node, list):
        for item in node:
            yield from words_of(item)


def plain(text: Any) -> str:
    """The words of a text object, or of a bare string."""
    words: str = text["text"] if isinstance(text, dict) else str(text)
    return words


def inputs(view: View) -> list[dict[str, Any]]:
    """The input blocks of a modal."""
    return [block for block in view["blocks"] if block["type"] == "input"]


def find_button(blocks: list[dict[str, Any]], label: str) -> dict[str, Any] | None:
    """The first button whose words begin with the label, as the click's arguments."""
    for block in blocks:
        for element in [*block.get("elements", []), block.get("accessory") or {}]:
            if element.get("type") == "button" and plain(element["text"]).startswith(label):
                return {
                    "block_id": block["block_id"],
                    "action_id": element["action_id"],
                    "value": element.get("value"),
                }
    return None


def fill(view: View, answers: Mapping[str, Any]) -> dict[str, Any]:
    """A modal's values: the answers by label (or the label's beginning), defaults for the rest."""
    left = dict(answers)
    values: dict[str, Any] = {}
    for block in inputs(view):
        label = plain(block["label"])
        key = next((k for k in left if label.startswith(k)), None)
        answer = left.pop(key) if key is not None else None
        element = block["element"]
        values[block["block_id"]] = {element["action_id"]: _value(element, answer)}
    if left:
        labels = [plain(block["label"]) for block in inputs(view)]
        raise SandboxFault(f"The modal has no field {list(left)}; it has {labels}.")
    return values


def _value(element: dict[str, Any], answer: Any) -> dict[str, Any]:
    kind = element["type"]
    match kind:
        case "static_select" | "radio_buttons":
            chosen = _option(element, answer) if answer else element.get("initial_option")
            return {"type": kind, "selected_option": chosen}
        case "checkboxes" | "multi_static_select":
            chosen = (
                [_option(element, one) for one in answer]
                if answer is not None
                else element.get("initial_options", [])
            )
            return {"type": kind, "selected_options": chosen}
        case "file_input":
            return {"type": kind, "files": answer or []}
        case _:
            return {"type": kind, "value": answer or element.get("initial_value")}


def _option(element: dict[str, Any], words: str) -> dict[str, Any]:
    for option in element["options"]:
        if plain(option["text"]).startswith(words):
            chosen: dict[str, Any] = option
            return chosen
    offered = json.dumps([plain(option["text"]) for option in element["options"]])
    raise SandboxFault(f"{words!r} is not offered; these are: {offered}.")
