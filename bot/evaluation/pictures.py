"""Reliability diagram and confusion matrices as PNG. The same summary gives the same bytes; colours differ in lightness, not in hue."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bot.evaluation.confusion import Matrix
from bot.evaluation.scores.calibration import Bin

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 120
CELL = (0.8, 0.4)  # inches, wide enough for "telemetry"
INK, IDEAL = "#1d1c1d", "#616061"
LINES = {"cause": ("#0072b2", "o", "-"), "layer": ("#d55e00", "s", "--"), "verdict": ("#009e73", "^", ":")}
"""Okabe and Ito's colours; each line has its own marker and stroke as well, for those who see none of them."""


def reliability_png(bins: Mapping[str, Sequence[Bin]]) -> bytes:
    """Stated confidence against how often it was right, with the interval of each point and how many answers it stands for."""
    figure = _figure(6.4, 5.6)
    axes = figure.add_axes((0.11, 0.10, 0.86, 0.82))
    axes.plot([0, 1], [0, 1], color=IDEAL, linewidth=1, linestyle=(0, (2, 3)), label="as stated")
    for name, found in bins.items():
        if not found:
            continue
        colour, marker, stroke = LINES[name]
        stated = [one.stated for one in found]
        observed = [one.observed.value or 0.0 for one in found]
        below = [max(0.0, (one.observed.value or 0.0) - (one.observed.low or 0.0)) for one in found]
        above = [max(0.0, (one.observed.high or 0.0) - (one.observed.value or 0.0)) for one in found]
        axes.errorbar(
            stated,
            observed,
            yerr=[below, above],
            label=f"{name}, n {sum(one.observed.n for one in found)}",
            color=colour,
            marker=marker,
            linestyle=stroke,
            linewidth=1.6,
            elinewidth=0.9,
            capsize=2.5,
        )
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="stated confidence", ylabel="share that was right")
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=4, frameon=False, fontsize=9, columnspacing=1.2, handletextpad=0.5)
    axes.grid(color="#e8e8e8", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    return _png(figure)


def matrix_png(matrix: Matrix, title: str) -> bytes:
    """Counts in a grid, darker where a larger share of the row is; every cell has its number."""
    rows, columns = len(matrix.rows), len(matrix.columns)
    longest = max((len(name) for name in matrix.rows), default=0)
    left = 0.075 * longest + 0.3  # inches: about what a character of the label takes
    figure = _figure(left + CELL[0] * columns + 0.2, CELL[1] * rows + 1.1)
    width, height = figure.get_size_inches()
    axes = figure.add_axes((left / width, 0.15 / height, CELL[0] * columns / width, max(CELL[1] * rows, 0.1) / height))
    shares = [[count / max(1, sum(counts)) for count in counts] for counts in matrix.counts]
    if shares:
        axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0, aspect="auto")
    for i, counts in enumerate(matrix.counts):
        for j, count in enumerate(counts):
            if count:
                axes.text(j, i, str(count), ha="center", va="center", color="white" if shares[i][j] > 0.55 else INK, fontsize=10)
    axes.set_xticks(range(columns), [name.replace(" ", "\n") for name in matrix.columns])
    axes.set_yticks(range(rows), matrix.rows)
    axes.tick_params(top=True, bottom=False, labeltop=True, labelbottom=False, length=0, labelsize=9)
    axes.spines[:].set_visible(False)
    axes.set_xticks([at + 0.5 for at in range(columns - 1)], minor=True)
    axes.set_yticks([at + 0.5 for at in range(rows - 1)], minor=True)
    axes.tick_params(which="minor", length=0)
    axes.grid(which="minor", color="white", linewidth=1.5)
    figure.text(0.01, 1 - 0.22 / height, title, fontsize=11, fontweight="bold", color=INK)
    return _png(figure)


def _figure(width: float, height: float) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # slow to import, and only needed here
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _png(figure: Figure) -> bytes:
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
