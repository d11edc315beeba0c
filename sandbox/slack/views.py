"""Modals and home tabs: opening, stacking, replacing, closing, with the rules Slack holds them to."""

import json
from typing import Any

from sandbox.slack.api_error import ApiError, refuse_faults
from sandbox.slack.block_check import VIEW_BYTES, check_view
from sandbox.slack.form import still_fitting
from sandbox.slack.ids import Json, new_hash, new_id
from sandbox.slack.model import View
from sandbox.slack.stored_blocks import stored
from sandbox.slack.workspace import Workspace

MOST_STACKED = 3


def open_modal(ws: Workspace, user: str, spec: Any) -> View:
    """
    Show a modal; whatever stack was open is gone (see guesses.HABITS).

    Raises:
        ApiError: the view is not acceptable; nothing changes.
    """
    kept = _accepted(ws, spec, "modal")
    view = _new(ws, user, kept)
    ws.stacks[user] = [view]
    ws.changed("views", users=[user])
    return view


def push_modal(ws: Workspace, user: str, spec: Any) -> View:
    """
    Put a modal on top of the open ones.

    Raises:
        ApiError: not_found without a stack, push_limit_reached over three, or a bad view.
    """
    stack = ws.stacks.get(user) or []
    if not stack:
        raise ApiError("not_found")
    if len(stack) >= MOST_STACKED:
        raise ApiError("push_limit_reached")
    view = _new(ws, user, _accepted(ws, spec, "modal"), below=stack[-1])
    stack.append(view)
    ws.changed("views", users=[user])
    return view


def replace_view(ws: Workspace, view: View, spec: Any, known_hash: str = "") -> View:
    """
    Give an open view new content and a new hash; typed values stay where the block_id stays.

    Raises:
        ApiError: hash_conflict when the caller knew an older version, or a bad view.
    """
    if known_hash and known_hash != view.hash:
        raise ApiError("hash_conflict")
    view.spec = _accepted(ws, spec, view.spec["type"], replacing=view)
    view.hash = new_hash(ws.clock.now())
    view.values = still_fitting(view.spec["blocks"], view.values)
    view.errors = {}
    ws.changed("home" if view.spec["type"] == "home" else "views", users=[view.user])
    return view


def publish_home(ws: Workspace, user: str, spec: Any, known_hash: str = "") -> View:
    """
    Put up this person's home tab.

    Raises:
        ApiError: not_enabled, hash_conflict, or a bad view.
    """
    if not ws.manifest.home_tab:
        raise ApiError("not_enabled")
    home = ws.homes.get(user)
    if home is not None:
        return replace_view(ws, home, spec, known_hash)
    home = _new(ws, user, _accepted(ws, spec, "home"))
    ws.homes[user] = home
    ws.changed("home", users=[user])
    return home


def close_view(ws: Workspace, view: View) -> None:
    """Take one modal off its stack, with everything above it."""
    stack = ws.stacks.get(view.user) or []
    if view in stack:
        del stack[stack.index(view) :]
    ws.changed("views", users=[view.user])


def close_all(ws: Workspace, user: str) -> None:
    """Take the whole stack away."""
    ws.stacks[user] = []
    ws.changed("views", users=[user])


def _new(ws: Workspace, user: str, spec: Json, below: View | None = None) -> View:
    view_id = new_id("V")
    return View(
        id=view_id,
        user=user,
        spec=spec,
        hash=new_hash(ws.clock.now()),
        root_view_id=below.root_view_id if below else view_id,
        previous_view_id=below.id if below else None,
    )


def _accepted(ws: Workspace, spec: Any, kind: str, replacing: View | None = None) -> Json:
    if len(json.dumps(spec)) > VIEW_BYTES:
        raise ApiError("view_too_large")
    refuse_faults("invalid_arguments", check_view(spec))
    if spec["type"] != kind:
        said = f"[ERROR] must be {kind} [json-pointer:/view/type]"
        raise ApiError("invalid_arguments", response_metadata={"messages": [said]})
    other = ws.find_view(external_id=spec.get("external_id"))
    if other is not None and other is not replacing:
        raise ApiError("duplicate_external_id")
    return {**spec, "blocks": stored(spec["blocks"])}
