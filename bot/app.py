"""The composition root: one straight function that opens every part, top to bottom. The only place that names a back end."""

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from fastapi import FastAPI
from rich.console import Console
from slack_bolt.async_app import AsyncApp
from starlette.requests import Request
from starlette.responses import Response

from bot import checks, pages
from bot.backends.card import CardKeeper
from bot.backends.cases import Cases
from bot.backends.decided import Decided
from bot.backends.drills_dbos import Convene
from bot.backends.embed_cache import CachedEmbedder
from bot.backends.embed_choice import chosen_embedder
from bot.backends.fetch_public import Fetch, public_fetch
from bot.backends.maintenance import Maintenance
from bot.backends.playbooks import ServicePrompts, Services, services
from bot.backends.records import Records, records
from bot.backends.records.grouping import Policy
from bot.backends.replay import drill_room
from bot.backends.rotations import roster, rotations
from bot.backends.shelf_live import LiveShelf, live_shelf
from bot.backends.spans_choice import SpanStore, span_store
from bot.backends.spans_redacted import RedactedIntake, own_key
from bot.backends.walk import Crew, Diagnose
from bot.backends.work_dbos import DbosWork, work_dbos
from bot.chat.talk import Talk
from bot.chat.understand import Understanding
from bot.drills.library import offers_in
from bot.drills.readiness.desk import Desk
from bot.drills.readiness.weekly import Weekly
from bot.drills.repetition.choose import Offer
from bot.drills.repetition.convene import Convener
from bot.errors import BadInput
from bot.model.incident import Incident, Progress
from bot.model.readiness import WEEKLY, Due
from bot.model.report import Report
from bot.model.value import moment
from bot.pages import changes
from bot.ports import Metrics, Picture, Spans, Surface
from bot.redact import redact_report
from bot.settings import Settings, named_secrets, names, secrets
from bot.slack import Chat, Flows, Lesson, Play, Watch, bolt, chart, client, people, register, surface
from bot.slack import incident as buttons
from bot.slack.readiness import SlackHerald
from bot.telemetry.declared import Declared, declare
from bot.telemetry.otlp import read_json, read_protobuf
from bot.telemetry.repair import repair
from bot.terminal.surface import TerminalSurface
from bot.timetable import Planned, timetable
from bot.triage import Sources, Triage
from bot.web import Decoded, Doors, Hooks, Meters, Otlp, Proofs, of_deliveries, of_refusals, web

log = logging.getLogger(__name__)

MARKS_EVERY_S = 20.0  # a mark that could not be sent at once; people wait for it
FORGET_EVERY_S = 3600.0  # what is too old is little beside what is not
REDELIVERED_S = 3 * 86400.0  # PagerDuty tries for two days, Slack for one

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


@dataclass(frozen=True)
class Door:
    """Where people read and press buttons. `bolt` and `handler` only with Slack."""

    surface: Surface
    note: str
    draw: Callable[[Incident], Picture | None] | None = None
    bolt: AsyncApp | None = None
    handler: Callable[[Request], Awaitable[Response]] | None = None


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
        door = _door(settings, surface_factory)
        worker = await asyncio.to_thread(_worker, settings)
        keeper = CardKeeper(kept.cards, door.surface, worker, clock, failed=meters.surface_failed, digests=kept.digests)
        crew = Crew(
            incidents=kept.incidents,
            cards=kept.cards,
            surface=door.surface,
            diagnose=_diagnose(triage, known),
            draw=door.draw,
            announced=lambda incident: meters.announced(clock() - incident.opened_at.timestamp()),
            triaged=meters.triaged,
            waiting=meters.waiting,
        )
        play = await _drills(stack, settings, door, kept, shelf, clock)
        planned, convene = await _team_drills(settings, door, kept, play, clock)
        work = await stack.enter_async_context(
            work_dbos(crew, keeper, kept.cards, url=settings.database_url, home=settings.home, worker=worker, clock=clock, convene=convene)
        )
        span_s, audit_s = settings.span_retention_hours * 3600.0, settings.audit_retention_days * 86400.0
        await stack.enter_async_context(_forgetting(kept, store, span_s, audit_s, clock))
        watch = _watch(settings, kept, work, clock, meters)
        talking = await _talking(stack, settings, door, triage, known, shelf)
        await _listen(stack, settings, door, kept, Decided(kept.incidents, work), keeper, shelf, clock, watch, play, talking)
        if work.drills is not None:
            await stack.enter_async_context(timetable(planned, kept.readiness, work.drills, clock))
        proofs = _proofs(settings, await stack.enter_async_context(public_fetch()))
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
                _decoder(declared),
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


