"""The composition root: one straight function that opens every part, top to bottom."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI
from opentelemetry.trace import get_current_span

from bot.app.narration import narrated
from bot.app.people import Door, Parts, door_of, listen, talker, watch_of
from bot.app.practice import drills, team_drills
from bot.app.trust import proofs_of
from bot.app.upkeep import forgetting, worker_name
from bot.app.welcome import home_of, shortcut_of
from bot.backends.card import CardKeeper
from bot.backends.decided import Decided
from bot.backends.fetch_public import public_fetch
from bot.backends.maintenance import Maintenance
from bot.backends.own_spans import own_spans
from bot.backends.playbooks import ServicePrompts, Services, services
from bot.backends.records import Records, records
from bot.backends.records.grouping import Policy
from bot.backends.shelf_live import LiveShelf, live_shelf
from bot.backends.spans_choice import SpanStore, span_store
from bot.backends.spans_redacted import RedactedIntake, own_key
from bot.backends.walk import Crew, Diagnose
from bot.backends.work_dbos import DbosWork, work_dbos
from bot.errors import BadInput
from bot.model.incident import Incident, Progress
from bot.model.report import Report
from bot.ports import Metrics, Spans, Surface
from bot.redact import redact_report
from bot.settings import Settings, secrets
from bot.telemetry.declared import Declared, declare
from bot.telemetry.otlp import read_json, read_protobuf
from bot.telemetry.repair import repair
from bot.timetable import timetable
from bot.triage import Sources, Triage
from bot.web import Decoded, Doors, Hooks, Meters, Otlp, of_deliveries, of_refusals, web

SurfaceFactory = Callable[[], Surface]


@dataclass(frozen=True)
class App:
    """What runs. `notes`: what is connected and what is missing, one line each, for whoever started it."""

    web: FastAPI
    records: Records
    spans: Spans
    triage: Triage
    surface: Surface
    work: DbosWork
    meters: Meters
    notes: tuple[str, ...]


@asynccontextmanager
async def running(
    settings: Settings, surface_factory: SurfaceFactory | None = None, clock: Callable[[], float] = time.time
) -> AsyncIterator[App]:
    """Everything, open and at work; closed in reverse, also when a later part fails to open.

    `surface_factory` takes the place of Slack; `clock` gives the "now" of every page (epoch seconds).
    BadSettings, BadInput: what is configured cannot be used. SourceUnavailable: a database does not answer.
    """
    async with AsyncExitStack() as stack:
        meters = Meters()
        known = await asyncio.to_thread(services, settings.playbooks)
        declared = declare(dict(known.attributes), place="playbooks/service: attributes")
        kept = await stack.enter_async_context(records(settings.sqlalchemy_url, _grouping(settings, known)))
        elsewhere = settings.spans_url.get_secret_value() if settings.spans_url else None
        store = await stack.enter_async_context(span_store(elsewhere, settings.home, declared))
        metrics = await _metrics(stack, settings)
        shelf = await _shelf(stack, settings)
        triage = Triage(
            Sources(store.spans, metrics=metrics, changes=kept.past, prompts=ServicePrompts(known), history=kept.past, runbooks=shelf)
        )
        door = door_of(settings, surface_factory)
        worker = await asyncio.to_thread(worker_name, settings)
        keeper = CardKeeper(kept.cards, door.surface, worker, clock, failed=meters.surface_failed, digests=kept.digests)
        narrate = await narrated(stack, settings, clock)
        crew = Crew(
            incidents=kept.incidents,
            cards=kept.cards,
            surface=door.surface,
            diagnose=_diagnose(triage, known),
            draw=door.draw,
            narrate=narrate,
            announced=lambda incident: meters.announced(clock() - incident.opened_at.timestamp()),
            triaged=meters.triaged,
            waiting=meters.waiting,
        )
        play = await drills(stack, settings, door, kept, shelf, clock)
        planned, convene = await team_drills(settings, door, kept, play, clock)
        own_token = settings.own_spans_token.get_secret_value() if settings.own_spans_token else None
        tracer = await stack.enter_async_context(own_spans(settings.own_spans_url, own_token, worker))
        works = work_dbos(
            crew,
            keeper,
            kept.cards,
            url=settings.database_url,
            home=settings.home,
            worker=worker,
            clock=clock,
            convene=convene,
            tracer=tracer,
        )
        work = await stack.enter_async_context(works)
        span_s, audit_s = settings.span_retention_hours * 3600.0, settings.audit_retention_days * 86400.0
        await stack.enter_async_context(forgetting(kept, store, span_s, audit_s, clock))
        parts = Parts(
            watch=watch_of(settings, kept, work, clock, meters),
            play=play,
            talking=await talker(stack, settings, door, triage, known, shelf, narrate),
            home=await home_of(settings, door, kept, store.spans, known, play, clock),
            shortcut=shortcut_of(settings, door, kept, work, known, meters),
        )
        await listen(stack, settings, door, kept, Decided(kept.incidents, work), keeper, shelf, clock, parts)
        if work.drills is not None:
            await stack.enter_async_context(timetable(planned, kept.readiness, work.drills, clock))
        proofs = proofs_of(settings, await stack.enter_async_context(public_fetch()))
        doors = Doors(
            hooks=Hooks(
                sources=proofs.page_sources(),
                changes=proofs.change_doors(),
                intake=kept.intake,
                work=work,
                audit=kept.audit,
                tokens=secrets(settings.hook_tokens),
                limit_bytes=settings.body_limit_bytes,
                clock=clock,
                meters=meters,
                rate=of_deliveries(settings.hook_rate, clock),
                refusals=of_refusals(clock),
            ),
            otlp=Otlp(
                decoder(declared),
                RedactedIntake(store.intake, await asyncio.to_thread(own_key, settings.home)),
                secrets(settings.otlp_token),
                settings.otlp_limit_bytes,
                meters,
            ),
            incidents=kept.incidents,
            meters=meters,
            console_tokens=secrets(settings.console_tokens),
            ready={"records": lambda: kept.incidents.recent(1), "work": work.alive},
            slack=door.handler,
        )
        yield App(web(doors), kept, store.spans, triage, door.surface, work, meters, _notes(settings, known, shelf, door, store))


def decoder(declared: Declared) -> Callable[[bytes, bool], Decoded]:
    """OTLP bytes -> canonical spans, with the attributes that services declare."""

    def decode(raw: bytes, is_json: bool) -> Decoded:
        if raw[:2] == b"\x1f\x8b":
            raise BadInput("gzip, but no Content-Encoding says so", place="body")  # the door's cap is on what it unpacks itself
        read = (read_json if is_json else read_protobuf)(raw, declared=declared)
        why = ", ".join(f"{count} {reason}" for reason, count in sorted(read.skipped.items()))
        return Decoded(repair(read.spans), sum(read.skipped.values()), why)

    return decode


def _diagnose(triage: Triage, known: Services) -> Diagnose:
    async def diagnose(incident: Incident, progress: Callable[[Progress], Awaitable[None]]) -> Report:
        """As of the moment it was asked for: a second run after a crash looks at the same window."""
        paged = incident.asked_at or incident.paged_at or incident.opened_at
        span = get_current_span()  # of this step, where Midwatch's own work is traced

        async def told(now: Progress) -> None:
            if not now.total or now.done == now.total:
                span.add_event(now.step)
            await progress(now)

        report = redact_report(await triage.run(incident.page, paged.timestamp(), known.declared(incident.page), told))
        span.set_attributes({"midwatch.verdict": report.verdict.value, "midwatch.cause": report.cause or ""})
        return report

    return diagnose


def _grouping(settings: Settings, known: Services) -> Policy:
    """BadSettings: a maintenance window cannot be read."""
    return Policy(
        across=settings.grouping,
        reopen_s=settings.reopen_minutes * 60.0,
        storm_at=settings.storm_incidents,
        service_of=known.of,
        quiet=Maintenance(settings.playbooks, known.of).quiet,
    )


async def _metrics(stack: AsyncExitStack, settings: Settings) -> Metrics | None:
    if settings.prometheus_url is None:
        return None
    from bot.backends.metrics_prometheus import metrics_prometheus

    return await stack.enter_async_context(metrics_prometheus(settings.prometheus_url))


async def _shelf(stack: AsyncExitStack, settings: Settings) -> LiveShelf | None:
    if not await asyncio.to_thread(settings.runbooks.is_dir):
        return None
    key = settings.embedder_key.get_secret_value() if settings.embedder_key else None
    opened = live_shelf(settings.runbooks, settings.home / "index", settings.embedder, settings.embedder_model, key)
    return await stack.enter_async_context(opened)


def _notes(settings: Settings, known: Services, shelf: LiveShelf | None, door: Door, store: SpanStore) -> tuple[str, ...]:
    shelved = (
        f"{len(shelf.shelf.runbooks)} from {settings.runbooks}" if shelf is not None else f"none: there is no folder {settings.runbooks}"
    )
    return (
        door.note,
        f"state: {'SQLite' if settings.database_url is None else 'PostgreSQL'}; spans: {store.word}",
        f"metrics: {'Prometheus' if settings.prometheus_url else 'none (MIDWATCH_PROMETHEUS_URL)'}",
        f"services: {', '.join(service.name for service in known.all) or f'none declared in {settings.playbooks}/service'}",
        f"runbooks: {shelved}" + (f"; {shelf.word}" if shelf is not None and shelf.word else ""),
        *([f"narrator: {settings.narrator_model}"] if settings.narrator_url is not None else []),
    )
