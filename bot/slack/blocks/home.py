"""The home tab: what is open, what to drill, whether I am ready, and what Midwatch cannot see. One person's own page.

All words are literal; the only links are those that Slack gave for our own messages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.drills.readiness.gate import NAMES
from bot.drills.readiness.own import Own
from bot.model.incident import Incident, IncidentState
from bot.model.readiness import Readiness, Standing
from bot.slack.blocks.kit import Json, bullets, context, header, link, person, plain, rich, rows, run, section, when
from bot.wording.figures import counted
from bot.wording.incident import heading, owner
from bot.wording.literal import cut, one_line
from bot.wording.storm import state
from bot.wording.verdict import conclude, for_whom, since

INCIDENTS = 10  # listed; the others are counted, so that a storm does not push readiness off the page
LACKS = 4  # of what the gate misses, listed
BLIND = 8  # things that cannot be seen, listed
LINE = 160  # characters of any one line: all of it stays inside one payload, also in a storm
NOBODY = "Only members of this workspace see something here."
STANDINGS: Mapping[Standing, str] = {
    Standing.PRIMARY: "You may be primary",
    Standing.GRACE: "In grace: secondary",
    Standing.SECONDARY: "Secondary, with a buddy",
    Standing.OVERRIDDEN: "Primary by a manager's word",
}


@dataclass(frozen=True)
class Homepage:
    """What one person's page says. `links`: incident id -> its message. `own` None: no drills here; empty: on no rotation."""

    at: datetime
    incidents: tuple[Incident, ...]
    links: Mapping[str, str]
    own: tuple[Own, ...] | None
    blind: tuple[str, ...]
    command: str  # what starts a drill


def home_view(page: Homepage) -> Json:
    blocks = [*_incidents(page), *_practice(page), *_blind(page.blind)]
    ends = section(
        run("As of "), when(page.at), run(". Only you see this page; it is made anew when you open it. Midwatch changes nothing.")
    )
    return {"type": "home", "callback_id": "home", "blocks": [*blocks, rich(ends)]}


def stranger_view() -> Json:
    return {"type": "home", "callback_id": "home", "blocks": [{"type": "section", "text": plain(NOBODY)}]}


def _incidents(page: Homepage) -> list[Json]:
    many = len(page.incidents)
    blocks = [header("Open incidents" if not many else counted(many, "open incident"))]
    if not many:
        return [*blocks, rich(section(run("None that you can see.")))]
    blocks += [_incident(one, page.links.get(one.id, "")) for one in page.incidents[:INCIDENTS]]
    if many > INCIDENTS:
        blocks.append(context(f"and {many - INCIDENTS} more, older ones"))
    return blocks


def _incident(one: Incident, url: str) -> Json:
    named = link(url, one.id) if url else run(one.id, bold=True)
    told = [[named, run(f" {cut(heading(one), LINE)}", bold=True)], [run(cut(_verdict(one), LINE))]]
    if one.report is not None and one.report.onset is not None:
        reach = [since(one.report, one.page.starts_at or one.opened_at), for_whom(one.report)]
        told.append([run(cut("; ".join(part for part in reach if part), LINE))])
    has_it = [run("acknowledged by "), person(one.acknowledged_by)] if one.acknowledged_by else [run(owner(one))]
    told.append([run("Paged "), when(one.page.starts_at or one.opened_at), run(" · "), *has_it])
    return rich(rows(*told))


def _verdict(one: Incident) -> str:
    """With how sure that is; while it is triaged, the verdict before these alerts is on the card."""
    if one.report is None or one.state is not IncidentState.TRIAGED:
        return state(one)
    said = conclude(one.report)
    return f"{said.title} ({said.certainty})"


def _practice(page: Homepage) -> list[Json]:
    if page.own is None:
        return []
    if not page.own:
        said = "You are on no rotation that Midwatch knows, so nothing is due and nobody asks whether you are ready."
        return [{"type": "divider"}, header("My drills and readiness"), rich(section(run(said)))]
    blocks: list[Json] = [{"type": "divider"}, header("My drills due")]
    blocks += [_due(one, page.command) for one in page.own]
    blocks.append(header("My readiness"))
    blocks += [_ready(one) for one in page.own]
    return [*blocks, context("Your readiness is for you and your mentor. A manager sees neither it nor your marks.")]


def _due(one: Own, command: str) -> Json:
    title = section(run(one.rotation, bold=True))
    if one.next.wait is not None:
        free = [run(", from "), when(one.next.free_at)] if one.next.free_at is not None else [run(", and not within sixty days")]
        return rich(title, section(run(f"Not now: {one_line(one.next.wait, 80)}"), *free))
    if not one.next.drills:
        return rich(title, section(run("Nothing is due.")))
    drills = [[run(f"{command} {one_line(drill.scenario, 60)}", code=True), run(f" {drill.minutes:g} min")] for drill in one.next.drills]
    return rich(title, bullets(drills))


def _ready(one: Own) -> Json:
    ready = one.ready
    until = [run(" until "), when(ready.until)] if ready.until is not None else []
    lines: list[Sequence[Json]] = [[run(f"{one.rotation}: ", bold=True), run(STANDINGS[ready.standing]), *until]]
    blocks: list[Json] = []
    for words, missing in (("Missing", ready.lacks), ("Missing in a fortnight, if nothing is done", ready.soon)):
        if missing:
            more = [[run(f"and {len(missing) - LACKS} more", italic=True)]] if len(missing) > LACKS else []
            listed = [[run(one_line(lack.what, LINE))] for lack in missing[:LACKS]]
            blocks += [rows(*lines, [run(f"{words} ({len(missing)})")]), bullets(listed + more)]
            lines = []
    if levels := _levels(ready):
        lines.append([run(levels)])
    return rich(*blocks, *([rows(*lines)] if lines else []))


def _levels(ready: Readiness) -> str:
    """`retrieval 1, model 3`; those with nothing behind them are left out."""
    known = [f"{NAMES[one.competency]} {one.level}" for one in ready.levels if one.items]
    return f"Levels (the gate asks for 2): {', '.join(known)}" if known else ""


def _blind(blind: Sequence[str]) -> list[Json]:
    told = [[run(one_line(one, LINE))] for one in blind[:BLIND]] or [[run("Nothing that it knows of.")]]
    more = [[run(f"and {len(blind) - BLIND} more", italic=True)]] if len(blind) > BLIND else []
    return [{"type": "divider"}, header("What Midwatch cannot see"), rich(bullets(told + more))]
