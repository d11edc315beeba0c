"""
The error boundary and the clock of every door: an answer in time, and never a silent failure.

`Refused` becomes a private sentence. Anything else becomes an apology with an incident id; what happened
goes to the log only. This is the one place among the doors that catches broadly.
"""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.errors import SlackApiError

from bot.domain.faults import HostFault, Refused
from handlers.blocks.notice_modal import notice_modal, working_modal
from handlers.blocks.parts import Block, Picture, picture, section
from handlers.blocks.text import code
from handlers.headlines import FAULTS, refusal_title
from handlers.visit import Visit

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FieldErrors:
    """The form stays open with these sentences at their fields."""

    by_field: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something was not done: a title and a sentence in mrkdwn for the person alone."""

    title: str
    told: str


Reply = Picture | Trouble | None
"""What a command or a click is answered with, privately; None when the cards say it all."""

FormReply = FieldErrors | Trouble | Picture | None
"""What a submitted form is answered with; None closes it."""


class Boundary:
    """
    Runs doors.

    Args:
        patience_s: how long an answer is waited for before Slack is told "one moment"; Slack gives up
            after 3 seconds.
    """

    def __init__(self, *, patience_s: float = 2.0) -> None:
        self._patience_s = patience_s

    async def command(
        self, ack: AsyncAck, respond: AsyncRespond, door: Callable[[], Awaitable[Reply]]
    ) -> None:
        """Answer a slash command: in the acknowledgement, or later when it takes time."""
        work = asyncio.ensure_future(_guarded(door))
        if await self._in_time(work):
            reply = _private(work.result())
            if reply is None:
                await ack()
            else:
                await ack(text=reply.text, blocks=list(reply.blocks))
            return
        await ack(text="One moment: CertDesk is reading. The answer follows here.")
        await _respond(respond, await work)

    async def click(
        self,
        ack: AsyncAck,
        respond: AsyncRespond,
        admit: Callable[[], Visit],
        door: Callable[[Visit], Awaitable[Reply]],
    ) -> None:
        """Answer a click or a shortcut: what was not done is told to that person alone."""
        visit: list[Visit] = []

        async def enter() -> Reply:
            visit.append(admit())
            return await door(visit[0])

        work = asyncio.ensure_future(_guarded(enter))
        await self._in_time(work)
        await ack()
        await self._tell(respond, visit[0] if visit else None, await work)

    async def form(
        self,
        ack: AsyncAck,
        admit: Callable[[], Visit],
        door: Callable[[Visit], Awaitable[FormReply]],
    ) -> None:
        """Answer a submitted form: close it, name the wrong fields, or show what was not done."""
        visit: list[Visit] = []

        async def enter() -> FormReply:
            visit.append(admit())
            return await door(visit[0])

        work = asyncio.ensure_future(_guarded(enter))
        if await self._in_time(work):
            await _ack_form(ack, work.result())
            return
        await ack(response_action="update", view=working_modal())
        reply = await work
        await _replace_view(visit[0], reply)

    async def event(self, door: Callable[[], Awaitable[None]]) -> None:
        """Handle an event, which Slack has been told of already; a fault is only logged."""
        await _guarded(door)

    async def _in_time(self, work: asyncio.Future[Any]) -> bool:
        done, _ = await asyncio.wait({work}, timeout=self._patience_s)
        return bool(done)

    async def _tell(self, respond: AsyncRespond, visit: Visit | None, reply: Reply) -> None:
        if reply is None:
            return
        if visit is None or visit.surface == "message":
            await _respond(respond, reply)
        elif isinstance(reply, Trouble):
            await _open_notice(visit, reply)
        else:
            await _whisper(visit, reply)


async def _guarded[T](door: Callable[[], Awaitable[T]]) -> T | Trouble:
    try:
        return await door()
    except Refused as refused:
        return Trouble(refusal_title(refused.code), refused.sentence)
    except HostFault as fault:
        return Trouble("The host did not answer", f"{FAULTS[fault.kind]}\n{code(fault.sentence, 1500)}")
    except Exception:
        incident = uuid.uuid4().hex[:8]
        _log.exception("Incident %s at a door", incident)
        return Trouble(
            "Something broke",
            f"CertDesk made a mistake, and your request may not be done: look with `/cert list` "
            f"before you repeat it. Tell the people who run CertDesk the incident `{incident}`.",
        )


async def _ack_form(ack: AsyncAck, reply: FormReply) -> None:
    match reply:
        case None:
            await ack()
        case FieldErrors(by_field=errors):
            await ack(response_action="errors", errors=dict(errors))
        case _:
            await ack(response_action="update", view=_outcome(reply))


def _outcome(reply: FormReply) -> Block:
    match reply:
        case Trouble(title=title, told=told):
            return notice_modal(title, told)
        case FieldErrors(by_field=errors):
            return notice_modal("Not accepted", "\n".join(errors.values()))
        case Picture(text=text):
            return notice_modal("Done", text)
        case _:
            return notice_modal("Done", "It is done; the order's card shows what comes next.")


async def _replace_view(visit: Visit, reply: FormReply) -> None:
    try:
        await visit.client.views_update(view_id=str(visit.view["id"]), view=_outcome(reply))
    except SlackApiError as fault:
        # The person closed the window; the order's card and thread say the same.
        _log.info("A form's outcome had no window any more: %s", fault.response.get("error"))


async def _open_notice(visit: Visit, trouble: Trouble) -> None:
    try:
        await visit.show(notice_modal(trouble.title, trouble.told))
    except SlackApiError:
        # The trigger was used or is too old: a direct message still reaches the person.
        await _whisper(visit, _private(trouble) or picture(trouble.told, []))


async def _whisper(visit: Visit, reply: Picture) -> None:
    opened = await visit.client.conversations_open(users=[visit.user])
    channel = (opened.get("channel") or {})["id"]
    await visit.client.chat_postMessage(
        channel=channel, text=reply.text, blocks=list(reply.blocks),
        unfurl_links=False, unfurl_media=False,
    )  # fmt: skip


async def _respond(respond: AsyncRespond, reply: Reply) -> None:
    told = _private(reply)
    if told is None:
        return
    answer = await respond(
        text=told.text, blocks=list(told.blocks), response_type="ephemeral", replace_original=False
    )
    if answer.status_code != 200:  # noqa: PLR2004 - HTTP's own number
        _log.warning("A private answer was not delivered: HTTP %s", answer.status_code)


def _private(reply: Reply) -> Picture | None:
    if isinstance(reply, Trouble):
        told = f"*{reply.title}.* {reply.told}"
        return picture(told, [section(told)])
    return reply
