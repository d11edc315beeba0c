"""
HTML that data cannot break: values become `Html` in `text` and `tag` alone, and are escaped there.

Never here: what a page says.
"""

from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class Html:
    """Markup that was built here; a plain str never is."""

    source: str


def text(value: object) -> Html:
    """Any value as text of a page."""
    return Html(escape(str(value), quote=True))


def joined(*parts: Html) -> Html:
    """Parts one after the other."""
    return Html("".join(part.source for part in parts))


def tag(name: str, *content: Html | str, **attributes: str | bool) -> Html:
    """
    One element; content that is a plain str is escaped.

    Attribute names lose a trailing underscore and turn inner ones into dashes; True stands alone,
    False is left out.
    """
    opening = name + "".join(_attribute(key, value) for key, value in attributes.items())
    if name in {"input", "meta", "link", "br"}:
        return Html(f"<{opening}>")
    inside = joined(*(part if isinstance(part, Html) else text(part) for part in content))
    return Html(f"<{opening}>{inside.source}</{name}>")


def _attribute(key: str, value: str | bool) -> str:
    name = key.removesuffix("_").replace("_", "-")
    if isinstance(value, bool):
        return f" {name}" if value else ""
    return f' {name}="{escape(value, quote=True)}"'
