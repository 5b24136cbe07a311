"""Levels, the gate with its expiry, grace and override, what is said before a shift, and who may read what."""

from datetime import timedelta

import pytest

from bot.drills.readiness.gate import GATED, readiness
from bot.drills.readiness.knowledge import known, level, levels, observations, right
from bot.drills.readiness.notice import notice, upcoming
from bot.drills.readiness.team import coverage, may_read, team_view
from bot.drills.repetition.choose import team_of
from bot.errors import NotAllowed
from bot.model.drill import Competency
from bot.model.readiness import Act, ActKind, History, Role, Rotation, Standing
from tests.drills.made import DAY, NOW, PAGE_CAUSES, K, access, marked, offer, override, page, part, person, ready_history, shift

CAUSES = ("retrieval.timeout", "retrieval.error", "retrieval.stale_index", "retrieval.empty_results", "retrieval.ranking_regression")
NOBODY = team_of((), ())


def answered(*scores: float, kind: str = "D5", last_days_ago: float = 1.0) -> list:
    return [marked(kind, CAUSES[n % 5], last_days_ago + len(scores) - 1 - n, one) for n, one in enumerate(scores)]


def test_knowledge_tracing_follows_its_formula() -> None:
    # by hand: .2 -> right: .2*.9/(.2*.9+.8*.2) = .5294 -> learn: .5294+.4706*.15 = .6 -> wrong: .6*.1/(.6*.1+.4*.8) = .1579 -> .2842
    assert known(observations(answered(80), K.RETRIEVAL)) == pytest.approx(0.6, abs=1e-4)
    assert known(observations(answered(80, 20), K.RETRIEVAL)) == pytest.approx(0.2842, abs=1e-4)


def test_a_right_choice_of_a_few_says_less_than_a_right_answer() -> None:
    assert known(observations(answered(80, kind="D3"), K.RETRIEVAL)) < known(observations(answered(80), K.RETRIEVAL))


@pytest.mark.parametrize(
    ("drills", "expected"),
    [
        ([], 0),
        (answered(20), 0),
        (answered(80), 1),
        (answered(80, 80, 80), 1),  # known .97, and yet only three items
        (answered(80, 80, 80, 80), 2),
        ([marked("D5", "retrieval.timeout", n) for n in (4, 3, 2, 1)], 1),  # four items, one cause
        (answered(80, 80, 80, 80, last_days_ago=90), 2),
        (answered(80, 80, 80, 80, last_days_ago=91), 1),
        (answered(80, 80, 80, 80, 20, 20), 1),  # what was known is doubted
        (answered(80, 80, 80, 80, 20, 20, 20), 0),
        (answered(*[80] * 8), 2),  # enough for level 3, but never done by hand
        ([*answered(*[80] * 8), marked("D7", "retrieval.timeout", 0.5)], 3),
    ],
)
def test_levels(drills: list, expected: int) -> None:
    assert level(drills, K.RETRIEVAL, NOW).level == expected


def test_who_teaches_what_they_can_do_is_at_the_top_and_teaching_alone_is_nothing() -> None:
    taught = [Act(kind=ActKind.TAUGHT, person="U1", what="K5", by="U1", at=NOW - DAY)]
    can = [*answered(*[80] * 8), marked("D7", "retrieval.timeout", 0.5)]
    assert level(can, K.RETRIEVAL, NOW, taught).level == 4
    assert level([], K.RETRIEVAL, NOW, taught).level == 0


def test_a_long_drill_shows_each_competency_by_its_own_parts() -> None:
    parts = (part("layer", 25, 25), part("cause", 0, 20), part("action", 15, 15), part("verify", 0, 5), part("status", 2, 5))
    drill = marked(score=42, parts=parts, competencies=(K.ORIGIN, K.RETRIEVAL, K.MITIGATION, K.COMMUNICATION, K.STATISTICS))
    assert right(drill, K.ORIGIN) and right(drill, K.MITIGATION)
    assert not right(drill, K.RETRIEVAL) and not right(drill, K.COMMUNICATION)
    assert not right(drill, K.STATISTICS)  # it has no part of its own here, so the drill as a whole counts, which was failed


