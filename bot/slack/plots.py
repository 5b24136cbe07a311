"""Charts beside answers, as PNG with words for those who cannot see them. What is drawn is what the answer counted, or its report.

The same answer gives the same bytes. Before and now differ in shape and place, not only in colour.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.chat.case import Case
from bot.model.evidence import Evidence
from bot.model.incident import Incident
from bot.model.reply import Fresh, Reply
from bot.model.value import moment
from bot.ports import Picture
from bot.slack.chart import CALM, DPI, INCHES, INK, MARK, SIGNAL, draw, mark_onset
from bot.wording.figures import number, share
from bot.wording.literal import one_line

ROWS = 8  # parts in one chart; more do not fit a phone
LABEL = 28  # characters of a part's name
BUCKETS = 72  # points of a line
LEAST = 5  # requests behind a point of a line: a percentile of fewer is noise
HEIGHT = 0.5  # inches of one part
WIDE = {"cost_usd": "cost per request, USD", "mean": "tokens per request"}


@dataclass(frozen=True)
class Row:
    label: str
    now: float
    before: float | None
    n: int


def picture_of(reply: Reply, incident: Incident, case: Case) -> Picture | None:
    """The chart that the reply names; None when it names none, or there is too little to draw. Blocking (about 0.3 s)."""
    if reply.picture == "signal":
        return draw(incident)
    if reply.picture == "latency":
        return _latency(case)
    if reply.picture == "parts":
        return _parts(reply, case)
    return _cost(reply, case) if reply.picture == "cost" else None


def _parts(reply: Reply, case: Case) -> Picture | None:
    measure = "rate" if any("rate" in one.numbers for one in reply.queries) else "median"
    rows = _rows(reply.queries, measure, f"baseline_{measure}")
    if len(rows) < 2:
        return None
    signal = one_line(case.report.signal, 60)
    title = f"{signal}, before and now" if measure == "rate" else f"median of {signal}, before and now"
    return _before_and_now(title, rows, percent=measure == "rate")


def _cost(reply: Reply, case: Case) -> Picture | None:
    """The tokens of a request by kind; where no span records any, what a request costs."""
    for measure in ("mean", "cost_usd"):
        rows = _rows(reply.queries, measure, f"baseline_{measure}")
        if rows:
            where = one_line(case.service or "", 40)
            return _before_and_now(f"{WIDE[measure]}{f' of {where}' if where else ''}, before and now", rows, percent=False)
    return None


def _rows(queries: Sequence[Fresh], now: str, before: str) -> list[Row]:
    found = []
    for one in queries:
        value, was = one.numbers.get(now), one.numbers.get(before)
        if one.label and one.n and isinstance(value, int | float):
            had = one.numbers.get("baseline_n")
            earlier = float(was) if isinstance(was, int | float) and had else None
            found.append(Row(one_line(one.label, LABEL), float(value), earlier, one.n))
    return found[:ROWS]


def _before_and_now(title: str, rows: Sequence[Row], *, percent: bool) -> Picture:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # slow to import, and only needed here
    from matplotlib.figure import Figure

    def said(value: float | None) -> str:
        return "no requests" if value is None else share(value) if percent else number(value)

    figure = Figure(figsize=(INCHES[0], 1.5 + HEIGHT * len(rows)), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.36, 0.34 / figure.get_figheight(), 0.6, 1 - 1.1 / figure.get_figheight()))
    most = max([row.now for row in rows] + [row.before or 0.0 for row in rows]) or 1.0
    for at, row in enumerate(rows):
        if row.before is not None:
            axes.plot([row.before, row.now], [at, at], color="#d0d0d0", linewidth=3, zorder=1)
            axes.plot([row.before], [at], marker="o", markersize=9, markerfacecolor="white", markeredgecolor=CALM, markeredgewidth=2)
        axes.plot([row.now], [at], marker="D", markersize=8, color=MARK if row.now > (row.before or 0.0) else SIGNAL)
        right = max(row.now, row.before or 0.0) + most * 0.04
        axes.text(right, at, f"{said(row.before)} → {said(row.now)}", va="center", fontsize=10, color=INK, parse_math=False)
    axes.set_yticks(range(len(rows)))
    axes.set_yticklabels([f"{row.label}\nn {row.n:,}" for row in rows], fontsize=10, color=INK, parse_math=False)
    axes.set_xlim(-most * 0.03, most * 1.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xticks([])
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.tick_params(length=0)
    top = 1 - 0.3 / figure.get_figheight()
    figure.text(0.02, top, title, fontsize=13, fontweight="bold", color=INK, va="center", parse_math=False)
    figure.text(0.02, top - 0.28 / figure.get_figheight(), "○ before   ◆ now", fontsize=10, color=CALM, va="center")
    lines = "; ".join(f"{row.label}: {said(row.before)} before, {said(row.now)} now, n {row.n:,}" for row in rows)
    return Picture(png=_saved(figure), alt=f"{title}. {lines}", title=title)


def _latency(case: Case) -> Picture | None:
    gathered = case.evidence
    if gathered is None or gathered.requests is None:
        return None
    ts, taken = gathered.seen.number("ts"), gathered.seen.number("duration_ms") / 1000.0
    known = ~np.isnan(taken) & (ts < gathered.windows.now)
    if int(known.sum()) < 2 * LEAST:
        return None
    edges = np.linspace(float(ts[known].min()), gathered.windows.now, BUCKETS + 1)
    places = np.clip(np.searchsorted(edges, ts[known], side="right") - 1, 0, BUCKETS - 1)
    points = [(edges[at], taken[known][places == at]) for at in range(BUCKETS) if int((places == at).sum()) >= LEAST]
    if len(points) < 2:
        return None
    return _lines(case, gathered, points)


def _lines(case: Case, gathered: Evidence, points: Sequence[tuple[float, np.ndarray]]) -> Picture:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # slow to import, and only needed here
    from matplotlib.dates import AutoDateLocator, DateFormatter
    from matplotlib.figure import Figure

    times = [moment(float(round(at))) for at, _ in points]
    p50, p95 = ([float(np.percentile(values, of)) for _, values in points] for of in (50, 95))
    figure = Figure(figsize=INCHES, dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.09, 0.12, 0.88, 0.72))
    axes.plot(times, p95, color=SIGNAL, linewidth=1.6)  # type: ignore[arg-type]
    axes.plot(times, p50, color=INK, linewidth=1.6, linestyle=(0, (4, 2)))  # type: ignore[arg-type]
    top = max(p95) * 1.25 or 1.0
    axes.set_ylim(0, top)
    axes.set_xlim(times[0], moment(gathered.windows.now))  # type: ignore[arg-type]
    if case.report.onset is not None and times[0] <= case.report.onset.at:
        mark_onset(axes, case.report.onset, top)
    axes.xaxis.set_major_locator(AutoDateLocator(maxticks=7))  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(DateFormatter("%H:%M"))  # type: ignore[no-untyped-call]
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g} s")
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK, labelsize=10)
    axes.grid(axis="y", color="#e8e8e8", linewidth=0.8)
    title = f"{one_line(case.service or 'all services', 40)}: seconds a request takes"
    figure.text(0.09, 0.93, title, fontsize=13, fontweight="bold", color=INK, parse_math=False)
    figure.text(0.09, 0.87, "— p95   - - median   (UTC)", fontsize=10, color=CALM)
    return Picture(png=_saved(figure), alt=f"Line chart, {title}. {_told(gathered)}", title=title)


def _told(gathered: Evidence) -> str:
    """Both windows in words, each with its n."""
    taken = gathered.seen.number("duration_ms") / 1000.0
    told = []
    for words, mask in (("Before", gathered.in_baseline), ("Now", gathered.in_current)):
        values = taken[mask & ~np.isnan(taken)]
        if len(values):
            half, slow = np.percentile(values, [50, 95])
            told.append(f"{words}: median {half:.2g} s, p95 {slow:.2g} s, n {len(values):,}")
    return ". ".join(told)


def _saved(figure: object) -> bytes:
    from matplotlib.figure import Figure

    assert isinstance(figure, Figure)
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
