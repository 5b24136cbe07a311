"""Pages that arrive as messages of another app in a Slack channel: attachments, blocks, or plain text.

Whether the app is one to listen to is the listener's to say (slack/pages); here every message of a bot is read. Replies in threads,
what people write, and deletions are no pages. Alertmanager's and others' edits of a message (`message_changed`) are read as it is now.
"""

import re
from collections.abc import Iterator

from bot.model.page import Page, Severity, Status
from bot.pages.reading import keys
from bot.pages.reading.levels import severity, status
from bot.pages.reading.part import Part
from bot.pages.reading.sheet import sheet
from bot.pages.reading.source import Headers, Source

_SUBTYPES = frozenset({None, "bot_message", "message_changed"})
_LINK = re.compile(r"<(https?://[^|>\s]{1,2000})(?:\|([^>]{0,500}))?>")
_MENTION = re.compile(r"<[@#!][^>]{1,200}>")
_MARKS = re.compile(r"(?<![\w*])\*(?=\S)|(?<=\S)\*(?![\w*])|(?<!\w)[_~`](?=\S)|(?<=\S)[_~`](?!\w)")
_EMOJI = re.compile(r":[a-z0-9_+-]{2,50}:")
_STATE = re.compile(
    r"^\W{0,3}(?:\[?\s*(firing|resolved|alerting|ok|triggered|recovered|no data|warn(?:ing)?|alert|closed|opened|open)\b)", re.IGNORECASE
)
_FIELD = re.compile(r"^\s*([A-Za-z][\w .-]{0,40}?)\s*:\s+(\S.{0,400}?)\s*$", re.MULTILINE)
_PAIR = re.compile(r"\b([a-zA-Z_][\w.]{0,60})=\"?([^\s\",)}]{1,200})\"?")
_PAGERDUTY = re.compile(r"https://[\w.-]{1,100}\.pagerduty\.com/incidents/([A-Z0-9]{6,20})\b")
_GOOD = frozenset({"good", "2eb886", "2eb67d", "36a64f", "28a745", "00ff00", "439fe0"})


def parse(body: Part, _headers: Headers) -> tuple[Page, ...]:
    event = body.part("event") if body.is_object("event") else body
    if event.text("type") != "message":
        return ()
    kind = event.text("subtype")
    message = event.part("message") if kind == "message_changed" else event
    inner = message.text("subtype")
    if kind not in _SUBTYPES or inner not in _SUBTYPES or not (message.has("bot_id") or message.has("app_id")):
        return ()
    if message.has("thread_ts") and message.text("thread_ts") != message.text("ts"):
        return ()
    return (_page(event, message),)


def _page(event: Part, message: Part) -> Page:
    """The first attachment tells what it is about; several attachments are one notification."""
    attached = message.parts("attachments")
    first = attached[0] if attached else Part({}, message.file, message.path)
    said = [text for text in _texts(message, attached) if text]
    raw = first.text("title") or _heading(message, first) or (said[0].split("\n")[0] if said else None)
    if raw is None:
        raise message.wrong("a message without a text, a title or blocks")
    title, labels, links = _plain(raw), _labels(attached, said), _links(message, attached)
    incident = next((hit[1] for _, url in links if (hit := _PAGERDUTY.match(url))), None)
    at = message.time("ts")
    return sheet(
        "slack",
        keys.key(incident) if incident else keys.digest(message.text("app_id", "bot_id") or "", keys.steady(title), _named(title, labels)),
        title,
        _status(raw, first, said),
        description="\n".join(text for text in map(_plain, said) if text != title),
        severity=_severity(labels, first, title),
        starts_at=at,
        ends_at=event.time("event_ts") or at,
        labels=labels | ({"pagerduty_incident": incident} if incident else {}),
        links=links,
    )


def _heading(message: Part, first: Part) -> str | None:
    blocks = [*_blocks(message), *_blocks(first)]
    return next((block.part("text").text("text") for block in blocks if block.text("type") == "header"), None)


def _texts(message: Part, attached: tuple[Part, ...]) -> Iterator[str]:
    yield message.prose("text") or ""
    for part in (message, *attached):
        for block in _blocks(part):
            if block.is_object("text"):
                yield block.part("text").prose("text") or ""
            for field in block.parts("fields") if block.is_array("fields") else ():
                yield (field.prose("text") or "").replace(":*\n", ":* ")
    for one in attached:
        yield "\n".join(text for text in (one.prose("pretext"), one.prose("text") or one.prose("fallback")) if text)


