"""What came before: changes, the course of events, and earlier incidents."""

from __future__ import annotations

from datetime import datetime

from bot.chat.told import Told
from bot.chat.understand import Asked
from bot.model.report import Verdict
from bot.model.value import moment
from bot.wording.figures import counted
from bot.wording.literal import one_line
from bot.wording.verdict import cause_name, conclude

MOST = 8  # changes or events listed
PAST = 3  # earlier incidents told


def changes(told: Told, asked: Asked) -> None:
    """All kinds of change near the onset, each with why it is a suspect or not; people are not named, systems are."""
    case, report = told.case, told.case.report
    if case.evidence is not None and case.evidence.changes is None:
        told.say("Change events were not collected, so I cannot say what changed.", *case.leading[:1])
    elif not report.changes:
        told.say("No change of any kind is recorded near the onset: no deploy, prompt, model, config, index or flag.", *case.leading[:1])
    suspects = [row for row in report.changes if row.suspect]
    if report.changes and not suspects:
        told.say(f"{counted(len(report.changes), 'change')} near the onset, none of them a suspect:", *case.leading[:1])
    elif suspects:
        told.say(f"{counted(len(report.changes), 'change')} near the onset; the suspect is marked:", *case.leading[:1])
    for row in sorted(report.changes, key=lambda row: not row.suspect)[:MOST]:
        mark = "SUSPECT " if row.suspect else ""
        told.say(f"• {mark}{row.time:%m-%d %H:%M} UTC {one_line(row.kind, 20)} {one_line(row.object, 80)}: {one_line(row.why, 160)}")
    if report.verdict is Verdict.FAULT and not suspects:
        told.say(
            "A fault needs no deploy: a lost replica, a moved model alias, a used-up quota, a stale index or other traffic were looked "
            "at as causes. "
            f"What stands is {conclude(report).title} ({conclude(report).certainty}).",
            *case.leading[:2],
        )
    if any(word in asked.said for word in ("fault", "who")):
        told.say("I name changes and systems, not people.")


def timeline(told: Told, _: Asked) -> None:
    """Changes, onset, page and triage in the order of their times."""
    case, report = told.case, told.case.report
    rows: list[tuple[datetime, str]] = [
        (row.time, f"change: {one_line(row.kind, 20)} {one_line(row.object, 80)} ({'suspect' if row.suspect else 'not a suspect'})")
        for row in report.changes
    ]
    if report.onset is not None:
        rows.append(
            (report.onset.at, f"onset of {one_line(report.signal, 60)} ({'gradual' if report.onset.shape == 'ramp' else 'sudden'})")
        )
    if case.page.starts_at is not None:
        rows.append((case.page.starts_at, f"the alert starts: {one_line(case.page.title, 100)}"))
    rows.append((case.now, f"paged and triaged: {conclude(report).title} ({conclude(report).certainty})"))
    rows.sort(key=lambda row: row[0])
    told.say("Timeline, UTC:", *case.leading[:2])
    for at, words in rows[-(MOST + 4) :]:
        told.say(f"• {at:%Y-%m-%d %H:%M} {words}")


def similar(told: Told, _: Asked) -> None:
    """Earlier incidents of this service with the same cause, then of the same layer."""
    case, report = told.case, told.case.report
    history = case.evidence.history if case.evidence is not None else None
    if history is None:
        told.say("Earlier incidents of this service were not collected, so I cannot say whether it is the same.", *case.leading[:1])
        return
    if not history:
        told.say("No earlier incident of this service is on record.", *case.leading[:1])
        return
    newest = sorted(history, key=lambda one: -one.closed_at)
    same = [one for one in newest if one.cause == report.cause]
    akin = [one for one in newest if one.layer == report.layer and one not in same]
    words = f"{counted(len(history), 'earlier incident')} on record, {len(same)} with the same cause"
    told.say(f"{words}.", told.fresh(words, {"incidents": len(history), "same_cause": len(same)}, len(history), None))
    for one in (same or akin or newest)[:PAST]:
        at = moment(one.closed_at)
        words = f"{cause_name(one.cause)}, closed {at:%Y-%m-%d %H:%M} UTC"
        told.say(f"• {words}", told.fresh(words, {"closed_at": one.closed_at}, 1, None))
    if report.cause is not None:
        told.say(f"Now: {cause_name(report.cause)}. An old incident is a hint, never evidence.", *case.leading[:1])
    else:
        told.say("This time no cause is named, so there is none to match. An old incident is a hint, never evidence.", *case.leading[:1])
