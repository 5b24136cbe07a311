"""Each score on rows that are few enough to be counted by hand."""

import pytest

from bot.evaluation.answer import Answer
from bot.evaluation.measure import Measure
from bot.evaluation.row import Row
from bot.evaluation.scores.calibration import calibration, ece, reliability
from bot.evaluation.scores.herrings import herrings
from bot.evaluation.scores.naming import naming
from bot.evaluation.scores.onset import onset
from bot.evaluation.scores.selective import curve, selective, utility, worth
from bot.evaluation.scores.sets import f1, hits, sets
from bot.evaluation.scores.slicing import exact, keys_jaccard, slicing
from bot.evaluation.scores.verdicts import verdicts
from bot.evaluation.sight import Sight
from bot.model.report import Verdict
from tests.evaluation.made import BREAK, EMPTY, LIMITED, TIMEOUT, calm, fault, group, nothing, row, said, silent, unfelt

MISMATCH = "prompt.model_mismatch"


def of(measure: Measure) -> tuple[int | None, int]:
    return measure.hits, measure.n


@pytest.fixture
def rows() -> list[Row]:
    """Six faults: right, right by group, right layer only, wrong and sure, silent, missed. Two calm pages: seen, blamed. One unfelt."""
    return [
        row(fault(TIMEOUT), said(TIMEOUT, 0.9)),
        row(fault(BREAK), group(BREAK, MISMATCH)),
        row(fault(TIMEOUT), said(EMPTY, 0.6, ranked=(EMPTY, LIMITED, TIMEOUT))),
        row(fault(LIMITED), said(TIMEOUT, 0.5, 0.75)),
        row(fault(LIMITED), silent(LIMITED)),
        row(fault(BREAK), nothing()),
        row(calm(), nothing()),
        row(calm(), said(TIMEOUT, 0.4, 0.6)),
        row(unfelt(BREAK), silent()),
    ]


def test_a_group_that_holds_the_cause_counts_and_is_told_apart(rows: list[Row]) -> None:
    found = naming(rows)
    assert of(found["layer_at_1"]) == (3, 6)
    assert of(found["cause_at_1"]) == (2, 6)
    assert of(found["cause_exact"]) == (1, 6)
    assert of(found["cause_in_group"]) == (1, 6)
    assert of(found["cause_at_3"]) == (4, 6)  # the third of a ranking, and the silent one's first
    assert of(found["cause_forced"]) == (3, 6)


def test_rare_causes_count_as_much_as_common_ones(rows: list[Row]) -> None:
    found = naming(rows)
    assert found["cause_at_1_macro"].value == pytest.approx((0.5 + 0.5 + 0.0) / 3)  # timeout 1 of 2, break 1 of 2, limited 0 of 2
    assert found["layer_at_1_macro"].value == pytest.approx((1.0 + 0.5 + 0.0) / 3)


def test_what_the_simulator_accepts_is_right_and_so_is_its_layer() -> None:
    one = row(fault("model.fallback_engaged", accept=(frozenset({"model.fallback_engaged", MISMATCH}),)), said(MISMATCH))
    assert one.cause_right
    assert one.layer_right


def test_verdicts_are_counted_apart(rows: list[Row]) -> None:
    found = verdicts(rows)
    assert of(found["confident_wrong"]) == (1, 9)
    assert of(found["fault_called_no_fault"]) == (1, 6)
    assert of(found["fault_abstained"]) == (1, 6)
    assert of(found["fault_wrong_layer"]) == (1, 6)
    assert of(found["abstained_where_not_right"]) == (1, 3)  # silent, of wrong, silent and missed
    assert of(found["fault_not_called_no_fault"]) == (5, 6)
    assert of(found["no_fault_recognised"]) == (1, 2)
    assert of(found["no_fault_blamed"]) == (1, 2)
    assert of(found["no_impact_not_blamed"]) == (1, 1)
    assert of(found["no_impact_called_no_fault"]) == (0, 1)


def test_confidently_wrong_begins_at_seventy() -> None:
    assert row(fault(LIMITED), said(TIMEOUT, 0.2, 0.70)).confidently_wrong
    assert row(fault(LIMITED), said(TIMEOUT, 0.70, 0.2)).confidently_wrong
    assert not row(fault(LIMITED), said(TIMEOUT, 0.69, 0.69)).confidently_wrong
    assert row(calm(), said(TIMEOUT, 0.9)).confidently_wrong
    assert not row(unfelt(TIMEOUT), said(TIMEOUT, 0.9)).confidently_wrong


