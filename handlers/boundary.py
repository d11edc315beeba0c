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
from typing import Any, TypeVar

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.errors import SlackApiError

from bot.domain.faults import DatabaseAway, HostFault, Refused
from handlers.blocks.notice_modal import notice_modal, working_modal
from handlers.blocks.parts import Block, Picture, picture, section
from handlers.blocks.text import code, escape
from handlers.headlines import FAULTS, refusal_title
from handlers.visit import Visit

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
_HTTP_OK = 200
_TOO_LATE = "expired_trigger_id"
"""Slack's word for a window that was to be opened more than three seconds after the click."""


@dataclass(frozen=True, slots=True)
class FieldErrors:
    """The form stays open with these sentences at their fields."""

    by_field: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Trouble:
    """
    Something was not done: a title and a sentence in mrkdwn for the person alone.

    Args:
        late: Slack's three seconds are over, so an acknowledgement reaches nobody any more.
    """

    title: str
    told: str
    late: bool = False


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
        self,
        ack: AsyncAck,
        respond: AsyncRespond,
        visit: Visit,
        door: Callable[[], Awaitable[Reply]],
    ) -> None:
        """Answer a slash command: in the acknowledgement, or later when it takes time."""
        work = asyncio.ensure_future(_guarded(door))
        if await self._in_time(work):
            result = work.result()
            reply = _private(result)
            if reply is None:
                await ack()
            elif isinstance(result, Trouble) and result.late:
                await ack()
                await _guarded(lambda: _answer(respond, visit, reply))
            else:
                await ack(text=reply.text, blocks=list(reply.blocks))
            return
        await ack(text="One moment: CertDesk is reading. The answer follows here.")
        reply = _private(await work)
        await _guarded(lambda: _answer(respond, visit, reply))

    async def click(
        self,
        ack: AsyncAck,
        respond: AsyncRespond,
        visit: Visit,
        door: Callable[[], Awaitable[Reply]],
    ) -> None:
        """Answer a click or a shortcut: what was not done is told to that person alone."""
        work = asyncio.ensure_future(_guarded(door))
        await self._in_time(work)
        await ack()
        reply = await work
        if isinstance(reply, Trouble) and visit.surface != "message":
            await _guarded(lambda: _open_notice(visit, reply))
        else:
            await _guarded(lambda: _answer(respond, visit, _private(reply)))

    async def form(
        self, ack: AsyncAck, visit: Visit, door: Callable[[], Awaitable[FormReply]]
    ) -> None:
        """Answer a submitted form: close it, name the wrong fields, or show what was not done."""
        work = asyncio.ensure_future(_guarded(door))
        if await self._in_time(work):
            await _ack_form(ack, work.result())
            return
        await ack(response_action="update", view=working_modal())
        reply = await work
        await _guarded(lambda: _replace_view(visit, reply))

    async def event(self, door: Callable[[], Awaitable[None]]) -> Trouble | None:
        """Handle an event, which Slack has been told of already; what went wrong, for who can tell somebody."""
        return await _guarded(door)

    async def _in_time(self, work: asyncio.Future[Any]) -> bool:
        done, _ = await asyncio.wait({work}, timeout=self._patience_s)
        if not done:
            _log.warning("A door took longer than %.1f s; Slack is told to wait", self._patience_s)
        return bool(done)


async def _guarded(door: Callable[[], Awaitable[_T]]) -> _T | Trouble:
    try:
        return await door()
    except Refused as refused:
        return Trouble(refusal_title(refused.code), refused.sentence)
    except HostFault as fault:
        return Trouble(
            "The host did not answer", f"{FAULTS[fault.kind]}\n{code(fault.sentence, 1500)}"
        )
    except DatabaseAway as away:
        _log.warning("A door found the database away (%s)", away.kind)
        return Trouble(
            "The database cannot be used",
            "It is away, full or busy, so your request may not be done: look with `/cert list` in a minute, before you "
            "repeat it. If it stays so, tell the people who run CertDesk that `certdesk doctor` says why.",
        )
    except SlackApiError as fault:
        _log.warning("Slack refused a call of a door: %s", fault.response.get("error"))
        if fault.response.get("error") == _TOO_LATE:
            return Trouble(
                "Too late",
                "Slack brought this to CertDesk too late to open a window, so nothing was done. "
                "Try again.",
                late=True,
            )
        return Trouble(
            "Slack did not take it",
            f"Slack answered {code(str(fault.response.get('error')))}, so you may miss a window or a "
            "message. Look with `/cert list`, then try again.",
        )
    except Exception:  # noqa: BLE001 - the boundary of every door; the traceback goes to the log
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
            return notice_modal("Not accepted", "\n".join(map(escape, errors.values())))
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


async def _answer(respond: AsyncRespond, visit: Visit, told: Picture | None) -> None:
    if told is None:
        return
    if respond.response_url is None:
        await _whisper(visit, told)
        return
    answer = await respond(
        text=told.text, blocks=list(told.blocks), response_type="ephemeral", replace_original=False
    )
    if answer.status_code != _HTTP_OK:
        # A response address dies after half an hour or five uses (Slack, "Handling user interaction").
        await _whisper(visit, told)


def _private(reply: Reply) -> Picture | None:
    if isinstance(reply, Trouble):
        told = f"*{reply.title}.* {reply.told}"
        return picture(told, [section(told)])
    return reply
