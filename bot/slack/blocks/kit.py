"""The few Block Kit shapes in use. Text only ever enters through literal elements, which Slack shows and never interprets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from bot.wording.figures import day_and_clock
from bot.wording.literal import cut, several_lines

Json: TypeAlias = dict[str, object]


@dataclass(frozen=True)
class Message:
    """What is posted: `text` is the full one-line summary, already escaped; `blocks` are literal."""

    text: str
    blocks: tuple[Json, ...]


def escaped(text: str) -> str:
    """For the top-level text, the only place that Slack parses: `<!channel>` must arrive as words."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(text: str) -> Json:
    """Emoji off: a page titled `:rotating_light:` shows exactly that."""
    return {"type": "plain_text", "text": text or "-", "emoji": False}


def header(text: str) -> Json:
    return {"type": "header", "text": plain(cut(text, 150))}


def context(text: str) -> Json:
    return {"type": "context", "elements": [plain(cut(text, 300))]}


def run(text: str, *, bold: bool = False, code: bool = False, italic: bool = False) -> Json:
    """A stretch of literal text."""
    style = {name: True for name, on in (("bold", bold), ("italic", italic), ("code", code)) if on}
    return {"type": "text", "text": text or "-", **({"style": style} if style else {})}


def when(moment: datetime) -> Json:
    """In the reader's own time zone; UTC where a client cannot."""
    seconds = int(moment.timestamp())
    return {"type": "date", "timestamp": seconds, "format": "{date_short_pretty} {time}", "fallback": day_and_clock(moment)}


def person(user: str) -> Json:
    """A Slack user by id; anything else (a name from another door) is shown literally."""
    if 3 <= len(user) <= 20 and user[0] in "UW" and user.isascii() and user.isalnum() and user.isupper():
        return {"type": "user", "user_id": user}
    return run(several_lines(user, 40).replace("\n", " "))


def link(url: str, text: str) -> Json:
    """To an address that Slack itself gave or that is configured, never to one that a page, a span or a person wrote."""
    return {"type": "link", "url": url, "text": text or "-"} if url.startswith("https://") and len(url) <= 3_000 else run(text, bold=True)


def section(*elements: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(elements)}


def rows(*lines: Sequence[Json]) -> Json:
    """Lines in one section, broken the way Slack's own composer breaks them."""
    broken = [part for line in lines for part in (run("\n"), *line)]
    return section(*broken[1:])


def bullets(items: Sequence[Sequence[Json]]) -> Json:
    return {"type": "rich_text_list", "style": "bullet", "elements": [section(*item) for item in items]}


def preformatted(text: str, cap: int) -> Json:
    """Copyable and never wrapped into prose."""
    return {"type": "rich_text_preformatted", "elements": [run(several_lines(text, cap))]}


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": list(elements)}


def button(action_id: str, label: str, value: str, spoken: str, *, primary: bool = False) -> Json:
    """`value` is an opaque incident id; `spoken` is what a screen reader says, which names the incident."""
    style = {"style": "primary"} if primary else {}
    return {"type": "button", "action_id": action_id, "text": plain(label), "value": value, "accessibility_label": cut(spoken, 75), **style}
