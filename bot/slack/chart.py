"""The paged signal over time with its onset, as a PNG that can be read on a phone. The same report gives the same bytes."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.model.incident import Incident
from bot.model.report import Onset, Report, SeriesPoint
from bot.model.value import moment
from bot.ports import Picture
from bot.wording.figures import clock, share
from bot.wording.literal import one_line
from bot.wording.verdict import impact, since

INCHES = (7.2, 3.8)  # with DPI: 1,080 pixels wide, what a phone's screen has
DPI = 150
POINTS = 120  # buckets drawn; with more, a small product shows noise instead of the step
LATE = timedelta(hours=6)  # a page this long after the last bucket is still drawn
DAY = timedelta(hours=26)  # a longer axis needs dates on its ticks
AT_THE_EDGE = ("axes fraction", "data")  # right after the last bucket, at its own height
INK, SIGNAL, MARK, CALM = "#1d1c1d", "#1264a3", "#c4314b", "#616061"  # on white; signal and mark also differ in shape


def draw(incident: Incident) -> Picture | None:
    """None when the report has no series. Blocking (about 0.3 s): call it in a thread."""
    report = incident.report
    if report is None or len(report.chart) < 2 or not any(point.total > 0 for point in report.chart):
        return None
    signal = one_line(report.signal, 60)
    title = f"{one_line(incident.service or incident.id, 40)}: {signal}"
    paged = incident.page.starts_at or incident.opened_at
    told = [impact(report), since(report, paged)]
    alt = f"Line chart of {signal}. " + ". ".join(words for words in told if words)
    return Picture(png=_png(report, title, paged), alt=alt, title=title)


def _png(report: Report, title: str, paged: datetime) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # slow to import, and only needed here
    from matplotlib.dates import AutoDateLocator, DateFormatter
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

    points = _buckets(report.chart)
    rates = [point.bad / point.total for point in points]
    times = [moment(point.at) for point in points]
    usual = report.impact.baseline_rate
    top = max(*rates, usual or 0.0, 0.001) * 1.25  # room for the words above the curve
    figure = Figure(figsize=INCHES, dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.09, 0.12, 0.88, 0.74))
    axes.plot(times, rates, color=SIGNAL, linewidth=1.6)  # type: ignore[arg-type]
    axes.set_ylim(0, top)
    last = paged if times[-1] < paged <= times[-1] + LATE else times[-1]
    axes.set_xlim(times[0], last)  # type: ignore[arg-type]
    if usual is not None:
        axes.axhline(usual, color=CALM, linewidth=1, linestyle=(0, (4, 3)))
        axes.annotate(f"usual {share(usual)}", (0.99, usual), xycoords=AT_THE_EDGE, ha="right", va="bottom", color=CALM, fontsize=10)
    if times[0] <= paged <= last:
        axes.axvline(paged, color=INK, linewidth=1.4, linestyle=":")  # type: ignore[arg-type]
        axes.annotate("page ", (paged, top), ha="right", va="top", color=INK, fontsize=11)
    if report.onset is not None:
        mark_onset(axes, report.onset, top)
    axes.xaxis.set_major_locator(AutoDateLocator(maxticks=7))  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(DateFormatter("%H:%M" if last - times[0] <= DAY else "%d %b %H:%M", tz=UTC))  # type: ignore[no-untyped-call]
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:.3g} %"))
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK, labelsize=10)
    axes.grid(axis="y", color="#e8e8e8", linewidth=0.8)
    figure.text(0.09, 0.92, title, fontsize=13, fontweight="bold", color=INK, parse_math=False)
    figure.text(0.97, 0.92, f"{last:%d %b %Y}, UTC", fontsize=10, color=CALM, ha="right")
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def mark_onset(axes: object, onset: Onset, top: float) -> None:
    """On a matplotlib Axes over time: the interval as a band, the best guess as a line, and its words where they do not hide the step."""
    from matplotlib.axes import Axes

    assert isinstance(axes, Axes)
    axes.axvspan(onset.earliest, onset.latest, color=MARK, alpha=0.18, linewidth=0)  # type: ignore[arg-type]
    axes.axvline(onset.at, color=MARK, linewidth=1.8)  # type: ignore[arg-type]
    words = f"{'gradual, from' if onset.shape == 'ramp' else 'onset'} {clock(onset.at)} "
    axes.annotate(words, (onset.at, top), ha="right", va="top", color=MARK, fontsize=11, fontweight="bold")


def _buckets(points: Sequence[SeriesPoint]) -> list[SeriesPoint]:
    """At most POINTS neighbours added up; buckets without a request are left out, since their rate is unknown, not zero."""
    step = -(-len(points) // POINTS)
    merged = []
    for start in range(0, len(points), step):
        few = points[start : start + step]
        total = sum(point.total for point in few)
        if total > 0:
            merged.append(SeriesPoint(at=few[0].at, bad=sum(point.bad for point in few), total=total))
    return merged
