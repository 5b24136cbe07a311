"""Where a bad trace first went wrong (catalogue 2.5): the deepest error that escapes, else the earliest soft fault.

Blame is always counted as excess over the baseline: otherwise a chronically noisy tool steals the verdict.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.model.evidence import Evidence
from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, Codes, Frame, IntArray

SOLE = 0.50  # share of excess from which a layer is the origin (catalogue 0.3, ORIG)
CONTRIBUTING = 0.20
MIN_BAD = 20  # fewer bad traces are listed one by one rather than counted
MAX_DEPTH = 64  # a deeper tree is a cycle or a hostile one

SOFT_ORDER = ("cache", "prompt", "embedding", "retrieval", "rerank", "llm", "tool", "parser", "guardrail", "other")
"""Dependency order of soft faults: the earliest stage that went wrong explains the later ones."""

FAMILY = {"embedding": "retrieval", "rerank": "retrieval"}  # kinds that are a part of another layer's work


@dataclass(frozen=True)
class Tree:
    """Spans of the traces that carry any fault; `parent` is a row or -1."""

    frame: Frame
    trace: IntArray
    parent: IntArray
    hard: BoolArray
    soft: BoolArray


def origins(tree: Frame, requests: Frame) -> dict[str, Codes]:
    """Per request: kind, name and fault (error class or soft fault) of its origin span; not recorded where nothing went wrong."""
    none = {name: Codes((), np.full(requests.n, -1, dtype=np.int64)) for name in ("kind", "name", "fault")}
    if tree.n == 0 or requests.n == 0:
        return none
    built = _build(tree, requests)
    row = _first(built, requests.n)
    kinds = tree.text("kind")
    return {
        "kind": _family(kinds.take(row)),
        "name": _names(tree).take(row),
        "fault": _faults(tree).take(row),
    }


def _build(frame: Frame, requests: Frame) -> Tree:
    trace = _rows_of(frame.text("trace"), requests.text("trace"))
    parent = _parents(frame)
    error_class = frame.text("error_class")
    errored = frame.equals("status", "error") | (error_class.recorded & ~error_class.equals("", "none"))
    errored &= ~error_class.equals("cancelled")  # the client went away: never an origin
    return Tree(frame, trace, parent, errored & ~_retried(frame, parent, errored), _soft(frame))


def _rows_of(names: Codes, wanted: Codes) -> IntArray:
    """Row in `wanted` (sorted, unique) of each name; -1 where absent."""
    place = {value: row for row, value in enumerate(wanted.values)}
    by_code = np.full(len(wanted.values) + 1, -1, dtype=np.int64)
    by_code[wanted.codes] = np.arange(len(wanted.codes))
    lookup = np.array([by_code[place[value]] if value in place else -1 for value in names.values] + [-1], dtype=np.int64)
    return lookup[names.codes]


def _parents(frame: Frame) -> IntArray:
    """Row of each span's parent within the same trace, -1 when it has none here."""
    traces, spans, parents = frame.text("trace"), frame.text("span"), frame.text("parent")
    ids = {value: code for code, value in enumerate(spans.values)}
    as_span = np.array([ids.get(value, -1) for value in parents.values] + [-1], dtype=np.int64)
    wanted = as_span[parents.codes]
    size = np.int64(len(spans.values) + 1)
    key = traces.codes * size + spans.codes
    order = np.argsort(key, kind="stable")
    ask = np.where(wanted >= 0, traces.codes * size + wanted, np.int64(-1))
    at = np.minimum(np.searchsorted(key[order], ask), frame.n - 1)
    found = order[at]
    return np.where((ask >= 0) & (key[found] == ask), found, -1)


def _retried(frame: Frame, parent: IntArray, errored: BoolArray) -> BoolArray:
    """Failed attempts of an operation that a later sibling of the same kind and name did successfully: only latency is charged."""
    names, kinds, traces = frame.text("name").codes, frame.text("kind").codes, frame.text("trace").codes
    if frame.n == 0:
        return np.zeros(0, dtype=np.bool_)
    order = np.lexsort((frame.number("ts"), names, kinds, parent, traces))
    new = np.ones(frame.n, dtype=np.bool_)
    new[1:] = False
    for column in (traces, parent, kinds, names):
        new[1:] |= column[order][1:] != column[order][:-1]
    place = np.arange(frame.n)
    succeeded = np.where(errored[order], -1, place)
    last_success = np.maximum.reduceat(succeeded, np.flatnonzero(new))[np.cumsum(new) - 1]
    saved = np.empty(frame.n, dtype=np.bool_)
    saved[order] = errored[order] & (place < last_success)
    return saved


def _soft(frame: Frame) -> BoolArray:
    soft = (frame.number("n_returned") == 0) | frame.true("partial") | frame.true("timed_out") | (frame.number("prompt_unresolved") > 0)
    soft |= frame.equals("finish", "length", "content_filter", "refusal", "context_window") | frame.true("tool_result_empty")
    soft |= (frame.number("tool_args_valid") == 0) | (frame.number("parser_ok") == 0) | frame.equals("guardrail_action", "block")
    soft |= frame.true("rerank_skipped") | frame.true("output_refusal")
    return np.asarray(soft, dtype=np.bool_)


