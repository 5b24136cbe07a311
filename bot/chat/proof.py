"""Whether a text holds a number that nothing it cites supports: the rule of every answer, and of what a narrator may say."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from bot.chat.case import NEXT_UPDATE, Case
from bot.model.reply import Reply
from bot.model.report import ReportedFinding

CITED = re.compile(r"\[(?:[FQ]\d+(?:, )?)+\]")
_NUMBER = re.compile(r"(?<![\w.,/#-])[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|(?<![\w.,/#-])[-+]?\d+(?:\.\d+)?(?!\d*[A-Za-z_])(?![-.]\w)")
_TIME = re.compile(r"\b(?:\d{4}-\d\d-\d\d|\d\d-\d\d (?=\d\d:\d\d))[T ]?|\b\d\d:\d\d(?::\d\d)?Z?\b")
_TIME_PARTS = re.compile(r"\d{4}-\d\d-\d\d|\d\d:\d\d")
_CODES = re.compile(r"\b(?:HTTP )?(?:200|401|403|429|503|529)\b(?! (?:of|requests|users|calls))")  # names of answers, not measurements
_WORDED = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
_UNITS = (1.0, 100.0, 0.001, 1000.0, 1 / 60, 1 / 3600)  # as it is, per cent, ms as s and back, seconds as minutes and hours


def unproved(text: str, case: Case, cited: Iterable[str], queries: Sequence[object] = (), said: Iterable[str] = ()) -> tuple[str, ...]:
    """Numbers and times of `text` that are neither in the cited findings and queries, nor in the report's own fields, nor in `said`.

    `said`: values somebody asked for by name; repeating them claims nothing. Ids such as `kb-57` or `gpt-4o` are names, not numbers.
    """
    said = tuple(said)
    known = [case.by_id[one] for one in cited if one in case.by_id]
    bare = _CODES.sub(" ", CITED.sub(" ", text))
    for name in sorted(_names(case, known, said), key=len, reverse=True):
        bare = bare.replace(name, " ")
    times = set(_times(case, known, queries)) | {part for value in said for part in _TIME_PARTS.findall(value)}
    missing = [hit for hit in (one.group().strip() for one in _TIME.finditer(bare)) if not _told(hit, times)]
    numbers = sorted(_numbers(case, known, queries))
    left = _TIME.sub(" ", bare)
    missing += [one for one in _NUMBER.findall(left) if not _supported(one, numbers)]
    return tuple(dict.fromkeys(missing))


def unproved_in(reply: Reply, case: Case) -> tuple[str, ...]:
    return unproved(reply.answer, case, reply.evidence, reply.queries, reply.slots.values())


def _told(hit: str, times: set[str]) -> bool:
    return hit.rstrip("TZ ") in times


def _supported(shown: str, numbers: Sequence[float]) -> bool:
    """Whether a shown number is one of `numbers`, in some unit, rounded as it is shown."""
    plain = shown.replace(",", "")
    value = abs(float(plain))
    places = len(plain.partition(".")[2])
    slack = 0.5000001 * 10.0**-places
    if any(abs(abs(number) * unit - value) <= slack for number in numbers for unit in _UNITS):
        return True
    # three significant digits: 1,240 for 1,237.4; and confidences are cut, not rounded
    return any(
        number and (abs(number * unit - value) <= 0.005 * value or 0 <= number - value < 0.01) for number in numbers for unit in _UNITS
    )


def _numbers(case: Case, known: Sequence[ReportedFinding], queries: Sequence[object]) -> Iterator[float]:
    report = case.report
    fields = report.model_dump(mode="python", exclude={"findings", "chart", "engine"})
    yield from _walk(fields)
    for finding in known:
        yield from _walk(finding.model_dump(mode="python"))
    for query in queries:
        yield from _walk(query.model_dump(mode="python"))  # type: ignore[attr-defined]
    for rows in (report.findings, report.not_checked, report.changes, report.ruled_out, report.ranked, report.gaps):
        yield from (float(count) for count in range(len(rows) + 1))  # how many of a list there are, shown or left out
    yield from _spans(case)
    yield from _walk(case.page.title)
    if case.runbook is not None:
        yield from _walk(case.runbook.body)
        yield from _walk(f"{case.runbook.title} {case.runbook.reviewed_on}")


def _spans(case: Case) -> Iterator[float]:
    """How long before the page, and before now, it began: days, hours and minutes as they are shown."""
    onset = case.report.onset
    for end in (case.now, case.paged_at) if onset is not None else ():
        assert onset is not None
        seconds = max(0.0, (end - onset.at).total_seconds())
        yield from (seconds // 86400, seconds % 86400 // 3600, seconds // 3600, seconds % 3600 // 60, seconds // 60, seconds % 60)


def _walk(value: object) -> Iterator[float]:
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int | float):
        if not math.isnan(value):
            yield float(value)
    elif isinstance(value, str):
        yield from (float(one) for one in _WORDED.findall(value.replace(",", "")) if len(one) < 40)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(key)
            yield from _walk(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _walk(inner)


def _times(case: Case, known: Sequence[ReportedFinding], queries: Sequence[object]) -> Iterator[str]:
    report = case.report
    moments: list[datetime] = [case.now, case.now + NEXT_UPDATE, case.paged_at, *(change.time for change in report.changes)]
    if report.onset is not None:
        moments += [report.onset.at, report.onset.earliest, report.onset.latest]
    for one in (*known, *queries):
        for stretch in (getattr(one, "window", None), getattr(one, "baseline", None)):
            moments += [stretch.start, stretch.end] if stretch is not None else []
        for value in getattr(one, "numbers", {}).values():
            moments += [datetime.fromtimestamp(value, tz=case.now.tzinfo)] if isinstance(value, int | float) and 1e9 < value < 4e9 else []
    words = report.model_dump_json(exclude={"findings", "chart"}) + f" {case.runbook.reviewed_on if case.runbook else ''} "
    yield from (one.strip(" TZ") for one in _TIME.findall(words))
    for moment in moments:
        yield from (f"{moment:%H:%M}", f"{moment:%Y-%m-%d}", f"{moment:%m-%d}", f"{moment:%H:%M:%S}")


def _names(case: Case, known: Sequence[ReportedFinding], said: Iterable[str]) -> Iterator[str]:
    """Names with digits in them that may be repeated: values of spans, traces, prompts, objects of changes, what was asked for."""
    yield from (value for value in said if value)
    for slot in ("tenant", "tool", "model", "locale", "region", "prompt_version", "route"):
        yield from (value for value in case.values.of(slot) if any(letter.isdigit() for letter in value))
    for finding in case.report.findings:
        yield from finding.traces
    if case.evidence is not None and case.evidence.requests is not None:
        yield from case.evidence.seen.text("trace").values