def _decoder(declared: Declared) -> Callable[[bytes, bool], Decoded]:
    """OTLP bytes -> canonical spans, with the attributes that services declare."""

    def decode(raw: bytes, is_json: bool) -> Decoded:
        if raw[:2] == b"\x1f\x8b":
            raise BadInput("gzip, but no Content-Encoding says so", place="body")  # the door's cap is on what it unpacks itself
        read = (read_json if is_json else read_protobuf)(raw, declared=declared)
        why = ", ".join(f"{count} {reason}" for reason, count in sorted(read.skipped.items()))
        return Decoded(repair(read.spans), sum(read.skipped.values()), why)

    return decode


def _proofs(settings: Settings, fetch: Fetch) -> Proofs:
    known = frozenset((*pages.sources(), *changes.sources()))
    older = {"pagerduty": secrets(settings.pagerduty_secrets), "grafana": secrets(settings.grafana_secrets)}
    signing = {**older, **named_secrets(settings.source_secrets, "MIDWATCH_SOURCE_SECRETS", known)}
    return Proofs(
        signing={name: found for name, found in signing.items() if found},
        own_tokens=named_secrets(settings.source_tokens, "MIDWATCH_SOURCE_TOKENS", known),
        tokens=secrets(settings.hook_tokens),
        topics=names(settings.sns_topics),
        fetch=fetch,
    )


def _diagnose(triage: Triage, known: Services) -> Diagnose:
    async def diagnose(incident: Incident, progress: Callable[[Progress], Awaitable[None]]) -> Report:
        """As of the moment it was asked for: a second run after a crash looks at the same window."""
        paged = incident.asked_at or incident.paged_at or incident.opened_at
        return redact_report(await triage.run(incident.page, paged.timestamp(), known.declared(incident.page), progress))

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


def _door(settings: Settings, surface_factory: SurfaceFactory | None) -> Door:
    if surface_factory is not None:
        return Door(surface_factory(), "incidents: where this program shows them")
    if settings.slack_bot_token is None:
        return Door(TerminalSurface(Console()), "incidents: here; Slack is not configured (MIDWATCH_SLACK_BOT_TOKEN)")
    web_client = client.web_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
    shown = surface.SlackSurface(web_client, settings.slack_channel)
    where = f"incidents: Slack {settings.slack_channel}"
    signing = settings.slack_signing_secret.get_secret_value() if settings.slack_signing_secret else None
    listening = bolt.bolt_app(web_client, signing)
    if settings.slack_app_token is not None:
        return Door(shown, f"{where}, Socket Mode", chart.draw, listening)
    if signing is not None:
        return Door(shown, f"{where}, events at /slack/events", chart.draw, listening, bolt.http_handler(listening, signing))
    missing = "buttons do nothing without MIDWATCH_SLACK_SIGNING_SECRET or MIDWATCH_SLACK_APP_TOKEN"
    return Door(shown, f"{where}; {missing}", chart.draw)


async def _listen(
    stack: AsyncExitStack,
    settings: Settings,
    door: Door,
    kept: Records,
    decided: Decided,
    keeper: CardKeeper,
    shelf: LiveShelf | None,
    clock: Callable[[], float],
    watch: Watch | None,
    play: Play | None,
    talking: Callable[[buttons.Desk], Chat] | None,
) -> None:
    """Slack's buttons and events; last to open, because all they lead to must stand."""
    if door.bolt is None:
        return
    desk = buttons.Desk(
        incidents=kept.incidents,
        decisions=decided,
        gate=people.Members(door.bolt.client, user_groups=people.UserGroups(door.bolt.client) if settings.slack_user_groups else None),
        show=keeper.show,
        runbook=shelf.runbook if shelf is not None else lambda _id: None,
        kept_to_groups=shelf.kept_to_groups if shelf is not None else lambda _cause, _service, _groups: None,
        audit=kept.audit,
        causes=[check.slug for check in checks.load()],
        clock=clock,
    )
    register(
        door.bolt,
        Flows(desk, kept.intake, lambda why: log.error("Slack is lost: %s", why), watch, play, talking(desk) if talking else None),
    )
    if settings.slack_app_token is not None:
        await stack.enter_async_context(bolt.socket_mode(door.bolt, settings.slack_app_token.get_secret_value()))


