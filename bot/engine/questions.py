"""Questions that a check asks of the evidence: rates, shifts, novelties, each in the cell where the answer is worst."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.engine.cells import MIN_CELL, Rate, asked, better, rate_in, suspicious, worst_slice, worst_value
from bot.engine.needs import seen
from bot.model.evidence import Evidence
from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, Codes, FloatArray, Frame
from bot.stats.location import LocGates, location, location_in_strata
from bot.stats.novel import NovelGates, novel
from bot.stats.proportion import PropGates

PASSED = (Grade.STRONG, Grade.MODERATE)
PROP = PropGates()
LOC = LocGates()
NOVEL = NovelGates()
RARE = 0.001  # share of the baseline below which a value counts as never seen (catalogue 0.3, NOVEL)
HOLDS = 0.5  # of the bad rows must be of a new value for its novelty to be about them
MOSTLY = 0.6  # of the excess in one place for it to be about that place
FAR = 0.97  # quantile of a group's own past beyond which a value is extreme: rare enough that a slice of them stands out
TAILED = PropGates(floor=0.005, ratio=1.5, n_baseline=50)  # over all rows a slice of two in a hundred adds this much to the tail
MIN_PAST = 50  # values of a group before it has a tail
SETTLED = 300.0  # seconds before the earliest onset that count as before it
MIN_EARLY = 100  # rows of a new value before the onset that show how it did
FAIR = 0.5  # of its share of the excess: what has more is in trouble too
TAIL = 0.95  # a request is slow beyond this quantile of its own past


@dataclass(frozen=True)
class Shift:
    """A number that moved: what was measured, the cell's name, and its rows."""

    measured: Measured
    where: dict[str, str]
    cell: BoolArray


