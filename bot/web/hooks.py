"""Pages and change events from outside: verified, parsed, stored, and only then acknowledged."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from fastapi import APIRouter
from pydantic import ValidationError
from pydantic_core import PydanticSerializationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.errors import BadInput, BadPage, NotAllowed, SourceUnavailable
from bot.model.audit import AuditEntry, Result
from bot.model.change import Change
from bot.model.page import Page
from bot.model.value import moment
from bot.ports import Audit, Intake, Work
from bot.redact import redact_change, redact_page
from bot.web.access import bearer_or_local, caller
from bot.web.body import body
from bot.web.metrics import Meters
from bot.web.rates import Rate, TooMany

log = logging.getLogger(__name__)
T = TypeVar("T", Page, Change)

MOST_PAGES = 1_000  # in one delivery; an alerting system groups long before that
TAKES_JSON = {
    "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}, "required": True},
    "responses": {
        "200": {"description": "Was taken before"},
        "202": {"description": "Stored"},
        **{str(code): {"description": said} for code, said in (
            (400, "The encoding cannot be read"), (401, "Not proven"), (403, "Not from here"), (404, "Unknown source"), (408, "Too slow"),
            (413, "Too large"), (422, "Cannot be read"), (429, "Too many refusals"), (503, "Send again"),
        )},
    },
}  # fmt: skip
PARSE_ASIDE_BYTES = 100_000  # parsing more than this takes tens of milliseconds, in which other doors must answer


Prove = Callable[[bytes, Mapping[str, str], float], Awaitable[str | None]]
"""Body, headers, now -> the digest of what was signed, None where a token was the proof. NotAllowed."""

Knock = Callable[[Mapping[str, str]], None]
"""Headers alone, where they are all the proof there is: NotAllowed before anything of the body is read."""

ParseChanges = Callable[[bytes, Mapping[str, str]], Sequence[Change]]


@dataclass(frozen=True)
class PageSource:
    """One alerting system, as the composition root wires it."""

    name: str
    parse: Callable[[bytes, Mapping[str, str]], Sequence[Page]]  # BadPage when it cannot be read
    delivery_id: Callable[[bytes, Mapping[str, str], str | None], str | None]  # the last is what `prove` gave
    prove: Prove | None = None  # None = no secret, so token or local
    changes: ParseChanges | None = None  # where the system tells of changes too, over the same webhook
    knock: Knock | None = None


@dataclass(frozen=True)
class ChangeDoor:
    """One system that tells of changes, wired likewise."""

    name: str
    parse: ParseChanges
    prove: Prove | None = None
    knock: Knock | None = None


@dataclass(frozen=True)
class Hooks:
    sources: Mapping[str, PageSource]
    changes: Mapping[str, ChangeDoor]
    intake: Intake
    work: Work
    audit: Audit
    tokens: Sequence[str]
    limit_bytes: int
    clock: Callable[[], float]
    meters: Meters
    rate: Rate
    refusals: Rate
    generic_changes: str = field(default="cdevents")  # what /hooks/changes reads


def routes(hooks: Hooks) -> APIRouter:
    router = APIRouter()

    @router.post("/hooks/changes", status_code=202, openapi_extra=TAKES_JSON)
    async def changes(request: Request) -> Response:
        return await _take_changes(hooks, hooks.changes[hooks.generic_changes], request)

    @router.post("/hooks/changes/{source}", status_code=202, openapi_extra=TAKES_JSON)
    async def changes_of(source: str, request: Request) -> Response:
        known = hooks.changes.get(source)
        return _unknown(hooks.changes) if known is None else await _take_changes(hooks, known, request)

    @router.post("/hooks/{source}", status_code=202, openapi_extra=TAKES_JSON)
    async def page(source: str, request: Request) -> Response:
        known = hooks.sources.get(source)
        return _unknown(hooks.sources) if known is None else await _take(hooks, known, request)

    return router


def _unknown(known: Mapping[str, object]) -> Response:
    return JSONResponse({"error": "unknown source", "sources": sorted(known)}, status_code=404)


@dataclass(frozen=True)
class _Delivery:
    raw: bytes
    headers: Mapping[str, str]
    received_at: float
    proof: str | None


async def _proven(hooks: Hooks, name: str, door: PageSource | ChangeDoor, request: Request) -> _Delivery:
    """The body, read and proven. NotAllowed is in the audit log before it leaves; TooMany when the source is over its rate."""
    received_at, headers, proof = hooks.clock(), _headers(request), None
    try:
        if door.prove is None:
            bearer_or_local(request, hooks.tokens, name)
        if door.knock is not None:
            door.knock(headers)
        raw = await body(request, hooks.limit_bytes)
        if door.prove is not None:
            proof = await door.prove(raw, headers, received_at)
    except NotAllowed as error:
        await _refused(hooks, name, request, str(error))
        raise
    if not hooks.rate.take(name):
        hooks.meters.pages.labels(name, "deferred").inc()
        raise TooMany
    return _Delivery(raw, headers, received_at, proof)


async def _refused(hooks: Hooks, name: str, request: Request, why: str) -> None:
    """Noted as long as the caller's budget of refusals lasts: a guesser must not fill the disk."""
    hooks.meters.pages.labels(name, "refused").inc()
    if hooks.refusals.take(caller(request)):
        told = AuditEntry(
            at=moment(hooks.clock()),
            actor=f"address:{caller(request)}",
            action="delivery.received",
            object=f"source:{name}",
            result=Result.REFUSED,
            detail=why,
        )
        try:
            await hooks.audit.note(told)
        except SourceUnavailable as error:  # a refusal stands whether or not it can be noted
            log.warning("a refusal is not in the audit log: %s", error)


