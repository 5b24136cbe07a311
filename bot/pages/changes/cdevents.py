"""Change events of any sender: CloudEvents whose types are CDEvents', or `dev.midwatch.change.<kind>` (contract section 1).

Taken structured (one event), batched (an array), with binary headers, and one a line in `changes.jsonl`.
CloudEvents that tell of no change (a build queued, a test started) give nothing; what cannot be read is BadInput with its place.
"""

from collections.abc import Iterable, Iterator, Mapping

import orjson

from bot.errors import BadInput
from bot.model.change import Change, ChangeKind, ChangeScope, Rollout
from bot.pages.reading.altered import OBJECT, VALUE
from bot.pages.reading.keys import key
from bot.pages.reading.part import BODY_BYTES, Part
from bot.pages.reading.sheet import web_address
from bot.pages.reading.signature import standard_webhooks
from bot.pages.reading.source import ChangeSource, Headers, text_headers
from bot.pages.reading.times import when
from bot.pages.reading.words import line

EVENTS = 1_000  # in one delivery; a pipeline sends one at a time
LINES = 200_000  # of a changes.jsonl: years of deployments

_OURS = "dev.midwatch.change."
_CDEVENTS = "dev.cdevents."
_SUBJECTS: dict[str, ChangeKind] = {  # what a CDEvent is about -> kind; `artifact`, `build`, `testcaserun`... change nothing in production
    "service": ChangeKind.APP,
    "environment": ChangeKind.INFRA,
}
_DONE = frozenset({"deployed", "upgraded", "rolledback", "removed", "created", "modified", "deleted"})  # predicates that alter production


def parse_changes(body: bytes, headers: Mapping[str, str], place: str = "body") -> tuple[Change, ...]:
    """One delivery -> its changes, in the order they came."""
    if len(body) > BODY_BYTES:
        raise BadInput(f"{len(body)} bytes; at most {BODY_BYTES} are read", place=place)
    value = _json(body, place)
    lowered = text_headers(headers)
    if isinstance(value, list):
        if len(value) > EVENTS:
            raise BadInput(f"{len(value)} events; at most {EVENTS} are read", place=place)
        events = [_object(item, f"{place}: [{number}]") for number, item in enumerate(value)]
    elif "ce-specversion" in lowered or "ce-type" in lowered:
        events = [_binary(_object(value, place), lowered)]
    else:
        events = [_object(value, place)]
    return tuple(change for event in events if (change := _change(event)) is not None)


def read_changes_jsonl(lines: Iterable[str | bytes], place: str) -> tuple[Change, ...]:
    """One CloudEvent a line, sorted by time and id; blank lines are skipped. BadInput names the line."""
    found: list[Change] = []
    for number, text in enumerate(lines, start=1):
        if number > LINES:
            raise BadInput(f"more than {LINES} lines", place=place)
        if text.strip():
            here = f"{place}:{number}"
            change = _change(_object(_json(text, here), here))
            found += [change] if change is not None else []
    return tuple(sorted(found, key=lambda change: (change.time, change.id)))


def _json(text: str | bytes, place: str) -> object:
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    try:
        value: object = orjson.loads(raw.removeprefix(b"\xef\xbb\xbf").strip())
    except orjson.JSONDecodeError as error:
        raise BadInput(f"not JSON: {error.msg} (column {error.colno})", place=place) from None
    return value


def _object(value: object, place: str) -> Part:
    if not isinstance(value, dict):
        raise BadInput("expected a CloudEvent, found something that is no object", place=place)
    return Part(value, place, "")


def _binary(data: Part, headers: Mapping[str, str]) -> Part:
    """CloudEvents' binary mode: attributes in ce-* headers, the body is the data."""
    attributes = {name.removeprefix("ce-"): value for name, value in headers.items() if name.startswith("ce-")}
    return Part({**attributes, "data": data.value}, data.file, "")


def _change(event: Part) -> Change | None:
    kind_of = event.text("type")
    if kind_of is None and event.is_object("context"):
        event, kind_of = _bare_cdevent(event)
    if kind_of is None:
        raise _bad(event, "no type: not a CloudEvent", "type")
    if kind_of.startswith(_OURS):
        return _of(event, _our_kind(event, kind_of), event.part("data"))
    if kind_of.startswith(_CDEVENTS):
        return _cdevent(event, kind_of)
    return None


