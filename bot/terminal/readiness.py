"""Readiness for people at a terminal."""

from __future__ import annotations

from rich.console import Group
from rich.table import Table
from rich.text import Text

from bot.drills.readiness.gate import NAMES
from bot.drills.readiness.team import Figure, TeamView
from bot.model.drill import Competency
from bot.model.readiness import Firing, Readiness, Standing

STANDINGS = {
    Standing.PRIMARY: ("may be primary", "green"),
    Standing.GRACE: ("in grace: secondary for now", "yellow"),
    Standing.SECONDARY: ("secondary, with a buddy", "yellow"),
    Standing.OVERRIDDEN: ("primary by a logged override", "red"),
}


def readiness_view(found: Readiness) -> Group:
    words, colour = STANDINGS[found.standing]
    head = Text.assemble((words, f"bold {colour}"), f" until {found.until:%Y-%m-%d}" if found.until is not None else "")
    parts: list[Text | Table] = [head, _levels(found)]
    for title, lacks in (("missing", found.lacks), ("missing in a fortnight, if nothing is done", found.soon)):
        if lacks:
            parts += [Text(f"{title}:", "bold"), *(Text(f"  {one.what}") for one in lacks)]
    return Group(*parts)


def _levels(found: Readiness) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("", "level", "known", "items", "causes", "last"):
        table.add_column(name, justify="right" if name in ("level", "known", "items", "causes") else "left")
    for one in found.levels:
        last = f"{one.last:%Y-%m-%d}" if one.last is not None else "never"
        table.add_row(
            f"{one.competency} {NAMES[one.competency]}",
            str(one.level),
            f"{one.known:.2f}",
            str(one.items),
            str(one.causes),
            last,
            style="dim" if not one.items else "",
        )
    return table


def team_table(found: TeamView) -> Group:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("")
    table.add_column("median level", justify="right")
    table.add_column("people", justify="right")
    for one in Competency:
        figure = found.levels[one.value]
        table.add_row(f"{one} {NAMES[one]}", _figure(figure), str(figure.people))
    standings = ", ".join(f"{count} {name}" for name, count in (found.standings or {}).items() if count)
    covered, once, never = (len(part) for part in (found.coverage.covered, found.coverage.once, found.coverage.never))
    return Group(
        Text(f"{found.rotation}: {found.people} people, {standings}", "bold"),
        table,
        Text(f"2am pages of the last 90 days: mean {_figure(found.page_score)} (n {found.page_score.people} people)"),
        Text(f"causes covered by two people or more: {covered} of {covered + once + never}; by one only: {once}"),
    )


def _figure(found: Figure) -> str:
    return f"{found.value:g}" if found.value is not None else "too few people"


def firings_table(rows: list[tuple[str, str, str, str, str]], last: list[Firing]) -> Group:
    """`rows`: drill, cron, local time, UTC, missed."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("drill", "cron", "next, local", "next, UTC", "missed"):
        table.add_column(name)
    for row in rows:
        table.add_row(*row)
    told = [Text(f"{one.due.at:%Y-%m-%d %H:%M} {one.due.schedule}: {one.state.value.replace('_', ' ')}, {one.why}", "dim") for one in last]
    return Group(table, *told)
