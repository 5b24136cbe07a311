"""When a cause may be named, and when not to answer."""

import pytest

from bot.engine.abstain import judge
from bot.engine.evidence import Weighed
from bot.model.report import Verdict

SURE = {"seen": 1.0, "n_current": 1000, "moved": True, "claimed_visible": True, "missing": ()}


def weighed(cause: str, probability: float, confidence: float | None = None) -> Weighed:
    return Weighed(cause, cause.split(".", maxsplit=1)[0], 0.0, probability, probability if confidence is None else confidence)


def test_a_found_cause_that_stands_out_is_named():
    said = judge([weighed("retrieval.timeout", 0.9), weighed("tool.error", 0.1)], **SURE, found={"retrieval.timeout"})
    assert (said.verdict, said.cause, said.layer) == (Verdict.FAULT, "retrieval.timeout", "retrieval")


def test_a_cause_whose_tests_did_not_pass_is_not_named_however_little_else_is_left():
    said = judge([weighed("prompt.pii_in_examples", 1.0)], **SURE, found=())
    assert (said.verdict, said.cause, said.layer) == (Verdict.INSUFFICIENT, None, None)


def test_two_rivals_of_one_layer_name_the_layer():
    rivals = [weighed("retrieval.timeout", 0.42), weighed("retrieval.error", 0.4), weighed("tool.error", 0.18)]
    said = judge(rivals, **SURE, found={"retrieval.timeout", "retrieval.error"})
    assert (said.verdict, said.cause, said.layer) == (Verdict.FAULT, None, "retrieval")


def test_a_layer_of_nothing_but_clean_causes_is_not_named():
    rivals = [weighed("retrieval.timeout", 0.42), weighed("retrieval.error", 0.4), weighed("tool.error", 0.18)]
    assert judge(rivals, **SURE, found={"tool.error"}).layer is None


CALM = [weighed("none.noise_or_seasonal", 0.95)]


def test_no_fault_needs_nothing_to_have_moved():
    assert judge(CALM, **(SURE | {"moved": False}), found=()).verdict is Verdict.NO_FAULT
    assert judge(CALM, **SURE, found=()).verdict is Verdict.INSUFFICIENT


@pytest.mark.parametrize(
    ("lacking", "word"),
    [
        ({"seen": 0.79}, "79%"),
        ({"n_current": 99}, "99 requests"),
        ({"claimed_visible": False}, "could have been missed"),
        ({"unseen": ("policy_hit",)}, "policy_hit"),
    ],
)
def test_no_fault_is_not_said_of_what_could_not_be_seen(lacking: dict[str, object], word: str):
    said = judge(CALM, **(SURE | {"moved": False} | lacking), found=())
    assert said.verdict is Verdict.INSUFFICIENT
    assert any(word in reason for reason in said.reasons), said.reasons


def test_at_the_limits_it_is_said():
    assert judge(CALM, **(SURE | {"moved": False, "seen": 0.8, "n_current": 100}), found=()).verdict is Verdict.NO_FAULT


def test_a_no_fault_that_is_only_suspected_is_not_said():
    almost = [weighed("none.noise_or_seasonal", 0.69), weighed("tool.error", 0.31)]
    assert judge(almost, **(SURE | {"moved": False}), found=()).verdict is Verdict.INSUFFICIENT
    likely = [weighed("none.noise_or_seasonal", 0.70), weighed("tool.error", 0.30)]
    assert judge(likely, **(SURE | {"moved": False}), found=()).verdict is Verdict.NO_FAULT


def test_nothing_assessable_names_what_is_missing():
    said = judge([], **(SURE | {"missing": ("llm.finish",)}), found=())
    assert said.verdict is Verdict.INSUFFICIENT
    assert said.reasons == ("not recorded: llm.finish",)


def test_of_a_change_that_was_seen_and_taken_apart_nothing_was_missed():
    mixed = [weighed("none.mix_shift", 0.95)]
    assert judge(mixed, **(SURE | {"claimed_visible": False}), found=("none.mix_shift",)).verdict is Verdict.NO_FAULT


@pytest.mark.parametrize(("probability", "verdict"), [(0.05, Verdict.INSUFFICIENT), (0.049, Verdict.NO_FAULT)])
def test_beside_a_fault_whose_tests_passed_no_fault_is_not_said(probability: float, verdict: Verdict):
    rivals = [weighed("none.noise_or_seasonal", 0.8), weighed("cost.reasoning_growth", probability)]
    assert judge(rivals, **(SURE | {"moved": False}), found=("none.noise_or_seasonal", "cost.reasoning_growth")).verdict is verdict
    assert judge(rivals, **(SURE | {"moved": False}), found=("none.noise_or_seasonal",)).verdict is Verdict.NO_FAULT
