"""`midwatch demo`: the 2am story on the very service that `midwatch serve` runs, with a terminal where Slack would be.

No account, no key, no network: the service listens on loopback, the story's telemetry, changes and page are posted to it over HTTP.
"""

import asyncio
import contextlib
import logging
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import orjson
import typer
import uvicorn
from rich.console import Console
from rich.panel import Panel
from rich.progress import track
from rich.text import Text

from bot.app import App, running
from bot.cli.serve import log_as_json
from bot.model.incident import Incident, IncidentState
from bot.model.report import Outcome
from bot.settings import Settings, runbook_folder
from bot.shelf.read import read_folders
from bot.simulator.bundle import Story
from bot.simulator.stories import story
from bot.terminal.surface import TerminalSurface
from bot.terminal.views import evidence_table, runbook_view

app = typer.Typer()

WIDTH = 100  # columns: longer lines are hard to read
WAIT_S = 120.0  # for a verdict, on a slow machine
BATCH = 20  # TracesData objects in one OTLP request: about what a Collector sends

INTRO = """It is 02:07. Alertmanager pages: "AI assistant degraded - error rate 12%".
Model latency is green, the provider's status page is green, nothing was deployed on the AI path for 72 hours.

This is the real service on loopback: telemetry goes in over OTLP, changes and the page over the webhooks, and this
terminal stands where Slack would. Clock and telemetry are those of the story; everything else is what `midwatch serve` runs."""

MENU = "[e] evidence   [r] runbook   [t] traces   [q] quit > "


@app.command()
def demo() -> None:
    """Replay the 2am incident: a search index lost a replica, and nobody sees it."""
    log_as_json()
    logging.getLogger("bot").setLevel(logging.WARNING)  # the card is the story here, not the service's log
    console = Console(width=min(Console().width, WIDTH))
    console.print(Panel(Text(INTRO), title="Midwatch", title_align="left"))
    with tempfile.TemporaryDirectory(prefix="midwatch-demo-") as home:
        ok = asyncio.run(_demo(console, Path(home)))
    raise typer.Exit(0 if ok else 1)


async def _demo(console: Console, home: Path) -> bool:
    console.print("Making the story's traffic ...", style="dim")
    told = await asyncio.to_thread(story, "replica-lost")
    surface = TerminalSurface(console)
    # The runbook is found by the cause: no embedding model is loaded for that.
    chosen = Settings(home=home, embedder="lexical", runbooks=runbook_folder() or Path("runbooks"), playbooks=home / "playbooks")
    async with running(chosen, lambda: surface, lambda: told.received_at) as opened, _listening(opened) as url:
        try:
            await _send(console, url, told)
            incident = await _finished(opened)
        finally:
            surface.close()
        if incident is None or incident.report is None:
            console.print(f"no verdict within {WAIT_S:.0f} s", style="red")
            return False
        _closing(console, incident)
        if sys.stdin.isatty() and console.is_terminal:
            await asyncio.to_thread(_menu, console, incident, chosen.runbooks)
        return True


@asynccontextmanager
async def _listening(opened: App) -> AsyncIterator[str]:
    """The service's own HTTP door, on a free port of loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(opened.web, log_config=None, access_log=False, lifespan="off"))
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        serving = asyncio.create_task(server.serve([listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            with contextlib.suppress(asyncio.CancelledError):
                await serving


async def _send(console: Console, url: str, told: Story) -> None:
    """Telemetry, then changes, then the page: what the story's own systems would have sent."""
    async with httpx.AsyncClient(base_url=url, timeout=60.0) as client:
        batches = [told.otlp[at : at + BATCH] for at in range(0, len(told.otlp), BATCH)]
        for batch in track(batches, "Sending OTLP to /v1/traces", console=console, transient=True, disable=not console.is_terminal):
            joined = {"resourceSpans": [spans for one in batch for spans in one["resourceSpans"]]}  # type: ignore[attr-defined]
            answer = await client.post("/v1/traces", content=orjson.dumps(joined), headers={"content-type": "application/json"})
            answer.raise_for_status()
        for change in told.changes or []:
            answer = await client.post(
                "/hooks/changes", content=orjson.dumps(change), headers={"content-type": "application/cloudevents+json"}
            )
            answer.raise_for_status()
        console.print(f"Posting the page to /hooks/{told.page.source}", style="dim")
        answer = await client.post(f"/hooks/{told.page.source}", content=told.page.body, headers=told.page.headers)
        answer.raise_for_status()


async def _finished(opened: App) -> Incident | None:
    """The story's incident once its card and its evidence are shown; None when that takes too long."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        await asyncio.sleep(0.1)
        for incident in await opened.records.incidents.recent(1):
            if incident.state is IncidentState.FAILED:
                return incident
            if incident.report is not None and await opened.records.cards.attached(incident.id) >= incident.triage_revision:
                return incident
    return None


def _closing(console: Console, incident: Incident) -> None:
    report = incident.report
    assert report is not None
    tested = sum(finding.outcome in (Outcome.FOUND, Outcome.CLEAN) for finding in report.findings)
    said = f"{tested} tests were made, {len(report.not_checked)} could not be; {len(report.changes)} changes were looked at."
    console.print(Text(f"{said} No action was taken.", style="dim"))


def _menu(console: Console, incident: Incident, runbooks: Path) -> None:
    report = incident.report
    assert report is not None
    while True:
        console.print(Text(MENU, style="bold"), end="")
        asked = sys.stdin.readline().strip().casefold()[:1]
        if asked in ("q", ""):
            return
        if asked == "e":
            console.print(evidence_table(report, console.width))
        elif asked == "t":
            for finding in report.findings:
                for trace in finding.traces:
                    console.print(Text(f"{finding.id}  {trace}"))
        elif asked == "r" and report.runbooks:
            known = {document.runbook.id: document.runbook for document in read_folders([runbooks]).documents}
            book = known.get(report.runbooks[0].id)
            if book is not None:
                console.print(runbook_view(book, console.width))
