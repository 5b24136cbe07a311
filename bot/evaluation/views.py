"""The scores as Rich tables, readable on 100 columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bot.evaluation.confusion import Matrix, mistakes, within_groups
from bot.evaluation.cuts import PROFILES
from bot.evaluation.measure import Measure
from bot.evaluation.row import Rows, faults, quiet, unfelt
from bot.evaluation.summary import MIDWATCH, Summary
from bot.evaluation.targets import Held
from bot.evaluation.words import COUNTED, FAMILIES, RANGED, TITLES, counted, holds, interval, limit, number, ranged, spelled
from bot.wording.literal import one_line

NAME = 60  # characters of a cause or a profile: truth is written by strangers
FAILED = 5  # triages without a report that are named
ROWS = 20  # mistakes listed: the rest are single ones
COMPARED = (
    "layer_at_1",
    "cause_at_1",
    "cause_at_1_macro",
    "cause_at_3",
    "fault_called_no_fault",
    "no_fault_recognised",
    "no_fault_blamed",
    "abstained",
    "utility",
)
STYLES = {True: "green", False: "red", None: "dim"}


def tables(summary: Summary) -> RenderableType:
    """Everything, in the order in which it is asked for."""
    return Group(
        _head(summary),
        _targets(summary.targets),
        _systems(summary),
        *(_family(title, scores, summary) for title, scores in FAMILIES.items()),
        _curve(summary),
        *(_cut(by, cuts) for by, cuts in summary.cuts.items()),
        _matrix("Layers: truth (rows) by answer", summary.confusion["layers"]),
        _matrix("Ambiguity groups: what their faults were answered with", summary.confusion["groups"]),
        _mistakes(summary),
        _footer(summary),
    )


def _head(summary: Summary) -> RenderableType:
    about, rows = summary.about, summary.rows
    seed = f", seed {about.seed}" if about.seed is not None else ""
    lines = [
        f"{about.corpus}{seed}: {len(rows)} pages, {len(faults(rows))} with a fault, {len(quiet(rows))} without, "
        f"{len(unfelt(rows))} with a fault that has no effect",
        f"Midwatch {about.version}, limits {about.config_hash}" + (f", commit {about.commit}" if about.commit else ""),
        "Every number with n and its 95 % interval: Wilson for shares, bootstrap over scenarios for the rest.",
    ]
    return Panel(Text("\n".join(lines)), title="midwatch eval", title_align="left", box=box.ROUNDED)


def _table(title: str, *columns: tuple[str, str]) -> Table:
    """`columns`: (name, `left` or `right`)."""
    table = Table(title=title, title_style="bold", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name, side in columns:
        table.add_column(name, justify="right" if side == "right" else "left", no_wrap=side == "right")
    return table


def _targets(targets: Sequence[Held]) -> RenderableType:
    table = _table(
        "Targets",
        ("target", ""),
        ("pages", ""),
        ("limit", "right"),
        ("measured", "right"),
        ("95 %", "right"),
        ("n", "right"),
        ("holds?", ""),
    )
    for one in targets:
        score = one.target.score
        table.add_row(
            one.target.words,
            one.target.profile or "all",
            limit(one),
            number(one.measured.value, score),
            interval(one.measured, score),
            str(one.measured.n),
            Text(holds(one), style=STYLES[one.holds]),
        )
    return table


def _systems(summary: Summary) -> RenderableType:
    names = list(summary.systems)
    columns = (("n", "right"), (MIDWATCH, "right"), *((name, "right") for name in names))
    table = _table("Beside simpler systems, by the same functions", ("score", ""), *columns)
    for score in COMPARED:
        mine = summary.scores[score]
        theirs = (ranged(summary.systems[name].get(score), score) for name in names)
        table.add_row(TITLES[score], str(mine.n), ranged(mine, score), *theirs)
    tests = [
        f"{MIDWATCH} against {name}: {one.only_midwatch} pages right only here, {one.only_other} only there, McNemar p {one.p:.2g}"
        for name, one in summary.against.items()
    ]
    return Group(table, Padding(Text("\n".join(tests), style="dim"), (0, 0, 1, 0)))


def _family(title: str, scores: Iterable[str], summary: Summary) -> RenderableType:
    profiles = [one for one in PROFILES if one in summary.profiles]
    table = _table(title, ("score", ""), ("all pages", "right"), *((one, "right") for one in profiles))
    for score in scores:
        by_profile = (ranged(summary.profiles[one][score], score) for one in profiles)
        table.add_row(TITLES[score], spelled(summary.scores[score], score), *by_profile)
    return table


def _curve(summary: Summary) -> RenderableType:
    columns = (("confidence down to", "right"), ("answer right", "right"), ("layer right", "right"))
    table = _table("The surest answers", ("of all pages", ""), *columns)
    for one in summary.curve:
        table.add_row(f"{one.coverage:.0%}", number(one.confidence), spelled(one.right), ranged(one.layer_right))
    return table


def _cut(by: str, cuts: Mapping[str, Mapping[str, Measure]]) -> RenderableType:
    heads = [(_stacked(words), "right") for words in (*RANGED.values(), *COUNTED.values())]
    table = _table(f"By {by}; n counts faults", (by, ""), ("n", "right"), *heads)
    table.padding = (0, 1, 0, 0)
    table.columns[0].no_wrap = True
    for value, scores in cuts.items():
        shares = (ranged(scores[score]) for score in RANGED)
        counts = (counted(scores[score]) for score in COUNTED)
        table.add_row(Text(one_line(value, NAME)), str(scores["layer_at_1"].n), *shares, *counts)
    return table


def _matrix(title: str, matrix: Matrix) -> RenderableType:
    table = _table(title, ("truth", ""), *((_stacked(name), "right") for name in matrix.columns))
    table.padding = (0, 1, 0, 0)
    for name, counts in zip(matrix.rows, matrix.counts, strict=True):
        cells = (Text(str(count) if count else "·", style="bold" if count else "dim") for count in counts)
        table.add_row(Text(_stacked(name, " / ")), *cells)
    return table


def _stacked(words: str, at: str = " ") -> str:
    """One word a line: a narrow head leaves room for the names of causes."""
    return "\n".join(words.split(at))


def _mistakes(summary: Summary) -> RenderableType:
    found = mistakes(summary.rows)
    wrong, inside, across = within_groups(summary.rows)
    table = _table(f"Faults not named rightly, the most frequent of {len(found)} kinds", ("fault", ""), ("answered", ""), ("n", "right"))
    for true, said, count in found[:ROWS]:
        table.add_row(Text(one_line(true, NAME)), Text(one_line(said, 2 * NAME)), str(count))
    words = f"{wrong} answered with another cause; {inside} of them inside an ambiguity group, {across} across layers"
    return Group(table, Text(words, style="dim"))


def _footer(summary: Summary) -> RenderableType:
    lines = [Text(one_line(words, 3 * NAME), style="red") for words in failures(summary.rows)]
    if summary.same_bytes is not None:
        same, n = summary.same_bytes
        words = f"{same} of {n} reports byte-identical in two processes with different hash seeds"
        named = f"; not {', '.join(summary.different[:5])}" if summary.different else ""
        lines.append(Text(words + named, style="green" if same == n else "red"))
    return Group(*lines)


def failures(rows: Rows) -> list[str]:
    """Triages that gave no report, the first few by name; and checks that failed themselves."""
    failed = [row for row in rows if row.failed]
    told = [f"no report on {row.name}: {row.failed}" for row in failed[:FAILED]]
    told += [f"... and {len(failed) - FAILED} more"] if len(failed) > FAILED else []
    broken = Counter(check for row in rows for check in row.answer.broken)
    return told + [f"the check {check} failed on {n} pages" for check, n in sorted(broken.items())]
