"""From clues to a posterior."""

import pytest

from bot.engine.calibration import FITTED
from bot.engine.evidence import CAP_BLIND, CAP_FEW, CAP_NA, CLEAR, GATE, caps_of, nats, posterior, priors, weight_of
from bot.model.finding import Clue, Examination, Grade, Measured, Role, Signal
from bot.model.report import Outcome

TABLE = FITTED.table
STRONG = TABLE[Role.REQUIRED][Grade.STRONG]


def clue(
    grade: Grade, role: Role = Role.REQUIRED, signal: Signal = Signal.ORIGIN, test: str = "PROP", z: float | None = GATE
) -> Clue:  # fmt: skip
    return Clue(name="test", role=role, signal=signal, measured=Measured(test=test, grade=grade, z=z))


def examined(cause: str, *clues: Clue, outcome: Outcome = Outcome.FOUND) -> Examination:
    return Examination(cause=cause, outcome=outcome, claim="", clues=clues)


def test_views_of_one_signal_are_not_added_up():
    one = nats([clue(Grade.STRONG)])
    again = nats([clue(Grade.STRONG), clue(Grade.STRONG), clue(Grade.STRONG)])
    elsewhere = nats([clue(Grade.STRONG), clue(Grade.STRONG, signal=Signal.LATENCY)])
    assert one == STRONG
    assert again == pytest.approx(STRONG * (1.0 + FITTED.second_in_group))
    assert elsewhere == pytest.approx(2.0 * STRONG)


def test_what_a_discriminating_test_denies_the_others_cannot_make_good():
    clues = (clue(Grade.STRONG), clue(Grade.STRONG, signal=Signal.LATENCY), clue(Grade.NONE, signal=Signal.CHANGE))
    assert weight_of(examined("tool.error", *clues)) == pytest.approx(2.0 * STRONG + TABLE[Role.REQUIRED][Grade.NONE])
    assert weight_of(examined("tool.error", *clues, outcome=Outcome.CLEAN)) == TABLE[Role.REQUIRED][Grade.NONE]


def test_a_broken_instrument_is_nearly_a_proof():
    assert nats([clue(Grade.STRONG, signal=Signal.TELEMETRY)]) == TABLE[Role.REQUIRED][Grade.STRONG] + FITTED.instrument
    assert nats([clue(Grade.MODERATE, signal=Signal.TELEMETRY)]) == TABLE[Role.REQUIRED][Grade.MODERATE]


def test_the_no_fault_verdicts_share_their_part_of_the_prior():
    found = priors({"none.mix_shift": 6, "none.noise_or_seasonal": 10, "tool.error": 6, "tool.loop": 2})
    assert found["none.mix_shift"] + found["none.noise_or_seasonal"] == pytest.approx(FITTED.none_share)
    assert sum(found.values()) == pytest.approx(1.0)
    assert found["tool.error"] == pytest.approx(3**FITTED.prior_power * found["tool.loop"])


def test_consequences_and_skipped_causes_are_left_out():
    rows = [
        examined("tool.error", clue(Grade.STRONG)),
        examined("tool.loop", clue(Grade.STRONG)),
        examined("tool.timeout", outcome=Outcome.SKIPPED),
    ]
    ranked = posterior(rows, {"tool.error": 6, "tool.loop": 4, "tool.timeout": 6}, {}, frozenset({"tool.loop"}), {})
    assert [one.cause for one in ranked] == ["tool.error"]


def test_caps_lower_the_confidence_and_never_the_probability():
    ranked = posterior([examined("tool.error", clue(Grade.STRONG))], {"tool.error": 6}, {}, frozenset(), {"tool.error": 0.6})
    assert ranked[0].probability > 0.6
    assert ranked[0].confidence == 0.6


def test_what_cannot_be_tested_keeps_its_share_of_the_posterior():
    weights = {"tool.error": 6, "tool.loop": 4, "retrieval.timeout": 40}
    rows = [examined("tool.error", clue(Grade.STRONG)), examined("tool.loop", clue(Grade.NONE), outcome=Outcome.CLEAN)]
    seen = [*rows, examined("retrieval.timeout", clue(Grade.NONE), outcome=Outcome.CLEAN)]
    blind = [*rows, examined("retrieval.timeout", outcome=Outcome.SKIPPED)]
    of = {
        name: posterior(given, weights, {}, frozenset(), {}, moved=True)[0].probability
        for name, given in (("seen", seen), ("blind", blind))
    }
    assert of["blind"] < of["seen"] < 1.0


def test_the_unseen_is_weighed_by_whether_the_paged_signal_moved():
    rows = [examined("tool.error", clue(Grade.STRONG)), examined("retrieval.timeout", outcome=Outcome.SKIPPED)]
    weights = {"tool.error": 6, "retrieval.timeout": 9}
    by = FITTED.model_copy(update={"unseen_moved": 1.0, "unseen_still": -1.0})
    moved, still = (posterior(rows, weights, {}, frozenset(), {}, moved=value, by=by)[0].probability for value in (True, False))
    assert moved < still


def test_a_text_that_was_read_is_worth_its_own_nats():
    assert nats([clue(Grade.STRONG, test="STATIC", z=None)]) == pytest.approx(STRONG + FITTED.static)


def test_finding_nothing_out_of_the_ordinary_is_not_reading_it():
    assert nats([clue(Grade.STRONG, test="ONSET", z=None)]) == pytest.approx(STRONG)


@pytest.mark.parametrize(("z", "share"), [(GATE, 0.0), (-GATE, 0.0), ((GATE * CLEAR) ** 0.5, 0.5), (CLEAR, 1.0), (-3 * CLEAR, 1.0)])
def test_what_stands_far_above_its_gate_is_worth_more(z: float, share: float):
    assert nats([clue(Grade.STRONG, z=z)]) == pytest.approx(STRONG + share * FITTED.clarity)


def test_what_ended_before_the_page_counts_against_its_cause_more_than_other_doubts():
    ended, doubted = (nats([clue(Grade.STRONG, Role.CONTRA, test=test)]) for test in ("LASTING", "PROP"))
    assert ended == pytest.approx(doubted - FITTED.over)


def test_the_isotonic_map_is_read_between_its_knots():
    fitted = FITTED.model_copy(update={"reliability": ((0.0, 0.0), (0.5, 0.8), (1.0, 0.9))})
    assert fitted.reliable(0.25) == pytest.approx(0.4)
    assert FITTED.model_copy(update={"reliability": ()}).reliable(0.25) == 0.25


@pytest.mark.parametrize(
    ("clues", "blind", "n", "cap"),
    [
        ((clue(Grade.STRONG), clue(Grade.STRONG, signal=Signal.LATENCY)), False, 200, 1.0),
        ((clue(Grade.STRONG), clue(Grade.STRONG, signal=Signal.LATENCY)), False, 199, CAP_FEW),
        ((clue(Grade.STRONG), clue(Grade.NA, signal=Signal.LATENCY)), False, 200, CAP_NA),
        ((clue(Grade.STRONG), clue(Grade.STRONG, signal=Signal.LATENCY)), True, 200, CAP_BLIND),
    ],
)
def test_the_lowest_cap_that_applies(clues: tuple[Clue, ...], blind: bool, n: int, cap: float):
    assert caps_of(examined("tool.error", *clues), blind=blind, loose=False, n_current=n) == cap


def test_trace_loss_is_not_capped_by_itself():
    assert (
        caps_of(examined("telemetry.trace_loss", clue(Grade.STRONG, signal=Signal.TELEMETRY)), blind=True, loose=True, n_current=500) == 1.0
    )
