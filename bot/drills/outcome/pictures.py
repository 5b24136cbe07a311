"""The report's pictures as PNG. The same figures give the same bytes; what colours say, words or shapes say as well."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.drills.outcome.incidents import Accuracy
from bot.drills.outcome.learning import DISCRIMINATES, EASY, HARD, Item
from bot.drills.outcome.shares import Minutes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bot.drills.outcome.month import Covered

DPI = 120
INK, CALM, GRID = "#1d1c1d", "#616061", "#e8e8e8"
BLUE, RED, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#bbbbbb"  # Okabe and Ito's
TARGET_MIN = 5.0


def trend_png(trend: Sequence[tuple[str, Minutes]]) -> bytes:
    """Median minutes a month; a month without an incident is a gap, not a zero."""
    figure, axes = _drawing(6.4, 3.2)
    names = [name for name, _ in trend]
    values = [found.median if found.median is not None else float("nan") for _, found in trend]
    axes.plot(range(len(names)), values, color=BLUE, marker="o", linewidth=1.8)
    for place, (_, found) in enumerate(trend):
        if found.median is not None:
            place_of = (place, found.median)
            said = f"n {found.n}"
            axes.annotate(said, place_of, xytext=(0, 7), textcoords="offset points", ha="center", color=CALM, fontsize=9)
    axes.axhline(TARGET_MIN, color=RED, linewidth=1, linestyle=(0, (4, 3)))
    axes.annotate("target", (0.995, TARGET_MIN), xycoords=("axes fraction", "data"), ha="right", va="bottom", color=RED, fontsize=9)
    axes.set_xticks(range(len(names)), names)
    known = [value for value in values if value == value]  # noqa: PLR0124  # NaN is not itself
    axes.set(ylim=(0, max([TARGET_MIN, *known]) * 1.3), xlim=(-0.4, len(names) - 0.6), ylabel="minutes")
    _titled(axes, "Page to right layer, median")
    return _png(figure)


def accuracy_png(found: Accuracy) -> bytes:
    """Layer right, overall and by the layer of the label, each with its interval and count."""
    rows = [("all", found.layer), *found.by_layer.items()]
    figure, axes = _drawing(6.4, 1.2 + 0.34 * len(rows))
    for place, (name, one) in enumerate(reversed(rows)):
        value, interval = one.value, one.interval
        if value is None or interval is None:
            continue
        error = [[max(0.0, value - interval[0])], [max(0.0, interval[1] - value)]]
        axes.errorbar(value, place, xerr=error, fmt="s" if name == "all" else "o", color=BLUE, capsize=3, markersize=6)
        axes.annotate(f"{one.k} of {one.n}", (1.03, place), va="center", color=CALM, fontsize=9, annotation_clip=False)
    axes.set_yticks(range(len(rows)), [name for name, _ in reversed(rows)])
    axes.set(xlim=(0, 1.02), ylim=(-0.6, len(rows) - 0.4), xlabel="share of labelled closed incidents")
    _titled(axes, "The engine named the right layer")
    return _png(figure)


def items_png(found: Sequence[Item]) -> bytes:
    """Each scenario by the share that passes it and by how well it tells people apart; the good ones lie in the box."""
    figure, axes = _drawing(6.4, 4.2)
    told = [one for one in found if one.discrimination is not None]
    axes.axvspan(HARD, EASY, ymin=(DISCRIMINATES + 1) / 2, color=GREEN, alpha=0.10, linewidth=0)
    for flagged, marker, colour, label in ((False, "o", BLUE, "as they should be"), (True, "x", RED, "to look at")):
        some = [one for one in told if bool(one.flags) is flagged]
        axes.scatter(
            [one.passed for one in some],
            [one.discrimination or 0.0 for one in some],
            marker=marker,
            color=colour,
            s=28,
            label=f"{label} ({len(some)})",
        )
    silent = len(found) - len(told)
    axes.axhline(0, color=CALM, linewidth=0.8)
    axes.set(xlim=(0, 1), ylim=(-1, 1), xlabel="share that passes (difficulty)", ylabel="discrimination (point-biserial)")
    axes.legend(loc="lower left", frameon=False, fontsize=9, title=f"{silent} with too few answers" if silent else None, title_fontsize=9)
    _titled(axes, "The drills as questions")
    return _png(figure)


def coverage_png(found: Sequence[Covered]) -> bytes:
    """By layer: causes that two people drilled, one, nobody. Of the largest rotation."""
    largest = max(found, key=lambda one: (one.people, one.rotation), default=None)
    parts: list[tuple[str, tuple[str, ...], str]] = []
    if largest is not None:
        held = largest.coverage
        parts = [("two people or more", held.covered, GREEN), ("one", held.once, BLUE), ("nobody", held.never, GREY)]
    layers = sorted({cause.split(".")[0] for _, causes, _ in parts for cause in causes})
    figure, axes = _drawing(6.4, 1.4 + 0.34 * max(1, len(layers)))
    begun = [0] * len(layers)
    for label, causes, colour in parts:
        counts = [sum(cause.split(".")[0] == layer for cause in causes) for layer in layers]
        axes.barh(range(len(layers)), counts, left=begun, color=colour, label=label, height=0.66)
        for place, count in enumerate(counts):
            if count:
                axes.annotate(
                    str(count),
                    (begun[place] + count / 2, place),
                    ha="center",
                    va="center",
                    color=INK if colour == GREY else "white",
                    fontsize=9,
                )
        begun = [before + count for before, count in zip(begun, counts, strict=True)]
    axes.set_yticks(range(len(layers)), layers)
    axes.invert_yaxis()
    axes.set(xlabel="causes, drilled within 90 days by")
    if parts:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16 - 0.6 / (1 + len(layers))), ncols=3, frameon=False, fontsize=9)
    _titled(axes, f"Causes covered: {largest.rotation}" if largest is not None else "Causes covered")
    return _png(figure, tight=True)


def _drawing(width: float, height: float) -> tuple[Figure, Axes]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # slow to import, and only needed here
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK, labelsize=9)
    return figure, axes


def _titled(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold", color=INK, parse_math=False)


def _png(figure: Figure, *, tight: bool = False) -> bytes:
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None}, bbox_inches="tight" if tight else None)
    return out.getvalue()
