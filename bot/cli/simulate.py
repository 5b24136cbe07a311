"""`midwatch simulate`: write incident bundles whose truth is known, to measure the engine and to drill people."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from bot.errors import BadInput
from bot.simulator.bundle import Story
from bot.simulator.splits import MOST, SPLITS, causes, plan, told
from bot.simulator.stories import names, story

app = typer.Typer(help="Write simulated incident bundles.")


@app.command()
def simulate(
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Where the bundles go, one folder each.")],
    split: Annotated[str, typer.Option("--split", help="dev, validation or test.")] = "dev",
    n: Annotated[int, typer.Option("--n", min=1, max=MOST, help="How many.")] = 20,
    cause: Annotated[str | None, typer.Option("--cause", help="Only this cause, e.g. retrieval.timeout.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Another seed than the split's frozen one.")] = None,
    profile: Annotated[str | None, typer.Option("--profile", help="Only rich, typical or sparse telemetry.")] = None,
    tale: Annotated[str | None, typer.Option("--story", metavar="NAME", help="A replay told by hand; `list` names them.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Write bundles with their truth.yaml. The same arguments give the same bytes."""
    if tale == "list":
        typer.echo(json.dumps({"stories": names()}) if as_json else "\n".join(names()))
        return
    if tale is not None:
        _report(to, [(tale, story(tale).write(to / tale))], as_json)
        return
    if split not in SPLITS:
        raise BadInput(f"must be one of {', '.join(SPLITS)}", place="--split")
    if profile not in (None, "rich", "typical", "sparse"):
        raise BadInput("must be rich, typical or sparse", place="--profile")
    if cause is not None and cause not in causes():
        raise BadInput(f"unknown cause {cause!r}; there are {', '.join(causes())}", place="--cause")
    written = []
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("simulating", total=n)
        for number in range(n):
            one: Story = told(plan(split, number, seed=seed, cause=cause, profile=profile))
            written.append((one.name, one.write(to / one.name)))
            bar.advance(task)
    _report(to, written, as_json)


def _report(to: Path, written: list[tuple[str, Path]], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"to": str(to), "bundles": [name for name, _ in written]}))
    else:
        typer.echo(f"{len(written)} bundles in {to}")