def test_the_future_is_not_looked_at() -> None:
    assert level(answered(80, 80, 80, 80), K.RETRIEVAL, NOW - 30 * DAY).items == 0
    assert readiness("U1", ready_history(-1), NOW, ()).open is False


def whats(history: History, now=NOW, systems: tuple[str, ...] = ("traces",)) -> list[str]:
    return [lack.what for lack in readiness("U1", history, now, systems).lacks]


def test_the_gate_opens_when_all_is_there() -> None:
    ready = readiness("U1", ready_history(), NOW, ("traces",))
    assert (ready.standing, ready.open, ready.lacks, ready.until) == (Standing.PRIMARY, True, (), None)
    assert {one.competency for one in ready.levels if one.level >= 2} == set(GATED)


def test_a_newcomer_lacks_everything_and_is_told_so() -> None:
    ready = readiness("U1", History(), NOW, ("traces",))
    assert ready.standing is Standing.SECONDARY and len(ready.levels) == 12
    assert [lack.competency for lack in ready.lacks][:9] == list(GATED)
    said = " ".join(lack.what for lack in ready.lacks)
    for words in (
        "K10",
        "2am pages (0 played",
        "red herring",
        "rollback rehearsal",
        "shadow shift",
        "reverse-shadow",
        "access to traces",
        "expired",
    ):
        assert words in said


def changed(**more) -> History:
    return ready_history().model_copy(update=more)


def replaced(kind: str, **more) -> History:
    history = ready_history()
    return history.model_copy(
        update={"drills": tuple(one.model_copy(update=more) if one.drill_type == kind else one for one in history.drills)}
    )


def without(kind: str) -> History:
    return changed(drills=tuple(one for one in ready_history().drills if one.drill_type != kind))


@pytest.mark.parametrize(
    ("history", "said"),
    [
        (without("D6"), "a red herring passed"),
        (without("D7"), "a rollback rehearsal within 90 d"),
        (replaced("D6", passed=False), "a red herring passed"),
        (replaced("D7", at=NOW - 91 * DAY), "a rollback rehearsal within 90 d"),
        (replaced("D1", score=90.0), "K10 safety quiz (0 of the last 3 cards right, all are needed)"),
        (replaced("D5", score=74.0), "2am pages (mean of the last 5 is 74, 75 is needed)"),
        (changed(shifts=ready_history().shifts[1:]), "a shadow shift (or 4 wheels of misfortune, 0 passed)"),
        (changed(shifts=ready_history().shifts[:1]), "a reverse-shadow shift (or 4 wheels of misfortune, 0 passed)"),
        (changed(acts=()), "access to traces proven within 90 d"),
        (changed(acts=(access("traces", 91),)), "access to traces proven within 90 d"),
        (changed(acts=(access("prompts", 1),)), "access to traces proven within 90 d"),
    ],
)
def test_each_rule_closes_the_gate_alone(history: History, said: str) -> None:
    assert whats(history) == [said]


def pages_with(*causes: str | None, right: int = 5) -> History:
    """The ready history with its last five 2am pages on these causes, `right` of them with the right layer."""
    others = list(ready_history().drills)
    more = [
        marked("D5", cause, 0.9 - n / 10, competencies=GATED, scenario=f"late-{n}", layer_right=n < right) for n, cause in enumerate(causes)
    ]
    return changed(drills=(*others, *more))


@pytest.mark.parametrize(
    ("causes", "right", "said"),
    [
        (PAGE_CAUSES, 4, []),
        (PAGE_CAUSES, 3, ["2am pages (layer right in 3 of the last 5, 4 are needed)"]),
        (("tool.loop", "tool.error", *PAGE_CAUSES[:2], "tool.error"), 5, ["2am pages (the last 5 cover 3 layers, 4 are needed)"]),
        (("tool.loop", None, *PAGE_CAUSES[2:]), 5, ["2am pages (none of the last 5 was without a fault)"]),
        (("none.mix_shift", None, *PAGE_CAUSES[2:]), 5, []),  # what cannot be told is a telemetry gap too
        (("none.mix_shift", "model.rate_limited", *PAGE_CAUSES[2:]), 5, ["2am pages (none of the last 5 was a telemetry gap)"]),
    ],
)
def test_the_last_five_pages_must_cover_what_a_night_brings(causes: tuple, right: int, said: list[str]) -> None:
    assert whats(pages_with(*causes, right=right)) == said


