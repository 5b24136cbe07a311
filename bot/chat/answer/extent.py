"""How far it reaches: since when, for whom, in which part of the traffic."""

from __future__ import annotations

import re

from bot.chat.fresh import FEW, LEAST, Seen, everything, matching, rated, seen, worst
from bot.chat.told import Told
from bot.chat.understand import Asked
from bot.model.report import Verdict
from bot.wording.figures import clock, duration, share
from bot.wording.literal import one_line
from bot.wording.verdict import for_whom, impact, since, where

NARROWING = ("tenant", "route", "region", "locale", "tool", "model", "prompt_version")
DIMENSIONS = (
    (r"tenant|customer|client|account|who", "tenant"), (r"region|country|datacent", "region"), (r"route|endpoint|page", "route"),
    (r"locale|language", "locale"), (r"\bmodels?\b", "model"), (r"\btools?\b", "tool"), (r"prompt|version", "prompt_version"),
    (r"device|phone|mobile", "device_class"), (r"app", "app_version"), (r"source|index", "source_id"),
)  # fmt: skip
WORSE = 2.0  # times its own baseline: the effect gate of the engine's own slices
OFTEN = 0.05  # share of bad requests below which twice as many are too few to call a part affected, without enough of them
MOST = 5  # values of a dimension listed


def onset(told: Told, asked: Asked) -> None:
    """The interval, sudden or gradual, how long before the page, and whether a change came first."""
    case, report = told.case, told.case.report
    if report.onset is None:
        words = "there is no fault to date" if report.verdict is Verdict.NO_FAULT else "the onset could not be dated"
        told.say(f"No start: {words}.", *case.leading[:1])
        return
    told.say(
        "It began "
        f"{since(report, case.paged_at).replace('sudden, ', 'suddenly, between ').replace('gradual, began ', 'gradually, between ')}.",
        *case.leading[:2],
    )
    told.say(
        f"Best estimate {clock(report.onset.at)} on {report.onset.at:%Y-%m-%d}; that is {duration(case.now - report.onset.at)} before "
        "this was read."
    )
    told.say("Dated by a change point in the counts per minute, not by the page.")
    if re.search(r"deploy|change|release|before the (?!page|alert)", asked.said):
        before = [change for change in report.changes if change.time <= report.onset.latest]
        named = "; ".join(f"{one_line(one.kind, 20)} {one_line(one.object, 60)} at {clock(one.time)}" for one in before[-3:])
        told.say(f"Changes before it: {named}." if named else "No change is recorded before it.")
    told.picture = "signal"


def blast_radius(told: Told, asked: Asked) -> None:
    """How many requests and which part of the traffic; tenants and regions from the spans."""
    case, report = told.case, told.case.report
    said = impact(report)
    if report.verdict is Verdict.NO_FAULT:
        told.say(f"Nobody beyond the usual: {said}." if said else "Nobody: no fault was found.", *case.leading[:1])
        return
    told.say(f"{said[:1].upper()}{said[1:]}." if said else "How many requests it hits could not be counted.", *case.leading[:1])
    told.say(f"Where: {for_whom(report)}." if for_whom(report) else "", *case.leading[:1])
    gathered = case.evidence
    if gathered is None or gathered.requests is None:
        return
    if any(slot in asked.slots for slot in NARROWING):
        part(told, asked)
    slots = [slot for pattern, slot in DIMENSIONS if re.search(pattern, asked.said)] or ["tenant", "region"]
    for slot in dict.fromkeys(slots[:2]):
        _listed(told, slot, 3)
    _users(told)


def _users(told: Told) -> None:
    gathered = told.case.evidence
    assert gathered is not None
    users = gathered.seen.text("user_hash")
    hit = gathered.in_current & gathered.failing & users.recorded
    if not hit.any():
        return
    count = len(set(users.codes[hit].tolist()))
    windows = (gathered.windows.current, gathered.windows.baseline)
    one = told.fresh(f"{count:,} distinct users had a bad request in the current window", {"users": count}, int(hit.sum()), windows)
    told.say(f"{count:,} distinct users had one.", one)


def slices(told: Told, asked: Asked) -> None:
    """Yes or no for a part of the traffic against its own history and against the rest; else the worst part, else a breakdown."""
    case, report = told.case, told.case.report
    dimension = next((slot for pattern, slot in DIMENSIONS if re.search(pattern, asked.said)), None)
    if report.slice is not None:
        told.say(
            f"The part that stands out: {where(report.slice)}, {share(report.slice.share_of_traffic)} of the traffic and "
            f"{share(report.slice.share_of_excess)} of the excess.",
            *case.leading[:1],
        )
    elif report.verdict is Verdict.FAULT:
        told.say("No slice stands out: it is in all of the traffic.", *case.leading[:1])
    else:
        told.say("There is no fault whose slice could be named.", *case.leading[:1])
    gathered = case.evidence
    if gathered is None or gathered.requests is None:
        told.say("Spans are not at hand for a fresh look." if asked.slots or dimension else "")
        return
    if any(slot in asked.slots for slot in NARROWING):
        part(told, asked)
    elif dimension is not None:
        _listed(told, dimension, MOST)


def part(told: Told, asked: Asked) -> None:
    """The requests with the asked values, beside all others."""
    gathered = told.case.evidence
    assert gathered is not None
    wanted = {slot: value for slot, value in asked.slots.items() if slot in NARROWING}
    mask, unknown = matching(gathered, wanted)
    words = " and ".join(f"{slot} = {one_line(value, 60)}" for slot, value in sorted(wanted.items()))
    if unknown:
        told.say(f"No span records {', '.join(unknown)}, so I cannot tell for {words}.", *told.case.leading[:1])
        return
    one = seen(gathered, mask)
    if one.n == 0 and one.before_n == 0:
        near = [value for slot in wanted for value in told.case.values.of(slot)][:3]
        known = f" Known: {', '.join(one_line(value, 40) for value in near)}." if near else ""
        told.say(f"I see no request with {words}, neither now nor in the baseline.{known}", *told.case.leading[:1])
        return
    rest = seen(gathered, ~mask & everything(gathered))
    mine = rated(told, gathered, words, one)
    told.say(f"{_answered(one, rest)}{mine.claim}{f' ({FEW})' if one.n < LEAST else ''}.", mine)
    others = rated(told, gathered, "everything else", rest)
    told.say(f"{others.claim}.", others)
    told.cite(told.case.leading[:1])


def _answered(one: Seen, rest: Seen) -> str:
    if one.median is not None or one.n == 0:
        return ""
    if not affected(one):
        return "Not affected beyond its own usual: "
    return "Affected, and so is the rest: " if affected(rest) else "Affected, and the rest is not: "


def affected(one: Seen) -> bool:
    """Clearly worse than its own history: twice the rate, and more than a handful above it."""
    return one.n > 0 and one.rate >= WORSE * one.before and one.excess >= max(3.0, 3.0 * (max(one.before, OFTEN / 5) * one.n) ** 0.5)


def _listed(told: Told, slot: str, most: int) -> None:
    gathered = told.case.evidence
    assert gathered is not None
    rows = worst(gathered, slot, most)
    if not rows:
        told.say(f"No span records {slot.replace('_', ' ')}, so it cannot be broken down by it.", *told.case.leading[:1])
        return
    told.say(f"By {slot.replace('_', ' ')}, most excess first:")
    for value, one in rows:
        fresh = rated(told, gathered, f"{slot} = {one_line(value, 60)}", one)
        told.say(f"• {fresh.claim}", fresh)
