"""What is asked again, when, and to whom never."""

from datetime import UTC, datetime, timedelta

import pytest
from fsrs import Rating

from bot.drills.repetition import memory
from bot.drills.repetition.choose import choose, confusion, how_common, look_alikes, score, team_of
from bot.drills.repetition.memory import Item, grade, memories
from bot.drills.repetition.quiet import at_night, jittered, minutes_of_week, next_free, why_not
from bot.model.drill import Competency, DrillType
from bot.model.readiness import Leave
from tests.drills.made import DAY, NOW, K, marked, offer, page, part, person

ITEM = Item(K.RETRIEVAL, "retrieval.timeout", DrillType.PAGE)
NOBODY = team_of((), ())


def of_scores(*scores: float, cause: str = "retrieval.timeout") -> list[timedelta]:
    """Days between each answer and the next time it is due, when it is answered the day it is due."""
    at, gaps, drills = NOW, [], []
    for points in scores:
        drills.append(marked(cause=cause, score=points, at=at))
        due = memories(drills)[Item(K.RETRIEVAL, cause, DrillType.PAGE)].due_at
        gaps.append(due - at)
        at = due
    return gaps


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        (0, Rating.Again),
        (49.9, Rating.Again),
        (50, Rating.Hard),
        (69.9, Rating.Hard),
        (70, Rating.Good),
        (89.9, Rating.Good),
        (90, Rating.Easy),
        (100, Rating.Easy),
    ],
)
def test_a_score_is_graded_as_the_catalogue_says(points: float, expected: Rating) -> None:
    assert grade(points) is expected


def test_what_goes_well_is_asked_ever_later_but_at_least_three_times_a_year() -> None:
    gaps = of_scores(*[80.0] * 8)
    assert [gap.days for gap in gaps[:6]] == [1, 4, 10, 25, 57, 120]  # the catalogue's ladder, to a few days
    assert gaps == sorted(gaps) and gaps[0] >= DAY and gaps[-1] == 120 * DAY


def test_what_was_missed_comes_back_soon_and_is_kept_shorter_than_before() -> None:
    well = of_scores(80, 80, 80, 80)
    lapsed = of_scores(80, 80, 80, 20)
    assert lapsed[:3] == well[:3]
    assert lapsed[3] < 0.4 * lapsed[2] < well[3]


def test_what_may_not_be_forgotten_is_asked_more_often() -> None:
    assert of_scores(80, 80, cause="infra.abuse_injection")[1] < of_scores(80, 80)[1]


def test_recall_falls_with_time_to_the_threshold_on_the_day_it_is_due() -> None:
    held = memories([marked(score=80, at=NOW)])[ITEM]
    assert held.recall(NOW) == 1.0
    assert held.recall(held.due_at + 60 * DAY) < held.recall(held.due_at) == pytest.approx(memory.RETENTION, abs=0.03)
    assert not held.due(held.due_at - DAY) and held.due(held.due_at)


def test_the_order_of_marks_does_not_matter() -> None:
    drills = [marked(days_ago=n, score=60 + n) for n in (30.0, 20.0, 5.0)]
    assert memories(drills)[ITEM].due_at == memories(reversed(drills))[ITEM].due_at


def test_a_drill_of_two_competencies_is_two_items_and_an_abstention_has_a_name() -> None:
    held = memories([marked(cause=None, competencies=(K.MEASUREMENT, K.STATISTICS))])
    assert set(held) == {Item(K.MEASUREMENT, "abstain", DrillType.PAGE), Item(K.STATISTICS, "abstain", DrillType.PAGE)}


def test_only_what_is_due_is_chosen() -> None:
    fresh = marked("D2", "retrieval.timeout", days_ago=0.5, score=95)
    assert choose([offer("D2", "retrieval.timeout")], [fresh], NOBODY, NOW, minutes=12) == ()
    assert choose([offer("D2", "retrieval.timeout")], [fresh], NOBODY, NOW + 119 * DAY, minutes=12) != ()


def test_what_paged_and_nobody_drilled_goes_first() -> None:
    offers = [offer("D2", cause) for cause in ("retrieval.timeout", "cost.call_fanout")]
    common_first = choose(offers, [], NOBODY, NOW, minutes=3, most=1)
    gap = team_of((), [("cost.call_fanout", NOW - 5 * DAY)])
    assert [one.cause for one in common_first] == ["retrieval.timeout"]
    assert [one.cause for one in choose(offers, [], gap, NOW, minutes=3, most=1)] == ["cost.call_fanout"]


@pytest.mark.parametrize(
    ("paged_days_ago", "drilled_days_ago", "expected"), [(5, None, True), (5, 4, False), (5, 6, True), (91, None, False)]
)
def test_a_gap_closes_when_somebody_drilled_it_since(paged_days_ago: int, drilled_days_ago: int | None, expected: bool) -> None:
    drills = [marked("D2", "tool.loop", drilled_days_ago)] if drilled_days_ago is not None else []
    assert team_of(drills, [("tool.loop", NOW - paged_days_ago * DAY)]).gap("tool.loop", NOW) is expected


