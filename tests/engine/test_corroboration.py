"""The clues that every found cause shares: its share of the excess, its onset, and whether it still goes on."""

from dataclasses import replace

import numpy as np
import pytest

from bot.engine.corroboration import APART, CLOSE, EXPECTED, TOGETHER, denied, has_onset, onset_clue, over_clue, share_clue
from bot.model.evidence import Evidence, Interval, Windows
from bot.model.finding import Clue, Examination, Grade, Measured, Role, Signal
from bot.model.frame import BoolArray, Frame
from bot.model.page import Page, Status
from bot.model.report import Outcome

HOUR = 3600.0
NOW = 5 * HOUR
STEP = 5.0  # seconds between two requests
N = int(NOW / STEP)
ts = np.arange(N) * STEP
PAGE = Page(source="generic", dedup_key="k", title="t", status=Status.FIRING)
EVIDENCE = Evidence(
    PAGE, None, Windows(NOW, Interval(4 * HOUR, NOW), Interval(0.0, 3.5 * HOUR)), Frame(N, {"ts": ts}, {}), bad=np.zeros(N, dtype=np.bool_)
)


def between(*minutes: tuple[float, float], every: int = 1) -> BoolArray:
    """Requests in intervals given in minutes before now."""
    marked = np.zeros(N, dtype=np.bool_)
    for first, last in minutes:
        marked |= (ts >= NOW - first * 60) & (ts < NOW - last * 60)
    return marked & (np.arange(N) % every == 0)


@pytest.mark.parametrize(("last", "grade"), [(30, Grade.STRONG), (45, Grade.MODERATE), (56, Grade.WEAK), (58, Grade.NONE)])
def test_the_share_of_the_paged_excess(last: float, grade: Grade):
    clue = share_clue(replace(EVIDENCE, bad=between((60, 0))), between((60, last)))
    assert clue is not None
    assert (clue.role, clue.measured.grade) == (Role.SUPPORTING, grade)


def test_no_excess_has_no_share():
    assert share_clue(replace(EVIDENCE, bad=between((60, 0), every=300)), between((60, 0))) is None
    assert share_clue(replace(EVIDENCE, bad=None), between((60, 0))) is None


@pytest.mark.parametrize(
    ("apart", "grade"),
    [
        (0.0, Grade.STRONG),
        (TOGETHER, Grade.STRONG),
        (TOGETHER + 1, Grade.MODERATE),
        (CLOSE, Grade.MODERATE),
        (CLOSE + 1, Grade.NONE),
        (APART, Grade.NONE),
        (APART + 1, Grade.OPPOSITE),
    ],
)
def test_onsets_that_meet(apart: float, grade: Grade):
    for own in ((1060.0 + apart, 1090.0 + apart), (900.0 - apart, 1000.0 - apart)):
        clue = onset_clue((1000.0, 1060.0), own)
        assert clue is not None
        assert clue.measured.grade is grade


def test_an_onset_of_its_own_is_expected_only_when_the_paged_signal_has_one():
    assert onset_clue(None, (0.0, 1.0)) is None
    clue = onset_clue((0.0, 1.0), None)
    assert clue is not None
    assert clue.measured.grade is Grade.NONE


def over(affected: BoolArray, evidence: Evidence = EVIDENCE) -> Grade | None:
    clue = over_clue(evidence, affected)
    return clue.measured.grade if clue is not None else None


def test_what_ended_twenty_minutes_ago_is_over():
    assert over(between((50, 20))) is Grade.STRONG


def test_what_goes_on_is_not_over():
    assert over(between((50, 0), every=2)) is Grade.NONE


def test_what_comes_and_goes_is_not_over():
    assert over(between((55, 45), (35, 25))) is Grade.NONE


def test_what_is_as_frequent_as_ever_is_not_over():
    assert over(between((300, 0), every=10)) is None


def test_too_few_to_see_that_it_ended():
    thin = between((50, 20), every=int(60 * 60 / STEP / EXPECTED))
    assert over(thin) is None


def test_thin_traffic_is_given_more_minutes():
    sparse = between((60, 35), every=30)
    clue = over_clue(EVIDENCE, sparse)
    assert clue is not None
    assert clue.measured.numbers["minutes"] == 30
    assert clue.measured.grade is Grade.STRONG


def examined(affected: BoolArray, signal: Signal = Signal.ORIGIN) -> Examination:
    measured = Measured(test="PROP", grade=Grade.STRONG)
    clue = Clue(name="test", role=Role.REQUIRED, signal=signal, measured=measured)
    return Examination(cause="tool.error", outcome=Outcome.FOUND, claim="", clues=(clue,), affected=affected)


def test_the_window_itself_and_a_count_of_requests_have_no_onset():
    assert not has_onset(EVIDENCE, examined(between((60, 0))))
    assert not has_onset(EVIDENCE, examined(between((60, 0), every=4), Signal.VOLUME))
    assert has_onset(EVIDENCE, examined(between((60, 0), every=4)))
    assert has_onset(EVIDENCE, examined(between((300, 0))))


@pytest.mark.parametrize(
    ("role", "test", "grade", "verdicts"),
    [
        (Role.REQUIRED, "STATIC", Grade.STRONG, {"none.noise_or_seasonal"}),
        (Role.REQUIRED, "STATIC", Grade.MODERATE, set()),
        (Role.SUPPORTING, "STATIC", Grade.STRONG, set()),
        (Role.REQUIRED, "PROP", Grade.STRONG, set()),
    ],
)
def test_what_is_read_in_a_text_cannot_be_scatter(role: Role, test: str, grade: Grade, verdicts: set[str]):
    clue = Clue(name="sections", role=role, signal=Signal.CHANGE, measured=Measured(test=test, grade=grade))
    found = Examination(cause="prompt.safety_section_missing", outcome=Outcome.FOUND, claim="", clues=(clue,))
    assert denied([found]) == verdicts
