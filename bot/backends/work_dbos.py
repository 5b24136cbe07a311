"""Durable work on DBOS: an incident's revision is one workflow, started where the page is received, finished after a crash."""

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

from dbos import DBOS, DBOSConfig, SetWorkflowID
from dbos import error as dbos_error
from opentelemetry.trace import Tracer

from bot.backends.card import DIGEST_EVERY_S, CardKeeper
from bot.backends.drills_dbos import Convene, DbosDrills
from bot.backends.own_spans import OFF, spanned
from bot.backends.walk import WAITS_S, Crew, Step, Walk
from bot.errors import Refused, SourceUnavailable
from bot.model.incident import Incident, IncidentState
from bot.ports import Workers

log = logging.getLogger(__name__)

WORKFLOWS = "1"  # raise it when the steps of Walk.go change: a workflow is only taken up by code with the same steps
SWEEP_S = 5.0  # how long a lost start may go unnoticed; also between two heartbeats
LATE_S = 15.0  # a revision shows within a second; one that does not after this long is looked at
COUNT_EVERY_S = 45.0  # "still firing (N)" is edited in at most this often, so that a storm is not a storm of edits
SILENT_S = 20.0  # three beats missed: the worker is dead, or as good as
DRAIN_S = 20.0  # a triage under way gets this long to end before the process goes; after that the next start ends it
AGAIN = 3  # how often a workflow that itself broke is started anew before people are told
KNOWN = 10_000  # ids remembered so that a repeat costs no database write