def _our_kind(event: Part, kind_of: str) -> ChangeKind:
    said = kind_of.removeprefix(_OURS).split(".")[0]
    try:
        return ChangeKind(said)
    except ValueError:
        raise _bad(event, f"unknown kind of change {said[:40]!r}; there are {', '.join(ChangeKind)}", "type") from None


def _bare_cdevent(event: Part) -> tuple[Part, str | None]:
    """A CDEvent without its CloudEvents envelope: {context: {type, id, source, timestamp}, subject: {...}}."""
    context = event.part("context")
    filled = {"id": context.text("id"), "source": context.text("source"), "time": context.text("timestamp"), "data": event.value}
    return Part(filled, event.file, ""), context.text("type")


def _cdevent(event: Part, kind_of: str) -> Change | None:
    """`dev.cdevents.service.deployed.0.2.0`: a subject and what was done to it."""
    words = kind_of.removeprefix(_CDEVENTS).split(".")
    kind = _SUBJECTS.get(words[0])
    if kind is None or len(words) < 2 or words[1] not in _DONE:
        return None
    data = event.part("data")
    if not data.is_object("subject"):
        return _of(event, kind, data)
    subject = data.part("subject")
    content = subject.part("content") if subject.is_object("content") else Part({}, subject.file, subject.path)
    told = {
        "object": subject.text("id"),
        "to": content.text("artifactId", "version"),
        "scope": {"service": subject.text("id") if kind is ChangeKind.APP else None},
        "link": data.part("context").text("chainUrl", "uri") if data.is_object("context") else None,
        "author": content.text("author", "actor"),
    }
    custom = data.part("customData") if data.is_object("customData") else Part({}, data.file, data.path)
    merged = {name: value for name, value in told.items() if value}
    return _of(event, kind, Part({**merged, **custom.value}, data.file, data.path))


def _of(event: Part, kind: ChangeKind, data: Part) -> Change:
    at = event.time("time")
    if at is None:
        raise _bad(event, "no time, or one that cannot be read" + (f": {event.text('time')}" if event.has("time") else ""), "time")
    named = data.text("object") or event.text("subject")
    scope = data.part("scope")
    if named is None:
        named = scope.text("service") or event.text("source")
    if named is None:
        raise _bad(data, "says not what was changed", "object")
    before, after = _told(data, "from"), _told(data, "to")
    link = data.text("link")
    return Change.model_validate({
        "id": key(event.text("id")) if event.text("id") else key(kind.value, named, at.isoformat(), after),
        "time": at,
        "kind": kind,
        "object": line(named, OBJECT),
        "from": before,
        "to": after,
        "scope": _scope(scope),
        "rollout": _rollout(data),
        "author": line(data.text("author") or "", 200) or None,
        "link": link if link is not None and web_address(link) else None,
    })  # fmt: skip


def _scope(scope: Part) -> ChangeScope:
    told = {name: scope.text(name) for name in ("service", "route", "region")}
    return ChangeScope(**told, tenant_share=_share(scope, "tenant_share"))


def _told(data: Part, name: str) -> str | None:
    """A version or value; what has parts is shown as JSON. Absent is None, an empty text is a recorded nothing."""
    value = data.value.get(name)
    if value is None:
        return None
    said = data.labels_here().get(name, "")
    return line(said, VALUE)


def _rollout(data: Part) -> Rollout | None:
    if not data.has("rollout"):
        return None
    rollout = data.part("rollout")
    return Rollout(start=when(rollout.value.get("start")), end=when(rollout.value.get("end")), share=_share(rollout, "share"))


def _share(part: Part, name: str) -> float | None:
    """0..1; anything else is refused, because 3 could be 3 % or 300 %."""
    if not part.has(name):
        return None
    value = part.number(name)
    if value is None or not 0.0 <= value <= 1.0:
        raise _bad(part, "a share must be a number from 0 to 1", name)
    return value


def _bad(part: Part, said: str, name: str) -> BadInput:
    return BadInput(said, place=part.wrong("", name).place)


def kinds() -> Iterator[str]:
    """The event types that are understood, for people."""
    yield from (f"{_OURS}{kind.value}" for kind in ChangeKind)
    yield from (f"{_CDEVENTS}{subject}.<{'|'.join(sorted(_DONE))}>" for subject in sorted(_SUBJECTS))


def _one(body: Part, headers: Headers) -> tuple[Change, ...]:
    """For whoever holds a body that is an object already."""
    return parse_changes(orjson.dumps(body.value), headers, body.file)


CHANGES = ChangeSource(_one, signature=standard_webhooks)
