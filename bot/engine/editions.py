"""New versions of prompts: the calls they got, and the calls they are to be compared with.

A prompt's own first sight is a better onset than any signal's: a version that one tenant in fifty gets moves no curve of the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.engine.exam import Exam
from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, Codes, Frame, IntArray

VERSIONS = ("prompt_version", "prompt_hash", "system_hash", "prompt_label")  # a label may stay while the text behind it changes
NAMES = ("prompt_name", "route", "name")  # what tells two prompts apart that number their versions alike
CONFINED = ("tenant", "region", "locale", "route", "client", "app_version", "model_requested")
NEARLY = 0.97  # of a version's calls with one value of a dimension: it was rolled out to that value
OTHERS = 0.9  # of the calls before it with that value: then it is no confinement, everybody has it
SETTLED = 900.0  # seconds after the first thing collected: what is first seen before that may be old
FEW = 8  # calls of a version since its first sight: fewer decide nothing
BEFORE = 30  # calls of the prompt before it
MANY = 200  # values of a version column beyond which it is an id of the call, not a version
STALE = 8 * 3600.0  # seconds before now after which a first sight is no news to this page


@dataclass(frozen=True)
class Edition:
    """One new version of one prompt; masks over the rows of the frame it was read from."""

    where: dict[str, str]
    version: str
    new: BoolArray  # its calls, since its first sight
    before: BoolArray  # calls of the prompt before that, by whoever got the version (all, where it was not confined)
    beside: BoolArray  # calls of the prompt with another version since then, by the same
    first: float  # epoch seconds
    share: float  # of the prompt's calls since then

    def novelty(self) -> Measured:
        """The version is new by construction: a STRONG measurement that says when and how much of the prompt's traffic it took."""
        numbers: dict[str, float | int | str | None] = {
            "value": self.version[:60],
            "first_seen": round(self.first, 1),
            "share": round(self.share, 4),
        }
        n = int(self.new.sum())
        return Measured(test="NOVEL", grade=Grade.STRONG, effect=self.share, n=n, n_baseline=int(self.before.sum()), numbers=numbers)


def versions_of(exam: Exam, frame: Frame, column: str) -> Codes:
    """A version per row: its own, its request's, or that of the request's only prompt span."""
    own = exam.dim(frame, column)
    if own.recorded.any() or frame.n == 0:
        return own
    prompts = exam.ops("prompt")
    told = prompts.text(column)
    owner = exam.evidence.request_of(prompts)
    rows = np.flatnonzero(told.recorded & (owner >= 0))
    if len(rows) == 0:
        return own
    only = np.full(exam.requests.n, -1, dtype=np.int64)
    only[owner[rows]] = told.codes[rows]
    mixed = rows[only[owner[rows]] != told.codes[rows]]
    only[owner[mixed]] = -1
    mine = exam.evidence.request_of(frame)
    return Codes(told.values, np.where(mine >= 0, only[np.maximum(mine, 0)], -1))


def tells_versions(exam: Exam, frame: Frame) -> bool:
    """Whether versions of prompts are recorded at all."""
    return any(float(versions_of(exam, frame, column).recorded.mean()) >= 0.2 for column in VERSIONS[:2] if frame.n)


def editions(exam: Exam, frame: Frame) -> list[Edition]:
    """Every new version in use in C, the first seen first."""
    found: list[Edition] = []
    for column in VERSIONS:
        codes = versions_of(exam, frame, column)
        if not 2 <= len(codes.values) <= MANY:
            continue
        name, prompts = _prompts(exam, frame)
        for version in _new(exam, frame, codes):
            for prompt in sorted(set(prompts.codes[(codes.codes == version) & exam.current(frame)].tolist())) or [-1]:
                one = _edition(exam, frame, (column, codes, version), (name, prompts, prompt))
                if one is not None and not any(_same(one, other) for other in found):
                    found.append(one)
    return sorted(found, key=lambda one: (one.first, sorted(one.where.items())))


def _prompts(exam: Exam, frame: Frame) -> tuple[str, Codes]:
    for name in NAMES:
        codes = versions_of(exam, frame, name) if name == "prompt_name" else exam.dim(frame, name)
        if len(codes.values) and float(codes.recorded.mean()) >= 0.5:
            return name, codes
    return "", Codes((), np.full(frame.n, -1, dtype=np.int64))


def _new(exam: Exam, frame: Frame, codes: Codes) -> list[int]:
    """Values first seen well after collection began, and in use now."""
    ts = frame.number("ts")
    first = np.full(len(codes.values), np.inf)
    np.minimum.at(first, codes.codes[codes.recorded], ts[codes.recorded])
    now = np.bincount(codes.codes[exam.current(frame) & codes.recorded], minlength=len(codes.values))
    begin = max(exam.evidence.start, float(ts.min())) + SETTLED
    return np.flatnonzero((first > begin) & (now > 0) & (first > exam.evidence.windows.now - STALE)).tolist()


def _edition(exam: Exam, frame: Frame, version: tuple[str, Codes, int], prompt: tuple[str, Codes, int]) -> Edition | None:
    column, codes, code = version
    name, prompts, which = prompt
    ts = frame.number("ts")
    now = exam.evidence.windows.now
    mine = (prompts.codes == which) & (ts < now)
    new = mine & (codes.codes == code)
    if int(new.sum()) < FEW:
        return None
    first = float(ts[new].min())
    before = mine & (ts < first) & codes.recorded
    beside = mine & (ts >= first) & codes.recorded & ~new
    whom: dict[str, str] = {}
    for dim in CONFINED:
        values = exam.dim(frame, dim)
        only = _only(values.codes[new])
        if only < 0 or float((values.codes[before] == only).mean() if before.any() else 1.0) > OTHERS:
            continue
        if int((before & (values.codes == only)).sum()) >= BEFORE:
            before, beside = before & (values.codes == only), beside & (values.codes == only)
            whom = whom or {dim: values.values[only]}
    if int(before.sum()) < BEFORE:
        return None
    where = {name: prompts.values[which]} if name == "prompt_name" and which >= 0 else {}
    where |= {column: codes.values[code]} if column == VERSIONS[0] or not where else whom  # what people look a prompt up by
    share = float(new.sum()) / float((mine & (ts >= first)).sum())
    return Edition(where, codes.values[code], new, before, beside, first, share)


def _only(codes: IntArray) -> int:
    known = codes[codes >= 0]
    if len(known) == 0 or len(known) < NEARLY * len(codes):
        return -1
    values, counts = np.unique(known, return_counts=True)
    return int(values[counts.argmax()]) if counts.max() >= NEARLY * len(codes) else -1


def _same(one: Edition, other: Edition) -> bool:
    """Two columns that tell of the same edit: a version and the hash of its text."""
    union = float((one.new | other.new).sum())
    return float((one.new & other.new).sum()) >= 0.9 * union
