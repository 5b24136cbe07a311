"""How incidents went, whether the engine was right, which drills are good questions, and the month's report."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean

import pytest
from scipy.stats import pearsonr

from bot.drills.outcome.incidents import accuracy, incidents, repeats
from bot.drills.outcome.learning import items, learning, point_biserial
from bot.drills.outcome.markdown import text, write
from bot.drills.outcome.month import first_needed, month, report
from bot.drills.outcome.shares import Share
from bot.errors import BadInput
from bot.model.outcome import Course, Label, Milestone, MilestoneKind, Told
from bot.model.readiness import RealPage, Rotation
from tests.drills.made import DAY, NOW, marked, part, person

Kind = MilestoneKind


def said(kind: Kind, minutes: float, layer: str | None = None, evidence: tuple[str, ...] = (), at: datetime = NOW) -> Milestone:
    return Milestone(incident="INC-1", kind=kind, by="U1", at=at + timedelta(minutes=minutes), layer=layer, evidence=evidence)


def course(
    *milestones: Milestone, n: int = 1, cause: str | None = "retrieval.timeout", told: Told | None = None, days: float = 0, **more
) -> Course:
    """An incident of an hour whose review found `cause`; None = nobody said."""
    label = Label(cause=cause, layer=cause.split(".")[0], source="review") if cause else None
    told = told or Told(verdict="fault", layer="retrieval", cause="retrieval.timeout", confidence=0.9)
    paged = NOW + days * DAY
    fields = {
        "incident": f"INC-{n}",
        "service": "assistant",
        "paged_at": paged,
        "resolved_at": paged + timedelta(hours=1),
        "told": told,
        "label": label,
    }
    return Course(**fields | {"milestones": milestones} | more)


def test_minutes_count_to_the_first_person_who_named_the_right_layer() -> None:
    wrong_first = course(said(Kind.NAMED, 2, "model"), said(Kind.NAMED, 9, "retrieval"), said(Kind.NAMED, 20, "retrieval"))
    at_once = course(said(Kind.NAMED, 3, "retrieval"))
    never = course(said(Kind.NAMED, 5, "model"))
    unlabelled = course(said(Kind.NAMED, 1, "retrieval"), cause=None)
    found = incidents([wrong_first, at_once, never, unlabelled])
    assert (found.to_right_layer.median, found.to_right_layer.n) == (6.0, 2)
    assert (found.in_wrong_layer.median, found.in_wrong_layer.n) == (mean([7.0, 55.0]), 2)  # the second until it was over


def test_an_escalation_counts_with_layer_and_evidence() -> None:
    told = [said(Kind.ESCALATED, 5, "retrieval", ("F1",)), said(Kind.ESCALATED, 5, "retrieval"), said(Kind.ESCALATED, 5, None, ("F1",))]
    found = incidents([course(one, n=n) for n, one in enumerate(told)] + [course(n=9)])
    assert found.escalated_with_evidence == Share(k=1, n=3)
    assert found.without_ai_team == Share(k=1, n=4)


def test_a_page_without_a_fault_needs_no_team_and_is_not_counted() -> None:
    found = incidents([course(cause="none.mix_shift", told=Told(verdict="no_fault", cause="none.mix_shift", confidence=0.8))])
    assert found.without_ai_team == Share(k=0, n=0) and found.accuracy.layer == Share(k=1, n=1)


def test_mitigation_is_counted_from_the_page() -> None:
    assert incidents([course(said(Kind.MITIGATED, 17), said(Kind.MITIGATED, 40))]).to_mitigation.median == 17.0


def test_a_cause_repeats_on_its_service_within_ninety_days() -> None:
    now = course(n=3, days=0)
    assert [one.incidents for one in repeats([now], [course(n=1, days=-90)])] == [("INC-1", "INC-3")]
    assert repeats([now], [course(n=1, days=-91)]) == ()
    assert repeats([now], [course(n=1, days=-5, service="other")]) == ()
    assert repeats([now], [course(n=1, days=-5, cause="retrieval.error")]) == ()
    assert repeats([], [course(n=1, days=-5), course(n=2, days=-4)]) == ()  # last month's news
    assert repeats([course(n=3, cause="none.mix_shift")], [course(n=1, days=-5, cause="none.mix_shift")]) == ()


def test_the_engine_is_judged_on_labelled_closed_incidents_only() -> None:
    sure_and_wrong = Told(verdict="fault", layer="model", cause="model.rate_limited", confidence=0.8)
    unsure = Told(verdict="insufficient_data", confidence=0.3)
    vote = Label(cause="retrieval.error", layer="retrieval", source="vote")
    found = accuracy(
        [course(n=1), course(n=2, told=sure_and_wrong), course(n=3, told=unsure), course(n=4, cause=None), course(n=5, label=vote)]
    )
    assert (found.layer, found.cause) == (Share(k=2, n=4), Share(k=1, n=4))
    assert found.confidently_wrong == Share(k=1, n=3)
    assert (found.abstained, found.from_reviews, found.unlabelled) == (1, 3, 1)
    assert found.by_layer == {"retrieval": Share(k=2, n=4)}


def test_shares_are_shown_with_their_count_and_never_as_a_percentage_of_a_few() -> None:
    assert Share(k=12, n=16).words() == "12 of 16 (75 %, 51-90)"
    assert Share(k=3, n=4).words() == "3 of 4"
    assert Share(k=0, n=0).words() == "none to count" and Share(k=0, n=0).interval is None


def of_item(name: str, results: list[tuple[str, bool]], **more) -> list:
    return [marked(scenario=name, participant=who, score=90.0 if passed else 30.0, **more) for who, passed in results]


ABLE = [f"A{n}" for n in range(6)]
NEW = [f"N{n}" for n in range(6)]


def background() -> list:
    """Everybody's other drills: the able pass, the new do not."""
    return of_item("base", [(who, True) for who in ABLE] + [(who, False) for who in NEW])


