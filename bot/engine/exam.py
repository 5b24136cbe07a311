"""The bench a check works at: it asks questions of the evidence, lays down clues, and concludes."""

from __future__ import annotations

import numpy as np

from bot.engine.needs import path_of
from bot.engine.questions import PASSED, Questions
from bot.model.evidence import Evidence, Windows
from bot.model.finding import Clue, Examination, Grade, Measured, Role, Signal
from bot.model.frame import BoolArray, Frame
from bot.model.report import Outcome


class Exam(Questions):
    """One examination. The order of clues is the order they were laid down in."""

    def __init__(self, evidence: Evidence, cause: str) -> None:
        super().__init__(evidence)
        self.cause = cause
        self._clues: list[Clue] = []
        self._where: dict[str, str] = {}
        self._affected: BoolArray | None = None
        self._numbers: dict[str, float | int | str | None] = {}
        self._cap = 1.0
        self._windows: Windows | None = None

    # -- clues -----------------------------------------------------------------------------------------------------------

    def require(self, name: str, signal: Signal, measured: Measured) -> Measured:
        """A discriminating test: without it the cause cannot be named."""
        self._clues.append(Clue(name=name, role=Role.REQUIRED, signal=signal, measured=measured))
        return measured

    def support(self, name: str, signal: Signal, measured: Measured) -> Measured:
        self._clues.append(Clue(name=name, role=Role.SUPPORTING, signal=signal, measured=measured))
        return measured

    def against(self, name: str, signal: Signal, measured: Measured) -> Measured:
        """A test whose success speaks against the cause."""
        self._clues.append(Clue(name=name, role=Role.CONTRA, signal=signal, measured=measured))
        return measured

    def not_recorded(self, kind: str, column: str) -> Measured:
        """A test that cannot be made because a field is not recorded."""
        return Measured(test="-", grade=Grade.NA, missing=(path_of(kind, column),), reason=f"no {path_of(kind, column)}")

    def affects(self, frame: Frame, rows: BoolArray) -> None:
        """The rows that carry this cause's evidence; their requests are what it may explain."""
        marked = self.evidence.requests_with(frame, rows)
        self._affected = marked if self._affected is None else self._affected | marked

    def cell(self, where: dict[str, str]) -> None:
        self._where = dict(where)

    def seen_in(self, windows: Windows | None) -> None:
        """The evidence shows in other windows than the page's: those of a cell with an onset of its own. None: in the page's."""
        self._windows = windows

    def note(self, **numbers: float | int | str | None) -> None:
        """Numbers for the report."""
        self._numbers.update(numbers)

    def cap(self, confidence: float) -> None:
        self._cap = min(self._cap, confidence)

    # -- conclusion ------------------------------------------------------------------------------------------------------

    def conclude(self, loud: str, quiet: str = "") -> Examination:
        """`loud` is the claim when found; `quiet` when not, else a sentence made of the first required test's numbers."""
        required = [clue for clue in self._clues if clue.role is Role.REQUIRED]
        grades = [clue.measured.grade for clue in required]
        if not required or all(grade is Grade.NA for grade in grades):
            outcome = Outcome.SKIPPED
        elif any(grade not in (*PASSED, Grade.NA) for grade in grades):
            outcome = Outcome.CLEAN
        else:
            outcome = Outcome.FOUND
        lacking = tuple(dict.fromkeys(name for clue in required for name in clue.measured.missing or (clue.measured.reason,) if name))
        return Examination(
            cause=self.cause,
            outcome=outcome,
            claim=_claim(outcome, loud, quiet, required, lacking),
            clues=tuple(self._clues),
            missing=lacking if any(grade is Grade.NA for grade in grades) else (),
            where=self._where,
            affected=self._affected,
            numbers={**_numbers(required), **self._numbers},
            cap=self._cap,
            windows=self._windows if outcome is Outcome.FOUND else None,
        )


def _claim(outcome: Outcome, loud: str, quiet: str, required: list[Clue], lacking: tuple[str, ...]) -> str:
    if outcome is Outcome.FOUND:
        return loud
    if outcome is Outcome.SKIPPED:
        return "skipped: " + (", ".join(lacking) or "nothing to test")
    if quiet:
        return quiet
    weakest = next(clue for clue in required if clue.measured.grade not in (*PASSED, Grade.NA))
    return f"{weakest.name}: {said(weakest.measured)}"


def said(measured: Measured) -> str:
    """A quiet test in words, with the smallest change it would have seen."""
    numbers = measured.numbers
    rate, base = numbers.get("rate"), numbers.get("baseline_rate")
    if isinstance(rate, int | float) and isinstance(base, int | float):
        would = f" (would have seen +{measured.mde:.1%})" if measured.mde is not None and np.isfinite(measured.mde) else ""
        return f"{base:.2%} -> {rate:.2%}, n={measured.n}{would}"
    ratio = numbers.get("ratio")
    if isinstance(ratio, int | float):
        return f"x{ratio:.2f}, n={measured.n}"
    return f"no change, n={measured.n}"


def _numbers(required: list[Clue]) -> dict[str, float | int | str | None]:
    found: dict[str, float | int | str | None] = {}
    for clue in required:
        for key, value in clue.measured.numbers.items():
            found.setdefault(key, value)
        if clue.measured.z is not None:
            found.setdefault("z", clue.measured.z)
    return found
