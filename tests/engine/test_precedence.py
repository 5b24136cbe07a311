"""Which found cause is only the consequence of another: tested on the requests, never assumed."""

from dataclasses import replace

import numpy as np
import pytest

from bot.checks import load
from bot.engine.precedence import EDGES, EXPLAINED, explain_away
from bot.model.evidence import Evidence, Interval, Windows
from bot.model.finding import Clue, Examination, Grade, Measured, Role, Signal
from bot.model.frame import BoolArray, Frame
from bot.model.page import Page, Status
from bot.model.report import Outcome

N = 2000
PAGE = Page(source="generic", dedup_key="k", title="t", status=Status.FIRING)
EVIDENCE = Evidence(PAGE, None, Windows(2000.0, Interval(1000.0, 2000.0), Interval(0.0, 1000.0)), Frame(N, {"ts": np.arange(N) * 1.0}, {}))


def rows(*numbers: range) -> BoolArray:
    marked = np.zeros(N, dtype=np.bool_)
    for some in numbers:
        marked[list(some)] = True
    return marked


def found(cause: str, affected: BoolArray) -> Examination:
    return Examination(cause=cause, outcome=Outcome.FOUND, claim="", affected=affected)


def explained(parent: BoolArray, child: BoolArray, onsets: dict[str, tuple[float, float]] | None = None) -> dict[str, float]:
    causes = {"retrieval.timeout": found("retrieval.timeout", parent), "model.refusal_shift": found("model.refusal_shift", child)}
    return {one.child: one.share for one in explain_away(EVIDENCE, causes, onsets or {})}


def test_a_child_that_only_happens_with_its_parent_is_a_symptom():
    assert explained(rows(range(1000, 1200)), rows(range(1000, 1190)))["model.refusal_shift"] >= EXPLAINED


def test_a_child_that_happens_elsewhere_is_a_fault_of_its_own():
    assert explained(rows(range(1000, 1200)), rows(range(1500, 1700))) == {}


def test_what_was_there_before_is_not_excess():
    chronic = rows(range(0, 100), range(1000, 1100))
    assert explained(rows(range(1000, 1200)), chronic) == {}


def test_a_parent_cannot_begin_after_its_child():
    late = {"retrieval.timeout": (1900.0, 1950.0), "model.refusal_shift": (1000.0, 1010.0)}
    assert explained(rows(range(1000, 1200)), rows(range(1000, 1190)), late) == {}


@pytest.mark.parametrize(("excess", "said"), [(9, False), (10, True)])
def test_too_few_to_explain(excess: int, said: bool):
    assert bool(explained(rows(range(1000, 1200)), rows(range(1000, 1000 + excess)))) is said


def test_no_cause_explains_itself():
    one = {"retrieval.empty_results": found("retrieval.empty_results", rows(range(1000, 1200)))}
    assert explain_away(EVIDENCE, one, {}) == ()


@pytest.mark.parametrize("parent", sorted(EDGES))
def test_edges_are_between_causes_that_there_are(parent: str):
    known = {check.slug for check in load()}
    assert {parent, *EDGES[parent]} <= known


@pytest.mark.parametrize(("each_takes_ms", "explained_by_it"), [(99.0, False), (100.0, True)])
def test_more_requests_explain_nothing_where_hardly_two_of_them_meet(each_takes_ms: float, explained_by_it: bool):
    """One request a second: at a tenth of a second each, one of ten meets another."""
    requests = Frame(N, {"ts": np.arange(N) * 1.0, "duration_ms": np.full(N, each_takes_ms)}, {})
    evidence = replace(EVIDENCE, requests=requests)
    causes = {one: found(one, rows(range(1000, 2000))) for one in ("infra.traffic_surge", "retrieval.timeout")}
    assert [one.child for one in explain_away(evidence, causes, {})] == ["retrieval.timeout"] * explained_by_it


def test_how_long_requests_take_may_not_be_known():
    causes = {one: found(one, rows(range(1000, 2000))) for one in ("infra.traffic_surge", "retrieval.timeout")}
    assert [one.child for one in explain_away(EVIDENCE, causes, {})] == ["retrieval.timeout"]


def told(cause: str, **numbers: float) -> Examination:
    measured = Measured(test="PROP", grade=Grade.STRONG, numbers=dict(numbers))
    clue = Clue(name="x", role=Role.REQUIRED, signal=Signal.FORM, measured=measured)
    return replace(found(cause, rows(range(1000, 2000))), clues=(clue,))


@pytest.mark.parametrize(
    ("ratio", "before", "now", "explained_by_it"),
    [
        (2.0, 0.0, 0.6, True),  # half of twice the demand finds no place, and a tenth more is kept waiting
        (2.0, 0.0, 0.61, False),
        (2.0, 0.1, 0.7, True),
        (1.8, 0.0, 1.0, False),  # one source fails altogether, and the product is asked a little more than in the morning
        (10.0, 0.0, 1.0, True),
    ],
)
def test_more_requests_do_not_fail_more_than_find_no_place(ratio: float, before: float, now: float, explained_by_it: bool):
    causes = {"infra.traffic_surge": told("infra.traffic_surge", ratio=ratio)}
    causes["retrieval.timeout"] = told("retrieval.timeout", rate=now, baseline_rate=before)
    assert [one.child for one in explain_away(EVIDENCE, causes, {})] == ["retrieval.timeout"] * explained_by_it
