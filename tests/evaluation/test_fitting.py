"""Fitting the calibration: the same posterior as the engine's, a likelihood that rises, a map that never falls."""

from typing import Any

import numpy as np
import pytest
from scipy.special import softmax

from bot.engine.calibration import FITTED
from bot.engine.evidence import posterior
from bot.evaluation.fitting import PLACE, Scenario, fit, logits, loss, reliability, scenario, theta_of
from bot.model.finding import Clue, Examination, Grade, Measured, Role, Signal
from bot.model.report import Outcome

PRIORS = {"tool.error": 6.0, "tool.loop": 4.0, "retrieval.timeout": 9.0, "none.noise_or_seasonal": 10.0}


def clue(role: str, signal: str, grade: str, test: str = "PROP") -> dict[str, Any]:
    return {"role": role, "signal": signal, "grade": grade, "name": "t", "test": test, "z": None, "effect": None, "n": 100}


def cause(name: str, outcome: str, *clues: dict[str, Any], **more: Any) -> dict[str, Any]:
    blank = {"missing": [], "where": {}, "other_window": False, "cap": 1.0, "caps": 1.0, "share": None, "extra": 0.0, "explained": []}
    return {"cause": name, "prior": PRIORS[name], "outcome": outcome, "clues": list(clues), **blank, **more}


def line(*causes: dict[str, Any], truth: str = "tool.error", moved: bool = True) -> dict[str, Any]:
    verdict = "no_fault" if truth.startswith("none.") else "fault"
    return {"scenario": "s", "moved": moved, "causes": list(causes), "truth": {"verdict": verdict, "causes": [truth], "accept": [[truth]]}}


STRONG = clue("required", "error-origin", "strong")
NONE = clue("required", "latency", "none")
LINE = line(
    cause("tool.error", "found", STRONG, clue("supporting", "error-origin", "moderate"), clue("contra", "slice", "none"), extra=0.4),
    cause("tool.loop", "clean", NONE, clue("supporting", "tokens", "strong")),
    cause("retrieval.timeout", "skipped"),
    cause("none.noise_or_seasonal", "found", clue("required", "error-origin", "opposite"), clue("required", "telemetry", "strong")),
)


def engine(of: dict[str, Any]) -> dict[str, float]:
    """The engine's own posterior on the same clues."""
    examined = [
        Examination(
            cause=one["cause"],
            outcome=Outcome(one["outcome"]),
            claim="",
            clues=tuple(
                Clue(name="t", role=Role(c["role"]), signal=Signal(c["signal"]), measured=Measured(test=c["test"], grade=Grade(c["grade"])))
                for c in one["clues"]
            ),
        )
        for one in of["causes"]
    ]
    extra = {one["cause"]: one["extra"] for one in of["causes"]}
    ranked = posterior(examined, PRIORS, extra, frozenset(), {}, moved=of["moved"])
    return {one.cause: one.probability for one in ranked}


@pytest.mark.parametrize("moved", [True, False])
def test_the_fit_weighs_as_the_engine_does(moved: bool):
    given = {**LINE, "moved": moved}
    shares = softmax(logits(scenario(given, FITTED), theta_of(FITTED)))
    expected = engine(given)
    names = [one["cause"] for one in given["causes"] if one["outcome"] != "skipped"]
    assert dict(zip(names, shares[:-1], strict=True)) == pytest.approx(expected)


def test_what_the_fit_will_change_is_taken_out_of_the_extra_nats():
    shared = line(cause("tool.error", "found", STRONG, share=0.8, other_window=True, extra=FITTED.holds_most - FITTED.elsewhere + 0.3))
    one = scenario(shared, FITTED).candidates[0]
    assert (one.holds, one.elsewhere) == (1, True)
    assert one.fixed == pytest.approx(0.3 / FITTED.temperature)


def test_a_fault_that_no_check_found_is_rightly_unseen():
    missed = scenario(line(cause("tool.error", "clean", NONE), cause("tool.loop", "found", STRONG)), FITTED)
    assert missed.right == (2,)


def test_an_explained_cause_is_no_candidate():
    given = line(cause("tool.error", "found", STRONG), cause("tool.loop", "found", STRONG, explained=[{"by": "tool.error", "share": 0.9}]))
    assert [one.cause for one in scenario(given, FITTED).candidates] == ["tool.error"]


def misled(n: int) -> list[Scenario]:
    """Strong evidence is right in four of five; a supporting clue is there only when it is wrong."""
    rows = []
    for i in range(n):
        wrong = i % 5 == 0
        tool = cause("tool.error", "found", STRONG, *([clue("supporting", "slice", "strong")] if wrong else []))
        calm = cause("none.noise_or_seasonal", "found", clue("required", "error-origin", "strong"))
        rows.append(scenario(line(tool, calm, truth="none.noise_or_seasonal" if wrong else "tool.error"), FITTED))
    return rows


def test_fitting_makes_the_truth_likelier_and_learns_which_clue_misleads():
    scenarios = misled(50)
    fitted = fit(scenarios, FITTED)
    assert loss(scenarios, theta_of(fitted)) < 0.7 * loss(scenarios, theta_of(FITTED))
    assert fitted.table[Role.SUPPORTING][Grade.STRONG] < 0.0


def test_few_scenarios_move_little():
    few, many = fit(misled(5), FITTED), fit(misled(60), FITTED)
    at = PLACE["supporting.strong"]
    start = theta_of(FITTED)[at]
    assert abs(theta_of(few)[at] - start) < abs(theta_of(many)[at] - start)


def test_the_isotonic_map_never_falls_and_covers_everything():
    scenarios = misled(50)
    knots = reliability(scenarios, FITTED.model_copy(update={"reliability": ()}))
    x, y = np.array([a for a, _ in knots]), np.array([b for _, b in knots])
    assert (x[0], x[-1]) == (0.0, 1.0)
    assert (np.diff(x) > 0).all()
    assert (np.diff(y) >= 0).all()