def test_an_item_that_the_able_pass_and_the_new_do_not_discriminates() -> None:
    good = of_item("good", [(who, True) for who in ABLE] + [(who, False) for who in NEW], seconds=200.0)
    upside = of_item("upside-down", [(who, False) for who in ABLE] + [(who, True) for who in NEW])
    found = {one.scenario: one for one in items([*background(), *good, *upside])}
    assert found["good"].passed == 0.5 and found["good"].median_s == 200.0
    assert found["upside-down"].discrimination == -1.0 and found["upside-down"].flags == ("does not discriminate",)
    without = {one.scenario: one for one in items([*background(), *good])}
    assert without["good"].discrimination == 1.0 and without["good"].flags == ()


def test_point_biserial_is_the_correlation() -> None:
    pairs = [(True, 80.0), (True, 70.0), (False, 60.0), (True, 55.0), (False, 50.0), (False, 72.0), (True, 90.0), (False, 41.0)]
    expected = pearsonr([float(passed) for passed, _ in pairs], [score for _, score in pairs]).statistic
    assert point_biserial(pairs) == pytest.approx(expected)
    assert point_biserial(pairs[:7]) is None
    assert point_biserial([(True, 50.0)] * 9) is None and point_biserial([(True, 50.0), (False, 50.0)] * 5) is None


@pytest.mark.parametrize(
    ("passing", "answers", "flags"),
    [(12, 12, ("too easy",)), (2, 12, ("too hard",)), (6, 12, ()), (7, 7, ())],
)
def test_items_that_tell_nothing_of_anybody_are_flagged(passing: int, answers: int, flags: tuple[str, ...]) -> None:
    (found,) = items(of_item("one", [(f"P{n}", n < passing) for n in range(answers)]))
    assert found.flags == flags


def test_disputes_are_counted_against_the_answers() -> None:
    (found,) = items(of_item("one", [(f"P{n}", n % 2 == 0) for n in range(10)]), {"one": 1})
    assert found.disputed == 1 and found.flags == ("disputed",)


def team_drills() -> list:
    found = []
    for who in ("U1", "U2", "U3", "U4"):
        for n, score in enumerate((40, 50, 60, 70, 80, 90)):
            found.append(marked("D5", "tool.loop", 100 - n, score, participant=who, confidence=0.8))
        found.append(marked("D5", "tool.loop", 20, 95 if who != "U4" else 20, participant=who, confidence=0.8))
    return found


