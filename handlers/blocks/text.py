"""
Text for pictures: outside words made harmless, cut to Slack's limits, times in the reader's zone.

The one place that escapes and the one place that cuts; limits count what Slack counts, the escaped form.
"""

from datetime import UTC, datetime

from bot.domain.ids import SYSTEM, HostName, PersonId

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_WIDE_FROM = 0x10000
"""From here on a character is two UTF-16 units, and Slack's clients count those."""

SECTION_LIMIT = 3000
FIELD_LIMIT = 2000
HEADER_LIMIT = 150
MESSAGE_TEXT_LIMIT = 3000
"""Fallback text; chat.update takes no more than 4,000."""


def escape(text: str) -> str:
    """Write the three characters that Slack reads as markup as entities."""
    return "".join(_ENTITIES.get(char, char) for char in text)


def visible(text: str) -> str:
    """
    Write what cannot be seen (control characters, marks that turn the writing) as escapes.

    Line ends stay; lone surrogates, which no JSON reader takes, go the same way.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char if char.isprintable() or char == "\n" else _seen(char) for char in plain)


def clip(text: str, limit: int) -> str:
    """Cut text so that its escaped form has at most ``limit`` characters; the end shows the cut."""
    if _width(text) <= limit:
        return text
    room, kept = limit - 1, []
    for char in text:
        room -= _width(char)
        if room < 0:
            break
        kept.append(char)
    return "".join(kept) + "…"


def cut_markup(text: str, limit: int) -> str:
    """Cut mrkdwn that is escaped already, without leaving half an entity or half a link behind."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 2]
    for opener, closer in (("&", ";"), ("<", ">")):
        if kept.rfind(opener) > kept.rfind(closer):
            kept = kept[: kept.rfind(opener)]
    return kept + ("`…" if kept.count("`") % 2 else "…")


def outside(text: str, limit: int = SECTION_LIMIT) -> str:
    """Outside text for a ``plain_text`` object: visible and cut; Slack reads no markup there."""
    return clip(visible(text), limit) or "-"


def code(text: str, limit: int = 300) -> str:
    """
    Outside text for mrkdwn, as a code span: nothing in it is bold, a link, a mention or a new line.

    A code span ends at a backtick only, so backticks are replaced by their look-alike.
    """
    flat = " ".join(visible(text).split()).replace("`", "ˋ")
    return f"`{escape(clip(flat, limit - 2)) or '-'}`"


def codes(texts: tuple[str, ...] | list[str], *, limit: int = 1500) -> str:
    """Several outside texts as code spans in a row, as many as fit; the rest is counted."""
    shown: list[str] = []
    room = limit - 20
    for text in texts:
        span = code(text)
        room -= len(span) + 2
        if room < 0:
            break
        shown.append(span)
    rest = len(texts) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")


def hosts_in_row(hosts: tuple[HostName, ...], *, limit: int = 800) -> str:
    """Host names in the order of work, as many as fit."""
    return codes(hosts, limit=limit)


def mention(person: PersonId) -> str:
    """A person as Slack shows them, by id; the machine by its name."""
    user = person.rpartition(":")[2]
    if person == SYSTEM:
        return "CertDesk"
    return f"<@{user}>" if user.isalnum() and user.isascii() else code(person)


def when(moment: datetime) -> str:
    """A moment in the reader's own zone; complete in UTC where it is not rendered."""
    return f"<!date^{_epoch(moment)}^{{date_short_pretty}} at {{time}}|{utc(moment)}>"


def day(moment: datetime) -> str:
    """A day in the reader's own zone; complete in UTC where it is not rendered."""
    return f"<!date^{_epoch(moment)}^{{date_short_pretty}}|{utc(moment)}>"


def utc(moment: datetime) -> str:
    """A moment for plain text, where Slack renders no dates."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def count(number: int, thing: str, things: str = "") -> str:
    """A number with its noun, ``1 name`` or ``3 names``."""
    return f"{number} {thing}" if number == 1 else f"{number} {things or thing + 's'}"


def _epoch(moment: datetime) -> int:
    return int(moment.timestamp())


def _width(text: str) -> int:
    return sum(len(_ENTITIES.get(c, c)) + (ord(c) >= _WIDE_FROM) for c in text)


def _seen(char: str) -> str:
    if char == "\t":
        return " "
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")
