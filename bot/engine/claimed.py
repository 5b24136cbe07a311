"""What the page says it saw, against what can be seen here: a "no fault" about something else would send people back to bed."""

from __future__ import annotations

import numpy as np

from bot.engine.signals import readable
from bot.model.evidence import Evidence
from bot.stats.proportion import mde

SAME = 0.5  # of the smallest visible effect: a claimed rate this near to the measured one is the measured one
VISIBLE = 0.5  # the smallest visible effect must be at most half of what the page claims
LOOKED_BACK = 7200.0  # seconds before the page: an alert may have fired long before it was read
WINDOWS = (300.0, 600.0, 900.0, 1800.0, 3600.0)  # seconds, as rules of alerts are written
LEAST = 10  # requests of a window before it has a rate
TIMES = 1.5  # the worst rate of any of them: a page that claims more counts something else
GOOD = "success rate"  # as pages.reading.claims names it: what is left of it is what fails
OF_SOMETHING_ELSE = frozenset({"hit rate", "cpu", "memory", "disk", "queue", "requests"})  # no share of requests that go wrong
FLOOR = 0.01  # a claim this near to what was seen is a matter of rounding


def visible(evidence: Evidence) -> bool:
    """Whether the page's claimed rate would have been seen with this many requests; True when it claims none."""
    claimed = _share(evidence)
    if claimed is None:
        return True
    now, then = evidence.in_current, evidence.in_baseline
    n_c, n_b = float(now.sum()), float(then.sum())
    if n_c == 0 or n_b == 0:
        return False
    rate = float((evidence.failing & then).sum()) / n_b
    effect = claimed - rate
    smallest = mde(max(rate, 1.0 / n_b), n_b, n_c, 1.0)
    if effect <= 0 or smallest <= VISIBLE * effect:
        return True
    seen = abs(claimed - float((evidence.failing & now).sum()) / n_c)
    return seen <= SAME * smallest  # too small to be told from scatter, and the very thing that is seen: nothing was missed


def doubts(evidence: Evidence) -> tuple[str, ...]:
    """Why a calm signal may not be the page's: it claims a rate that no window shows, or its words name nothing that is known."""
    claimed, worst = _share(evidence), _worst(evidence)
    if claimed is not None and worst is not None and claimed > TIMES * worst + FLOOR:
        return (f"the page claims {claimed:.1%}, and no window shows more than {worst:.1%} of {evidence.signal}: it counts something else",)
    if not readable(evidence.page):
        return ("which signal the page is about cannot be read from its words",)
    return ()


def _share(evidence: Evidence) -> float | None:
    """The share of bad requests that the page claims; None when it claims none, or a share of something else."""
    claimed = evidence.page.claimed
    if claimed.value is None or (claimed.unit or "").strip() not in ("%", "percent") or claimed.metric in OF_SOMETHING_ELSE:
        return None
    share = claimed.value / 100.0
    return max(0.0, 1.0 - share) if claimed.metric == GOOD else share


def _worst(evidence: Evidence) -> float | None:
    """The highest rate of the paged yes/no signal in any window that a rule may have looked at; None where there is no such signal."""
    if evidence.bad is None or evidence.requests is None:
        return None
    now = evidence.windows.now
    order = np.argsort(evidence.seen.number("ts"), kind="stable")
    ts = evidence.seen.number("ts")[order]
    bad = np.concatenate([[0], np.cumsum(evidence.bad[order])])
    worst = 0.0
    for size in WINDOWS:
        ends = np.arange(now - LOOKED_BACK + size, now + 1.0, 60.0)
        first, last = np.searchsorted(ts, ends - size), np.searchsorted(ts, ends)
        n = last - first
        rates = np.divide(bad[last] - bad[first], n, out=np.zeros(len(n)), where=n >= LEAST)
        worst = max(worst, float(rates.max(initial=0.0)))
    return worst
