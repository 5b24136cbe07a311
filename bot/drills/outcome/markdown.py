"""The report of a month as Markdown with pictures. The same figures give the same bytes."""

from __future__ import annotations

from pathlib import Path

from bot.drills.outcome.incidents import CONFIDENT, Incidents
from bot.drills.outcome.learning import FEWEST, Item, Learning
from bot.drills.outcome.month import Report
from bot.drills.outcome.pictures import accuracy_png, coverage_png, items_png, trend_png

SHOWN = 12  # rows of a table that is a work list
_ESCAPED = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_[]<>|#&"})


def write(report: Report, folder: Path) -> Path:
    """Write `<month>.md` and its pictures into the folder -> the Markdown file."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {
        "right-layer": trend_png(report.trend),
        "accuracy": accuracy_png(report.incidents.accuracy),
        "items": items_png(report.items),
        "coverage": coverage_png(report.covered),
    }
    for name, png in pictures.items():
        (folder / f"{report.month}-{name}.png").write_bytes(png)
    file = folder / f"{report.month}.md"
    file.write_text(text(report), encoding="utf-8")
    return file


def text(report: Report) -> str:
    return (
        "\n".join([*_head(report), *_incidents(report), *_accuracy(report), *_learning(report), *_items(report), *_covered(report)]) + "\n"
    )


def _head(report: Report) -> list[str]:
    closed = report.incidents.closed
    return [
        f"# On call in {report.month}",
        "",
        f"{closed} incident{'s' if closed != 1 else ''} closed, {report.drills} drills marked. Every share has its count and its 95 %"
        " interval (Wilson); figures about people are medians and means over four or more of them, never about one.",
        "",
    ]


def _incidents(report: Report) -> list[str]:
    found: Incidents = report.incidents
    woken = (
        f"{found.night_pages.median:g} (over {found.night_pages.n} people)" if found.night_pages and found.night_pages.n else "not shown"
    )
    rows = [
        ("page to right layer, median", found.to_right_layer.words(), "5 min"),
        ("page to mitigation, median", found.to_mitigation.words(), ""),
        ("in a wrong layer, median of those who were", found.in_wrong_layer.words(), ""),
        ("escalations with layer and evidence", found.escalated_with_evidence.words(), "90 %"),
        ("resolved without the AI team", found.without_ai_team.words(), "60 %"),
        ("night pages a person, median", woken, ""),
    ]
    lines = [
        "## Incidents",
        "",
        "| | | target |",
        "|---|---|---|",
        *(f"| {name} | {value} | {target} |" for name, value, target in rows),
        "",
    ]
    lines += [f"![Median minutes from page to the right layer, by month]({report.month}-right-layer.png)", ""]
    if found.repeats:
        lines += ["Causes that came back within 90 days:", ""]
        lines += [f"- {_plain(one.cause)}{_on(one.service)}: {', '.join(one.incidents)}" for one in found.repeats[:SHOWN]] + [""]
    else:
        lines += ["No cause came back within 90 days.", ""]
    return lines


def _accuracy(report: Report) -> list[str]:
    found = report.incidents.accuracy
    known = found.layer.n
    return [
        "## Was the engine right",
        "",
        f"On the {known} closed incidents that have a label ({found.from_reviews} from a review, {known - found.from_reviews} from a vote;"
        f" {found.unlabelled} closed without one):",
        "",
        f"- layer: {found.layer.words()}",
        f"- cause: {found.cause.words()}",
        f"- wrong layer at a confidence of {CONFIDENT:g} or more: {found.confidently_wrong.words()}",
        f"- abstained: {found.abstained} of {known}",
        "",
        f"![Layer right by the layer of the label, with intervals]({report.month}-accuracy.png)",
        "",
    ]


def _learning(report: Report) -> list[str]:
    found: Learning = report.learning
    if found.people < FEWEST:
        return ["## What drills taught", "", f"Not shown: {found.people} people took part in the last 180 days, {FEWEST} are needed.", ""]
    lines = ["## What drills taught", "", f"The last 180 days, {found.people} people:", ""]
    lines += [f"- 2am pages, last three against first three: {found.gain:+.1f} points" if found.gain is not None else "- gain: too few yet"]
    lines += [f"- passed again after 60 days or more: {found.retained.words()}"]
    if found.brier is not None and found.overconfidence is not None:
        lines += [f"- stated confidence: Brier {found.brier:.3f}, {_sure(found.overconfidence)}"]
    lines += [f"- taken for each other: {_plain(pair)} ({count} times)" for pair, count in list(found.confused.items())[:5]]
    return [*lines, ""]


def _items(report: Report) -> list[str]:
    flagged = [one for one in report.items if one.flags]
    lines = [
        "## The drills as questions",
        "",
        f"{len(report.items)} scenarios answered in the last 180 days; {len(flagged)} to look at.",
        "",
        f"![Share that passes and discrimination of each scenario]({report.month}-items.png)",
        "",
    ]
    if flagged:
        lines += ["| scenario | answers | passed | discrimination | median time | look at |", "|---|---|---|---|---|---|"]
        lines += [_row(one) for one in sorted(flagged, key=lambda one: (-one.answers, one.scenario))[:SHOWN]] + [""]
    return lines


def _row(one: Item) -> str:
    told = f"{one.discrimination:+.2f}" if one.discrimination is not None else "unknown"
    took = f"{one.median_s / 60:.1f} min" if one.median_s is not None else "not timed"
    return f"| {_plain(one.scenario)} | {one.answers} | {one.passed:.0%} | {told} | {took} | {', '.join(one.flags)} |".replace("%", " %")


def _covered(report: Report) -> list[str]:
    if not report.covered:
        return []
    lines = ["## Causes covered", "", "A cause is covered when two people of the rotation drilled it within 90 days.", ""]
    for one in report.covered:
        known = len(one.coverage.covered) + len(one.coverage.once) + len(one.coverage.never)
        lines += [f"- {_plain(one.rotation)}: {len(one.coverage.covered)} of {known} covered, {len(one.coverage.once)} by one person only"]
    return [*lines, "", f"![Causes covered by layer and rotation]({report.month}-coverage.png)", ""]


def _sure(gap: float) -> str:
    if abs(gap) < 0.05:
        return "about as sure as right"
    return f"{'over' if gap > 0 else 'under'}confident by {abs(gap):.2f}"


def _on(service: str | None) -> str:
    return f" on {_plain(service)}" if service else ""


def _plain(said: str) -> str:
    """A stranger's words in Markdown: on one line, cut, nothing in them is markup."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in said).split())[:80].translate(_ESCAPED)
