"""`midwatch eval [CORPUS]`: how good the diagnosis is on bundles whose truth is known; with intervals, and with the floors beside it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.progress import Progress

from bot.cli.judging import Drawn, Job, judge_all
from bot.errors import BadInput
from bot.evaluation.corpus import cases
from bot.evaluation.row import Row
from bot.evaluation.summary import About, Summary, document, summarise
from bot.simulator.splits import MOST, SPLITS

app = typer.Typer(help="Score the diagnosis.")

WIDTH = 100  # columns: what a README shows and a terminal has
SCENARIOS = 100  # of a split, when nobody says how many: a share is then known to within ten points


@app.command("eval")
def evaluate(
    corpus: Annotated[Path | None, typer.Argument(help="Folder of bundles with truth.yaml in or beside each.", show_default=False)] = None,
    split: Annotated[str | None, typer.Option("--split", help="Simulate this split instead: dev, validation or test.")] = None,
    n: Annotated[int, typer.Option("--n", min=1, max=MOST, help="How many scenarios of the split.")] = SCENARIOS,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    report: Annotated[Path | None, typer.Option("--report", metavar="DIR", help="Write a Markdown report with pictures.")] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", min=1, help="Processes; one a core by default.", show_default=False)] = None,
    twice: Annotated[bool, typer.Option("--twice", help="Triage again under another hash seed; are the reports byte-identical?")] = False,
    weighed: Annotated[Path | None, typer.Option("--clues", metavar="FILE", help="Write what was weighed, a JSON line a scenario.")] = None,
    on: Annotated[str | None, typer.Option("--date", help="Date of the report, YYYY-MM-DD; that of the latest page by default.")] = None,
    commit: Annotated[str | None, typer.Option("--commit", help="Commit of the report; read from git by default.")] = None,
) -> None:
    """Score the diagnosis against bundles whose truth is known."""
    if corpus is not None and split is not None:
        raise BadInput("either a corpus or a split", place="--split")
    if split is not None and split not in SPLITS:
        raise BadInput(f"must be one of {', '.join(SPLITS)}", place="--split")
    day = _day(on)
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="midwatch-eval-")))
        work: list[Job] = list(cases(corpus)) if corpus is not None else [Drawn(split or "dev", number, home) for number in range(n)]
        processes = jobs or os.cpu_count() or 1
        rows = _run(work, max(processes, 2) if twice else processes, 1, weighed is not None)
        again = _run(work, max(processes, 2), 2) if twice else None
    different = tuple(a.name for a, b in zip(rows, again, strict=True) if a.digest != b.digest) if again is not None else None
    if weighed is not None:
        weighed.write_bytes(b"".join(row.clues + b"\n" for row in rows if row.clues))
    summary = summarise(rows, _about(rows, corpus, split, day, commit), different)
    if report is not None:
        from bot.evaluation.markdown import write

        write(summary, report)
    _print(summary, as_json)


def _run(work: Sequence[Job], processes: int, hash_seed: int, with_clues: bool = False) -> list[Row]:
    rows = []
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("triaging", total=len(work))
        for row in judge_all(work, processes, hash_seed, with_clues):
            rows.append(row)
            bar.advance(task)
    return rows


def _print(summary: Summary, as_json: bool) -> None:
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(document(summary), option=orjson.OPT_INDENT_2) + b"\n")
        return
    from bot.evaluation.views import tables

    console = Console()
    narrow = Console(width=min(console.width, WIDTH)) if console.is_terminal else Console(width=WIDTH)
    narrow.print(tables(summary))


def _about(rows: Sequence[Row], corpus: Path | None, split: str | None, day: str | None, commit: str | None) -> About:
    """The latest page's day, unless told: a report has no date of its own, so that the same corpus gives the same bytes."""
    version, config = max((row.engine for row in rows), key=lambda one: one[1])
    name = corpus.resolve().name if corpus is not None else split or "dev"
    latest = max(row.sight.day for row in rows)
    about = About(corpus=name, date=day or latest, version=version, config_hash=config, commit=commit or _head())
    return about if corpus is not None else replace(about, seed=SPLITS[split or "dev"])


def _day(text: str | None) -> str | None:
    try:
        return None if text is None else date.fromisoformat(text).isoformat()
    except ValueError:
        raise BadInput("must be a date such as 2026-03-02", place="--date") from None


def _head() -> str:
    """The commit of the code that runs, "" where it does not run from a checkout; a plus sign when files were changed since."""
    head = _git("rev-parse", "--short=12", "HEAD")
    return head + ("+" if head and _git("status", "--porcelain", "--", "bot") else "")


def _git(*words: str) -> str:
    program, root = shutil.which("git"), Path(__file__).resolve().parent.parent.parent
    if program is None or not (root / ".git").exists():  # installed somewhere below a stranger's checkout is not our commit
        return ""
    done = subprocess.run([program, *words], check=False, cwd=root, capture_output=True, text=True, timeout=30)  # noqa: S603  our own words
    return done.stdout.strip() if done.returncode == 0 else ""
