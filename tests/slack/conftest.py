"""One fake Slack a test, and the real client, surface and Bolt against it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import cache

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from bot.chat.case import Case
from bot.chat.talk import Talk
from bot.chat.understand import Understanding
from bot.drills.readiness.own import Own
from bot.errors import SourceUnavailable
from bot.model.change import Change
from bot.model.evidence import Evidence
from bot.model.incident import Incident
from bot.model.page import Page
from bot.model.runbook import Runbook
from bot.shelf.shelf import Shelf
from bot.slack import (
    Chat,
    Desk,
    Flows,
    Home,
    Members,
    Shortcut,
    SlackSurface,
    UserGroups,
    Watch,
    bolt_app,
    http_handler,
    register,
    socket_mode,
    web_client,
)
from bot.web import slack_door
from tests.fakes_audit import MemoryAudit
from tests.fakes_records import MemoryRecords
from tests.slack.fake import FakeSlack, Http, Socket, serving
from tests.slack.fake.transport import SECRET, Transport
from tests.web.doors import NoteWork

NOW = 1_772_417_400.0
CAUSES = ("model.provider_incident", "none.mix_shift", "retrieval.error", "retrieval.timeout", "tool.loop")
BOOK = Runbook(id="retrieval.timeout", path="retrieval/timeout.md", title="Retrieval timeouts", body="# Confirm\n`curl` <!channel> *now*")


@cache
def understanding() -> Understanding:
    """A second to make, and never changed."""
    return Understanding(None)


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with serving() as fake:
        yield fake


@pytest.fixture
def surface(slack: FakeSlack) -> SlackSurface:
    return SlackSurface(web_client("xoxb-test", slack.url + "/api/"), "#incidents", strict=True)


@asynccontextmanager
async def listening(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client to the app on a real socket."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="off", timeout_graceful_shutdown=1))
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:
            await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            yield client
    finally:
        server.should_exit = True
        await task


@dataclass
class Disk:
    """Intake of the records in memory, until the disk is full."""

    records: MemoryRecords
    full: bool = False

    async def receive(self, page: Page, *, delivery_id: str | None, raw: bytes, received_at: float) -> Incident | None:
        if self.full:
            raise SourceUnavailable("the disk is full", source="records", asked="receive")
        return await self.records.receive(page, delivery_id=delivery_id, raw=raw, received_at=received_at)

    async def add_change(self, change: Change) -> bool:
        return await self.records.add_change(change)


@dataclass
class House:
    """The Slack door with everything behind it in memory."""

    slack: FakeSlack
    surface: SlackSurface
    transport: Transport
    http: httpx.AsyncClient
    records: MemoryRecords = field(default_factory=MemoryRecords)
    books: dict[str, Runbook] = field(default_factory=lambda: {BOOK.id: BOOK})
    lost: list[str] = field(default_factory=list)
    audit: MemoryAudit = field(default_factory=MemoryAudit)
    work: NoteWork = field(default_factory=NoteWork)
    outcomes: list[tuple[str, str]] = field(default_factory=list)
    mine: dict[str, tuple[Own, ...]] = field(default_factory=dict)
    services: list[str] = field(default_factory=list)
    evidence: Evidence | None = None
    disk: Disk = field(init=False)

    def __post_init__(self) -> None:
        self.disk = Disk(self.records)

    async def own(self, person: str) -> tuple[Own, ...]:
        return self.mine.get(person, ())

    async def blind(self, incidents: Sequence[Incident]) -> tuple[str, ...]:
        return ("Metrics: no Prometheus is connected", f"<!channel> {len(incidents)} triages looked at")

    def counted(self, source: str, outcome: str) -> None:
        self.outcomes.append((source, outcome))

    def kept_to_groups(self, cause: str, service: str | None, groups: frozenset[str]) -> Runbook | None:
        return Shelf(list(self.books.values())).kept_to_groups(cause, service, groups)

    async def case(self, incident: Incident, groups: frozenset[str]) -> Case | None:
        if incident.report is None:
            return None
        book = self.books.get(incident.report.runbooks[0].id) if incident.report.runbooks else None
        withheld = book is not None and bool(book.groups) and not groups & set(book.groups)
        found = None if withheld else book
        return Case(incident.report, incident.page, incident.opened_at, incident.service, self.evidence, found, withheld, incident.id)

    async def put(self, incident: Incident) -> Incident:
        """Store it and show it, as the walk does."""
        self.records.rows[incident.id] = incident
        await self.show(incident.id)
        return self.records.rows[incident.id]

    async def show(self, incident_id: str) -> None:
        incident = self.records.rows[incident_id]
        message = await self.surface.show(incident, None)
        self.records.rows[incident_id] = incident.model_copy(update={"message": message})


@pytest.fixture(params=["http", "socket"])
async def house(request: pytest.FixtureRequest, slack: FakeSlack, surface: SlackSurface) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        bolt = bolt_app(web_client("xoxb-test", slack.url + "/api/"), None if request.param == "socket" else SECRET)
        app = FastAPI()
        app.include_router(slack_door.routes(http_handler(bolt, SECRET), 1_000_000))
        client = await stack.enter_async_context(listening(app))
        made = House(slack, surface, Socket(slack) if request.param == "socket" else Http(client), client)
        desk = Desk(
            incidents=made.records,
            decisions=made.records,
            gate=Members(bolt.client, user_groups=UserGroups(bolt.client)),
            show=made.show,
            runbook=made.books.get,
            kept_to_groups=made.kept_to_groups,
            audit=made.audit,
            causes=CAUSES,
            clock=lambda: NOW,
        )
        watch = Watch(frozenset({"APAGER", "BPAGER"}), frozenset({"C1"}), made.records, made.work, lambda: NOW, made.counted)
        chat = Chat(desk, Talk(understanding()), made.case, bolt.client, streaming=request.param == "streaming")
        home = Home(desk, bolt.client, made.own, made.blind, "/midwatch-drill")
        shortcut = Shortcut(desk, made.disk, made.work, made.services, "#incidents", made.counted)
        register(bolt, Flows(desk, made.records, made.lost.append, watch, chat=chat, home=home, shortcut=shortcut))
        if request.param == "socket":
            await stack.enter_async_context(socket_mode(bolt, "xapp-test"))
            async with asyncio.timeout(5):
                await slack.connected.wait()
        yield made
