"""The rubric: what earns its points, what loses them, and that nothing else does."""

from typing import Any

import pytest

from bot.drills.answered import engine, expert
from bot.drills.marking.answer_reader import understand
from bot.drills.marking.mark import Mark, mark
from bot.model.drill import DrillType
from tests.drills.keys import NOW, key, report

EXPERT: dict[str, Any] = {
    "layer": "retrieval",
    "cause": "retrieval.timeout",
    "slice": {"source_id": "kb-search"},
    "onset": "2026-03-01T22:04:00Z",
    "evidence": [
        "Searches on kb-search time out at the 5 s deadline, 14 % against 0.3 % before",
        "Provider errors and time to first token are flat",
    ],
    "asked": ["impact", "retrieval", "model"],
    "actions": [{"action": "Open the breaker on kb-search so that answers say that sources are missing", "verify": "timeouts below 1 %"}],
    "status": "Retrieval likely (90 %): kb-search times out since 22:04; the provider is excluded",
}


def marked(answers: dict[str, Any], **of: Any) -> Mark:
    return mark(understand(answers, "answers"), key(**of))


def points(one: Mark, name: str) -> float:
    return next((part.points for part in one.parts if part.name == name), 0.0)


def test_an_experts_answer_gets_full_marks_and_every_point_says_why() -> None:
    got = marked(EXPERT)
    assert got.score == 100
    assert got.passed
    assert got.layer_right
    assert all(part.why and part.evidence for part in got.parts)


def test_parts_always_add_up_to_the_score() -> None:
    for said in (EXPERT, {}, {"verdict": "no_fault", "confidence": 99}, EXPERT | {"minutes": 2, "confidence": 99}):
        got = marked(said)
        assert round(sum(part.points for part in got.parts), 6) == got.score
        assert 0 <= got.score <= 100


def test_the_same_answers_get_the_same_mark() -> None:
    assert marked(EXPERT).document() == marked(dict(reversed(EXPERT.items()))).document()


def test_a_dashboards_guess_does_not_pass_even_where_it_is_right() -> None:
    assert marked({"layer": "retrieval", "cause": "retrieval.timeout", "seconds": 30}).score < 60
    assert marked({"layer": "model", "cause": "model.provider_incident"}).score == 0


@pytest.mark.parametrize(
    "said",
    [
        {"blamed": "spring-sale-banner"},
        {"blamed": "c-banner"},
        {"blamed": "the last deploy"},
        {"actions": ["Roll back the last deploy"]},
        {"actions": ["roll back the assistant release 841"]},
        {"cause": "infra.app_deploy"},
        {"status": "It was the latest release"},
    ],
)
def test_blaming_the_innocent_loses_its_points(said: dict[str, Any]) -> None:
    assert points(marked(said), "innocent_blamed") == -10


@pytest.mark.parametrize(
    "said",
    [
        {"innocent": "spring-sale-banner"},
        {"blamed": "spring-sale-banner is innocent"},
        {"status": "Retrieval likely; the last deploy is ruled out"},
        {"evidence": ["the deploy of assistant did not change the error rate"]},
        {"actions": ["Open the breaker on kb-search of the assistant"]},
    ],
)
def test_naming_a_change_as_innocent_costs_nothing(said: dict[str, Any]) -> None:
    assert points(marked(said), "innocent_blamed") == 0


def test_neither_speed_nor_confidence_pays_for_a_penalty() -> None:
    quick = EXPERT | {"minutes": 2, "confidence": 99}
    assert marked(quick).score == 100
    assert marked(quick | {"blamed": "spring-sale-banner"}).score == 90
    assert marked(quick | {"hints": 1}).score == 95


def test_taking_back_a_guilty_change_that_nobody_logged_blames_nobody() -> None:
    of = {"cause": "prompt.safety_section_missing", "where": {}, "said": _engine("prompt.safety_section_missing")}
    for action in ("Restore the prompt version that holds the required section.", "Roll back the last prompt change"):
        got = marked({"cause": "prompt.safety_section_missing", "actions": [action]}, **of)
        assert points(got, "innocent_blamed") == 0
        assert points(got, "action") == 15
    assert points(marked({"blamed": "spring-sale-banner"}, **of), "innocent_blamed") == -10


def test_rolling_back_an_innocent_change_is_no_right_action() -> None:
    assert points(marked(EXPERT | {"actions": ["Roll back the last deploy"]}), "action") == 0