def test_four_wheels_stand_for_the_shadow_shifts() -> None:
    wheels = tuple(marked("D10", "tool.loop", n, competencies=(K.COMMUNICATION,)) for n in (5, 4, 3, 2))
    drills = tuple(sorted([*ready_history().drills, *wheels], key=lambda one: one.at))
    assert whats(changed(shifts=(), drills=drills)) == []
    assert len(whats(changed(shifts=(), drills=drills[:-1][:-2]))) >= 2


def test_half_a_year_without_a_page_or_three_drills_expires() -> None:
    """All else kept fresh, so that only the expiry speaks."""
    old = ready_history(last_days_ago=181)
    skills = [marked("D2", cause, 3, competencies=GATED) for cause in CAUSES]
    kept = [
        *old.drills,
        *skills,
        marked("D7", "prompt.bloat", 2, competencies=(K.MITIGATION,)),
    ]
    history = old.model_copy(update={"drills": tuple(sorted(kept, key=lambda one: one.at)), "acts": (access("traces", 1),)})
    assert whats(history) == ["expired: no real page and 0 of 3 2am pages in 180 d"]
    assert whats(history.model_copy(update={"pages": (page(NOW - 180 * DAY),)})) == []
    assert whats(history.model_copy(update={"pages": (page(NOW - 181 * DAY),)})) != []


def test_grace_is_fourteen_days_and_then_there_is_a_buddy() -> None:
    history = ready_history()  # its competencies are last shown a day before NOW: fresh for 90 days
    closes = NOW + 84 * DAY  # the rollback rehearsal was eight days ago: 90 days are over after 82
    assert readiness("U1", history, NOW + 82 * DAY, ("traces",)).standing is Standing.PRIMARY
    in_grace = readiness("U1", history, closes, ("traces",))
    assert in_grace.standing is Standing.GRACE and not in_grace.open
    assert in_grace.until is not None and NOW + 96 * DAY <= in_grace.until <= NOW + 97 * DAY
    assert readiness("U1", history, NOW + 97 * DAY, ("traces",)).standing is Standing.SECONDARY


def test_an_override_is_named_and_lasts_seven_days() -> None:
    history = History(acts=(override(3.0),))
    ready = readiness("U1", history, NOW, ())
    assert (ready.standing, ready.overridden_by, ready.open) == (Standing.OVERRIDDEN, "UBOSS", False)
    assert ready.until == NOW + 4 * DAY
    assert readiness("U1", history, NOW + 4 * DAY, ()).standing is Standing.SECONDARY
    assert readiness("U1", history, NOW - 4 * DAY, ()).standing is Standing.SECONDARY  # before it was given


def test_an_open_gate_needs_no_override_and_names_nobody() -> None:
    history = changed(acts=(*ready_history().acts, override(1.0)))
    assert readiness("U1", history, NOW, ("traces",)).overridden_by is None


LIBRARY = [offer(kind, cause) for cause in CAUSES for kind in ("D1", "D2", "D3", "D9", "D5")] + [offer("D2", "tool.loop", K.TOOL)]


def one_lacking(last_days_ago: float = 143.0) -> History:
    """Ready but for retrieval, which was last drilled long ago."""
    history = ready_history()
    others = tuple(one for one in GATED if one is not K.RETRIEVAL)
    drills = [one.model_copy(update={"competencies": others}) if K.RETRIEVAL in one.competencies else one for one in history.drills]
    old = [marked("D2", cause, last_days_ago + n) for n, cause in enumerate(CAUSES)]
    return history.model_copy(update={"drills": tuple(sorted([*old, *drills], key=lambda one: one.at))})


