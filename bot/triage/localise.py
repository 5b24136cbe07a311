"""Step 4: for whom. The slice and the onset of each found cause's own evidence, and of the paged signal."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bot.engine.cells import own_names, usable
from bot.engine.corroboration import has_onset
from bot.engine.evidence import nats
from bot.engine.naming import renamed
from bot.engine.precedence import excess
from bot.engine.window import STEP, counts
from bot.model.evidence import Evidence
from bot.model.finding import Examination
from bot.model.frame import BoolArray, IntArray
from bot.model.report import Onset, Outcome, Slice
from bot.model.value import moment
from bot.stats.change_point import ChangePoint, onset
from bot.stats.slices import SliceFound, SliceGates, search
from bot.telemetry.canonical import OP_DIMS, REQUEST_DIMS
from bot.triage.examine import seen_by
from bot.triage.state import Located

CAUSES = 5  # found causes whose slice is looked for: the best by evidence
ROWS = 30_000  # rows of one search; more are read as an even-spaced sample
SMALLER = 0.6  # of the named cell's traffic: then the search has found something the check did not ask about
ENDOGENOUS = ("model_served", "fingerprint", "key_id", "server_address", "provider", "model_requested", "rerank_model", "cache_layer")
"""Dimensions that a fault may change itself: a fallback is only seen where the first model failed. They do not tell for whom."""
HOLDS = 0.7  # of the excess
OWN_PAST = 100  # baseline requests of a cell below which everybody's past stands in: a new version has none of its own
GLOBAL = 0.90  # a slice that holds this much of the traffic describes everybody


def locate(evidence: Evidence, examined: tuple[Examination, ...], start: float) -> Located:
    """Onsets and slices of the found causes; "" is the paged signal."""
    found = [one for one in examined if one.outcome is Outcome.FOUND and not one.cause.startswith("none.")]
    found.sort(key=lambda one: (-nats(one.clues), one.cause))
    onsets: dict[str, Onset] = {}
    slices: dict[str, Slice] = {}
    members = _members(evidence)
    if evidence.requests is not None and evidence.failing.any():
        best = _slice(evidence, evidence.failing, members)
        if best is not None:
            slices[""] = best
    for row, one in enumerate(found):
        if one.affected is None or not one.affected.any():
            read = _read(evidence, one) if row < CAUSES else None
            if read is not None:
                slices[one.cause] = renamed(evidence, read, one.cause, requests_where(evidence, read.where), members)
            continue
        change = onset_of(evidence, one.affected, start) if has_onset(seen_by(evidence, one), one) else None
        if change is not None:
            onsets[one.cause] = described(change)
        if row >= CAUSES:
            continue
        seen = seen_by(evidence, one)
        named = _named(seen, one)
        best = _within(seen, one.affected, named) if named is not None else _slice(seen, one.affected, members, skip=ENDOGENOUS)
        if best is not None:
            slices[one.cause] = renamed(seen, best, one.cause, requests_where(seen, best.where), members)
    return Located(onsets, slices)


def onset_of(evidence: Evidence, bad: BoolArray, start: float) -> ChangePoint | None:
    """ONSET of a yes/no question over all requests since `start`."""
    ts = evidence.seen.number("ts")
    size = max(1, int(np.ceil((evidence.windows.now - start) / STEP)))
    marked, total = counts(ts, bad, np.ones(len(ts), dtype=np.bool_), start, size)
    return onset(marked, total, start, STEP)


def described(change: ChangePoint) -> Onset:
    return Onset(at=moment(change.at), earliest=moment(change.earliest), latest=moment(change.latest), shape=change.shape)


def _within(evidence: Evidence, affected: BoolArray, named: Slice) -> Slice:
    """The cell the check itself named, and the part of it that holds nearly all of the trouble: openai, but only in eu-west."""
    cell = requests_where(evidence, named.where)
    part = _slice(evidence, affected & cell, {}, among=cell, skip=tuple(named.where))
    if part is None or part.share_of_traffic > SMALLER or part.share_of_excess < HOLDS:
        return named
    both = {**named.where, **part.where}
    now = evidence.in_current
    return Slice(
        where=both,
        equivalent=tuple({**named.where, **same} for same in part.equivalent),
        share_of_traffic=float((requests_where(evidence, both) & now).sum()) / max(1, int(now.sum())),
        share_of_excess=named.share_of_excess * part.share_of_excess,
    )


def _named(evidence: Evidence, one: Examination) -> Slice | None:
    """The cell of a check's own evidence, as a slice of the requests."""
    where = {name: value for name, value in one.where.items() if _divides(evidence, name, value)}
    if not where or one.affected is None:
        return None
    cell = requests_where(evidence, where)
    now = evidence.in_current
    share = float((cell & now).sum()) / max(1, int(now.sum()))
    whole = excess(evidence, one.affected)
    held = max(0.0, min(1.0, excess(evidence, one.affected & cell) / whole)) if whole > 0 else 0.0
    if share > GLOBAL and set(where) & set(REQUEST_DIMS):
        return None
    return Slice(where=where, share_of_traffic=share, share_of_excess=held)


