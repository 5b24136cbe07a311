"""The report in Markdown, with its pictures beside it. No clock, no path, no machine in it: the same corpus gives the same bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bot.evaluation.confusion import Matrix, mistakes, within_groups
from bot.evaluation.cuts import PROFILES
from bot.evaluation.pictures import matrix_png, reliability_png
from bot.evaluation.row import faults, quiet, unfelt
from bot.evaluation.scores.calibration import Bin
from bot.evaluation.summary import MIDWATCH, Summary
from bot.evaluation.views import COMPARED, failures
from bot.evaluation.words import COUNTED, FAMILIES, RANGED, TITLES, counted, holds, interval, limit, number, spelled
from bot.wording.literal import one_line

CELL = 300  # characters of a cell: truth is written by strangers
PICTURES = {"layers": "Layers: truth by answer", "groups": "Ambiguity groups: what their faults were answered with"}
LISTED = 40  # mistakes


def write(summary: Summary, folder: Path) -> Path:
    """`<corpus>.md` and its pictures in the folder; gives the file."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", summary.about.corpus).strip("-") or "corpus"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}-reliability.png").write_bytes(reliability_png(summary.reliability))
    for which, matrix in summary.confusion.items():
        (folder / f"{name}-{which}.png").write_bytes(matrix_png(matrix, PICTURES[which]))
    page = folder / f"{name}.md"
    page.write_text("\n".join(_lines(summary, name)) + "\n", encoding="utf-8")
    return page


def _lines(summary: Summary, name: str) -> list[str]:
    return [
        f"# Accuracy on {_safe(summary.about.corpus)}",
        "",
        *_head(summary),
        *_targets(summary),
        *_systems(summary),
        *(line for title, scores in FAMILIES.items() for line in _family(title, scores, summary)),
        *_curve(summary),
        "## Confidence",
        "",
        f"![{_told(summary.reliability)}]({name}-reliability.png)",
        "",
        "## What was taken for what",
        "",
        f"![{_alt('layers', summary.confusion['layers'])}]({name}-layers.png)",
        "",
        f"![{_alt('ambiguity groups', summary.confusion['groups'])}]({name}-groups.png)",
        "",
        *_mistakes(summary),
        *(line for by in summary.cuts for line in _cut(by, summary)),
    ]


def _head(summary: Summary) -> list[str]:
    about, rows = summary.about, summary.rows
    facts = [
        f"{len(rows)} pages: {len(faults(rows))} with a fault, {len(quiet(rows))} without, {len(unfelt(rows))} with a fault without effect",
        f"date {about.date}, Midwatch {about.version}, limits `{about.config_hash}`"
        + (f", commit `{about.commit}`" if about.commit else ""),
    ]
    if about.seed is not None:
        facts.append(f"simulated: split `{about.corpus}`, frozen seed {about.seed}, scenarios 0 to {len(rows) - 1}")
    if summary.same_bytes is not None:
        same, n = summary.same_bytes
        facts.append(f"{same} of {n} reports byte-identical in two processes with different hash seeds")
    facts.append(
        "behind each value its 95 % interval: Wilson for shares, bootstrap over scenarios for the rest; [what each score means](README.md)"
    )
    facts += [_safe(words) for words in failures(rows)]
    return [*(f"- {fact}" for fact in facts), ""]


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        f"| {' | '.join(columns)} |",
        f"|{'---|' * len(columns)}",
        *(f"| {' | '.join(_safe(cell) for cell in row)} |" for row in rows),
        "",
    ]


def _targets(summary: Summary) -> list[str]:
    rows = [
        (one.target.words, one.target.profile or "all", limit(one), number(one.measured.value, one.target.score),
         interval(one.measured, one.target.score), str(one.measured.n), holds(one))
        for one in summary.targets
    ]  # fmt: skip
    return ["## Targets", "", *_table(("target", "pages", "limit", "measured", "95 %", "n", "holds?"), rows)]


def _systems(summary: Summary) -> list[str]:
    names = list(summary.systems)
    rows = [
        (TITLES[score], spelled(summary.scores[score], score), *(spelled(summary.systems[name].get(score), score) for name in names))
        for score in COMPARED
    ]
    tests = [
        f"- {MIDWATCH} against {name}: {one.only_midwatch} pages right only here, {one.only_other} only there (McNemar p {one.p:.2g})"
        for name, one in summary.against.items()
    ]
    return ["## Beside simpler systems", "", *_table(("score", MIDWATCH, *names), rows), *tests, ""]


def _family(title: str, scores: Iterable[str], summary: Summary) -> list[str]:
    profiles = [one for one in PROFILES if one in summary.profiles]
    rows = [
        (TITLES[score], spelled(summary.scores[score], score), *(spelled(summary.profiles[one][score], score) for one in profiles))
        for score in scores
    ]
    return [f"## {title}", "", *_table(("score", "all pages", *profiles), rows)]


def _curve(summary: Summary) -> list[str]:
    rows = [(f"{one.coverage:.0%}", number(one.confidence), spelled(one.right), spelled(one.layer_right)) for one in summary.curve]
    columns = ("surest share of all pages", "confidence down to", "answer right", "layer right")
    return ["## The surest answers", "", *_table(columns, rows)]


def _cut(by: str, summary: Summary) -> list[str]:
    rows = [
        (value, *(spelled(scores[score]) for score in RANGED), *(counted(scores[score]) for score in COUNTED))
        for value, scores in summary.cuts[by].items()
    ]
    return [f"## By {by}", "", *_table((by, *RANGED.values(), *COUNTED.values()), rows)]


def _mistakes(summary: Summary) -> list[str]:
    wrong, inside, across = within_groups(summary.rows)
    words = f"{wrong} faults were answered with another cause: {inside} inside an ambiguity group, {across} across layers."
    rows = [(true, said, str(n)) for true, said, n in mistakes(summary.rows)[:LISTED]]
    return [words, "", *_table(("fault", "answered", "n"), rows)]


def _told(bins: Mapping[str, list[Bin]]) -> str:
    told = [
        f"{name}: " + ", ".join(f"{number(one.stated)} stated, {number(one.observed.value)} right of {one.observed.n}" for one in found)
        for name, found in bins.items()
        if found
    ]
    return "Reliability diagram. " + "; ".join(told)


def _alt(what: str, matrix: Matrix) -> str:
    """Each row's most frequent answer, in words."""
    told = []
    for name, counts in zip(matrix.rows, matrix.counts, strict=True):
        most = max(range(len(counts)), key=lambda at: (counts[at], -at))
        told.append(f"{name}: {counts[most]} of {sum(counts)} answered with {matrix.columns[most]}")
    return f"Confusion over {what}. " + "; ".join(told)


def _safe(text: str) -> str:
    """A name from a stranger's truth.yaml must not make a cell, a tag or a link of its own."""
    return "".join("\\" + sign if sign in "|<>[]`*_\\" and sign != "_" else sign for sign in one_line(text, CELL))
