"""Measures and scores as people read them: a number, its interval, its n."""

from __future__ import annotations

from collections.abc import Mapping

from bot.evaluation.measure import Measure
from bot.evaluation.targets import Held

FAMILIES: Mapping[str, Mapping[str, str]] = {
    "Naming, pages with a fault": {
        "layer_at_1": "right layer",
        "cause_at_1": "right cause (or a group that holds it)",
        "cause_exact": "… one cause, exact",
        "cause_in_group": "… a group that holds it",
        "cause_at_3": "right cause among the first three",
        "layer_forced": "first of the ranking: layer",
        "cause_forced": "first of the ranking: cause",
        "layer_at_1_macro": "right layer, mean over causes",
        "cause_at_1_macro": "right cause, mean over causes",
    },
    "Verdicts": {
        "confident_wrong": "confidently wrong layer (≥ .70)",
        "fault_called_no_fault": "fault called no-fault",
        "fault_abstained": "fault: abstained",
        "fault_wrong_layer": "fault: wrong layer",
        "abstained_where_not_right": "fault without the right layer: abstained",
        "fault_not_called_no_fault": "fault not called no-fault",
        "no_fault_recognised": "no-fault recognised",
        "no_fault_abstained": "no-fault: abstained",
        "no_fault_blamed": "no-fault: something blamed",
        "no_impact_not_blamed": "fault without effect: nothing false blamed",
        "no_impact_called_no_fault": "fault without effect: called no-fault",
        "abstained": "abstained, all pages",
        "insufficient_recognised": "abstained where truth does",
    },
    "Selective answers": {
        "coverage": "answered at all",
        "right_when_answered": "right where answered",
        "sure_coverage": "answered with ≥ .70",
        "right_when_sure": "right where answered with ≥ .70",
        "layer_right_when_layer_sure": "layer right where its confidence is ≥ .70",
        "utility": "worth of an answer",
    },
    "Calibration": {
        "ece_cause": "calibration error, cause",
        "ece_layer": "calibration error, layer",
        "ece_verdict": "calibration error, verdict",
        "brier_cause": "Brier, cause",
        "brier_layer": "Brier, layer",
        "brier_verdict": "Brier, verdict",
    },
    "Onset, slice, blast radius": {
        "onset_error_median_min": "onset error, median (min)",
        "onset_error_p90_min": "onset error, 90th percentile (min)",
        "onset_in_interval": "true onset inside the told interval",
        "onset_told": "onset told",
        "onset_before_data": "onset before the first trace (not scored)",
        "slice_exact": "slice exact (cause right, slice recorded)",
        "slice_exact_named": "slice exact (cause right)",
        "slice_exact_all": "slice exact (all sliced faults)",
        "slice_same_requests": "slice: the same requests (Jaccard ≥ .8)",
        "slice_keys_jaccard": "slice: dimensions in common (Jaccard)",
        "slice_recorded": "slice recorded in the telemetry",
        "false_slice_on_global": "slice told of a global fault",
        "blast_radius_error": "blast radius, median error (share)",
    },
    "Two faults, red herrings": {
        "two_faults_f1": "two faults: set F1",
        "two_faults_precision": "two faults: precision",
        "two_faults_recall": "two faults: recall",
        "two_faults_any_right": "two faults: one of them right",
        "second_fault_invented": "one fault: a second one invented",
        "red_herring_blamed": "red herring blamed, pages",
        "red_herring_events_blamed": "red herring blamed, change events",
    },
}
"""Score -> its words, table by table. docs/accuracy/README.md says what each means."""

TITLES: Mapping[str, str] = {score: words for family in FAMILIES.values() for score, words in family.items()}
MINUTES = frozenset({"onset_error_median_min", "onset_error_p90_min"})
RANGED = {"layer_at_1": "layer", "cause_at_1": "cause"}
COUNTED = {
    "fault_abstained": "no word",
    "fault_called_no_fault": "missed",
    "confident_wrong": "sure, wrong",
    "no_fault_recognised": "calm seen",
    "no_fault_blamed": "calm blamed",
}
"""Columns of a cut's table: shares with their interval, and counts as `3/12`."""


def number(value: float | None, score: str = "") -> str:
    """`.87`, `1.0`, `3.4`; a dash where there is nothing."""
    if value is None:
        return "–"
    if score in MINUTES:
        return f"{value:.1f}"
    text = f"{value:.2f}"
    if not text.strip("-0."):
        return "0"
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def interval(measure: Measure, score: str = "") -> str:
    """`.80–.92`."""
    if measure.low is None or measure.high is None:
        return ""
    return f"{number(measure.low, score)}–{number(measure.high, score)}"


def ranged(measure: Measure | None, score: str = "") -> str:
    """Value and interval: `.87 .80–.92`."""
    if measure is None or measure.value is None:
        return "–"
    return f"{number(measure.value, score)} {interval(measure, score)}".strip()


def spelled(measure: Measure | None, score: str = "") -> str:
    """Value, interval and n: `.87 .80–.92 n 120`."""
    return f"{ranged(measure, score)} n {measure.n}" if measure is not None and measure.value is not None else "–"


def counted(measure: Measure) -> str:
    """`3/12`; a dash of nothing."""
    return f"{measure.hits}/{measure.n}" if measure.n else "–"


def limit(one: Held) -> str:
    sign = "≥" if one.target.at_least else "≤"
    return f"{sign} {number(one.target.limit, one.target.score)}{one.target.unit}"


def holds(one: Held) -> str:
    """`surely`: the whole interval is on that side."""
    if one.holds is None:
        return "not measured"
    return ("yes" if one.holds else "no") + (", surely" if one.certain else "")