class Questions:
    """The rows of one piece of evidence, and the questions that may be asked of them. Nothing here concludes anything."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence

    # -- rows ------------------------------------------------------------------------------------------------------------

    def ops(self, kind: str) -> Frame:
        """Logical operations of one kind."""
        return self.evidence.kind(kind)

    @property
    def requests(self) -> Frame:
        return self.evidence.seen

    def current(self, frame: Frame) -> BoolArray:
        return self.evidence.current(frame)

    def baseline(self, frame: Frame) -> BoolArray:
        return self.evidence.baseline(frame)

    def dim(self, frame: Frame, name: str) -> Codes:
        """A dimension of each row: its own, else its request's."""
        return self.evidence.dim(frame, name)

    def sees(self, kind: str, column: str) -> bool:
        """Whether a column is recorded on enough spans of a kind to be worth asking."""
        return seen(self.evidence, kind, column)

    # -- questions -------------------------------------------------------------------------------------------------------

    def rate(
        self,
        frame: Frame,
        bad: BoolArray,
        *,
        among: BoolArray | None = None,
        by: tuple[str, ...] = (),
        gates: PropGates = PROP,
        kind: str = "",
        slices: bool = True,
    ) -> Rate:
        """PROP over all rows, over each value of `by`, and (when all rows show little) over slices; the worst is returned."""
        question = asked(self.evidence, frame, bad, among)
        everything = np.ones(frame.n, dtype=np.bool_)
        best = Rate(rate_in(question, self.evidence, everything, gates), {}, bad & question.among, everything)
        best = worst_value(question, self.evidence, by, gates, best)
        if slices and suspicious(best.measured, gates):
            best = worst_slice(question, self.evidence, kind, gates, best)
        return best

    def rate_where(self, frame: Frame, bad: BoolArray, cell: BoolArray, gates: PropGates = PROP) -> Measured:
        """PROP inside one cell that the check names itself."""
        return rate_in(asked(self.evidence, frame, bad), self.evidence, cell, gates)

    def contrast(self, frame: Frame, bad: BoolArray, treated: BoolArray, control: BoolArray, gates: PropGates = PROP) -> Measured:
        """A concurrent control (baseline B3): `treated` against `control` rows, both in the current window."""
        from bot.stats.proportion import prop

        now = self.current(frame)
        on, off = now & treated, now & control
        return prop(float((bad & off).sum()), float(off.sum()), float((bad & on).sum()), float(on.sum()), 1.0, gates)

    def shift(
        self, frame: Frame, values: FloatArray, *, among: BoolArray | None = None, strata: FloatArray | None = None, gates: LocGates = LOC
    ) -> Measured:
        """LOC of a number, C against B; with `strata` (per row, NaN = leave out) within its deciles of B, pooled by C."""
        ok = ~np.isnan(values) if among is None else ~np.isnan(values) & among
        in_b, in_c = self.baseline(frame) & ok, self.current(frame) & ok
        if strata is None:
            return location(values[in_b], values[in_c], 1.0, gates)
        in_b, in_c = in_b & ~np.isnan(strata), in_c & ~np.isnan(strata)
        if not in_b.any():
            return location(values[in_b], values[in_c], 1.0, gates)
        in_c &= (strata >= strata[in_b].min()) & (strata <= strata[in_b].max())  # the outer strata are open: nothing in B is like the rest
        edges = np.unique(np.quantile(strata[in_b], np.linspace(0.1, 0.9, 9)))
        place_b = np.searchsorted(edges, strata[in_b], side="right").astype(np.int64)
        place_c = np.searchsorted(edges, strata[in_c], side="right").astype(np.int64)
        return location_in_strata(values[in_b], values[in_c], place_b, place_c, gates=gates)

    def worst_shift(
        self, frame: Frame, values: FloatArray, *, by: tuple[str, ...] = (), gates: LocGates = LOC, kind: str = "llm", slices: bool = True
    ) -> Shift:
        """LOC over all rows and over each value of `by`; the one with the strongest grade, then the largest |z|."""
        everything = np.ones(frame.n, dtype=np.bool_)
        best = Shift(self.shift(frame, values, gates=gates), {}, everything)
        sign = -1.0 if gates.direction == "down" else 1.0
        for name in by:
            codes = self.dim(frame, name)
            for code, value in enumerate(codes.values):
                cell = codes.codes == code
                if int((cell & self.current(frame)).sum()) < MIN_CELL:
                    continue
                measured = self.shift(frame, values, among=cell, gates=gates)
                if better(measured, best.measured, sign):
                    best = Shift(measured, {name: value}, cell)
        if best.measured.grade in PASSED or not slices:
            return best
        return self._shift_in_slice(frame, values, by, gates, best, kind)

    def _shift_in_slice(self, frame: Frame, values: FloatArray, by: tuple[str, ...], gates: LocGates, best: Shift, kind: str) -> Shift:
        """A number that moved for one tenant in fifty moves no median: look for a slice that lies in the tail of its own past."""
        extreme = np.zeros(frame.n, dtype=np.bool_)
        groups = self.dim(frame, by[0]) if by else Codes((), np.full(frame.n, -1, dtype=np.int64))
        for code in range(-1, len(groups.values)):
            cell = groups.codes == code
            past = values[self.baseline(frame) & cell & ~np.isnan(values)]
            if len(past) < MIN_PAST:
                continue
            with np.errstate(invalid="ignore"):
                far = values < np.quantile(past, 1 - FAR) if gates.direction == "down" else values > np.quantile(past, FAR)
            extreme |= cell & far
        found = self.rate(frame, extreme, among=~np.isnan(values), by=by, gates=TAILED, kind=kind)
        if found.measured.grade not in PASSED or not found.where:
            return best
        measured = self.shift(frame, values, among=found.cell, gates=gates)
        sign = -1.0 if gates.direction == "down" else 1.0
        return Shift(measured, found.where, found.cell) if better(measured, best.measured, sign) else best

    def novelty(
        self,
        frame: Frame,
        name: str,
        *,
        among: BoolArray | None = None,
        onset: tuple[float, float] | None = None,
        gates: NovelGates = NOVEL,
    ) -> Measured:
        """NOVEL of a text dimension."""
        codes = self.dim(frame, name)
        ok = codes.recorded if among is None else codes.recorded & among
        in_b, in_c = self.baseline(frame) & ok, self.current(frame) & ok
        ts = frame.number("ts")
        first = np.full(len(codes.values), np.inf)
        np.minimum.at(first, codes.codes[ok], ts[ok])
        return novel(codes.codes[in_b], codes.codes[in_c], codes.values, first, onset, gates)

    def new_values(self, frame: Frame, name: str) -> BoolArray:
        """Rows whose value was (nearly) never seen in the baseline."""
        codes = self.dim(frame, name)
        then = np.bincount(codes.codes[self.baseline(frame) & codes.recorded], minlength=len(codes.values) or 1)
        rare = then < RARE * max(1, int(then.sum()))
        return codes.recorded & rare[np.maximum(codes.codes, 0)]

    def asked_before(self, ops: Frame, mine: BoolArray) -> bool:
        """Whether the models asked for by the marked calls were asked for in the baseline too: the alias stayed, its meaning moved."""
        asked = ops.text("model_requested")
        now = set(asked.codes[mine & self.current(ops)]) - {-1}
        return not now or bool(now & set(asked.codes[self.baseline(ops)]))

    def slow(self, frame: Frame, values: FloatArray, cell: BoolArray) -> BoolArray:
        """Rows of a cell beyond the 95th percentile of their own past: what a shift of a number means per request."""
        past = values[self.baseline(frame) & cell & ~np.isnan(values)]
        if len(past) == 0:
            return np.zeros(frame.n, dtype=np.bool_)
        with np.errstate(invalid="ignore"):
            return cell & (values > np.quantile(past, TAIL))

    def same_prompt(self, ops: Frame, rows: BoolArray) -> BoolArray:
        """Calls of the prompts that the marked calls use; all calls when prompts have no names."""
        names = ops.text("prompt_name")
        used = set(names.codes[rows & self.current(ops)]) - {-1}
        return np.isin(names.codes, sorted(used)) if used else np.ones(ops.n, dtype=np.bool_)

    def held(self, novelty: Measured, bad: BoolArray, fresh: BoolArray) -> Measured:
        """A novelty only counts when it holds the trouble: most bad rows must be of the new value."""
        total = int(bad.sum())
        if novelty.grade not in PASSED or total == 0:
            return novelty
        share = float((bad & fresh).sum()) / total
        numbers = {**novelty.numbers, "bad_on_new": round(share, 3)}
        return novelty.model_copy(update={"grade": novelty.grade if share >= HOLDS else Grade.NONE, "numbers": numbers})

    def ran_well_before(self, frame: Frame, bad: BoolArray, fresh: BoolArray) -> Measured:
        """Whether rows of a new value were fine for a while before the onset: then it is not the new value that did it."""
        if self.evidence.onset is None:
            return Measured(test="BEFORE", grade=Grade.NA, reason="no onset")
        ts = frame.number("ts")
        early, now = fresh & (ts < self.evidence.onset[0] - SETTLED), fresh & self.current(frame)
        n, rate_now = int(early.sum()), float((bad & now).sum()) / max(1, int(now.sum()))
        if n < MIN_EARLY or rate_now == 0.0:
            return Measured(test="BEFORE", grade=Grade.NONE, n=n)
        rate = float((bad & early).sum()) / n
        grade = Grade.STRONG if rate <= rate_now / 4 else Grade.WEAK if rate <= rate_now / 2 else Grade.NONE
        return Measured(
            test="BEFORE", grade=grade, effect=rate, n=n, numbers={"rate_before_onset": round(rate, 4), "rate": round(rate_now, 4)}
        )

    def unexplained(self, failed: BoolArray) -> bool:
        """Whether most of the marked requests of C carry no error class at their origin."""
        faults = self.evidence.origins.get("fault")
        now = failed & self.current(self.requests)
        if faults is None or not now.any():
            return False
        return float((now & faults.equals("unknown", "soft", "")).sum()) > HOLDS * float(now.sum())

    def excess_held(self, frame: Frame, bad: BoolArray, cell: BoolArray) -> float:
        """Share of the excess bad rows that lies in a cell."""
        then, now = self.baseline(frame), self.current(frame)

        def excess(rows: BoolArray) -> float:
            n_b, n_c = float((then & rows).sum()), float((now & rows).sum())
            base = float((bad & then & rows).sum()) / n_b if n_b else 0.0
            return max(0.0, float((bad & now & rows).sum()) - base * n_c)

        whole = excess(np.ones(frame.n, dtype=np.bool_))
        return min(1.0, excess(cell) / whole) if whole > 0 else 0.0

    def worst_of(self, frame: Frame, bad: BoolArray, by: str, gates: PropGates = PROP) -> Rate:
        """PROP over the values of one dimension alone, whatever all rows together show."""
        everything = np.ones(frame.n, dtype=np.bool_)
        nothing = Rate(self.nothing(frame), {}, bad, everything)
        return worst_value(asked(self.evidence, frame, bad), self.evidence, (by,), gates, nothing)

    def alone(self, frame: Frame, bad: BoolArray, cell: BoolArray, share: float) -> bool:
        """Whether a cell holds `share` of the excess while the rest have less than half of what their rows would give."""
        now = self.current(frame)
        held = self.excess_held(frame, bad, cell)
        rest = 1.0 - float((now & cell).sum()) / max(1.0, float(now.sum()))
        return held >= share and 1.0 - held <= FAIR * rest and rest > 0

    def within(self, frame: Frame, bad: BoolArray, cell: BoolArray) -> Measured:
        """Whether most of the excess bad rows lie in a cell."""
        share = self.excess_held(frame, bad, cell)
        grade = Grade.STRONG if share >= MOSTLY else Grade.NONE
        return Measured(test="SLICE", grade=grade, effect=share, n=frame.n, numbers={"excess_in_cell": round(share, 3)})

    def grown_value(self, frame: Frame, name: str, gates: PropGates) -> Rate:
        """The value of a dimension whose share of the rows grew most."""
        codes = self.dim(frame, name)
        best = Rate(self.nothing(frame), {}, np.zeros(frame.n, dtype=np.bool_), codes.recorded)
        for code, value in enumerate(codes.values):
            mine = codes.codes == code
            measured = rate_in(asked(self.evidence, frame, mine, codes.recorded), self.evidence, codes.recorded, gates)
            if better(measured, best.measured):
                best = Rate(measured, {name: value}, mine, mine)
        return best

    def positive(self, values: FloatArray) -> FloatArray:
        """Zero is no amount: left out of ratios."""
        return np.where(values > 0, values, np.nan)

    def nothing(self, frame: Frame) -> Measured:
        """A test whose answer is no."""
        return Measured(test="-", grade=Grade.NONE, n=int(self.current(frame).sum()))

    def mask(self, rows: Sequence[bool]) -> BoolArray:
        return np.array(rows, dtype=np.bool_)

    def origin(self, *kinds: str) -> Measured:
        """ORIG: the share of excess bad requests whose trace first went wrong in spans of these kinds."""
        from bot.engine.origin import excess_share

        return excess_share(self.evidence, kinds)
