"""Findings as lines: what was seen, what was ruled out, and what could not be looked at."""

import re
from collections import Counter
from dataclasses import dataclass

from bot.model.report import Outcome, Report, ReportedFinding, Verdict
from bot.wording.figures import counted, number, share
from bot.wording.literal import one_line
from bot.wording.verdict import cause_name

LINES = 5  # evidence lines on a card: what fits a phone beside verdict and action
CLAIM = 220  # characters of a claim: one sentence
NUMBERS = 3  # numbers shown beside a claim that has none in it
FIELDS = 6  # missing fields named before "and N more"
ID = 12  # characters of a finding's id: F123


@dataclass(frozen=True)
class Line:
    """One finding. `id` is what a person cites; `text` ends with its n."""

    id: str
    text: str


def line(finding: ReportedFinding) -> Line:
    """The claim; its numbers when the claim has none in it; n unless the claim ends with it."""
    told = [one_line(finding.claim, CLAIM).rstrip(".")]
    if not any(letter.isdigit() for letter in told[0]):
        told += [f"{one_line(key, 40)} {one_line(number(value), 40)}" for key, value in list(finding.numbers.items())[:NUMBERS]]
    if finding.n and not re.search(rf"\bn ?= ?{finding.n}\b", told[0]):
        told.append(f"n {finding.n:,}")
    return Line(one_line(finding.id, ID), " · ".join(told))


def evidence(report: Report, most: int = LINES) -> tuple[Line, ...]:
    """What was found, in the report's order; without a fault then what was looked at and is clean, since that is the evidence."""
    chosen = [finding for finding in report.findings if finding.outcome is Outcome.FOUND]
    if report.verdict is not Verdict.FAULT:
        chosen += [finding for finding in report.findings if finding.outcome is Outcome.CLEAN]
    return tuple(line(finding) for finding in chosen[:most])


def weighed(report: Report) -> tuple[ReportedFinding, ...]:
    """Findings for the evidence list: found, then clean. A clean one that rules something out is told there, not twice."""
    cited = {row.why for row in report.ruled_out}
    found = [finding for finding in report.findings if finding.outcome is Outcome.FOUND]
    clean = [finding for finding in report.findings if finding.outcome is Outcome.CLEAN and finding.id not in cited]
    return (*found, *clean)


def could_not_check(report: Report) -> str:
    """The missing fields, most needed first, and the back ends that did not answer; empty when all was seen."""
    needed = Counter(field for check in report.not_checked for field in check.missing if _is_field(field))
    told = []
    if report.not_checked:
        fields = [one_line(field, 40) for field, _ in sorted(needed.items(), key=lambda item: (-item[1], item[0]))]
        more = f" and {len(fields) - FIELDS} more" if len(fields) > FIELDS else ""
        missing = f": missing {', '.join(fields[:FIELDS])}{more}" if fields else ""
        told.append(f"{counted(len(report.not_checked), 'cause')}{missing}")
    told += [one_line(gap, 160) for gap in report.gaps[:3]]
    return "; ".join(told)


def _is_field(missing: str) -> bool:
    """A canonical field's name; a check that broke says so in words instead."""
    return " " not in missing


def ruled_out(report: Report) -> tuple[Line, ...]:
    """Each excluded change and cause, with the finding that excludes it spelled out. Changes first: they are what people suspect."""
    claims = {finding.id: one_line(finding.claim, CLAIM).rstrip(".") for finding in report.findings}
    rows = []
    for row in sorted(report.ruled_out, key=lambda row: row.cause is not None):
        what = cause_name(row.cause) if row.cause is not None else f"change: {one_line(row.change or 'unnamed', 80)}"
        why = claims.get(row.why, "")
        rows.append(Line(one_line(row.why, ID) if why else "", f"{what} — {why or one_line(row.why, CLAIM)}"))
    return tuple(rows)


def explained_away(report: Report) -> tuple[str, ...]:
    """Symptoms that follow from the cause."""
    return tuple(f"{cause_name(row.cause)} follows from {cause_name(row.by)} ({share(row.share)} of it)" for row in report.explained_away)


def changes(report: Report) -> tuple[str, ...]:
    """Changes near the onset: time, kind, object, and whether one is a suspect."""
    return tuple(
        f"{row.time:%m-%d %H:%M} UTC {one_line(row.kind, 20)} {one_line(row.object, 80)}: "
        f"{'suspect' if row.suspect else 'not a suspect'}, {one_line(row.why, 160)}"
        for row in report.changes
    )


def not_checked(report: Report) -> tuple[str, ...]:
    """One line a cause that could not be assessed: its missing fields, or why the check broke."""
    told = []
    for check in report.not_checked:
        fields = [one_line(field, 40) for field in check.missing if _is_field(field)]
        words = [one_line(reason, 120) for reason in check.missing if not _is_field(reason)]
        why = [f"no {', '.join(fields[:FIELDS])}"] if fields else []
        told.append(f"{cause_name(check.check)}: {'; '.join([*why, *words[:2]]) or 'no data'}")
    return tuple(told)