def test_learning_is_shown_over_four_people() -> None:
    found = learning(team_drills())
    assert found.people == 4
    assert found.gain == round(mean([mean([80, 90, 95]) - 50] * 3 + [mean([80, 90, 20]) - 50]), 1)
    assert found.retained == Share(k=3, n=4)  # asked again after 75 days
    right = mean(one.layer_right for one in team_drills())
    assert found.overconfidence == pytest.approx(0.8 - right, abs=1e-3)
    assert learning([one for one in team_drills() if one.participant != "U4"]).gain is None


def test_what_is_taken_for_each_other_is_counted_by_group() -> None:
    missed = [marked("D5", "retrieval.error", 3, 40, participant=f"U{n}", parts=(part("cause", 0, 20),)) for n in range(4)]
    assert learning(missed).confused == {"retrieval.error or retrieval.timeout": 4}


@pytest.mark.parametrize("name", ["2026-13", "2026-1", "26-10", "2026-00", "", "2026-10-01", "0001-01"])
def test_a_month_is_a_month(name: str) -> None:
    with pytest.raises(BadInput, match="--month"):
        month(name)


def test_months_follow_each_other_over_the_year() -> None:
    assert (month("2026-12").end, month("2026-01").before(2).name) == (datetime(2027, 1, 1, tzinfo=UTC), "2025-11")
    assert first_needed(month("2026-06")) <= datetime(2026, 1, 1, tzinfo=UTC)


def a_report(people: int = 5):
    members = tuple(person(id=f"U{n}", name=f"P{n}") for n in range(1, people + 1))
    rotation = Rotation(name="assistant", zone="UTC", people=members)
    courses = [course(said(Kind.NAMED, 4, "retrieval"), n=n, days=-n) for n in range(1, 4)] + [course(n=9, days=-40, service="*evil*|<x>")]
    night = RealPage(incident="INC-1", at=datetime(2026, 6, 3, 1, 0, tzinfo=UTC))
    day = RealPage(incident="INC-2", at=datetime(2026, 6, 3, 11, 0, tzinfo=UTC))
    taken = {"assistant": {"U1": [night, day], "U2": [night], "U3": [night]}}
    causes = ("tool.loop", "retrieval.timeout", "model.rate_limited")
    return report(month("2026-06"), courses, team_drills(), {}, [rotation], taken, causes)


def test_the_report_counts_its_month_and_shows_the_trend() -> None:
    found = a_report()
    assert found.incidents.closed == 3 and found.incidents.to_right_layer.n == 3
    assert [name for name, _ in found.trend] == ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06"]
    assert [minutes.n for _, minutes in found.trend] == [0, 0, 0, 0, 0, 3]
    assert found.covered[0].coverage.never == ("model.rate_limited", "retrieval.timeout")
    nights = found.incidents.night_pages
    assert nights is not None and (nights.median, nights.n) == (1.0, 5)
    few = a_report(people=3).incidents.night_pages
    assert few is None  # of three, each knows who it was


def test_the_report_is_the_same_bytes_every_time_and_names_nobody(tmp_path: Path) -> None:
    first, second = (write(a_report(), tmp_path / name) for name in ("a", "b"))
    names = sorted(one.name for one in first.parent.iterdir())
    assert names == ["2026-06-accuracy.png", "2026-06-coverage.png", "2026-06-items.png", "2026-06-right-layer.png", "2026-06.md"]
    assert all((first.parent / name).read_bytes() == (second.parent / name).read_bytes() for name in names)
    written = first.read_text()
    assert all(f"{name}.png" in written or name.endswith("md") for name in (one.removesuffix(".png") for one in names))
    assert not any(who in written for who in ("U1", "P1", "Ada"))
    assert "3 incidents closed" in written and "4.0 min (n 3)" in written


def test_what_strangers_wrote_is_text_and_not_markup() -> None:
    evil = [course(n=n, days=-n, service="a|b](http://x)<img>\n# h") for n in (1, 2)]
    found = report(month("2026-06"), evil, [], {}, [], {}, ())
    line = next(line for line in text(found).splitlines() if "INC-1" in line)
    assert "\\<img\\>" in line and "a\\|b\\]" in line and "\n# h" not in text(found)


def test_a_month_in_which_nothing_happened_says_so() -> None:
    found = text(report(month("2020-02"), [], [], {}, [], {}, ()))
    assert "0 incidents closed, 0 drills marked" in found and "none to count" in found and "nan" not in found
