"""The app's manifest, read: what the workspace lets the app hear, say and offer."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml


class ManifestError(Exception):
    """The manifest cannot be used; the sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A slash command the app offers."""

    command: str
    description: str
    usage_hint: str
    should_escape: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut:
    """An entry of the shortcut menu (global) or of a message's menu."""

    name: str
    type: Literal["global", "message"]
    callback_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What the sandbox enforces, taken from the file the real app is made from."""

    app_name: str
    bot_name: str
    scopes: tuple[str, ...]
    events: frozenset[str]
    commands: tuple[Command, ...]
    shortcuts: tuple[Shortcut, ...]
    home_tab: bool
    interactive: bool


def load_manifest(path: Path) -> Manifest:
    """
    Read a manifest in YAML (or JSON, which is YAML too).

    Raises:
        ManifestError: the file is missing, is no manifest, or lacks a required part.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as err:
        raise ManifestError(f"The Slack manifest {str(path)!r} could not be read: {err}") from err
    if not isinstance(raw, dict) or "display_information" not in raw:
        raise ManifestError(
            f"{str(path)!r} is no Slack manifest: it has no display_information. Nothing was started."
        )
    try:
        return _parse_manifest(raw)
    except (KeyError, TypeError, AttributeError) as err:
        raise ManifestError(f"The Slack manifest {str(path)!r} lacks or bends {err}.") from err


def _parse_manifest(raw: Mapping[str, Any]) -> Manifest:
    features, settings = raw.get("features", {}), raw.get("settings", {})
    name = raw["display_information"]["name"]
    return Manifest(
        app_name=name,
        bot_name=features.get("bot_user", {}).get("display_name", name),
        scopes=tuple(raw.get("oauth_config", {}).get("scopes", {}).get("bot", ())),
        events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", ())),
        commands=tuple(
            Command(
                command=each["command"],
                description=each.get("description", ""),
                usage_hint=each.get("usage_hint", ""),
                should_escape=bool(each.get("should_escape", False)),
            )
            for each in features.get("slash_commands", ())
        ),
        shortcuts=tuple(
            Shortcut(name=each["name"], type=each["type"], callback_id=each["callback_id"])
            for each in features.get("shortcuts", ())
        ),
        home_tab=bool(features.get("app_home", {}).get("home_tab_enabled", False)),
        interactive=bool(settings.get("interactivity", {}).get("is_enabled", False)),
    )
