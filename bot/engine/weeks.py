"""The same hour of earlier weeks (baseline B2 of catalogue 2.3), from counters that a metric store keeps that long.

What changed against the hours before and not against these weeks is a season.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.engine.counters import failing, request_counters, total
from bot.model.evidence import Evidence, Interval, MetricSeries
from bot.model.finding import Grade, Measured

WEEK = 7 * 86400.0
WEEKS = 4
ENOUGH = 2  # weeks; one may have had an incident of its own
MIN_COUNT = 50.0  # requests in an earlier week's hour below which a ratio to it means nothing
SEASON = 1.25  # times the same hour of the weeks: more than weeks differ among themselves
SCATTER = 0.08  # of the count: an hour of a week differs from the same hour of another by this much without any cause
BAND = 2.8  # z, as for any other "within its scatter"


@dataclass(frozen=True)
class Hours:
    """Requests in the interval now, and in the same interval of each earlier week that is known, the latest first."""

    now: float
    then: tuple[float, ...]

    @property
    def usual(self) -> float:
        return float(np.median(self.then))


def same_hours(evidence: Evidence, interval: Interval) -> Hours | None:
    """Counted requests; of several counters the one that is known over most weeks. None without ENOUGH weeks."""
    best: Hours | None = None
    for series in request_counters(evidence).values():
        one = _hours(series, interval)
        if one is not None and (best is None or len(one.then) > len(best.then)):
            best = one
    return best


def _hours(series: tuple[MetricSeries, ...], interval: Interval) -> Hours | None:
    now = total(series, interval)
    past = [total(series, Interval(interval.start - k * WEEK, interval.end - k * WEEK)) for k in range(1, WEEKS + 1)]
    then = tuple(count for count in past if count >= MIN_COUNT)
    return Hours(now, then) if len(then) >= ENOUGH and not np.isnan(now) else None


def volume_of_weeks(evidence: Evidence) -> Measured:
    """Requests in C against the same hour of earlier weeks: STRONG when they are as they always are at this hour."""
    hours = same_hours(evidence, evidence.windows.current)
    if hours is None:
        return Measured(test="WEEKS", grade=Grade.NA, missing=("metrics",), reason="no request counter over two weeks or more")
    z = distance(hours)
    ratio = hours.now / hours.usual
    calm = abs(z) < BAND or 1 / SEASON < ratio < SEASON
    numbers = {"ratio": round(ratio, 3), "usual": round(hours.usual), "weeks": len(hours.then), "z": round(z, 3)}
    return Measured(
        test="WEEKS",
        grade=Grade.STRONG if calm else Grade.NONE,
        effect=ratio,
        z=z,
        n=int(hours.now),
        n_baseline=len(hours.then),
        numbers=numbers,
    )


def distance(hours: Hours) -> float:
    """How many standard deviations the count lies above its weeks; their own scatter, the counts' chance and SCATTER are its width."""
    usual = hours.usual
    spread = 1.4826 * float(np.median(np.abs(np.array(hours.then) - usual)))
    return (hours.now - usual) / float(np.sqrt(max(spread, SCATTER * usual) ** 2 + usual))


def failures_of_weeks(evidence: Evidence) -> Measured:
    """Share of failed requests in C, as a gateway counts them, against the same hour of earlier weeks: STRONG when it is as ever."""
    for name, series in request_counters(evidence).items():
        bad = tuple(one for one in series if failing(one))
        if not bad or any(failing(one) is None for one in series):
            continue
        pairs = [_pair(series, bad, evidence.windows.current, k) for k in range(WEEKS + 1)]
        then = [pair for pair in pairs[1:] if pair[1] >= MIN_COUNT]
        if len(then) >= ENOUGH and pairs[0][1] >= MIN_COUNT:
            return _share(pairs[0], then, name)
    return Measured(test="WEEKS", grade=Grade.NA, missing=("metrics",), reason="no request counter by status over two weeks or more")


def _pair(series: tuple[MetricSeries, ...], bad: tuple[MetricSeries, ...], interval: Interval, back: int) -> tuple[float, float]:
    then = Interval(interval.start - back * WEEK, interval.end - back * WEEK)
    return float(np.nan_to_num(total(bad, then))), float(np.nan_to_num(total(series, then)))


def _share(now: tuple[float, float], then: list[tuple[float, float]], name: str) -> Measured:
    rates = np.array([bad / n for bad, n in then])
    usual = float(np.median(rates))
    rate = now[0] / now[1]
    p = max(usual, 1.0 / now[1])
    spread = float(np.sqrt(p * (1 - p) / now[1] + (1.4826 * float(np.median(np.abs(rates - usual)))) ** 2))
    z = (rate - usual) / spread
    numbers: dict[str, float | int | str | None] = {
        "rate": round(rate, 6),
        "baseline_rate": round(usual, 6),
        "weeks": len(then),
        "z": round(z, 3),
        "counter": name[:100],
    }
    grade = Grade.STRONG if z < BAND else Grade.NONE
    return Measured(
        test="WEEKS", grade=grade, effect=rate - usual, z=z, n=int(now[1]), n_baseline=int(sum(n for _, n in then)), numbers=numbers
    )