def test_an_answer_is_worth_what_the_catalogue_says(rows: list[Row]) -> None:
    assert [worth(one) for one in rows] == [1.0, 0.7, 0.4, -1.0, 0.0, -2.0, 1.0, -1.0, 0.0]
    assert utility(rows).value == pytest.approx(-0.9 / 9)
    abstain = fault(TIMEOUT)
    asked = row(type(abstain)(Verdict.INSUFFICIENT, None, (), ()), silent())
    assert worth(asked) == 1.0
    assert of(verdicts([asked, row(asked.truth, nothing())])["insufficient_recognised"]) == (1, 2)


def test_coverage_and_what_the_sure_answers_are_worth(rows: list[Row]) -> None:
    found = selective(rows)
    assert of(found["coverage"]) == (7, 9)
    assert of(found["right_when_answered"]) == (3, 7)
    assert of(found["sure_coverage"]) == (4, 9)  # .9, the group's .7, and two calm ones with .8
    assert of(found["right_when_sure"]) == (3, 4)
    assert of(found["layer_right_when_layer_sure"]) == (3, 4)


def test_the_curve_takes_the_surest_first_and_ends_where_silence_begins(rows: list[Row]) -> None:
    steps = curve(rows)
    assert [step.coverage for step in steps] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
    assert of(steps[0].right) == (1, 1)
    assert steps[0].confidence == 0.9
    assert of(steps[-1].right) == (3, 7)
    assert steps[-1].confidence == 0.4


def test_calibration_by_hand() -> None:
    pairs = [(0.91, True), (0.93, False), (0.6, True)]
    assert ece(pairs).value == pytest.approx((2 * abs(0.92 - 0.5) + 1 * abs(0.6 - 1.0)) / 3)
    assert [(one.low, one.observed.n) for one in reliability(pairs)] == [(0.6, 1), (0.9, 2)]
    assert reliability([(1.0, True)])[0].high == 1.0
    assert ece([]).value is None


def test_calibration_asks_of_each_confidence_what_it_is_about(rows: list[Row]) -> None:
    found = calibration(rows)
    assert found["ece_cause"].n == 7  # the silent and nothing else
    assert found["ece_layer"].n == 5
    assert found["ece_verdict"].n == 7
    # verdicts: .9 .9 .9 .75 true; .8 said of a fault; .8 of a calm page; .6 of a calm page blamed
    assert found["brier_verdict"].value == pytest.approx((3 * 0.01 + 0.0625 + 0.64 + 0.04 + 0.36) / 7)


def test_a_system_without_confidence_has_no_calibration() -> None:
    answer = Answer(Verdict.FAULT, "retrieval", TIMEOUT)
    assert calibration([row(fault(TIMEOUT), answer)])["ece_cause"].value is None


def test_onset_errors_are_minutes_and_only_of_single_faults_that_were_understood() -> None:
    def at(error_min: float, low: float, high: float) -> Answer:
        return said(TIMEOUT, onset=(1000.0 + 60 * error_min, 1000.0 + 60 * low, 1000.0 + 60 * high), start=0.0)

    rows = [
        row(fault(TIMEOUT, onset=1000.0), at(1.0, -1.0, 2.0)),
        row(fault(TIMEOUT, onset=1000.0), at(-3.0, -4.0, -2.0)),
        row(fault(TIMEOUT, onset=1000.0), at(8.0, 0.0, 9.0)),
        row(fault(LIMITED, onset=1000.0), at(50.0, 49.0, 51.0)),  # another layer's onset says nothing
        row(fault(TIMEOUT, LIMITED, onset=1000.0), at(50.0, 49.0, 51.0)),  # whose onset is it?
        row(fault(TIMEOUT, onset=-5.0), at(50.0, 49.0, 51.0)),  # before anything was collected
        row(fault(TIMEOUT, onset=1000.0), said(TIMEOUT)),
    ]
    found = onset(rows)
    assert found["onset_error_median_min"].value == 3.0
    assert found["onset_error_p90_min"].value == pytest.approx(3.0 + 0.8 * 5.0)
    assert of(found["onset_in_interval"]) == (2, 3)
    assert of(found["onset_told"]) == (3, 4)
    assert of(found["onset_before_data"]) == (1, 6)


