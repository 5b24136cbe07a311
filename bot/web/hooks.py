"""Pages and change events from outside: verified, parsed, stored, and only then acknowledged."""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from fastapi import APIRouter
from pydantic import ValidationError
from pydantic_core import PydanticSerializationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.errors import BadInput, BadPage, SourceUnavailable
from bot.model.change import Change
from bot.model.page import Page
from bot.ports import Intake, Work
from bot.redact import redact_page
from bot.web.access import bearer_or_local
from bot.web.body import body
from bot.web.metrics import Meters

log = logging.getLogger(__name__)
T = TypeVar("T", Page, Change)

MOST_PAGES = 1_000  # in one delivery; an alerting system groups long before that
PARSE_ASIDE_BYTES = 100_000  # parsing more than this takes tens of milliseconds, in which other doors must answer


@dataclass(frozen=True)
class PageSource:
    """One alerting system, as the composition root wires it."""

    name: str
    parse: Callable[[bytes, Mapping[str, str]], Sequence[Page]]  # BadPage when it cannot be read
    delivery_id: Callable[[bytes, Mapping[str, str]], str | None]
    verify: Callable[[bytes, Mapping[str, str], float], None] | None = None  # NotAllowed; None = no secret, so token or local


@dataclass(frozen=True)
class Hooks:
    sources: Mapping[str, PageSource]
    parse_changes: Callable[[bytes, Mapping[str, str]], Sequence[Change]]
    intake: Intake
    work: Work
    tokens: Sequence[str]
    limit_bytes: int
    clock: Callable[[], float]
    meters: Meters


def routes(hooks: Hooks) -> APIRouter:
    router = APIRouter()

    @router.post("/hooks/changes", status_code=202)
    async def changes(request: Request) -> Response:
        bearer_or_local(request, hooks.tokens, "changes")
        raw = await body(request, hooks.limit_bytes)
        found = await _parsed(lambda: hooks.parse_changes(raw, _headers(request)), raw, "changes")
        new = [await hooks.intake.add_change(change) for change in found]
        hooks.meters.changes.inc(sum(new))
        return JSONResponse({"changes": len(new), "new": sum(new)}, status_code=202)

    @router.post("/hooks/{source}", status_code=202)
    async def page(source: str, request: Request) -> Response:
        known = hooks.sources.get(source)
        if known is None:
            return JSONResponse({"error": "unknown source", "sources": sorted(hooks.sources)}, status_code=404)
        return await _take(hooks, known, request)

    return router


async def _take(hooks: Hooks, source: PageSource, request: Request) -> Response:
    received_at = hooks.clock()
    if source.verify is None:
        bearer_or_local(request, hooks.tokens, source.name)
    raw = await body(request, hooks.limit_bytes)
    headers = _headers(request)
    if source.verify is not None:
        source.verify(raw, headers, received_at)
    try:
        pages = await _parsed(lambda: source.parse(raw, headers), raw, source.name)
        delivery_id = source.delivery_id(raw, headers)
    except BadInput:
        hooks.meters.pages.labels(source.name, "unreadable").inc()
        raise
    incidents, duplicates = await _stored(hooks, source, pages, delivery_id, raw, received_at)
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


def _sound(page: Page) -> Page:
    """A sender that cuts its texts by UTF-16 units leaves halves of characters, which no answer or message could quote."""
    try:
        page.model_dump_json()
    except PydanticSerializationError:
        text = json.dumps(page.model_dump(mode="json"), ensure_ascii=False)
        return Page.model_validate_json(text.encode("utf-8", "replace"))
    return page


def _headers(request: Request) -> Mapping[str, str]:
    """Names in lower case."""
    return {name.lower(): value for name, value in request.headers.items()}
