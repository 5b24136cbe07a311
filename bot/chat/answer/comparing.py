"""Side by side: before and after, one part and the rest, two versions, a good and a bad trace, two texts of a prompt."""

from __future__ import annotations

import difflib
import re

import numpy as np

from bot.chat.answer.extent import NARROWING, affected, part
from bot.chat.answer.reasons import all_traffic
from bot.chat.fresh import matching, rated, seen
from bot.chat.told import Told
from bot.chat.understand import Asked
from bot.lint import lint
from bot.model.evidence import Evidence, PromptText
from bot.wording.figures import number
from bot.wording.literal import one_line
from bot.wording.verdict import impact

DIFF_LINES = 12  # changed lines of a prompt shown; the rest are counted
LINE = 160  # characters of one of them
STEPS = 12  # operations of a trace laid beside another's
KINDS = ("prompt", "embedding", "retrieval", "rerank", "llm", "tool", "guardrail", "parser", "cache")


def compare(told: Told, asked: Asked) -> None:
    """What the question puts side by side; before and after when it names nothing."""
    gathered = told.case.evidence
    if re.search(r"\bprompt\b", asked.said) and not asked.slots.get("model"):
        _prompts(told)
    elif gathered is None or gathered.requests is None:
        before_after(told)
    elif re.search(r"\b(?:good|bad|failing|failed|healthy|working|traces?|ones?)\b", asked.said) and not asked.slots:
        _traces(told, gathered)
    elif any(len(asked.all.get(slot, ())) > 1 for slot in NARROWING):
        _values(told, asked, gathered)
    elif any(slot in asked.slots for slot in NARROWING):
        part(told, asked)
    else:
        before_after(told)
    if not told.evidence:
        told.cite(told.case.leading[:1])


def before_after(told: Told) -> None:
    case = told.case
    said = impact(case.report)
    told.say(f"Before → now: {said}." if said else "", *case.leading[:1])
    for finding in case.leading[:2]:
        told.claim(finding, lead="• ")
    all_traffic(told)
    window = next((row for row in case.leading if row.window and row.baseline), None)
    if window is not None and window.window and window.baseline:
        told.say(
            f"Now is {window.window.start:%H:%M}–{window.window.end:%H:%M} UTC, before is "
            f"{window.baseline.start:%H:%M}–{window.baseline.end:%H:%M} UTC"
            f" on {window.baseline.start:%Y-%m-%d}.", window,
        )  # fmt: skip
    told.picture = "signal"


def _values(told: Told, asked: Asked, gathered: Evidence) -> None:
    """Two or more values of one dimension, each against its own history."""
    slot = next(slot for slot in NARROWING if len(asked.all.get(slot, ())) > 1)
    for value in asked.all[slot][:4]:
        mask, unknown = matching(gathered, {slot: value})
        words = f"{slot} = {one_line(value, 60)}"
        if unknown:
            told.say(f"No span records {slot.replace('_', ' ')}.", *told.case.leading[:1])
            return
        one = seen(gathered, mask)
        if not one.n and not one.before_n:
            told.say(f"{words}: no requests, neither now nor in the baseline.", *told.case.leading[:1])
            continue
        fresh = rated(told, gathered, words, one)
        told.say(f"{fresh.claim}{'; worse than its own usual' if affected(one) else ''}.", fresh)


def _prompts(told: Told) -> None:
    """The newest edit of a prompt that is live: changed lines, and what the lint says of them. A template is data: it is only quoted."""
    case = told.case
    registry = case.evidence.prompts if case.evidence is not None else None
    if registry is None:
        told.say("No prompt texts were collected, so there is nothing to diff.", *case.leading[:1])
        return
    pairs = [(versions[-2], versions[-1]) for _, versions in sorted(registry.items()) if len(versions) > 1]
    named = (case.report.slice.where.get("prompt_name") if case.report.slice else None) or ""
    pairs.sort(key=lambda pair: pair[1].name != named)
    if not pairs:
        told.say(f"Each of the {len(registry)} prompts has one version here: nothing to diff.", *case.leading[:1])
        return
    for was, now in pairs[:2]:
        _edited(told, was, now)
    for finding in case.leading[:1]:
        told.claim(finding)


