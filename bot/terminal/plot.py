"""The paged signal as a plot out of block characters, with the onset marked below it."""

from collections.abc import Sequence

from rich.text import Text

from bot.model.report import Report, SeriesPoint
from bot.wording.figures import clock, share
from bot.wording.literal import one_line

ROWS = 5  # lines of the plot: a step is seen at a glance, and the card still fits one screen
LEFT = 8  # columns for the rate on the left
WIDTH = 76  # columns at most, the label included: a terminal of 80 with a frame around it
_EIGHTHS = " ▁▂▃▄▅▆▇█"


def plot(report: Report, width: int = WIDTH) -> Text | None:
    """None when the report has no series. `width` in columns, the labels included."""
    columns = max(width - LEFT, 8)
    rates = _rates(report.chart, columns)
    if len(rates) < 2:
        return None
    top = max([rate for rate in rates if rate is not None] or [0.0])
    onset = _column(report, len(rates))
    drawn = Text(f"{'':{LEFT}}{one_line(report.signal, 60)}\n", style="bold")
    for row in reversed(range(ROWS)):
        label = share(top) if row == ROWS - 1 else "0 %" if row == 0 else ""
        drawn.append(f"{label:>{LEFT - 2}}  ", style="dim")
        for number, rate in enumerate(rates):
            after = onset is not None and number >= onset
            drawn.append(_cell(rate, top, row), style="red" if after else "cyan")
        drawn.append("\n")
    drawn.append(_marks(report, len(rates), onset))
    return drawn


def _rates(points: Sequence[SeriesPoint], columns: int) -> list[float | None]:
    """One rate a column; None where there was no request, which is not a rate of zero."""
    if len(points) < 2:
        return []
    rates: list[float | None] = []
    count = min(columns, len(points))
    for column in range(count):
        few = points[column * len(points) // count : (column + 1) * len(points) // count]
        total = sum(point.total for point in few)
        rates.append(sum(point.bad for point in few) / total if total > 0 else None)
    return rates


def _cell(rate: float | None, top: float, row: int) -> str:
    if rate is None or top <= 0:
        return " " if row else "·"
    filled = min(max(round(rate / top * ROWS * 8) - row * 8, 0), 8)
    return _EIGHTHS[filled] if filled or row else "▁"


def _column(report: Report, columns: int) -> int | None:
    if report.onset is None:
        return None
    start, end = report.chart[0].at, report.chart[-1].at
    at = report.onset.at.timestamp()
    return round((at - start) / (end - start) * (columns - 1)) if end > start and start <= at <= end else None


def _marks(report: Report, columns: int, onset: int | None) -> Text:
    """`▲ onset 22:04 UTC` below its column, or to the left of it where the right side is too short."""
    if onset is None or report.onset is None:
        return Text(f"{'':{LEFT}}no onset marked", style="dim")
    words = f"onset {clock(report.onset.at)}"
    if onset + len(words) + 2 <= columns:
        return Text(f"{'':{LEFT + onset}}▲ {words}", style="bold red")
    return Text(f"{'':{max(LEFT + onset - len(words) - 1, 0)}}{words} ▲", style="bold red")