def _read(evidence: Evidence, one: Examination) -> Slice | None:
    """The slice of a fault that was read and not counted, such as a prompt without its section: whose requests use it."""
    where = {name: value for name, value in one.where.items() if _divides(evidence, name, value)}
    cell = requests_where(evidence, where)
    n = int(evidence.in_current.sum())
    if not where or not (cell & evidence.in_current).any():
        return None
    whole = excess(evidence, evidence.failing)
    held = excess(evidence, evidence.failing & cell) / whole if whole > 0 else 0.0
    share = float((cell & evidence.in_current).sum()) / max(1, n)
    return Slice(where=where, share_of_traffic=share, share_of_excess=max(0.0, min(1.0, held)))


def _divides(evidence: Evidence, name: str, value: str) -> bool:
    """Whether a predicate leaves anybody out: the only provider there is, is everybody; the only source is those that search."""
    frames = [frame for frame in (evidence.seen, *evidence.ops.values()) if name in frame.texts]
    if not frames or len({one for frame in frames for one in frame.texts[name].values if one}) > 1:
        return True
    now = evidence.in_current
    return float((requests_where(evidence, {name: value}) & now).sum()) <= GLOBAL * float(now.sum())


def requests_where(evidence: Evidence, where: Mapping[str, str]) -> BoolArray:
    """Requests that match every predicate: by their own column, or by having an operation that does."""
    cell = np.ones(evidence.seen.n, dtype=np.bool_)
    for name, value in where.items():
        if name in evidence.seen.texts:
            cell &= evidence.seen.equals(name, value)
            continue
        any_op = np.zeros(evidence.seen.n, dtype=np.bool_)
        for frame in evidence.ops.values():
            if name in frame.texts:
                any_op |= evidence.requests_with(frame, frame.equals(name, value))
        cell &= any_op
    return cell


Dims = dict[str, tuple[tuple[str, ...], IntArray]]


def _members(evidence: Evidence) -> dict[str, tuple[tuple[str, ...], list[BoolArray]]]:
    """Dimensions of operations, as "has at least one operation with this value" per request."""
    members: dict[str, tuple[tuple[str, ...], list[BoolArray]]] = {}
    for kind, names in OP_DIMS.items():
        frame = evidence.kind(kind)
        for name in names:
            codes = frame.text(name)
            if name in members or len(codes.values) < 2 or len(codes.values) > 200 or float(codes.recorded.mean()) < 0.5:
                continue
            members[name] = (codes.values, [evidence.requests_with(frame, codes.codes == code) for code in range(len(codes.values))])
    return members


def _slice(
    evidence: Evidence,
    bad: BoolArray,
    members: Mapping[str, tuple[tuple[str, ...], list[BoolArray]]],
    *,
    among: BoolArray | None = None,
    skip: tuple[str, ...] = (),
) -> Slice | None:
    """The best slice of the requests (of `among`), or None when the trouble is everywhere in them."""
    then, now = evidence.in_baseline, evidence.in_current
    if among is not None:
        now = now & among
        then = then & among if int((then & among).sum()) >= OWN_PAST else then
    rows = np.flatnonzero(then | now)
    if len(rows) > ROWS:
        rows = rows[np.linspace(0, len(rows) - 1, ROWS).astype(np.int64)]
    dims: Dims = {}
    for name in (*REQUEST_DIMS, *sorted(own_names(evidence))):
        codes = evidence.seen.text(name)
        if usable(codes) and name not in skip:
            dims[name] = (codes.values, codes.codes[rows])
    cut = {name: (values, [mask[rows] for mask in masks]) for name, (values, masks) in members.items() if name not in (*dims, *skip)}
    found = search(bad[rows], None, then[rows], now[rows], dims, cut, SliceGates())
    return _told(found[0]) if found and found[0].share_of_traffic <= GLOBAL else None


def _told(found: SliceFound) -> Slice:
    return Slice(
        where={one.dim: one.value for one in found.where},
        equivalent=tuple({one.dim: one.value for one in same} for same in found.equivalent),
        share_of_traffic=found.share_of_traffic,
        share_of_excess=found.share_of_excess,
    )