def _first(tree: Tree, n_requests: int) -> IntArray:
    """Row of the origin span of each request, -1 for none."""
    hard, parent = tree.hard, tree.parent
    below = _marks_ancestors(hard, parent)
    deepest = hard & ~below
    escapes = _unbroken(hard, parent)
    is_root = parent < 0
    ends = np.nan_to_num(tree.frame.number("end"), nan=np.inf)
    kinds = tree.frame.text("kind")
    rank = np.array([SOFT_ORDER.index(kind) if kind in SOFT_ORDER else len(SOFT_ORDER) for kind in kinds.values] + [len(SOFT_ORDER)])
    stage = rank[kinds.codes]
    bare_root = deepest & is_root & kinds.equals("request", "workflow", "chain", "agent", "other")

    # Preference: an error that escapes; a swallowed error that left a fault behind; a soft fault by stage; the bare root.
    level = np.full(tree.frame.n, 9)
    level[tree.soft & ~hard] = 3
    level[deepest & ~escapes] = 2
    level[deepest & escapes] = 1
    level[bare_root] = 4
    troubled = _troubled(tree, n_requests)
    usable = (level < 9) & (tree.trace >= 0) & troubled[np.maximum(tree.trace, 0)]
    within = np.where(level == 3, stage.astype(np.float64), ends)
    rows = np.flatnonzero(usable)
    order = rows[np.lexsort((rows, within[rows], level[rows], tree.trace[rows]))]
    first = np.full(n_requests, -1, dtype=np.int64)
    traces = tree.trace[order]
    if len(order):
        head = np.r_[True, traces[1:] != traces[:-1]]
        first[traces[head]] = order[head]
    return first


def _troubled(tree: Tree, n_requests: int) -> BoolArray:
    """Requests in which an error reached the root or some soft fault is left: elsewhere errors were handled."""
    troubled = np.zeros(n_requests, dtype=np.bool_)
    at_root = tree.hard & (tree.parent < 0)
    rows = tree.trace[(at_root | tree.soft) & (tree.trace >= 0)]
    troubled[rows] = True
    return troubled


def _marks_ancestors(marked: BoolArray, parent: IntArray) -> BoolArray:
    above = np.zeros(len(parent), dtype=np.bool_)
    frontier = np.unique(parent[marked])
    for _ in range(MAX_DEPTH):
        frontier = frontier[frontier >= 0]
        frontier = frontier[~above[frontier]]
        if len(frontier) == 0:
            break
        above[frontier] = True
        frontier = np.unique(parent[frontier])
    return above


def _unbroken(hard: BoolArray, parent: IntArray) -> BoolArray:
    """Rows whose every ancestor is marked too: the error escaped to the root."""
    chain = hard & (parent < 0)
    for _ in range(MAX_DEPTH):
        grown = chain | (hard & (parent >= 0) & chain[np.maximum(parent, 0)])
        if bool((grown == chain).all()):
            break
        chain = grown
    return chain


def _family(kinds: Codes) -> Codes:
    merged = [FAMILY.get(kind, kind) for kind in kinds.values]
    values = tuple(sorted(set(merged)))
    lookup = np.array([values.index(kind) for kind in merged] + [-1], dtype=np.int64)
    return Codes(values, lookup[kinds.codes])


def _names(frame: Frame) -> Codes:
    """The tool or source of a span where it has one, else the span's name."""
    best = frame.text("name")
    for column in ("tool", "source_id"):
        better = frame.text(column)
        values = tuple(sorted({*best.values, *better.values}))
        index = {value: code for code, value in enumerate(values)}
        ours = np.array([index[value] for value in best.values] + [-1], dtype=np.int64)[best.codes]
        theirs = np.array([index[value] for value in better.values] + [-1], dtype=np.int64)[better.codes]
        best = Codes(values, np.where(theirs >= 0, theirs, ours))
    return best


def _faults(frame: Frame) -> Codes:
    error = frame.text("error_class")
    values = tuple(sorted({*error.values, "soft", "unknown"}))
    index = {value: code for code, value in enumerate(values)}
    codes = np.array([index[value] for value in error.values] + [index["soft"]], dtype=np.int64)[error.codes]
    codes = np.where((error.codes < 0) & frame.equals("status", "error"), index["unknown"], codes)
    return Codes(values, codes)


def shares(evidence: Evidence) -> dict[str, float]:
    """Excess bad requests by kind of origin span, as shares; empty when there is no excess. Kind `app` = nothing below the root."""
    kinds = evidence.origins.get("kind")
    if kinds is None:
        return {}
    bad = evidence.failing
    now, then = evidence.in_current, evidence.in_baseline
    n_c, n_b = int(now.sum()), int(then.sum())
    if n_c == 0:
        return {}
    excess: dict[str, float] = {}
    for code, kind in enumerate(kinds.values):
        of = kinds.codes == code
        expected = float((bad & then & of).sum()) * n_c / n_b if n_b else 0.0
        name = kind if kind not in ("request", "workflow", "chain", "agent", "other", "http", "db") else "app"
        excess[name] = excess.get(name, 0.0) + max(0.0, float((bad & now & of).sum()) - expected)
    total = sum(excess.values())
    return {kind: value / total for kind, value in sorted(excess.items())} if total > 0 else {}


def excess_share(evidence: Evidence, kinds: tuple[str, ...]) -> Measured:
    """ORIG of catalogue 0.3 for a set of kinds."""
    bad = int((evidence.failing & evidence.in_current).sum())
    if bad < MIN_BAD:
        return Measured(test="ORIG", grade=Grade.NA, n=bad, reason=f"{bad} bad traces, {MIN_BAD} needed")
    by_kind = shares(evidence)
    share = sum(by_kind.get(kind, 0.0) for kind in kinds)
    grade = Grade.STRONG if share >= SOLE else Grade.MODERATE if share >= CONTRIBUTING else Grade.NONE
    return Measured(test="ORIG", grade=grade, effect=share, n=bad, numbers={"origin_share": round(share, 4)})
