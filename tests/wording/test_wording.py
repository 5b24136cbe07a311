"""Numbers, times and strangers' text, each at its edges."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.report import Impact, NotChecked, Onset
from bot.wording.evidence import could_not_check, not_checked, ruled_out
from bot.wording.figures import confidence, duration, number, share
from bot.wording.incident import progress_words, summary
from bot.wording.literal import cut, one_line, several_lines, units
from bot.wording.verdict import cause_words, conclude, impact, since
from tests.slack import samples


@pytest.mark.parametrize(
    ("value", "words"), [(0.12, "12 %"), (0.011, "1.1 %"), (0.0004, "0.04 %"), (0, "0 %"), (1.0, "100 %"), (0.0996, "10.0 %")]
)
def test_shares(value: float, words: str):
    assert share(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "not recorded"),
        (1440, "1,440"),
        (0.1479, "0.148"),
        (5.0, "5"),
        (12345.6, "12,346"),
        ("kb", "kb"),
        (-0.5, "-0.5"),
        (1e300, f"{1e300:,.0f}"),
    ],
)
def test_numbers(value: float | str | None, words: str):
    assert number(value) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3600, "1 h"), (14580, "4 h 3 min"), (90_000, "1 d 1 h"), (-5, "0 s")]
)
def test_durations(seconds: int, words: str):
    assert duration(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("value", "words"), [(0.8999, "0.89 likely"), (0.9, "0.90 confirmed by telemetry"), (0.2, "0.20"), (1.0, "1.00 confirmed by telemetry")]
)
def test_a_confidence_is_cut_so_that_number_and_word_agree(value: float, words: str):
    assert confidence(value) == words


def test_a_cause_reads_as_words():
    assert cause_words("prompt.pii_in_examples") == "personal data in examples"
    assert cause_words("model.ttft_regression") == "time to first token regression"


def onset(first: datetime, last: datetime, shape: str = "step") -> str:
    return since(samples.FAULT.model_copy(update={"onset": Onset(at=first, earliest=first, latest=last, shape=shape)}), samples.PAGED)


def test_since_says_the_day_when_it_is_not_the_pages_own():
    same = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    assert onset(same, same) == "sudden, 01:00 UTC, 1 h 7 min before the page"
    assert onset(same - timedelta(hours=2), same) == "sudden, 2026-03-01 23:00 UTC – 2026-03-02 01:00 UTC, 3 h 7 min before the page"
    assert onset(same + timedelta(hours=2), same + timedelta(hours=3), "ramp") == "gradual, began 03:00–04:00 UTC"


def test_an_impact_without_traffic_says_nothing():
    nothing = Impact(bad=0, total=0, baseline_rate=None, rate=None, excess_bad=0)
    assert impact(samples.FAULT.model_copy(update={"impact": nothing})) == ""


def test_the_impact_of_a_number_says_beyond_what():
    slow = Impact(bad=620, total=1000, baseline_rate=0.05, rate=0.62, excess_bad=570, threshold=8204.2)
    said = impact(samples.FAULT.model_copy(update={"impact": slow, "signal": "request duration"}))
    assert said == "request duration beyond 8,204, where the worst twentieth lay: 5.0 % → 62 % (620 of 1,000, about 570 more than usual)"


def test_a_check_that_broke_is_told_in_words_and_not_as_a_missing_field():
    broken = NotChecked(check="infra.app_deploy", missing=("the check itself failed (KeyError)",))
    report = samples.FAULT.model_copy(update={"not_checked": (*samples.FAULT.not_checked, broken)})
    assert not_checked(report) == (
        "Retrieval: stale index: no doc.indexed_at",
        "Infrastructure: app deploy: the check itself failed (KeyError)",
    )
    assert could_not_check(report) == "2 causes: missing doc.indexed_at"


def test_innocent_changes_come_before_ruled_out_causes():
    assert [row.text.split(" — ")[0] for row in ruled_out(samples.FAULT)] == [
        "change: prompt assistant-system v41 → v42 at 18:20 UTC",
        "Model: provider incident",
        "Infrastructure: traffic surge",
    ]


def test_progress_never_shows_more_done_than_there_is():
    _, progress = samples.triaging()
    assert progress_words(progress.model_copy(update={"done": 99})).startswith("18 of 18 checks")
    assert progress_words(None) == "starting"


def test_an_insufficient_summary_names_what_is_missing():
    assert "could not check 4 causes: missing error.class" in summary(samples.incident(report=samples.INSUFFICIENT))
    assert conclude(samples.INSUFFICIENT).title == "Not enough data to name a cause"


@given(st.text(max_size=300), st.integers(1, 80))
def test_a_line_is_one_line_within_its_cap(text: str, cap: int):
    shown = one_line(text, cap)
    assert units(shown) <= cap
    assert "\n" not in shown
    assert one_line(shown, cap) == shown


@given(st.text(max_size=300))
def test_several_lines_keep_their_breaks_and_no_other_control(text: str):
    shown = several_lines(text, 200)
    assert units(shown) <= 200
    assert not any(letter < " " and letter != "\n" for letter in shown)


def test_what_is_cut_says_so_and_never_splits_a_letter():
    assert cut("abcdef", 4) == "abc…"
    assert cut("🦊🦊🦊", 4) == "🦊…"
    assert one_line("\x1b[31mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x07", 40) == "red link"
    assert several_lines("a\tb\r\n  c\u2028d", 40) == "a   b\n  c d"