@pytest.mark.parametrize(
    "action",
    [
        "Delete the search index and rebuild it from scratch",
        "drop the index kb-search",
        "purge all caches",
        "Disable the guardrail for everybody",
    ],
)
def test_what_cannot_be_taken_back_fails_whatever_else_is_right(action: str) -> None:
    got = marked(EXPERT | {"actions": [EXPERT["actions"][0], action]})
    assert points(got, "irreversible") == -30
    assert not got.passed


@pytest.mark.parametrize(
    "action", ["Open the breaker on kb-search; do not delete the index", "never purge anything: open the breaker on kb-search"]
)
def test_what_is_denied_is_not_done(action: str) -> None:
    got = marked(EXPERT | {"actions": [action], "verify": "timeouts below 1 %"})
    assert points(got, "irreversible") == 0
    assert got.score == 100


def test_what_the_runbook_of_the_cause_asks_for_is_not_wrong() -> None:
    said = {"cause": "prompt.pii_in_examples", "actions": ["Purge caches and restrict access to traces that hold the string"]}
    assert points(marked(said, cause="prompt.pii_in_examples"), "irreversible") == 0
    assert points(marked(said, cause="retrieval.timeout"), "irreversible") == -30


def test_no_fault_on_a_fault_costs_twenty() -> None:
    assert points(marked({"verdict": "no_fault"}), "no_fault_on_fault") == -20
    assert points(marked({"verdict": "insufficient_data"}), "no_fault_on_fault") == 0


def test_the_ai_team_is_not_woken_before_any_evidence() -> None:
    assert points(marked({"escalation": "page the AI team"}), "woke_too_early") == -10
    assert points(marked({"escalation": "page the AI team", "asked": ["retrieval"]}), "woke_too_early") == 0
    assert points(marked({"escalation": "search on-call; not the AI team"}), "woke_too_early") == 0


@pytest.mark.parametrize(
    "said",
    [
        {"source_id": "kb-search"},
        {"route": "/v1/ask"},  # the same requests
        "source kb-search",
        [{"source_id": "kb-search"}],
    ],
)
def test_the_slice_in_any_words_is_right(said: object) -> None:
    assert points(marked({"slice": said}), "slice") == 10


def test_a_wrong_or_missing_slice_is_not() -> None:
    for said in ({"slice": {"tenant": "acme-3"}}, {"slice": "everybody"}, {}):
        assert points(marked(said), "slice") == 0
    everybody = {"cause": "model.provider_incident", "where": {}, "said": _engine("model.provider_incident")}
    assert points(marked({"slice": "everybody"}, **everybody), "slice") == 10


@pytest.mark.parametrize(
    ("said", "given"),
    [
        ("2026-03-01T22:04:00Z", 5),
        ("2026-03-01T22:19:00Z", 5),
        ("2026-03-01T22:19:01Z", 0),
        ("2026-03-01T21:49:00Z", 5),
        ("22:10 UTC", 5),
        ("4 h ago", 5),
        ("2026-03-01T23:04:00+01:00", 5),
        ("at midnight", 0),
        ("", 0),
    ],
)
def test_onset_within_a_quarter_of_an_hour(said: str, given: int) -> None:
    assert points(marked({"onset": said}), "onset") == given


@pytest.mark.parametrize(
    ("facts", "given"),
    [
        (["F1", "F3"], 15),
        (["F1"], 7.5),
        (["F5"], 0),  # a skipped check shows nothing
        (["F9"], 0),
        (["the error rate is high", "users complain"], 0),
        (["retrievals from kb-search time out", "retrievals from kb-search time out"], 7.5),
        (["Provider errors did not move", "searches time out at the deadline"], 15),
        (["Retrieval is healthy", "the prompt is fine"], 0),
    ],
)
def test_two_facts_that_would_be_false_under_the_runner_up(facts: list[str], given: float) -> None:
    assert points(marked({"layer": "retrieval", "evidence": facts}), "evidence") == given


@pytest.mark.parametrize(("seconds", "given"), [(0, 10), (300, 10), (450, 5), (600, 0), (750, -5), (900, -10), (5000, -10)])
def test_time_counts_in_full_to_five_minutes(seconds: float, given: float) -> None:
    assert points(marked({"layer": "retrieval", "seconds": seconds}), "time") == given
    assert points(marked({"layer": "tool", "seconds": seconds}), "time") == min(0, given)