def _blocks(part: Part) -> tuple[Part, ...]:
    return part.parts("blocks") if part.is_array("blocks") else ()


def _status(raw: str, first: Part, said: list[str]) -> Status:
    """The title's first word; then a field that says it; the colour last, because a good colour may only mean information."""
    for text in (raw, *said[:2]):
        if (found := _STATE.match(_plain(text))) is not None:
            return status(found[1]) or Status.FIRING
    told = next(
        (field.text("value") for field in first.parts("fields") if (field.text("title") or "").casefold() in ("status", "state")), None
    )
    if (by_field := status(told)) is not None:
        return by_field
    return Status.RESOLVED if (first.text("color") or "").casefold().removeprefix("#") in _GOOD else Status.FIRING


def _severity(labels: dict[str, str], first: Part, title: str) -> Severity:
    lowered = {name.casefold(): value for name, value in labels.items()}
    told = severity(*(lowered.get(name) for name in ("severity", "priority", "level", "urgency")))
    if told is not Severity.UNKNOWN:
        return told
    marked = re.search(r"\b(?:P[0-5]|SEV-?[0-5]|critical|warning)\b", title, re.IGNORECASE)
    return severity(marked[0]) if marked else Severity.WARNING if first.text("color") == "warning" else Severity.UNKNOWN


def _labels(attached: tuple[Part, ...], said: list[str]) -> dict[str, str]:
    """Fields of attachments, `Name: value` lines, and what stands as name=value."""
    found: dict[str, str] = {}
    for one in attached:
        for field in one.parts("fields") if one.is_array("fields") else ():
            if (name := field.text("title")) and (value := field.text("value")):
                found.setdefault(_plain(name), _plain(value))
    for text in map(_plain, said):
        for hit in (*_FIELD.finditer(text), *_PAIR.finditer(text)):
            found.setdefault(hit[1].strip(), hit[2])
    return {name.casefold().replace(" ", "_"): value for name, value in found.items()}


def _named(title: str, labels: dict[str, str]) -> str:
    """What tells two alerts of one title apart, and does not change between firing and resolved."""
    lasting = ("alertname", "service", "job", "namespace", "cluster", "environment", "env", "monitor")
    return keys.of_labels({name: labels[name] for name in lasting if name in labels} | dict(_PAIR.findall(title)))


def _links(message: Part, attached: tuple[Part, ...]) -> tuple[tuple[str, str], ...]:
    found = [("alert", url) for one in attached if (url := one.text("title_link", "from_url"))]
    for part in (message, *attached):
        for block in _blocks(part):
            elements = block.parts("elements") if block.text("type") == "actions" and block.is_array("elements") else ()
            found += [(one.part("text").text("text") or "link", url) for one in elements if (url := one.text("url"))]
        for text in (
            part.prose("text"),
            part.prose("pretext"),
            *(block.part("text").prose("text") for block in _blocks(part) if block.is_object("text")),
        ):
            found += [(hit[2] or "link", hit[1]) for hit in _LINK.finditer(text or "")]
    return tuple((label, url.replace("&amp;", "&")) for label, url in found)


def _plain(text: str) -> str:
    """Slack's markup taken off: links by their label, no mention, no emphasis, no emoji, and & < > as they were typed."""
    text = _LINK.sub(lambda hit: hit[2] or hit[1], text)
    text = _EMOJI.sub("", _MARKS.sub("", _MENTION.sub("", text)))
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def delivery(body: Part, _headers: Headers) -> str | None:
    """The message in this very wording: an edit is another delivery."""
    event = body.part("event") if body.is_object("event") else body
    message = event.part("message") if event.text("subtype") == "message_changed" else event
    channel, at = event.text("channel"), message.text("ts")
    edited = message.part("edited").text("ts") if message.is_object("edited") else None
    changed = edited or (event.text("event_ts") if message is not event else None)
    return ":".join(part for part in (channel, at, changed) if part) if channel and at else None


SOURCE = Source(parse, delivery=delivery)
