"""A year of twelve engineers by the shipped rules: the gate opens, expires and is overridden as they say; docs/readiness shows it."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.drills.readiness.gate import readiness
from bot.drills.repetition.quiet import at_night, minutes_of_week
from bot.model.readiness import ActKind, Standing
from scripts.readiness_picture import picture, text
from scripts.readiness_year import DAY, LIVES, START, SYSTEMS, WEEK, WEEKS, Engineer, Year, simulate

DOCS = Path(__file__).resolve().parents[2] / "docs" / "readiness"


@pytest.fixture(scope="module")
def year() -> Year:
    return simulate()


def of(year: Year, name: str) -> Engineer:
    return next(one for one in year.engineers if one.life.person.id == name)


def test_the_page_in_the_docs_has_the_twelve_of_them(year: Year) -> None:
    """Its numbers move with the catalogue's priors and groups; `python -m scripts.readiness_picture docs/readiness` writes it anew."""
    shown = (DOCS / "year.md").read_text(encoding="utf-8")
    heads = [line.split("|")[1].strip() for line in text(year).splitlines() if line.startswith("| ")]
    assert heads == [line.split("|")[1].strip() for line in shown.splitlines() if line.startswith("| ")] and len(heads) == 13
    assert (DOCS / "year.png").stat().st_size > 10_000


def test_the_picture_is_the_same_bytes_every_time(year: Year) -> None:
    assert picture(year) == picture(year)


def test_gates_open_by_what_was_shown_and_never_before_the_first_weeks(year: Year) -> None:
    opened = {name: found.index(Standing.PRIMARY) for name, found in year.standings.items() if Standing.PRIMARY in found}
    assert len(opened) >= 8 and all(week - of(year, name).life.joins >= 4 for name, week in opened.items())
    assert "ivo" not in opened and "lea" not in opened  # too few drills, and too short a time


def test_only_who_may_is_primary_and_every_exception_is_a_logged_override(year: Year) -> None:
    overridden = dict(year.overrides)
    for week, name in enumerate(year.primaries):
        state = year.standings[name][week]
        assert state in (Standing.PRIMARY, Standing.OVERRIDDEN)
        assert (state is Standing.OVERRIDDEN) == (overridden.get(week) == name)
    acts = [act for one in year.engineers for act in one.acts if act.kind is ActKind.OVERRIDE]
    assert len(acts) == len(year.overrides) > 0 and all(act.by == "manager" and act.why for act in acts)


def test_an_override_holds_seven_days(year: Year) -> None:
    week, name = year.overrides[0]
    given = START + week * WEEK
    alone = of(year, name).history().model_copy(update={"acts": tuple(act for act in of(year, name).acts if act.at <= given)})
    assert readiness(name, alone, given + WEEK - DAY, SYSTEMS).standing is Standing.OVERRIDDEN
    assert readiness(name, alone, given + WEEK, SYSTEMS).standing is not Standing.OVERRIDDEN


def test_who_stops_expires_after_a_grace_of_two_weeks(year: Year) -> None:
    found = year.standings["bo"]
    last = max(week for week, state in enumerate(found) if state is Standing.PRIMARY)
    after = found[last + 1 :]
    assert last > 22 and after[0] is Standing.GRACE
    assert 1 <= after.count(Standing.GRACE) <= 2 and set(after[2:]) == {Standing.SECONDARY}
    assert any(said.startswith("expired: no real page and 0 of 3 2am pages") for said in year.lacking["bo"][50])


def test_who_comes_back_opens_the_gate_again_by_drilling(year: Year) -> None:
    back = []
    for name, away in (("cai", 27), ("gus", 34)):  # ten weeks of leave, and sixteen without drills
        found = year.standings[name]
        assert found[away] is Standing.SECONDARY
        back.append(Standing.PRIMARY in found[:away] and Standing.PRIMARY in found[away:])
    assert any(back)


def test_nobody_was_drilled_at_night_on_leave_or_beyond_the_weeks_share(year: Year) -> None:
    for one in year.engineers:
        person = one.life.person
        for n, drill in enumerate(one.drills):
            assert not any(leave.start <= drill.at < leave.end for leave in person.leave)
            begun = drill.at - timedelta(minutes=12)  # the second drill of a day begins after the first
            assert not at_night(begun, person.zone) or not at_night(drill.at, person.zone)
            assert minutes_of_week(one.drills[: n + 1], drill.at) <= 35 + 12
            paged = [page.at for page in one.pages if at_night(page.at, person.zone) and timedelta() <= begun - page.at]
            assert all(begun - at >= timedelta(hours=24) - timedelta(minutes=12) for at in paged)


def test_the_whole_year_is_there(year: Year) -> None:
    assert len(LIVES) == 12 and all(len(found) == WEEKS for found in year.standings.values())
    before = [state for one in LIVES for state in year.standings[one.person.id][: one.joins]]
    assert before and set(before) == {None}
