"""`midwatch triage BUNDLE`: what one incident bundle says, as the contract's JSON or for people."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from bot import pages
from bot.backends.bundle import Bundle, BundleChanges, BundleHistory, BundleMetrics, BundleProbes, BundlePrompts, open_bundle
from bot.backends.spans_duckdb import spans_duckdb
from bot.errors import BadBundle
from bot.model.page import Page, Status
from bot.model.report import Report
from bot.model.value import moment
from bot.ports import Spans
from bot.settings import runbook_folder
from bot.shelf.read import read_folders
from bot.shelf.shelf import Shelf
from bot.terminal.views import details, report_view
from bot.triage import Sources, Triage
from bot.triage.state import State

app = typer.Typer()


@app.command()
def triage(
    bundle: Annotated[Path, typer.Argument(help="Folder of an incident bundle.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    runbooks: Annotated[Path | None, typer.Option(help="Folder of runbooks; those of Midwatch by default.")] = None,
) -> None:
    """Diagnose one incident bundle."""
    report, page, received_at = asyncio.run(_triage(bundle, runbooks or runbook_folder()))
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(report.document(), option=orjson.OPT_INDENT_2) + b"\n")
        return
    console = Console()
    width = min(console.width, 120)
    console.print(report_view(report, page.title, moment(received_at), width))
    console.print(details(report, width))


async def _triage(folder: Path, runbooks: Path | None) -> tuple[Report, Page, float]:
    async with open_bundle(folder) as bundle, spans_duckdb(None, collected=bundle.spans is not None) as spans:
        page = paged(bundle)
        if bundle.spans is not None:
            await spans.add(bundle.spans)
        state = await walked(bundle, page, spans, shelved(runbooks) if runbooks else None)
        return state["report"], page, bundle.received_at


def shelved(runbooks: Path) -> Shelf:
    """The runbooks of a folder, found by cause and by words; no index, no embedding."""
    return Shelf([document.runbook for document in read_folders([runbooks]).documents])


async def walked(bundle: Bundle, page: Page, spans: Spans, shelf: Shelf | None) -> State:
    """Triage on what the bundle holds, with what every step found; `spans` holds the bundle's."""
    sources = Sources(
        spans=spans,
        metrics=BundleMetrics(bundle.metrics),
        changes=BundleChanges(bundle.changes),
        prompts=BundlePrompts(bundle.prompts),
        probes=BundleProbes(bundle.probes),
        history=BundleHistory(bundle.history),
        runbooks=shelf,
    )
    unusable = tuple(f"{count} spans could not be used: {why}" for why, count in sorted(bundle.skipped.items()))
    return await Triage(sources).walk(page, bundle.received_at, bundle.service, input_hash=bundle.input_hash, gaps=unusable)


def paged(bundle: Bundle) -> Page:
    """The page the bundle is about: the first that fires, of those its body holds."""
    place = str(bundle.path / "page.json")
    found = pages.parse(bundle.source, bundle.page, bundle.headers, place=place)
    if not found:
        raise BadBundle("holds no page (an audit event, a handshake or a test?)", place=place)
    return next((page for page in found if page.status is Status.FIRING), found[0])