async def _take_changes(hooks: Hooks, door: ChangeDoor, request: Request) -> Response:
    delivery = await _proven(hooks, f"changes/{door.name}", door, request)
    found = await _parsed(lambda: door.parse(delivery.raw, delivery.headers), delivery.raw, "changes")
    return await _stored_changes(hooks, found)


async def _stored_changes(hooks: Hooks, found: Sequence[Change]) -> Response:
    new = [await hooks.intake.add_change(redact_change(_sound(change))) for change in found]
    hooks.meters.changes.inc(sum(new))
    return JSONResponse({"changes": len(new), "new": sum(new)}, status_code=202)


async def _take(hooks: Hooks, source: PageSource, request: Request) -> Response:
    delivery = await _proven(hooks, source.name, source, request)
    raw, headers = delivery.raw, delivery.headers
    try:
        pages = await _parsed(lambda: source.parse(raw, headers), raw, source.name)
        delivery_id = source.delivery_id(raw, headers, delivery.proof)
    except BadInput:
        hooks.meters.pages.labels(source.name, "unreadable").inc()
        raise
    tells_changes = source.changes
    if not pages and tells_changes is not None:
        return await _stored_changes(hooks, await _parsed(lambda: tells_changes(raw, headers), raw, source.name))
    incidents, duplicates = await _stored(hooks, source, pages, delivery_id, raw, delivery.received_at)
    if pages and duplicates == len(pages):
        return JSONResponse({"incidents": [], "duplicate": True}, status_code=200)
    return JSONResponse({"incidents": incidents}, status_code=202)


async def _stored(
    hooks: Hooks, source: PageSource, pages: Sequence[Page], delivery_id: str | None, raw: bytes, received_at: float
) -> tuple[list[str], int]:
    incidents: dict[str, None] = {}
    duplicates = 0
    for place, one in enumerate(redact_page(_sound(page)) for page in pages):
        id_ = f"{delivery_id}/{place}" if delivery_id and place else delivery_id  # each page of a delivery is taken once
        incident = await hooks.intake.receive(one, delivery_id=id_, raw=raw, received_at=received_at)
        hooks.meters.pages.labels(source.name, "duplicate" if incident is None else one.status.value).inc()
        if incident is None:
            duplicates += 1
            continue
        if incident.revision == 1 and incident.alerts == 1:
            hooks.meters.incidents.labels(source.name).inc()
        incidents[incident.id] = None
        log.info("page of %s is in %s", source.name, incident.id, extra={"incident": incident.id, "alerts": incident.alerts})
        try:
            await hooks.work.triage(incident)
        except SourceUnavailable as error:  # the page is safe; the sweep starts what could not be started now
            log.warning("%s waits for the sweep: %s", incident.id, error, extra={"incident": incident.id})
    return list(incidents), duplicates


async def _parsed(parse: Callable[[], Sequence[T]], raw: bytes, what: str) -> Sequence[T]:
    try:
        found = await asyncio.to_thread(parse) if len(raw) > PARSE_ASIDE_BYTES else parse()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadPage(first["msg"], place=f"{what} {place}".strip()) from None
    except RecursionError:
        raise BadPage("nested too deeply", place=what) from None
    if len(found) > MOST_PAGES:
        raise BadPage(f"{len(found)} in one delivery; at most {MOST_PAGES} are taken", place=what)
    return found


def _sound(value: T) -> T:
    """A sender that cuts its texts by UTF-16 units leaves halves of characters, which no answer or message could quote."""
    try:
        value.model_dump_json()
    except PydanticSerializationError:
        text = json.dumps(value.model_dump(mode="json", by_alias=True), ensure_ascii=False)
        return type(value).model_validate_json(text.encode("utf-8", "replace"))
    return value


def _headers(request: Request) -> Mapping[str, str]:
    """Names in lower case."""
    return {name.lower(): value for name, value in request.headers.items()}