def test_a_slice_is_exact_with_the_same_values_or_an_equivalent_one() -> None:
    truth = fault(TIMEOUT, slice={"source_id": "kb|web", "region": "eu"})
    assert exact(row(truth, said(TIMEOUT, where={"region": "EU", "source_id": "kb"})))
    assert exact(row(truth, said(TIMEOUT, where={"pod": "p1"}, equivalent=({"source_id": "web", "region": "eu"},))))
    assert not exact(row(truth, said(TIMEOUT, where={"region": "eu"})))
    assert not exact(row(truth, said(TIMEOUT, where={"region": "us", "source_id": "kb"})))
    assert not exact(row(truth, said(TIMEOUT)))
    assert not exact(row(fault(TIMEOUT), said(TIMEOUT, where={"region": "eu"})))
    assert keys_jaccard(row(truth, said(TIMEOUT, where={"region": "eu", "pod": "p"}))) == pytest.approx(1 / 3)


def test_slices_are_counted_where_there_is_one_and_false_ones_where_there_is_none() -> None:
    where = {"tenant": "acme"}
    seen = Sight(slice_recorded=True, jaccard=0.9, traffic=0.1, told_traffic=0.25)
    rows = [
        row(fault(TIMEOUT, slice=where), said(TIMEOUT, where=where), sight=seen),
        row(fault(TIMEOUT, slice=where), said(TIMEOUT, where={"pod": "p"}), sight=Sight(True, 0.5, 0.1, 0.05)),
        row(fault(TIMEOUT, slice=where), said(TIMEOUT), sight=Sight(False)),
        row(fault(TIMEOUT, slice=where), silent(), sight=Sight(True)),
        row(fault(TIMEOUT), said(TIMEOUT, where=where)),
        row(fault(TIMEOUT), said(TIMEOUT)),
        row(fault(TIMEOUT, LIMITED, slice=where), said(LIMITED)),
    ]
    found = slicing(rows)
    assert of(found["slice_exact"]) == (1, 2)
    assert of(found["slice_exact_named"]) == (1, 3)
    assert of(found["slice_exact_all"]) == (1, 4)
    assert of(found["slice_same_requests"]) == (1, 2)
    assert of(found["slice_recorded"]) == (3, 4)
    assert of(found["false_slice_on_global"]) == (1, 2)
    assert found["blast_radius_error"].value == pytest.approx((0.15 + 0.05) / 2)


def test_two_faults_are_a_set() -> None:
    both = fault(TIMEOUT, LIMITED)
    one_of = row(both, said(LIMITED))
    all_of = row(both, said(LIMITED, predicted=(frozenset({LIMITED}), frozenset({TIMEOUT}))))
    half = row(both, said(TIMEOUT, predicted=(frozenset({TIMEOUT, EMPTY}), frozenset({BREAK}))))
    none = row(both, silent())
    assert [hits(one) for one in (one_of, all_of, half, none)] == [1, 2, 1, 0]
    assert [f1(one) for one in (one_of, all_of, half, none)] == [pytest.approx(2 / 3), 1.0, 0.5, 0.0]
    invented = row(fault(TIMEOUT), said(TIMEOUT, predicted=(frozenset({TIMEOUT}), frozenset({BREAK}))))
    found = sets([one_of, all_of, half, none, invented, row(fault(TIMEOUT), said(TIMEOUT))])
    assert found["two_faults_f1"].value == pytest.approx((2 / 3 + 1.0 + 0.5 + 0.0) / 4)
    assert of(found["two_faults_precision"]) == (4, 5)
    assert of(found["two_faults_recall"]) == (4, 8)
    assert of(found["second_fault_invented"]) == (1, 2)


def test_one_prediction_cannot_be_two_faults() -> None:
    alike = fault(TIMEOUT, EMPTY, accept=(frozenset({TIMEOUT, EMPTY}), frozenset({TIMEOUT, EMPTY})))
    assert hits(row(alike, said(TIMEOUT))) == 1


def test_red_herrings_count_where_the_log_has_one() -> None:
    rows = [
        row(fault(TIMEOUT), said(TIMEOUT), sight=Sight(herrings=3, blamed=0)),
        row(fault(TIMEOUT), said(BREAK), sight=Sight(herrings=2, blamed=2)),
        row(fault(TIMEOUT), said(TIMEOUT), sight=Sight(herrings=0)),
    ]
    found = herrings(rows)
    assert of(found["red_herring_blamed"]) == (1, 2)
    assert of(found["red_herring_events_blamed"]) == (2, 5)
