"""`midwatch trace FILE`: one trace, and which of its spans is to blame."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.errors import BadInput

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree

    from bot.engine.single.blame import Blame
    from bot.model.step import Step, Told

app = typer.Typer()

MOST_BYTES = 256 * 1024 * 1024  # one trace; the longest agent runs with all their words are some megabytes
MOST_ROWS = 200  # of the tree drawn: a longer one is looked at in the span store
COLOURS = ("bold red", "red", "yellow")


@app.command("trace")
def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="OTLP/JSON, a nested dump or a Langfuse export of one trace; may be gzip.")],
    most: Annotated[int, typer.Option("--most", min=1, max=50, help="How many spans to blame at most.")] = 3,
    trace_id: Annotated[str | None, typer.Option("--trace-id", help="Which trace, when the file holds several.")] = None,
    slow: Annotated[bool, typer.Option("--slow", help="The complaint was about time: say first where it went.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Say where one trace first went wrong. An empty list means that nothing in it says so."""
    from bot.engine.single.judge import judge
    from bot.telemetry.one_trace import read_trace

    read = read_trace(_bytes(file), place=str(file), wanted=trace_id)
    if read.others:
        sys.stderr.write(f"midwatch: {read.others} further traces in the file left aside; name one with --trace-id\n")
    found = judge(read.told, most, slow)
    if as_json:
        rows = [
            {"span_id": one.span_id, "layer": one.layer, "kind": one.kind, "claim": one.claim, "evidence": dict(one.evidence)}
            for one in found
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    _draw(read.told, found)


def _draw(told: "Told", found: "list[Blame]") -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    from bot.engine.single.blame import quoted

    console = Console()
    marks = {one.span_id: place for place, one in reversed(list(enumerate(found, start=1)))}
    console.print(_tree(told, marks))
    console.print()
    for place, one in enumerate(found, start=1):
        step = told.by_id[one.span_id]
        head = Text(f"{place}  ", COLOURS[min(place, len(COLOURS)) - 1]).append(f"{one.layer}  ", "bold").append(one.kind.replace("_", " "))
        console.print(head.append(f"   {quoted(step.tool if step.kind == 'tool' else step.name, 40)}  {quoted(one.span_id, 40)}", "dim"))
        console.print(Padding(Text(one.claim), (0, 0, 0, 3)))
    if not found:
        console.print(f"{len(told.steps)} spans, and none of them says that anything went wrong.")


def _tree(told: "Told", marks: dict[str, int]) -> "Tree":
    """The spans down to every blamed one; what lies beside the path is counted, not drawn, once the tree is long."""
    from rich.text import Text
    from rich.tree import Tree

    from bot.engine.single.blame import quoted

    wanted = set(marks) | {above.span_id for one in marks for above in told.above(told.by_id[one])}
    short = len(told.steps) <= 40  # fits a screen
    top = Tree(Text(f"trace {quoted(told.trace_id, 40)}", "dim"))
    nodes: dict[str, Tree] = {}
    drawn = hidden = 0
    for step in told.steps:
        parent = told.parent(step)
        if parent is not None and parent.span_id not in nodes and parent.span_id != step.span_id and not _late(told, step, nodes):
            hidden += 1
            continue
        beside = parent is None or parent.span_id in wanted
        if drawn >= MOST_ROWS or not (short or step.span_id in wanted or beside):
            hidden += 1
            continue
        drawn += 1
        under = nodes.get(step.parent_id, top)
        nodes[step.span_id] = under.add(_label(step, marks.get(step.span_id)))
    if hidden:
        top.add(Text(f"… {hidden} more spans", "dim"))
    return top


def _late(told: "Told", step: "Step", nodes: "dict[str, Tree]") -> bool:
    """A child whose clock puts it before its parent: hung on the root rather than lost."""
    parent = told.parent(step)
    return parent is not None and told.rank[parent.span_id] > told.rank[step.span_id] and parent.span_id not in nodes


def _label(step: "Step", place: int | None) -> "Text":
    from rich.text import Text

    from bot.engine.single.blame import quoted

    lasted = f"  {step.end - step.start:.2f} s" if step.end is not None else ""
    shown = step.tool if step.kind == "tool" else step.name
    label = Text(f"{step.kind:<9} ", "cyan" if place is None else COLOURS[min(place, len(COLOURS)) - 1])
    label.append(quoted(shown, 50), "" if place is None else "bold").append(lasted, "dim")
    if step.failed:
        label.append(f"  ✗ {quoted(step.error_class or 'error', 30)}", "red")
    if place is not None:
        label.append(f"  ◀ {place}", COLOURS[min(place, len(COLOURS)) - 1])
    return label


def _bytes(file: Path) -> bytes:
    try:
        size = file.stat().st_size
        if size > MOST_BYTES:
            raise BadInput(f"{size} bytes; at most {MOST_BYTES} are read", place=str(file))
        return file.read_bytes()
    except IsADirectoryError:
        raise BadInput("is a folder", place=str(file)) from None
    except (OSError, ValueError) as error:
        raise BadInput(f"cannot be read: {getattr(error, 'strerror', None) or error}", place=str(file)) from None