class DbosWork:
    """Port Work."""

    def __init__(
        self,
        walk: Walk,
        keeper: CardKeeper,
        crew: Crew,
        workers: Workers,
        worker: str,
        clock: Callable[[], float],
        tracer: Tracer = OFF,
    ) -> None:
        self._walk = walk
        self._tracer = tracer
        self.step = _steps(tracer)
        self._keeper = keeper
        self._digests = keeper.digests
        self._crew = crew
        self._workers = workers
        self._worker = worker
        self._clock = clock
        self._beat_at = clock()
        self._started: dict[str, None] = {}
        self._running: set[asyncio.Task[object]] = set()
        self.drills: DbosDrills | None = None
        self._workflow: Callable[[str, int], Awaitable[None]] = DBOS.workflow(name="incident")(self._make_workflow())

    def _make_workflow(self) -> Callable[[str, int], Awaitable[None]]:
        async def incident(incident_id: str, revision: int) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            said: dict[str, str | int] = {"midwatch.incident.id": incident_id, "midwatch.incident.revision": revision}
            with spanned(self._tracer, "incident", said, root=True):
                await self._walk.go(incident_id, revision, self.step)

        return incident

    async def triage(self, incident: Incident) -> None:
        """Start the revision's walk in this process, unless somebody has started it. Returns when that is stored.

        What maintenance keeps quiet, and edits of what comes and goes, are left to the sweep.
        """
        if incident.quiet_until is not None and incident.quiet_until.timestamp() > self._clock():
            return
        if incident.flapping and incident.revision > incident.triage_revision:
            return
        await self._start(incident, f"{incident.id}:{incident.revision}")

    async def _start(self, incident: Incident, workflow_id: str) -> None:
        if workflow_id in self._started:
            return
        try:
            with SetWorkflowID(workflow_id):
                await DBOS.start_workflow_async(self._workflow, incident.id, incident.revision)  # type: ignore[arg-type]
        except dbos_error.DBOSException as error:
            raise SourceUnavailable(f"the work could not be stored: {type(error).__name__}", source="dbos") from error
        self._started[workflow_id] = None
        if len(self._started) > KNOWN:
            del self._started[next(iter(self._started))]

    async def sweep(self) -> None:
        """Everything that fell behind: starts lost in a crash, walks that broke, cards that miss alerts."""
        now = self._clock()
        if self._digests is not None:
            for number in await self._digests.digests_behind(now - DIGEST_EVERY_S):
                try:
                    await self._keeper.show_digest(number)
                except (SourceUnavailable, Refused) as error:
                    log.warning("the digest %d stays behind: %s", number, error)
        for incident in await self._crew.cards.behind(now - LATE_S, now - COUNT_EVERY_S, now):
            try:
                await self._catch_up(incident)
            except (SourceUnavailable, Refused) as error:
                log.warning("%s stays behind: %s", incident.id, error, extra={"incident": incident.id})

    async def _catch_up(self, incident: Incident) -> None:
        for attempt in range(AGAIN + 1):
            workflow_id = f"{incident.id}:{incident.revision}" + (f".{attempt}" if attempt else "")
            status = await DBOS.get_workflow_status_async(workflow_id)
            if status is None:
                self._started.pop(workflow_id, None)
                await self._start(incident, workflow_id)
                return
            if status.status in ("PENDING", "ENQUEUED", "DELAYED"):
                return
            if status.status == "SUCCESS":
                break
        if incident.state is IncidentState.TRIAGING:
            await self._crew.incidents.fail(incident.id)
        await self._keeper.show(incident.id)

    async def alive(self) -> None:
        """SourceUnavailable when this worker's heart has not beaten for so long that others take it for dead."""
        silent = self._clock() - self._beat_at
        if silent > SILENT_S:
            raise SourceUnavailable(f"no heartbeat for {silent:.0f} s", source="dbos")

    async def keep_house(self) -> None:
        """Beat and take over from the dead; beside it sweep, which waits for surfaces and must not stop the heart. Until cancelled."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._again_and_again(self._beat))
            both.create_task(self._again_and_again(self._tidy))

    async def _again_and_again(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except Exception:  # the house is kept as long as the process lives
                log.exception("housekeeping failed; it is tried again")
            await asyncio.sleep(SWEEP_S)

    async def _beat(self) -> None:
        await self._workers.beat(self._worker, self._clock())
        self._beat_at = self._clock()
        await self._take_over()

    async def _tidy(self) -> None:
        await self.sweep()
        if self._crew.waiting is not None:
            self._crew.waiting(*await self._crew.cards.waiting(self._clock()))

    async def _take_over(self) -> None:
        dead = [worker for worker in await self._workers.silent(self._clock() - SILENT_S) if worker != self._worker]
        for worker in dead:
            await self._crew.cards.free(worker)
            taken = await asyncio.to_thread(DBOS._recover_pending_workflows, [worker])  # idempotent
            if taken:
                log.warning("took over %d walks of worker %s", len(taken), worker)
            else:
                await self._workers.bury(worker)

    async def drain(self, seconds: float) -> None:
        """Let running walks end; what does not end in time stays pending for the next start."""
        if self._running:
            await asyncio.wait(set(self._running), timeout=seconds)
        for task in set(self._running):
            task.cancel()
        if self._running:
            await asyncio.wait(set(self._running), timeout=1.0)


def _steps(tracer: Tracer) -> Step:
    """Durable steps, each run of one under a span; a step that was finished before a crash is not run, and has none."""

    async def step(name: str, work: Callable[[], Awaitable[str]]) -> str:
        async def once() -> str:
            with spanned(tracer, name) as span:
                result = await work()
                span.set_attribute("midwatch.step.result", result)
                return result

        return await DBOS.run_step_async(
            {
                "name": name,
                "retries_allowed": True,  # the records may be away for a moment; surfaces are waited for inside the step
                "max_attempts": 6,
                "interval_seconds": 0.5,
                "should_retry": lambda error: isinstance(error, SourceUnavailable),
            },
            once,
        )

    return step


@asynccontextmanager
async def work_dbos(
    crew: Crew,
    keeper: CardKeeper,
    workers: Workers,
    *,
    url: str | None,
    home: Path,
    worker: str,
    clock: Callable[[], float] = time.time,
    waits_s: tuple[float, ...] = WAITS_S,
    drain_s: float = DRAIN_S,
    convene: Convene | None = None,
    tracer: Tracer = OFF,
) -> AsyncIterator[DbosWork]:
    """`url`: postgresql://..., or None for SQLite below `home`; `worker`: the same name after a restart, and the keeper's holder.

    `convene`: what a due team drill does; without it there is no `drills`.

    One at a time in a process: DBOS is a singleton.
    """
    system = url if url is not None else await asyncio.to_thread(_sqlite, home / "work.db")
    DBOS(config=_config(system, worker))
    housekeeping: asyncio.Task[None] | None = None
    work: DbosWork | None = None
    try:
        work = DbosWork(Walk(crew, keeper, waits_s), keeper, crew, workers, worker, clock, tracer)
        work.drills = DbosDrills(convene, work.step) if convene is not None else None
        try:
            DBOS.launch()  # on this thread: recovered walks then run on this loop
        except Exception as error:
            raise SourceUnavailable(f"the work database did not open: {type(error).__name__}", source="dbos") from error
        await workers.beat(worker, clock())
        housekeeping = asyncio.create_task(work.keep_house())
        yield work
    finally:
        if housekeeping is not None:
            housekeeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await housekeeping
        if work is not None:
            await work.drain(drain_s)
        # DBOS made its own pool the loop's default, and closes it now; whoever closes after us needs one that lives.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(thread_name_prefix="midwatch"))
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)


def _config(system: str, worker: str) -> DBOSConfig:
    return {
        "name": "midwatch",
        "system_database_url": system,
        "executor_id": worker,
        "application_version": WORKFLOWS,
        "max_executor_threads": 32,  # DBOS's default has no bound
        "log_level": "ERROR",
        "enable_otlp": False,
    }


def _sqlite(path: Path) -> str:
    """The file in WAL mode, which it remembers: readers of DBOS then do not stop its writers."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
    except (OSError, sqlite3.Error) as error:
        raise SourceUnavailable(f"the work database did not open: {error}", source="dbos", asked=str(path)) from error
    return f"sqlite:///{path}"
