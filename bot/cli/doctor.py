"""`midwatch doctor`: whether what is configured would serve; or what the spans at hand carry, and what an operator could declare."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa
    from rich.table import Table

    from bot.telemetry.proposals import Proposal
    from bot.telemetry.seen import Recorded

SAID = 300  # characters of a line; what failed may quote a server

app = typer.Typer()


@app.command()
def doctor(
    bundle: Annotated[Path | None, typer.Argument(metavar="BUNDLE", help="Folder of an incident bundle.")] = None,
    otlp: Annotated[list[Path] | None, typer.Option("--otlp", metavar="FILE", help="OTLP/JSON lines instead; may be given again.")] = None,
    fields: Annotated[bool, typer.Option("--coverage", help="Only which fields are recorded, on what share of each kind.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """With nothing named: ask every configured part whether it would serve. With spans: propose declarations for attributes without a
    meaning yet, and show which fields are recorded. Nothing is changed."""
    if bundle is None and not otlp and not fields:
        _live(as_json)
        return
    from bot.telemetry.proposals import propose
    from bot.telemetry.seen import coverage

    spans = _spans(bundle, otlp or [])
    recorded = coverage(spans)
    proposals = [] if fields else propose(spans)
    if as_json:
        typer.echo(json.dumps(_document(spans.num_rows, recorded, None if fields else proposals), ensure_ascii=False))
        return
    from rich.console import Console

    console = Console()
    if fields:
        console.print(_coverage(recorded))
    else:
        _show(console.print, proposals, spans.num_rows)


def _live(as_json: bool) -> None:
    """BadInput names the parts that failed; what works with a note does not fail."""
    from bot import settings
    from bot.app.checkup import State, checkup
    from bot.redact import redact

    found = asyncio.run(checkup(settings.load()))
    failed = list(dict.fromkeys(one.part for one in found if one.state is State.FAILED))
    if as_json:
        lines = [{"part": one.part, "state": one.state.value, "said": redact(one.said)} for one in found]
        typer.echo(json.dumps({"ok": not failed, "checks": lines}, ensure_ascii=False))
    else:
        for one in found:
            typer.echo(f"{one.state.value:<7} {one.part:<14} {_line(redact(one.said), SAID)}")
    if failed:
        raise BadInput(f"failed: {', '.join(failed)}", place="doctor")


def _spans(bundle: Path | None, files: list[Path]) -> "pa.Table":
    """All spans of the bundle, its declarations applied; or of the files, where nothing is declared."""
    from bot.telemetry.otlp import read_files
    from bot.telemetry.repair import repair

    if (bundle is None) == (not files):
        raise BadInput("a bundle or --otlp FILE, one of the two", place="doctor")
    if bundle is not None:
        from bot.backends.bundle_files import read_head

        if not bundle.is_dir():
            raise BadInput("is not a folder", place=str(bundle))
        head = read_head(bundle)
        held = sorted(file for file in (bundle / "traces").glob("*") if file.name.endswith((".jsonl", ".jsonl.gz", ".json", ".json.gz")))
        spans = read_files(held, declared=head.attributes, root=bundle).spans
    else:
        spans = read_files(files).spans
    if spans.num_rows == 0:
        raise BadInput("no span in it that can be used", place=str(bundle or files[0]))
    return repair(spans)


def _document(count: int, recorded: "list[Recorded]", proposals: "list[Proposal] | None") -> dict[str, object]:
    document: dict[str, object] = {"spans": count}
    if proposals is not None:
        document["proposals"] = [
            {
                "attribute": one.attribute,
                "to": one.to,
                "values": one.values,
                "kind": one.kind,
                "n": one.count,
                "share": one.share,
                "why": one.why,
            }
            for one in proposals
        ]
    document["coverage"] = [
        {"kind": one.kind, "field": one.field, "recorded": one.count, "spans": one.spans, "share": round(one.share, 4)} for one in recorded
    ]
    return document


def _coverage(recorded: "list[Recorded]") -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table("kind", "field", "recorded on", "", box=None, padding=(0, 2, 0, 0))
    last = ""
    for one in sorted(recorded, key=lambda row: (row.kind, -row.share, row.field)):
        colour = "green" if one.share >= 0.95 else "yellow" if one.count else "dim"
        bar = "█" * round(one.share * 20)
        shown = Text(f"{one.count} of {one.spans} ({one.share:.0%})" if one.count else "never", colour)
        table.add_row(Text("" if one.kind == last else one.kind, "bold"), one.field, shown, Text(bar, colour))
        last = one.kind
    return table


def _show(write: "Callable[..., None]", proposals: "list[Proposal]", count: int) -> None:
    from rich.table import Table
    from rich.text import Text

    if not proposals:
        write(f"{count} spans, and no attribute in them that could be declared.")
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("attribute", "could be", "found on", "because"):
        table.add_column(name, overflow="fold")  # a name cut short could not be copied
    for one in proposals:
        found = f"{one.share:.0%} of {one.kind}"
        table.add_row(Text(_line(one.attribute), "bold"), one.to, found, Text(_line(one.why), "dim"))
    write(table)
    write("\nTo declare what is right of it, in bundle.yaml or the service's playbook:\n")
    write(Text(yaml_of(proposals)))


def yaml_of(proposals: "list[Proposal]") -> str:
    """The `attributes` that would declare all of it."""
    import yaml

    held = {one.attribute: {"to": one.to, "values": one.values} if one.values else one.to for one in proposals}
    return yaml.safe_dump({"attributes": held}, sort_keys=True, allow_unicode=True, width=120)


def _line(said: str, most: int = 100) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in said)[:most]
