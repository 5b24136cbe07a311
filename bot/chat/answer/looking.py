"""Traces to open: the exemplars of the findings, or those of a part of the traffic or a moment."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from bot.chat.about import counts_in
from bot.chat.fresh import matching
from bot.chat.told import Told
from bot.chat.understand import Asked
from bot.model.evidence import Evidence
from bot.model.frame import BoolArray
from bot.model.value import moment
from bot.wording.figures import clock
from bot.wording.literal import one_line

SHOWN = 3
MOST = 10  # ids in one answer
AROUND_S = 600.0  # seconds about an asked moment: a ticket's clock is ten minutes off


def traces(told: Told, asked: Asked) -> None:
    """Ids with when, where and at which operation each first went wrong; contents of requests are never shown."""
    case = told.case
    many = int(min(MOST, max(1, counts_in(asked.text).get("how_many", SHOWN))))
    gathered = case.evidence
    wanted = {slot: value for slot, value in asked.slots.items() if slot != "time"}
    if gathered is not None and gathered.requests is not None and asked.slots:
        _looked_up(told, gathered, wanted, asked, many)
        return
    rows = [(trace, finding) for finding in case.leading for trace in finding.traces]
    rows = list({trace: (trace, finding) for trace, finding in reversed(rows)}.values())[::-1]
    if not rows:
        rows = [(trace, finding) for finding in case.report.findings for trace in finding.traces]
    if not rows:
        told.say("No finding has an exemplar trace: there is no bad request to show.", *case.leading[:1])
        return
    told.say("Bad traces, newest first:" if len(rows[:many]) > 1 else "A bad trace:")
    for trace, finding in rows[:many]:
        told.say(f"• {one_line(trace, 64)}{_where(gathered, trace)}", finding)
    told.say("`midwatch trace FILE` says which span of one is to blame. Contents are not shown here.")


def _where(gathered: Evidence | None, trace: str) -> str:
    """Where that request first went wrong, when it is known."""
    if gathered is None or gathered.requests is None or trace not in gathered.seen.text("trace").values:
        return ""
    row = int(np.flatnonzero(gathered.seen.equals("trace", trace))[0])
    told = []
    for name in ("kind", "name", "fault"):
        column = gathered.origins.get(name)
        value = column.text(row) if column is not None and row < len(column.codes) else None
        if value:
            told.append(one_line(value, 40))
    return f" first went wrong in {' '.join(told)}" if told else ""


def _looked_up(told: Told, gathered: Evidence, wanted: dict[str, str], asked: Asked, many: int) -> None:
    mask, unknown = matching(gathered, wanted)
    words = [f"with {slot} = {one_line(value, 60)}" for slot, value in sorted(wanted.items()) if slot != "term"]
    at = asked.slots.get("time")
    if at is not None:
        about = datetime.fromisoformat(at.replace("Z", "+00:00"))
        mask = mask & _around(gathered, about)
        words.append(f"within ten minutes of {clock(about)} on {about:%Y-%m-%d}")
    if unknown:
        told.say(f"No span records {', '.join(unknown)}, so I cannot look it up.", *told.case.leading[:1])
        return
    found = np.flatnonzero(mask)
    bad = found[gathered.failing[found]]
    n: dict[str, float | int | str | None] = {"requests": len(found), "bad": len(bad)}
    one = told.fresh(f"{len(found):,} requests {', '.join(words)}, {len(bad):,} of them bad", n, len(found), None)
    told.say(f"{one.claim}.", one)
    names, ts = gathered.seen.text("trace"), gathered.seen.number("ts")
    chosen = bad if len(bad) else found
    for row in chosen[np.argsort(-ts[chosen], kind="stable")][:many]:
        trace = names.text(int(row)) or ""
        told.say(f"• {one_line(trace, 64)}{_where(gathered, trace)}", one)
    if not len(found):
        told.say(f"The spans here reach from {moment(gathered.start):%Y-%m-%d %H:%M} to {moment(gathered.windows.now):%Y-%m-%d %H:%M} UTC.",
                 told.fresh("the stretch that was collected", {"from": gathered.start, "to": gathered.windows.now}, 0, None))  # fmt: skip
    told.say("A wrong answer need not be an error: look at what retrieval and tools returned in it.")
    told.cite(told.case.leading[:1])


def _around(gathered: Evidence, about: datetime) -> BoolArray:
    return np.asarray(np.abs(gathered.seen.number("ts") - about.timestamp()) <= AROUND_S)
