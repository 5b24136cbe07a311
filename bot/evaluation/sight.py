"""What a bundle's own telemetry lets be seen of its truth: is the slice recorded, which requests are in it, which changes were logged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from bot.evaluation.answer import Answer
from bot.evaluation.truth import Herring, Truth
from bot.model.change import Change
from bot.model.frame import BoolArray, Frame
from bot.model.value import rfc3339
from bot.telemetry.canonical import OP_DIMS

RECORDED = 0.5  # of the requests since the onset that must carry a dimension for a slice of it to be namable
ALTERNATIVES = "|"  # in a value of truth.slice
LOOKBACK = 24 * 3600.0  # of a triage, seconds: older requests are nobody's business


@dataclass(frozen=True)
class Sight:
    """`slice_recorded` None: truth has no slice. `jaccard`, `traffic`, `told_traffic` None: one of the slices cannot be drawn here.

    `jaccard`: requests since the onset in both the true and the reported slice / in either. `traffic`: the true slice's share of the
    requests since the onset; `told_traffic`: the reported one's. `herrings`: red herrings in the change log; `blamed`: those that the
    report suspects. `day`: of the page, YYYY-MM-DD.
    """

    slice_recorded: bool | None = None
    jaccard: float | None = None
    traffic: float | None = None
    told_traffic: float | None = None
    herrings: int = 0
    blamed: int = 0
    day: str = ""


def sight(
    truth: Truth, answer: Answer, now: float, requests: Frame | None, ops: Mapping[str, Frame], changes: Sequence[Change] | None
) -> Sight:
    """`requests`, `ops`: the frames the diagnosis read."""
    logged = herrings(truth.red_herrings, changes or ())
    told = {(round(one.time), one.kind, one.object) for one in answer.changes if one.suspect}
    blamed = sum((round(one.time.timestamp()), one.kind.value, one.object) in told for one in logged)
    seen = Sight(herrings=len(logged), blamed=blamed, day=f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d}")
    if truth.slice is None:
        return seen
    unseen = replace(seen, slice_recorded=False)
    if requests is None or requests.n == 0:
        return unseen
    since = requests.number("ts") >= max(truth.onset or 0.0, now - LOOKBACK)
    true = members(truth.slice, requests, ops)
    if true is None or not since.any():
        return unseen
    seen = replace(seen, slice_recorded=_carried(truth.slice, requests, ops, since), traffic=_share(true, since))
    mine = members(answer.where, requests, ops) if answer.where else np.ones(requests.n, dtype=np.bool_)
    if mine is None:
        return seen
    either = true | mine
    return replace(seen, jaccard=_share(true & mine, either & since), told_traffic=_share(mine, since))


def _share(marks: BoolArray, among: BoolArray) -> float | None:
    n = float(among.sum())
    return float((marks & among).sum()) / n if n else None


def members(slice_: Mapping[str, str], requests: Frame, ops: Mapping[str, Frame]) -> BoolArray | None:
    """The requests of a slice: by their own dimensions, and by having an operation with the rest. None: a dimension is not recorded."""
    inside = np.ones(requests.n, dtype=np.bool_)
    rest = dict(slice_)
    for name, value in slice_.items():
        if name in requests.texts:
            inside &= requests.equals(name, *value.split(ALTERNATIVES))
            del rest[name]
    for kind in sorted(ops):
        frame = ops[kind]
        own = {name: value for name, value in rest.items() if name in frame.texts and name in OP_DIMS.get(kind, ())}
        if not own:
            continue
        rows = np.ones(frame.n, dtype=np.bool_)
        for name, value in own.items():
            rows &= frame.equals(name, *value.split(ALTERNATIVES))
            del rest[name]
        inside &= _requests_of(frame, rows, requests.n)
    return None if rest else inside


def _requests_of(frame: Frame, rows: BoolArray, n: int) -> BoolArray:
    at = np.nan_to_num(frame.number("request")[rows], nan=-1.0).astype(np.int64)
    marked = np.zeros(n, dtype=np.bool_)
    marked[at[at >= 0]] = True
    return marked


def _carried(slice_: Mapping[str, str], requests: Frame, ops: Mapping[str, Frame], since: BoolArray) -> bool:
    """Whether enough requests (or operations of the kind) say where they are on every dimension of the slice, with its value among them."""
    for name, value in slice_.items():
        wanted = value.split(ALTERNATIVES)
        if name in requests.texts:
            column, among = requests.texts[name], since
        else:
            kind = next(kind for kind in sorted(ops) if name in OP_DIMS.get(kind, ()) and name in ops[kind].texts)
            column = ops[kind].texts[name]
            rows = np.nan_to_num(ops[kind].number("request"), nan=-1.0).astype(np.int64)
            among = np.where(rows >= 0, since[np.maximum(rows, 0)], False)
        if not among.any() or float((column.recorded & among).sum()) < RECORDED * float(among.sum()):
            return False
        if not any(one in column.values for one in wanted):
            return False
    return True


def herrings(listed: Sequence[Herring], changes: Sequence[Change]) -> tuple[Change, ...]:
    """The logged changes that truth calls innocent: by id, by object, or by every key that truth gives."""
    ids = {one.id for one in changes}
    return tuple(change for change in changes if any(_is(change, one, ids) for one in listed))


def _is(change: Change, herring: Herring, ids: set[str]) -> bool:
    said = herring.get("id")
    if said is not None and (said in ids or len(herring) == 1):
        return change.id == said or (said not in ids and change.object == said)
    facts = {"time": rfc3339(change.time), "kind": change.kind.value, "object": change.object}
    given = {key: value for key, value in herring.items() if key in facts}
    return bool(given) and all(facts[key] == value for key, value in given.items())
