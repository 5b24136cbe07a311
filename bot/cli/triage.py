"""`midwatch triage BUNDLE`: what one incident bundle says, as the contract's JSON or for people."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from bot.backends.bundle import open_bundle
from bot.backends.replay import paged, walked
from bot.backends.spans_duckdb import spans_duckdb
from bot.model.page import Page
from bot.model.report import Report
from bot.model.value import moment
from bot.settings import runbook_folder
from bot.shelf.read import read_folders
from bot.shelf.shelf import Shelf
from bot.terminal.views import details, report_view

__all__ = ["app", "paged", "shelved", "walked"]

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