@pytest.mark.parametrize(("sure", "right", "wrong"), [(50, 0, 0), (99, 5, -4.9), (75, 3.8, -2.1)])
def test_confidence_is_scaled_by_brier(sure: int, right: float, wrong: float) -> None:
    said = {"layer": "retrieval", "cause": "retrieval.timeout", "confidence": sure}
    assert points(marked(said), "confidence") == pytest.approx(right, abs=0.05)
    assert points(marked(said | {"cause": "tool.error", "layer": "tool"}), "confidence") == pytest.approx(wrong, abs=0.05)


def test_hints_cost_five_points_each() -> None:
    assert points(marked(EXPERT | {"hints": 2}), "hints") == -10
    assert marked(EXPERT | {"hints": 2}).score == 90


def _engine(cause: str | None, verdict: str = "fault", **more: object) -> Any:
    layer = cause.partition(".")[0] if cause and verdict == "fault" else None
    return report(verdict=verdict, layer=layer, cause=cause, slice=None, ranked=[], **more)


def test_a_correct_abstention_earns_full_marks() -> None:
    said = {
        "verdict": "insufficient_data",
        "missing": ["there are no traces at all"],
        "actions": ["Change nothing in production; get the exporter to record traces again"],
        "verify": "traces arrive",
        "status": "Insufficient data: the layer is unknown until traces are there",
    }
    of = {"cause": None, "needs": ("traces",), "said": _engine(None, "insufficient_data")}
    assert marked(said, **of).score == 100
    assert marked({"verdict": "insufficient_data"}, **of).score == 80  # it names neither what is missing nor says so to anybody
    assert marked({"verdict": "insufficient_data", "missing": "traces", "status": "It cannot be told yet"}, **of).score == 100
    rash = marked({"verdict": "insufficient_data", "actions": ["Roll the prompt back"]}, **of)
    assert points(rash, "action") == 0
    blaming = marked(EXPERT, **of)
    assert blaming.score < 60
    assert not blaming.layer_right


def test_abstaining_where_the_engine_abstains_too_has_the_causes_points() -> None:
    got = marked({"verdict": "insufficient_data"}, said=_engine(None, "insufficient_data"))
    assert points(got, "cause") == 20
    assert points(got, "layer") == 0


def test_no_fault_recognised() -> None:
    said = {
        "verdict": "no_fault",
        "cause": "none.mix_shift",
        "slice": "none",
        "evidence": ["within each tenant the rate is its own, only the mix of tenants changed", "provider errors are flat"],
        "actions": ["Leave production as it is and name the tenant who grew"],
        "verify": "within each tenant the rate equals its own history",
        "status": "No fault, likely a mix shift; watching",
    }
    got = marked(said, cause="none.mix_shift", said=_engine("none.mix_shift", "no_fault"))
    assert got.score == 100
    half = marked({"verdict": "no_fault"}, cause="none.mix_shift", said=_engine("none.mix_shift", "no_fault"))
    assert points(half, "cause") == 10


GROUP = ("model.silent_version_change", "prompt.contract_break")


def test_where_nothing_tells_them_apart_the_group_is_the_answer_and_one_of_it_a_coin_toss() -> None:
    of = {"cause": "prompt.contract_break", "where": {}, "group": GROUP, "said": _engine("prompt.contract_break")}
    assert points(marked({"group": list(GROUP)}, **of), "cause") == 20
    assert points(marked({"cause": "prompt.contract_break"}, **of), "cause") == 14
    assert points(marked({"cause": "model.silent_version_change"}, **of), "cause") == 0
    assert points(marked({"cause": "model.silent_version_change"}, **of), "layer") == 25


def test_a_group_where_telemetry_tells_them_apart_is_worth_less() -> None:
    of = {"cause": "prompt.contract_break", "where": {}, "said": _engine("prompt.contract_break")}
    assert points(marked({"group": list(GROUP)}, **of), "cause") == 14
    assert points(marked({"group": ["tool.error", "prompt.contract_break"]}, **of), "cause") == 0
    everything = ["prompt.contract_break", "prompt.bloat", "prompt.verbosity_drift", "prompt.model_mismatch", "prompt.locale_regression"]
    assert points(marked({"cause": everything}, **of), "cause") == 0


def test_a_red_herring_drill_is_failed_by_blaming_it() -> None:
    good = EXPERT | {"minutes": 3, "confidence": 90}
    assert marked(good, kind=DrillType.RED_HERRING).passed
    lured = marked(good | {"blamed": "spring-sale-banner"}, kind=DrillType.RED_HERRING)
    assert lured.score >= 70
    assert not lured.passed


def test_the_engines_own_answer_and_the_keys_pass() -> None:
    said = report()
    assert mark(engine(said, NOW), key()).score >= 70
    assert mark(expert(key()), key()).score >= 90