def test_next_weeks_primary_is_offered_three_drills_in_twelve_minutes() -> None:
    history = one_lacking()
    ready = readiness("U1", history, NOW, ("traces",))
    shift_ahead = shift(days_ago=-10)
    said = notice(person(), shift_ahead, ready, history.drills, LIBRARY, NOBODY, NOW)
    assert said is not None
    assert said.text.startswith("Next week's primary lacks retrieval (last 143 d ago): three drills, twelve minutes.")
    assert sum(one.minutes for one in said.drills) == 12 and len({one.scenario for one in said.drills}) == 3
    assert all("retrieval" in one.scenario for one in said.drills)
    assert "retrieval" not in said.public and "143" not in said.public  # the channel reads who helps, not who lacks what


def test_who_is_ready_hears_nothing() -> None:
    history = ready_history()
    assert notice(person(), shift(days_ago=-10), readiness("U1", history, NOW, ("traces",)), history.drills, LIBRARY, NOBODY, NOW) is None


def test_only_primaries_of_the_coming_week_are_looked_at() -> None:
    ahead, far = shift(days_ago=-10), shift(days_ago=-15)
    running, over = shift(days_ago=-1), shift(days_ago=3)
    shadow = shift(Role.SHADOW, days_ago=-10)
    assert upcoming([far, shadow, over, ahead, running], NOW) == (running, ahead)


def team(people: int) -> Rotation:
    members = tuple(person(id=f"U{n}", name=f"P{n}", mentor="U1" if n == 2 else None) for n in range(1, people + 1))
    return Rotation(name="assistant", zone="UTC", people=members, managers=("UBOSS",))


def viewed(people: int):
    rotation = team(people)
    histories = {
        one.id: History(drills=tuple(one_.model_copy(update={"participant": one.id}) for one_ in ready_history().drills))
        for one in rotation.people
    }
    ready = {one: readiness(one, held, NOW, ()) for one, held in histories.items()}
    return team_view(rotation, histories, ready, (*PAGE_CAUSES, "tool.loop"), NOW)


def test_scores_are_for_the_person_and_their_mentor() -> None:
    may_read("U2", "U2", team(4))
    may_read("U1", "U2", team(4))
    for viewer, whose in (("U2", "U1"), ("UBOSS", "U2"), ("U3", "U2"), ("U9", "U9")):
        with pytest.raises(NotAllowed):
            may_read(viewer, whose, team(4))


def test_a_team_is_shown_from_four_people_on() -> None:
    with pytest.raises(NotAllowed):
        viewed(3)
    view = viewed(4)
    assert view.page_score.value == 85.0 and view.page_score.people == 4
    assert view.levels["K5"].value == 2 and view.levels["K7"].value is None
    assert view.coverage.covered == tuple(sorted(PAGE_CAUSES)) and view.coverage.never == ("tool.loop",)


def test_a_figure_with_fewer_than_four_behind_it_is_not_shown_even_in_a_large_team() -> None:
    rotation = team(6)
    histories = {one.id: History(drills=ready_history().drills if one.id in ("U1", "U2", "U3") else ()) for one in rotation.people}
    ready = {one: readiness(one, held, NOW, ()) for one, held in histories.items()}
    view = team_view(rotation, histories, ready, PAGE_CAUSES, NOW)
    assert view.page_score.value is None and view.page_score.people == 3
    assert all(figure.value is None for figure in view.levels.values())


def test_a_cause_is_covered_by_two_people_within_ninety_days() -> None:
    drills = [marked("D2", "tool.loop", 1, participant="U1"), marked("D2", "tool.loop", 89, participant="U2")]
    drills += [marked("D2", "tool.error", 1, participant="U1"), marked("D2", "tool.error", 91, participant="U2")]
    found = coverage(drills, ("tool.loop", "tool.error", "tool.timeout"), NOW)
    assert (found.covered, found.once, found.never) == (("tool.loop",), ("tool.error",), ("tool.timeout",))
    assert found.share == pytest.approx(1 / 3)
    assert coverage([], (), NOW).share == 0.0


def test_all_twelve_are_always_reported() -> None:
    assert [one.competency for one in levels([], NOW)] == list(Competency)
    assert timedelta(days=1) == DAY