def _edited(told: Told, was: PromptText, now: PromptText) -> None:
    rows = list(difflib.unified_diff(was.text.splitlines(), now.text.splitlines(), lineterm="", n=0))[2:]
    changed = [row for row in rows if not row.startswith("@@")]
    added, removed = sum(row.startswith("+") for row in changed), sum(row.startswith("-") for row in changed)
    words = (
        f"prompt {one_line(now.name, 60)} {one_line(was.version, 30)} → {one_line(now.version, 30)}: {added} lines added, {removed} removed"
    )
    one = told.fresh(words, {"added": added, "removed": removed}, added + removed, None)
    told.say(f"{words}.", one)
    for row in changed[:DIFF_LINES]:
        told.block(f"  {one_line(row, LINE)}")
    if len(changed) > DIFF_LINES:
        told.say(
            f"and {len(changed) - DIFF_LINES} more changed lines.",
            told.fresh("changed lines left out", {"more": len(changed) - DIFF_LINES}, 0, None),
        )
    hits = [note for note in lint(now.text, was=was.text) if note not in lint(was.text)]
    for note in hits[:3]:
        told.say(
            f"• lint {note.rule}: {one_line(note.claim, 160)}",
            told.fresh(f"lint {note.rule}: {one_line(note.claim, 160)}", {"line": note.line}, 0, None),
        )


def _traces(told: Told, gathered: Evidence) -> None:
    """The newest bad request and the good one most like it, operation by operation, up to the first that differs."""
    pair = _alike(gathered)
    if pair is None:
        told.say("There is no bad and good request of one route to lay side by side.", *told.case.leading[:1])
        return
    good, bad = pair
    names = gathered.seen.text("trace")
    told.say(f"Good {one_line(names.text(good) or '', 40)}, bad {one_line(names.text(bad) or '', 40)}:")
    left, right = _steps(gathered, good), _steps(gathered, bad)
    told.say(f"good: {' → '.join(name for name, _ in left) or 'no operations'}")
    told.say(f"bad: {' → '.join(name for name, _ in right) or 'no operations'}")
    for at in range(max(len(left), len(right))):
        one = left[at] if at < len(left) else ("nothing", "")
        two = right[at] if at < len(right) else ("nothing", "")
        if one[0] != two[0] or one[1] != two[1]:
            words = f"first difference: good {one[0]} {one[1]}, bad {two[0]} {two[1]}"
            fresh = told.fresh(words, {"step": at + 1}, 2, (gathered.windows.current, gathered.windows.baseline))
            told.say(f"{words[:1].upper()}{words[1:]}.", fresh)
            break
    for kept, row in (("good", good), ("bad", bad)):
        taken = gathered.seen.number("duration_ms")[row]
        if not np.isnan(taken):
            fresh = told.fresh(f"the {kept} one took {number(round(float(taken)))} ms", {"duration_ms": round(float(taken))}, 1, None)
            told.say(f"The {kept} one took {number(round(float(taken)))} ms.", fresh)
    told.cite(told.case.leading[:1])


def _alike(gathered: Evidence) -> tuple[int, int] | None:
    live = gathered.in_current
    rows = np.flatnonzero(live & gathered.failing)
    routes = gathered.seen.text("route").codes
    ts = gathered.seen.number("ts")
    for bad in rows[np.argsort(-ts[rows], kind="stable")][:20]:
        fine = np.flatnonzero(live & ~gathered.failing & (routes == routes[bad]))
        if len(fine):
            return int(fine[np.argmin(np.abs(ts[fine] - ts[bad]))]), int(bad)
    return None


def _steps(gathered: Evidence, row: int) -> list[tuple[str, str]]:
    """(name, how it ended) of a request's operations in time order."""
    found = []
    for kind in KINDS:
        frame = gathered.kind(kind)
        for at in np.flatnonzero(gathered.request_of(frame) == row):
            named = frame.text({"retrieval": "source_id", "tool": "tool", "llm": "model_served"}.get(kind, "name")).text(int(at))
            error = frame.text("error_class").text(int(at))
            ended = f"({one_line(error, 30)})" if error else "(failed)" if frame.text("status").text(int(at)) == "error" else "ok"
            found.append(
                (
                    float(frame.number("ts")[at]),
                    f"{kind} {one_line(named, 40)}" if named and kind in ("retrieval", "tool", "llm") else kind,
                    ended,
                )
            )
    return [(name, ended) for _, name, ended in sorted(found)][:STEPS]
