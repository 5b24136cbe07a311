"""Counters of requests that do not come from traces: a gateway's, a web server's."""

from __future__ import annotations

import numpy as np

from bot.model.evidence import Evidence, Interval, MetricSeries

COUNTERS = ("requests_total", "request_total", "http_server_request_duration_seconds_count", "http_requests_total", "requests_count")
"""Ends of names of counters that count requests independently of traces."""

SERVICE = ("service", "service_name", "app", "application", "destination_service", "destination_service_name", "backend", "job")
"""Labels that say whose requests are counted; a Prometheus is shared by many services."""
CODE = ("code", "status", "status_code", "http_status", "http_status_code", "http_response_status_code", "response_code")
LONGEST_GAP = 7200.0  # seconds between two samples: what a store keeps of earlier weeks is thinned to half hours, seldom to more


def request_counters(evidence: Evidence) -> dict[str, tuple[MetricSeries, ...]]:
    """Name -> its series; only those of the paged service where some say so."""
    found: dict[str, list[MetricSeries]] = {}
    for one in evidence.metrics or ():
        if one.name.endswith(COUNTERS):
            found.setdefault(one.name, []).append(one)
    return {name: _of(evidence.service, found[name]) for name in sorted(found)}


def _of(service: str | None, series: list[MetricSeries]) -> tuple[MetricSeries, ...]:
    mine = [one for one in series if service and any(one.labels.get(label) == service for label in SERVICE)]
    return tuple(mine or series)


def failing(series: MetricSeries) -> bool | None:
    """Whether the series counts failed requests by its status code; None when it has none."""
    code = next((series.labels[label] for label in CODE if label in series.labels), None)
    return None if code is None else code.startswith("5")


def counted(series: MetricSeries, interval: Interval) -> float:
    """Increase of a counter over an interval, between samples in proportion; NaN where the samples do not reach. A fall is a reset."""
    at, values = series.ts, series.values
    if len(at) < 2:
        return float("nan")
    steps = np.diff(values)
    grown = np.concatenate([[0.0], np.cumsum(np.where(steps >= 0, steps, values[1:]))])
    first, last = int(np.searchsorted(at, interval.start, side="right")) - 1, int(np.searchsorted(at, interval.end, side="left"))
    first, last = max(first, 0), min(last, len(at) - 1)
    if last <= first or float(np.diff(at[first : last + 1]).max()) > LONGEST_GAP:
        return float("nan")
    if at[first] > interval.start + _slack(interval) or at[last] < interval.end - _slack(interval):
        return float("nan")
    begin, end = np.interp([interval.start, interval.end], at, grown)
    return float(end - begin)


def _slack(interval: Interval) -> float:
    """Seconds that may lack at either end: a tenth of the interval, and never less than a scrape of a minute or two."""
    return max(120.0, 0.1 * (interval.end - interval.start))


def total(series: tuple[MetricSeries, ...], interval: Interval) -> float:
    """Sum over series; NaN when none of them reaches over the interval."""
    found = np.array([counted(one, interval) for one in series])
    return float(np.nansum(found)) if len(found) and not np.isnan(found).all() else float("nan")
