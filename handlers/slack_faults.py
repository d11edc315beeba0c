"""
Slack's refusals of a message, sorted by what can be done about them.

    a pause          Slack said how long; the message waits
    token and scopes an administrator mends them; the message waits, for it would go to its place then
    the place        closed for CertDesk: the message goes elsewhere (`PlaceClosed`), or above the thread (`ThreadGone`)
    the picture      Slack does not draw it: the message goes as plain text (`Undrawable`)
    the person       cannot be written to; no later try mends that
    anything else    passing

Source: the methods' pages ("Errors"), and the threads named in the table of gotchas of the Slack reference.
"""

from collections.abc import Mapping
from typing import Final

from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.chat_ports import DeliveryFault

_TOO_MANY: Final = 429
_DEFAULT_WAIT_S: Final = 30.0
_ADMINISTRATOR_S: Final = 60.0
"""How often a message that waits for an administrator is tried."""


class PauseAsked(DeliveryFault):
    """Slack said how long to wait. Nothing was done."""


class PlaceClosed(DeliveryFault):
    """CertDesk cannot write in this channel."""


class Gone(DeliveryFault):
    """The message cannot be edited any more."""


class ThreadGone(DeliveryFault):
    """The message the thread hangs on is not there any more."""


class Undrawable(DeliveryFault):
    """Slack does not take this picture, in whatever channel."""


WAITS: Final[Mapping[str, str]] = {
    "invalid_auth": "give CertDesk a valid bot token",
    "account_inactive": "reinstall CertDesk in the workspace",
    "token_revoked": "reinstall CertDesk in the workspace",
    "token_expired": "give CertDesk a valid bot token",
    "not_authed": "give CertDesk a bot token",
    "not_allowed_token_type": "give CertDesk a bot token, not another kind",
    "missing_scope": "reinstall CertDesk from its manifest, so that it has every scope",
    "no_permission": "reinstall CertDesk from its manifest, so that it has every scope",
    "access_denied": "let CertDesk's address in, or reinstall CertDesk in the workspace",
    "team_access_not_granted": "grant CertDesk the workspace",
    "org_login_required": "wait until the workspace is available again",
    "ekm_access_denied": "give Slack access to the workspace's keys again",
    "message_limit_exceeded": "raise the workspace's limit of messages, or wait until it is below it",
}
"""Errors that an administrator mends; until then the message waits."""

CLOSED: Final[Mapping[str, str]] = {
    "channel_not_found": "invite CertDesk to the channel, or correct the channel's id in the configuration",
    "not_in_channel": "invite CertDesk to the channel",
    "is_archived": "unarchive the channel, or configure another one",
    "is_inactive": "unarchive the channel, or configure another one",
    "restricted_action": "allow CertDesk to post in the channel",
    "restricted_action_read_only_channel": "allow CertDesk to post in the channel",
    "restricted_action_non_threadable_channel": "allow threads in the channel",
    "restricted_action_thread_only_channel": "allow CertDesk to post in the channel itself",
    "restricted_action_thread_locked": "unlock the thread",
    "messages_tab_disabled": "switch the app's messages tab on, as its manifest has it",
}
"""Errors of a place, each with what an administrator must do."""

UNDRAWABLE: Final = frozenset(
    {
        "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long",
        "invalid_arguments", "no_text", "metadata_too_large", "invalid_metadata_format",
        "block_mismatch", "attachment_payload_limit_exceeded",
    }
)  # fmt: skip
"""Errors of what was to be shown."""

NOBODY: Final[Mapping[str, str]] = {
    "user_not_found": "correct the person's id in the configuration",
    "users_not_found": "correct the person's id in the configuration",
    "user_disabled": "name somebody else; the person has left the workspace",
    "user_not_visible": "name somebody of this workspace",
    "cannot_dm_bot": "name a person, not an app",
}
"""Errors of a person."""

GONE: Final = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
"""Errors of an edit after which the message is posted anew."""


def error_of(fault: SlackApiError) -> str:
    """Slack's word for the refusal."""
    return str(fault.response.get("error") or "")


def sort_fault(fault: SlackApiError, what: str) -> DeliveryFault:
    """
    A refusal as the fault to raise.

    Args:
        what: what was tried, in words that follow "Slack refused to".
    """
    error = error_of(fault)
    if fault.response.status_code == _TOO_MANY or error in ("ratelimited", "rate_limited"):
        return PauseAsked(
            "Slack asks for a pause; the message waits and is sent again.",
            retry_after_s=_retry_after(fault.response),
            sent=False,
        )
    if error in WAITS:
        return DeliveryFault(
            f"Slack refused to {what} ({error}); the message waits. An administrator has to {WAITS[error]}.",
            retry_after_s=_ADMINISTRATOR_S,
            sent=False,
        )
    refused = f"Slack refused to {what} ({error}); the message was not delivered."
    if error in GONE:
        return Gone(refused, final=True)
    if error in CLOSED:
        return PlaceClosed(f"{refused} An administrator has to {CLOSED[error]}.", final=True)
    if error in NOBODY:
        return DeliveryFault(f"{refused} An administrator has to {NOBODY[error]}.", final=True)
    if error == "thread_not_found":
        return ThreadGone(f"{refused} The message it should stand under was deleted.", final=True)
    if error in UNDRAWABLE:
        return Undrawable(
            f"{refused} Slack says: {_details(fault.response)}. Report this to the makers of CertDesk.",
            final=True,
        )
    return DeliveryFault(
        f"Slack could not {what} ({error or fault.response.status_code}); tried again later."
    )


def _details(response: SlackResponse) -> str:
    # JSON pointers such as /blocks/0/text; they name places, never what stands there.
    told = (response.get("response_metadata") or {}).get("messages") or []
    return "; ".join(str(one)[:200] for one in told[:5]) or "nothing more"


def _retry_after(response: SlackResponse) -> float:
    headers = {key.lower(): value for key, value in (response.headers or {}).items()}
    try:
        return float(headers.get("retry-after", _DEFAULT_WAIT_S))
    except (TypeError, ValueError):
        return _DEFAULT_WAIT_S
