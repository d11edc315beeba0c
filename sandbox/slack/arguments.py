"""The arguments of a Web API call, however the client sent them."""

import json
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from sandbox.slack.api_error import ApiError
from sandbox.slack.ids import Json

_JSON_ARGUMENTS: Final = (
    "blocks",
    "view",
    "metadata",
    "files",
    "attachments",
    "message",
    "user_ids",
)


async def read_arguments(request: web.Request) -> Json:
    """
    Query, form, multipart and JSON merged; JSON inside strings decoded.

    Raises:
        ApiError: invalid_json when a JSON body is none, invalid_arguments when it is no object.
    """
    args: Json = dict(request.query)
    kind = request.content_type
    if kind == "application/json":
        args |= await _read_json(request)
    elif kind in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        args |= dict((await request.post()).items())
    for name in _JSON_ARGUMENTS:
        if isinstance(args.get(name), str):
            args[name] = _decode(args[name])
    return args


async def _read_json(request: web.Request) -> Json:
    text = await request.text()
    if not text:
        return {}
    try:
        value = json.loads(text)
    except ValueError as err:
        raise ApiError("invalid_json") from err
    if not isinstance(value, dict):
        raise ApiError("json_not_object")
    return value


def _decode(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def word(args: Mapping[str, Any], name: str) -> str:
    """The argument as text, or "" when it is missing."""
    value = args.get(name)
    return "" if value is None else str(value)


def needed(args: Mapping[str, Any], name: str) -> str:
    """
    The argument as text.

    Raises:
        ApiError: invalid_arguments, naming the missing field.
    """
    value = word(args, name)
    if not value:
        said = f"[ERROR] missing required field: {name}"
        raise ApiError("invalid_arguments", response_metadata={"messages": [said]})
    return value


def flag(args: Mapping[str, Any], name: str, *, default: bool = False) -> bool:
    """A boolean, sent as true/false, "true"/"false" or "1"/"0"."""
    if args.get(name) is None:
        return default
    return str(args[name]).lower() in {"1", "true"}


def number(args: Mapping[str, Any], name: str, default: int) -> int:
    """
    A whole number.

    Raises:
        ApiError: invalid_arguments when it is none.
    """
    try:
        return int(args.get(name) or default)
    except (TypeError, ValueError) as err:
        raise ApiError("invalid_arguments") from err


def names(args: Mapping[str, Any], name: str) -> list[str]:
    """A list, sent as a list or as comma text."""
    value = args.get(name)
    if isinstance(value, list):
        return [str(each) for each in value]
    return [each.strip() for each in word(args, name).split(",") if each.strip()]
