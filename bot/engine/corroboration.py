"""Clues that every found cause shares: does it carry the paged signal's excess, did it begin with it, and is it still going on?"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from bot.engine.evidence import LASTING
from bot.engine.precedence import excess
from bot.model.evidence import Evidence
from bot.model.finding import Clue, Examination, Grade, Measured, Role, Signal
from bot.model.frame import BoolArray, FloatArray

SOLE, CONTRIBUTING, NEGLIGIBLE = 0.50, 0.20, 0.05  # share of the paged signal's excess that carries a cause's evidence
ASIDE = 0.10  # share of the excess below which a cause stands aside from one that holds most of it
FEW_EXCESS = 5.0  # excess requests below which a share of them says nothing
TOGETHER, CLOSE, APART = 300.0, 900.0, 2700.0  # seconds between two onset intervals; clocks, ramps and five-minute metrics blur the first
LAST = 900.0  # seconds before the page in which a fault that goes on must still show
LONGEST_LAST = 2700.0  # how far "last" may be stretched when traffic is thin
EXPECTED = 6.0  # affected requests that would be there if it went on; fewer cannot show that it is over
LEFT = 0.25  # of the excess rate: less than this in the last minutes means that it is over
STATIC = "STATIC"  # the test that reads a text instead of estimating a rate
EVERYBODY = 0.98  # of the current requests
RUN = 300.0  # bucket in which "on" and "off" are told apart


def has_onset(evidence: Evidence, one: Examination) -> bool:
    """False for evidence that is the current window itself, or a count of requests: where its requests begin says nothing."""
    if one.affected is None:
        return False
    required = [clue.signal for clue in one.clues if clue.role is Role.REQUIRED]
    if required and all(signal is Signal.VOLUME for signal in required):
        return False
    current = evidence.in_current
    everybody = int((one.affected & current).sum()) >= EVERYBODY * int(current.sum())
    return not everybody or bool((one.affected & evidence.in_baseline).any())


def denied(found: Iterable[Examination]) -> frozenset[str]:
    """Verdicts that a found cause leaves no room for: what is read in a text in use is there, however calm the signals are."""
    read = any(
        clue.role is Role.REQUIRED and clue.measured.test == STATIC and clue.measured.grade is Grade.STRONG
        for one in found
        for clue in one.clues
    )
    return frozenset({"none.noise_or_seasonal"}) if read else frozenset()


def share_of(evidence: Evidence, affected: BoolArray | None) -> float | None:
    """Share of the paged yes/no signal's excess that carries a cause's evidence, 0..1; None when there is no such excess."""
    if affected is None or evidence.bad is None:
        return None
    whole = excess(evidence, evidence.failing)
    if whole < FEW_EXCESS:
        return None
    return max(0.0, min(1.0, excess(evidence, evidence.failing & affected) / whole))


def share_clue(evidence: Evidence, affected: BoolArray | None) -> Clue | None:
    share = share_of(evidence, affected)
    if share is None:
        return None
    grade = (
        Grade.STRONG if share >= SOLE else Grade.MODERATE if share >= CONTRIBUTING else Grade.WEAK if share >= NEGLIGIBLE else Grade.NONE
    )
    measured = Measured(
        test="EXPL", grade=grade, effect=share, n=int(evidence.in_current.sum()), numbers={"share_of_excess": round(share, 4)}
    )
    return Clue(name=f"{evidence.signal} carry this evidence", role=Role.SUPPORTING, signal=Signal.SLICE, measured=measured)


def onset_clue(paged: tuple[float, float] | None, own: tuple[float, float] | None) -> Clue | None:
    """Whether a cause's own onset interval meets the paged signal's; None when the paged signal has none."""
    if paged is None:
        return None
    if own is None:
        measured = Measured(test="ONSET", grade=Grade.NONE, reason="no onset of its own")
    else:
        gap = max(0.0, own[0] - paged[1], paged[0] - own[1])
        grade = Grade.STRONG if gap <= TOGETHER else Grade.MODERATE if gap <= CLOSE else Grade.NONE if gap <= APART else Grade.OPPOSITE
        measured = Measured(test="ONSET", grade=grade, effect=gap, numbers={"apart_s": round(gap)})
    return Clue(name="began with the paged signal", role=Role.SUPPORTING, signal=Signal.CHANGE, measured=measured)


def over_clue(evidence: Evidence, affected: BoolArray | None) -> Clue | None:
    """STRONG against a cause whose evidence ended before the page. None when that cannot be told, or when it comes and goes."""
    if affected is None or evidence.requests is None:
        return None
    ts = evidence.seen.number("ts")
    then = evidence.in_baseline
    now = evidence.windows.now
    current = evidence.in_current
    base = float((affected & then).sum()) / max(1, int(then.sum()))
    last = LAST
    while True:
        late = current & (ts >= now - last)
        early = current & ~late
        n_late, n_early = int(late.sum()), int(early.sum())
        if n_early == 0:
            return None
        rise = float((affected & early).sum()) / n_early - base
        expected = n_late * rise
        if rise <= 0.0 or expected >= EXPECTED or last >= LONGEST_LAST:
            break
        last += LAST
    if rise <= 0.0 or expected < EXPECTED:
        return None
    left = (float((affected & late).sum()) - n_late * base) / expected
    grade = Grade.STRONG if left <= LEFT and _stretches(ts, affected, early, base + rise / 2.0) <= 1 else Grade.NONE
    measured = Measured(test=LASTING, grade=grade, effect=left, n=n_late, numbers={"left": round(left, 4), "minutes": round(last / 60)})
    return Clue(name="it ended before the page", role=Role.CONTRA, signal=Signal.VOLUME, measured=measured)


def _stretches(ts: FloatArray, affected: BoolArray, rows: BoolArray, line: float) -> int:
    """How many separate stretches of the rows lie above a rate: one is an incident that ended, several come and go."""
    slot = ((ts[rows] - ts[rows].min()) // RUN).astype(np.int64)
    total = np.bincount(slot)
    bad = np.bincount(slot, weights=affected[rows].astype(np.float64), minlength=len(total))
    seen = total > 0
    high = (bad[seen] / total[seen]) >= line
    return int(high[0]) + int((high[1:] & ~high[:-1]).sum())