def test_a_look_alike_follows_because_contrast_teaches() -> None:
    offers = [offer("D2", cause) for cause in ("retrieval.timeout", "model.rate_limited", "retrieval.error", "tool.loop")]
    asked = [one.cause for one in choose(offers, [], NOBODY, NOW, minutes=12, most=3)]
    assert asked[0] == "retrieval.timeout" and asked[1] == "retrieval.error"
    assert how_common("model.rate_limited") > how_common("retrieval.error")  # without the contrast it would have come second


def test_the_cause_just_drilled_is_not_asked_again_and_its_look_alike_is() -> None:
    last = marked("D5", "tool.timeout", days_ago=1, score=40, competencies=(K.TOOL,))
    offers = [offer("D2", cause, K.TOOL) for cause in ("tool.timeout", "tool.error", "tool.loop")]
    assert [one.cause for one in choose(offers, [last], NOBODY, NOW, minutes=3, most=1)] == ["tool.error"]


def test_what_this_person_confuses_weighs_more() -> None:
    missed = marked("D3", "prompt.contract_break", days_ago=30, score=20)
    assert look_alikes("prompt.model_mismatch") >= {"prompt.contract_break", "prompt.model_mismatch"}
    assert confusion("prompt.model_mismatch", [missed]) == 1.0
    assert confusion("tool.loop", [missed]) == 0.0
    named = marked("D5", "prompt.contract_break", score=40, parts=(part("cause", 20, 20),))
    assert confusion("prompt.model_mismatch", [named]) == 0.0
    one = offer("D2", "prompt.model_mismatch")
    assert score(one, [missed], memories([missed]), NOBODY, NOW) == pytest.approx(score(one, [], {}, NOBODY, NOW) + 0.2)


def test_a_long_drill_does_not_take_the_place_of_all_others() -> None:
    offers = [
        offer("D5", "retrieval.timeout"),
        offer("D2", "retrieval.error"),
        offer("D1", "retrieval.stale_index"),
        offer("D2", "retrieval.timeout"),
    ]
    chosen = choose(offers, [], NOBODY, NOW, minutes=12, most=3)
    assert len(chosen) == 3 and sum(one.minutes for one in chosen) <= 12


def test_choosing_is_the_same_whatever_the_order_of_the_library() -> None:
    offers = [offer(kind, cause) for kind in ("D2", "D3") for cause in ("tool.loop", "tool.error", "retrieval.error", "prompt.bloat")]
    assert choose(offers, [], NOBODY, NOW, minutes=12) == choose(reversed(offers), [], NOBODY, NOW, minutes=12)


NIGHTS = [  # Berlin: two hours ahead of UTC in June, one in January
    (datetime(2026, 6, 10, 19, 59, tzinfo=UTC), False),
    (datetime(2026, 6, 10, 20, 0, tzinfo=UTC), True),
    (datetime(2026, 6, 11, 4, 59, tzinfo=UTC), True),
    (datetime(2026, 6, 11, 5, 0, tzinfo=UTC), False),
    (datetime(2026, 1, 10, 20, 59, tzinfo=UTC), False),
    (datetime(2026, 1, 10, 21, 0, tzinfo=UTC), True),
]


@pytest.mark.parametrize(("at", "night"), NIGHTS)
def test_night_is_where_the_person_is(at: datetime, night: bool) -> None:
    assert at_night(at, "Europe/Berlin") is night
    assert (why_not(person(), at, ()) == "it is night there") is night


def test_nobody_is_drilled_in_the_day_after_a_night_page() -> None:
    night = datetime(2026, 6, 9, 1, 7, tzinfo=UTC)  # 03:07 in Berlin
    assert why_not(person(), night + 12 * timedelta(hours=1), [page(night)]) == "was paged in the night"
    assert why_not(person(), night + timedelta(hours=30), [page(night)]) is None
    assert why_not(person(), night + timedelta(hours=12), [page(datetime(2026, 6, 9, 10, 0, tzinfo=UTC))]) is None  # by day
    assert next_free(person(), night, (page(night),)) == datetime(2026, 6, 10, 5, 7, tzinfo=UTC)  # a full day, and then the morning


def test_leave_is_leave() -> None:
    away = person(leave=(Leave(start=NOW - DAY, end=NOW + 3 * DAY),))
    assert why_not(away, NOW, ()) == "on leave"
    assert next_free(away, NOW, ()) == NOW + 3 * DAY
    assert next_free(person(leave=(Leave(start=NOW, end=NOW + 365 * DAY),)), NOW, ()) is None


def test_a_week_holds_thirty_five_minutes() -> None:
    done = [marked("D5", days_ago=n) for n in (1, 2, 3)]
    assert minutes_of_week(done, NOW) == 30 and why_not(person(), NOW, (), done) is None
    assert why_not(person(), NOW, (), [*done, marked("D6")]) == "has done this week's share"
    assert why_not(person(), NOW, (), [*done, marked("D10")]) is None  # a group's appointment is no daily load
    assert minutes_of_week(done, NOW + 5 * DAY) == 10


def test_drills_do_not_come_to_everybody_at_once() -> None:
    times = {jittered(f"U{n}", NOW) for n in range(12)}
    assert len(times) == 12 and all(NOW <= one < NOW + timedelta(minutes=30) for one in times)
    assert jittered("U1", NOW) == jittered("U1", NOW)


def test_every_cause_has_a_weight() -> None:
    assert 0 < how_common(None) <= 1 and how_common("retrieval.timeout") > how_common("cost.model_upsell")
    assert len(Competency) == 12
