"""How many requests come in: against the hours before, against the same hours of earlier weeks, and since when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.engine.counters import request_counters, total
from bot.engine.weeks import same_hours
from bot.model.evidence import Evidence, Interval
from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, FloatArray

SLOT = 300.0  # five-minute slots: a minute of a small product is mostly chance
BEFORE = 12  # slots before a rise, and after its beginning, that are compared
HALF = 6  # of them next to the rise: a morning takes longer than this half hour
LEAST_BEFORE = 3
AFTER = 3  # slots, of whose middle the rise must show: ten of fifteen minutes
BACK = 36  # slots before now in which a rise may have begun: three hours, beyond which the day itself makes more
MIN_BEFORE = 10.0  # requests before, all slots together, below which a ratio means nothing
MOST = 25.0  # dispersion of the slots before; beyond this they are not one process
SURE = 5.0  # standard deviations of the log ratio
LIKELY = 4.0
HELD = 0.5  # of the rise must still be there in the last slots
ABRUPT = 1.35  # half hour on half hour, where no earlier weeks say that it is no morning
CONCENTRATED = 0.5  # of the rise made by one tenant: that is somebody, not traffic
OVER = 2.0  # times its usual share: a tenant with half of all requests makes half of any rise
FIRST = 900.0  # seconds that the trouble must be older than the traffic to be no consequence of it: slots and onsets are blurred
NOT_SEEN = 0.75  # of the ratio in traces that an independent counter must show as well


@dataclass(frozen=True)
class Rise:
    """A rise of requests and the moment it began, epoch seconds (None: no rise)."""

    measured: Measured
    at: float | None = None


def surge(evidence: Evidence, ratio: float) -> Rise:
    """RATE (catalogue 0.3): the steepest lasting rise of the last three hours, against earlier weeks or, without them, the hour before.

    `effect` is the natural log of that ratio.
    """
    slots = _slots(evidence)
    place = _steepest(slots)
    if place is None:
        reason = f"{len(slots)} slots of five minutes, {LEAST_BEFORE + AFTER} needed, with {MIN_BEFORE:g} requests"
        return Rise(Measured(test="RATE", grade=Grade.NA, n=len(slots), reason=reason))
    before, after = _sides(slots, place)
    begun = evidence.windows.now - (len(slots) - place) * SLOT
    level, usual = float(after.mean()), float(before.mean())
    first = after[:BEFORE]
    found = min(level, float(first.mean()), float(np.median(first))) / usual
    z = float(np.log(max(found, 1e-3)) / _chance(before, after))
    lasts = float(slots[-AFTER:].mean()) >= usual + HELD * (level - usual)
    numbers: dict[str, float | int | str | None] = {"per_minute": round(level / 5, 2), "per_minute_before": round(usual / 5, 2)}
    numbers |= {"one_tenant": round(_one_tenant(evidence, begun), 3), "began_minutes_ago": round((evidence.windows.now - begun) / 60)}
    season, counter = _season(evidence, begun), _counter(evidence, begun)
    numbers |= {"of_the_weeks": round(season, 3)} if season is not None else {}
    least = found if season is None else season
    numbers["ratio"] = round(least, 3)
    real = (
        lasts
        and least >= ratio
        and found >= ABRUPT
        and float(numbers["one_tenant"] or 0.0) < CONCENTRATED
        and (counter is None or counter >= NOT_SEEN * ratio)
    )
    grade = Grade.NONE if not real else Grade.STRONG if z >= SURE else Grade.MODERATE if z >= LIKELY else Grade.WEAK
    measured = Measured(
        test="RATE", grade=grade, effect=float(np.log(max(least, 1e-3))), z=z, n=len(after), n_baseline=len(before), numbers=numbers
    )
    return Rise(measured, begun if real else None)


def _slots(evidence: Evidence) -> FloatArray:
    """Requests a slot, the last one ending now; a sampled trace stands for its like."""
    ts = evidence.seen.number("ts")
    now = evidence.windows.now
    start = max(evidence.start, now - (BACK + BEFORE) * SLOT, float(ts.min()) if len(ts) else now)
    size = int((now - start) // SLOT)
    if size < 1:
        return np.zeros(0)
    inside = (ts >= now - size * SLOT) & (ts < now)
    weight = np.nan_to_num(evidence.seen.number("weight")[inside], nan=1.0)
    slot = ((ts[inside] - (now - size * SLOT)) // SLOT).astype(np.int64)
    return np.bincount(slot, weights=weight, minlength=size).astype(np.float64)


def _sides(slots: FloatArray, place: int) -> tuple[FloatArray, FloatArray]:
    """The hour before, without slots in which nothing was collected, and all that followed."""
    before = slots[max(0, place - BEFORE) : place]
    return before[before > 0], slots[place:]


def _at_once(slots: FloatArray, place: int) -> float:
    """The half hour after over the half hour before."""
    before = slots[max(0, place - HALF) : place]
    before = before[before > 0]
    return float(slots[place : place + HALF].mean() / before.mean()) if len(before) else 1.0


def _chance(before: FloatArray, after: FloatArray) -> float:
    """Standard deviation of the log ratio; slots that scatter more than counts do widen it."""
    scatter = float(np.clip(before.var(ddof=1) / before.mean(), 1.0, MOST)) if len(before) > 1 else 1.0
    return float(np.sqrt(scatter * (1.0 / max(after.sum(), 1.0) + 1.0 / before.sum())))


def _steepest(slots: FloatArray) -> int | None:
    """The slot at which what follows differs most, in log and by its chance, from the hour before; None if nothing can be compared."""
    best, most = None, -np.inf
    for place in range(max(LEAST_BEFORE, len(slots) - BACK), len(slots) - AFTER + 1):
        before, after = _sides(slots, place)[0], slots[place : place + BEFORE]
        if len(before) < LEAST_BEFORE or before.sum() < MIN_BEFORE:
            continue
        rise = float(np.log(max(after.mean(), 1e-3) / before.mean())) / float(np.sqrt(1.0 / max(after.sum(), 1.0) + 1.0 / before.sum()))
        if rise > most:
            best, most = place, rise
    return best


def _season(evidence: Evidence, begun: float) -> float | None:
    """Times the same hours of earlier weeks, a change of level since then taken out by the time before the rise."""
    now = same_hours(evidence, Interval(begun, evidence.windows.now))
    before = same_hours(evidence, Interval(begun - BEFORE * SLOT, begun))
    if now is None:
        return None
    ratio = now.now / now.usual
    return ratio if before is None else min(ratio, ratio / max(before.now / before.usual, 1e-3))


def _counter(evidence: Evidence, begun: float) -> float | None:
    """The same rise in a counter that knows nothing of traces: a sampler turned up is no traffic. None without one."""
    ratios = []
    for series in request_counters(evidence).values():
        after, before = total(series, Interval(begun, evidence.windows.now)), total(series, Interval(begun - BEFORE * SLOT, begun))
        if before >= MIN_BEFORE and after >= 0:
            ratios.append(after / (evidence.windows.now - begun) / (before / (BEFORE * SLOT)))
    return max(ratios, default=None)


def _one_tenant(evidence: Evidence, begun: float) -> float:
    """Share of the rise in requests made by the tenant that rose most; 0 when that is its usual share, or tenants are not recorded."""
    tenants = evidence.seen.text("tenant")
    if not tenants.values:
        return 0.0
    ts = evidence.seen.number("ts")
    now, then = (ts >= begun) & tenants.recorded, (ts >= begun - BEFORE * SLOT) & (ts < begun) & tenants.recorded
    scale = (evidence.windows.now - begun) / (BEFORE * SLOT)
    rise = np.bincount(tenants.codes[now], minlength=len(tenants.values)) - scale * np.bincount(
        tenants.codes[then], minlength=len(tenants.values)
    )
    total_rise, top = float(rise.sum()), int(np.argmax(rise))
    share = float(rise[top]) / total_rise if total_rise > 0 else 0.0
    usual = float((tenants.codes[then] == top).sum()) / max(1, int(then.sum()))
    return share if share >= OVER * usual else 0.0


def since(evidence: Evidence, begun: float | None) -> BoolArray:
    """Requests of C since a moment; none without one."""
    return evidence.in_current & (evidence.seen.number("ts") >= (np.inf if begun is None else begun))


def began_before(evidence: Evidence, begun: float | None) -> Measured:
    """STRONG when the paged signal had changed well before the traffic rose: a consequence cannot be first."""
    if begun is None or evidence.onset is None:
        return Measured(test="ORDER", grade=Grade.NA, reason="no two onsets to compare")
    earlier = begun - SLOT - evidence.onset[1]
    grade = Grade.STRONG if earlier > FIRST else Grade.NONE
    return Measured(test="ORDER", grade=grade, effect=earlier, numbers={"earlier_s": round(max(0.0, earlier))})