async def _talking(
    stack: AsyncExitStack, settings: Settings, door: Door, triage: Triage, known: Services, shelf: LiveShelf | None
) -> Callable[[buttons.Desk], Chat] | None:
    """Questions in Slack, understood by the embedder that searches runbooks; without one by letters and words."""
    if door.bolt is None:
        return None
    client = door.bolt.client
    key = settings.embedder_key.get_secret_value() if settings.embedder_key else None
    embedder, _ = await stack.enter_async_context(chosen_embedder(settings.embedder, settings.embedder_model, key))
    cached = CachedEmbedder(embedder, settings.home / "chat" / "embeddings.db") if embedder is not None else None
    talk = Talk(await asyncio.to_thread(Understanding, embedder, cached))
    cases = Cases(triage, known, shelf.runbook if shelf is not None else lambda _id: None)
    return lambda desk: Chat(desk, talk, cases.of, client)


async def _drills(
    stack: AsyncExitStack, settings: Settings, door: Door, kept: Records, shelf: LiveShelf | None, clock: Callable[[], float]
) -> Play | None:
    """Drills in Slack, in a channel of their own; marks that are due are sent while inside, also after a crash."""
    if door.bolt is None or settings.slack_drill_channel is None:
        return None
    room = drill_room(settings.playbooks / "drills", kept.drills, kept.marks, shelf.shelf if shelf is not None else None, clock)
    play = Play(Lesson(room, kept.drills, people.Members(door.bolt.client), door.bolt.client, settings.slack_drill_channel))
    await stack.enter_async_context(_repeating(play.deliver, MARKS_EVERY_S, "marks that are due were not sent"))
    return play


async def _team_drills(
    settings: Settings, door: Door, kept: Records, play: Play | None, clock: Callable[[], float]
) -> tuple[list[Planned], Convene | None]:
    """What comes due by rotation, and what is done then. BadSettings: a rotation's file cannot be used."""
    known = await asyncio.to_thread(rotations, settings.playbooks)
    if play is None or door.bolt is None:
        return [], None
    known = tuple(one if one.channel else one.model_copy(update={"channel": settings.slack_drill_channel}) for one in known)

    def now() -> datetime:
        return moment(clock())

    def library() -> tuple[Offer, ...]:
        return offers_in(settings.playbooks / "drills")

    convener = Convener(known, library, kept.marks, kept.outcomes, kept.readiness, play, now)
    weekly = Weekly(
        rotations=known,
        desk=lambda one: Desk(one, kept.marks, kept.readiness, kept.outcomes),
        duty=lambda one: roster(one, settings.rotation_tokens),
        offers=library,
        ledger=kept.readiness,
        herald=SlackHerald(door.bolt.client),
        now=now,
    )

    async def convene(due: Due, *, made_up: bool) -> None:
        await (weekly.look if due.schedule.startswith(WEEKLY) else convener.convene)(due, made_up=made_up)

    drills = [Planned(drill, one.zone) for one in known for drill in one.drills]
    return [*drills, *(Planned(one.weekly, one.zone) for one in known if one.sources)], convene


def _watch(settings: Settings, kept: Records, work: DbosWork, clock: Callable[[], float], meters: Meters) -> Watch | None:
    apps, channels = names(settings.slack_page_apps), names(settings.slack_page_channels)
    return Watch(frozenset(apps), frozenset(channels), kept.intake, work, clock, meters.paged) if apps else None


@asynccontextmanager
async def _forgetting(
    kept: Records, store: SpanStore, retention_s: float, audit_s: float, clock: Callable[[], float]
) -> AsyncIterator[None]:
    """Drop old spans, delivery ids and lines of the audit log while inside."""

    async def forget() -> None:
        if store.forget is not None:
            await store.forget(clock() - retention_s)
        await kept.intake.forget(clock() - REDELIVERED_S)
        await kept.audit.forget(clock() - audit_s)

    async with _repeating(forget, FORGET_EVERY_S, "old spans and deliveries were not dropped"):
        yield


@asynccontextmanager
async def _repeating(work: Callable[[], Awaitable[object]], every_s: float, failed: str) -> AsyncIterator[None]:
    """`work` now and again while inside; what fails is tried again next time."""

    async def forever() -> None:
        while True:
            try:
                await work()
            except Exception:
                log.exception("%s; it is tried again", failed)
            await asyncio.sleep(every_s)

    task = asyncio.create_task(forever())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _worker(settings: Settings) -> str:
    """The worker's name: configured, or made once and kept, so that after a crash its own work is found again."""
    if settings.worker is not None:
        return settings.worker
    file = settings.home / "worker"
    file.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError), file.open("x") as new:
        new.write(uuid.uuid4().hex[:12])
    return file.read_text().strip() or "worker"


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
    )
