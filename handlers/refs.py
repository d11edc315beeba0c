"""
What a button's value and a modal's private metadata carry: ids to look up, never facts.

The only file that writes or reads this form.
"""

import json
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.approvals import Gate
from bot.domain.faults import Refused
from bot.domain.ids import OrderId
from bot.domain.messages import Posted


class Act(StrEnum):
    """What a reason form is about."""

    REJECT = "reject"
    REJECT_PLAN = "reject_plan"
    CANCEL = "cancel"
    ROLL_BACK = "roll_back"
    RETIRE = "retire"
    KEEP = "keep"
    CLEAR_REQUEST = "clear_request"
    VENDOR_REJECTED = "vendor_rejected"
    REKEYED = "rekeyed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRef:
    """
    Which order, in which version the person saw it.

    Args:
        version: None where the person saw no card (a typed command).
        gate: the gate a button decides at, if it is one.
        act: what the modal that carries this does.
        digest: the plan the person read, to be compared with the order's own.
        file: Slack's id of the file a message shortcut was used on.
        channel: where a form was asked for.
    """

    order: OrderId
    version: int | None = None
    gate: Gate | None = None
    act: Act | None = None
    digest: str = ""
    file: str = ""
    channel: str = ""


def render_ref(ref: OrderRef) -> str:
    """The reference as short JSON, for example ``{"order":27,"version":3,"gate":"issue"}``."""
    told = {
        "order": ref.order,
        "version": ref.version,
        "gate": ref.gate,
        "act": ref.act,
        "digest": ref.digest,
        "file": ref.file,
        "channel": ref.channel,
    }
    return json.dumps({k: v for k, v in told.items() if v not in (None, "")}, separators=(",", ":"))


def parse_ref(text: str) -> OrderRef:
    """
    Read a reference that came back from Slack.

    Raises:
        Refused: ``bad-reference``; it is not one of ours, or of a release long gone.
    """
    try:
        told = json.loads(text)
        return OrderRef(
            order=OrderId(_whole(told["order"])),
            version=_whole(told["version"]) if "version" in told else None,
            gate=Gate(told["gate"]) if "gate" in told else None,
            act=Act(told["act"]) if "act" in told else None,
            digest=str(told.get("digest", "")),
            file=str(told.get("file", "")),
            channel=str(told.get("channel", "")),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as fault:
        raise Refused(
            "bad-reference",
            "This button does not say which order it belongs to, so nothing was changed. "
            "Use `/cert list` to find the order.",
        ) from fault


def with_origin(metadata: str, origin: Posted | None) -> str:
    """Metadata of a modal with the place in it at which the modal was asked for."""
    if origin is None or not metadata:
        return metadata
    told = {**json.loads(metadata), "from": [origin.channel, origin.ts]}
    return json.dumps(told, separators=(",", ":"))


def parse_origin(metadata: str) -> Posted | None:
    """Read what `with_origin` wrote; None when nothing of it is there."""
    try:
        channel, ts = json.loads(metadata)["from"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return Posted(channel=str(channel), ts=str(ts))


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("not a number of an order or a version")
    return value
