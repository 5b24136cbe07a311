"""The simulated year as a table and a picture: `python -m scripts.readiness_picture docs/readiness`."""

from __future__ import annotations

import io
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

from bot.drills.repetition.quiet import MINUTES
from bot.model.readiness import Standing
from scripts.readiness_year import SEED, START, WEEK, WEEKS, Year, simulate

LOOKS = {
    Standing.PRIMARY: ("#009e73", "", "gate open: may be primary"),
    Standing.GRACE: ("#f0e442", "g", "grace: secondary, 14 days"),
    Standing.SECONDARY: ("#d9d9d9", "", "secondary, with a buddy"),
    Standing.OVERRIDDEN: ("#d55e00", "o", "primary by a logged override, 7 days"),
    None: ("#ffffff", "", "not here yet"),
}
"""Okabe and Ito's colours, and a letter for those who see none of them."""
COLUMNS = (
    *("engineer", "joined", "gate first open", "weeks open", "closed again", "weeks of grace", "weeks overridden"),
    *("weeks as primary", "real pages", "drills", "minutes a week"),
)
DPI = 120
INK = "#1d1c1d"


def write(year: Year, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "year.png").write_bytes(picture(year))
    (folder / "year.md").write_text(text(year), encoding="utf-8")


def text(year: Year) -> str:
    rows = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    rows += [_row(year, n) for n in range(len(year.engineers))]
    overridden = Counter(name for _, name in year.overrides)
    closed = sum(_closings(found) for found in year.standings.values())
    return "\n".join(
        [
            "# A simulated year of readiness",
            "",
            f"Twelve engineers in three time zones, {WEEKS} weeks from {START:%d %B %Y}, seed {SEED}. Made by",
            "`python -m scripts.readiness_picture docs/readiness`, which gives the same bytes every time; nothing in it is a",
            "measurement of people. They learn by the model that knowledge tracing assumes; gate, grace, expiry, override,",
            "quiet hours, weekly load and the choice of drills are the shipped code.",
            "",
            "![Standing of each engineer, week by week](year.png)",
            "",
            *rows,
            "",
            "What to see in it:",
            "",
            f"- At first nobody's gate is open: the manager overrides {len(year.overrides)} times ({_names(overridden)}), each logged",
            "  and over after seven days.",
            f"- A gate that closes ({closed} times in the year) leaves 14 days of grace as secondary; who drills in that time is back.",
            "- Bo stops in week 22: the rollback rehearsal and the newest items pass 90 days, grace passes, and by week 50 the gate says",
            f'  "{_expiry(year)}".',
            "- Ten weeks of leave (Cai) or sixteen without drills (Gus) close a gate; the way back is the gate, nobody is let in by date.",
            "- Ivo drills once in two weeks and is never ready; Lea joined in week 40 and is on the way.",
            "",
        ]
    )


def _row(year: Year, n: int) -> str:
    one = year.engineers[n]
    name = one.life.person.id
    found = year.standings[name]
    opened = next((f"week {week}" for week, state in enumerate(found) if state is Standing.PRIMARY), "never")
    counts = Counter(found)
    weeks = WEEKS - one.life.joins
    minutes = sum(MINUTES[drill.drill_type] for drill in one.drills) / weeks
    cells = (
        *(one.life.person.name, f"week {one.life.joins}", opened, counts[Standing.PRIMARY], _closings(found), counts[Standing.GRACE]),
        *(counts[Standing.OVERRIDDEN], year.primaries.count(name), len(one.pages), len(one.drills), f"{minutes:.0f}"),
    )
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def _closings(found: list[Standing | None]) -> int:
    """How often an open gate was closed a week later."""
    return sum(a is Standing.PRIMARY and b is not Standing.PRIMARY for a, b in pairwise(found))


def _names(counted: Counter[str]) -> str:
    return ", ".join(f"{name.capitalize()} {count}" for name, count in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))


def _expiry(year: Year) -> str:
    return next((said for said in year.lacking["bo"][50] if said.startswith("expired")), "open")


def picture(year: Year) -> bytes:
    """One row an engineer, one square a week; a dot where they were primary."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch, Rectangle

    figure = Figure(figsize=(11.0, 4.6), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.06, 0.17, 0.93, 0.72))
    for row, one in enumerate(year.engineers):
        for week, state in enumerate(year.standings[one.life.person.id]):
            colour, letter, _ = LOOKS[state]
            axes.add_patch(Rectangle((week, row), 0.94, 0.86, facecolor=colour, edgecolor="none"))
            if letter:
                axes.text(week + 0.47, row + 0.45, letter, ha="center", va="center", fontsize=6, color=INK)
            if year.primaries[week] == one.life.person.id:
                axes.plot(week + 0.47, row + 0.12, marker="o", markersize=2.4, color=INK)
    axes.set(xlim=(0, WEEKS), ylim=(len(year.engineers), -0.1))
    axes.set_yticks([row + 0.43 for row in range(len(year.engineers))], [one.life.person.name for one in year.engineers])
    months = [week for week in range(WEEKS) if week == 0 or (START + week * WEEK).month != (START + (week - 1) * WEEK).month]
    axes.set_xticks(months, [f"{START + week * WEEK:%b}" for week in months])
    axes.tick_params(length=0, labelsize=9, colors=INK)
    axes.spines[:].set_visible(False)
    shown = [Patch(facecolor=colour, edgecolor="#999999", linewidth=0.4, label=words) for colour, _, words in LOOKS.values()]
    axes.legend(handles=shown, loc="upper center", bbox_to_anchor=(0.5, -0.07), ncols=5, frameon=False, fontsize=8, columnspacing=1.2)
    figure.text(0.06, 0.93, "Who may carry the pager: a simulated year", fontsize=12, fontweight="bold", color=INK)
    figure.text(0.99, 0.93, "a dot: was primary that week", fontsize=9, color="#616061", ha="right")
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


if __name__ == "__main__":
    write(simulate(), Path(sys.argv[1] if len(sys.argv) > 1 else "docs/readiness"))
