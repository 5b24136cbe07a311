"""An answer in the making: sentences, each with the findings it rests on."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.chat.case import Case
from bot.model.evidence import Interval
from bot.model.reply import Fresh
from bot.model.report import ReportedFinding, Span
from bot.model.value import moment
from bot.wording.evidence import CLAIM
from bot.wording.literal import one_line, several_lines

_DIGIT = re.compile(r"\d")
SHOWN = 3  # ids behind one sentence; more are noise, and the answer's list has them all


class Told:
    """Collects lines, cited findings and fresh aggregates. Text of strangers goes through `one_line` before it comes here."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.lines: list[str] = []
        self.evidence: list[str] = []
        self.queries: list[Fresh] = []
        self.refused = False
        self.picture: str | None = None

    def say(self, text: str, *cited: ReportedFinding | Fresh) -> None:
        """A sentence; the ids of what it rests on stand behind it."""
        if not text:
            return
        if not cited and _DIGIT.search(text):
            cited = self.case.leading[:1]  # no number stands without its evidence
        ids = self.cite(cited)
        shown = f" [{', '.join(ids[:SHOWN])}]" if ids else ""
        self.lines.append(f"{text.rstrip()}{shown}")

    def claim(self, finding: ReportedFinding, lead: str = "") -> None:
        """A finding in its own words."""
        words = one_line(finding.claim, CLAIM).rstrip(".")
        self.say(f"{lead}{words}{counted(finding, words)}", finding)

    def block(self, text: str) -> None:
        """Lines to copy, as they are: a command, a draft."""
        self.lines.append(several_lines(text, 4_000))

    def cite(self, cited: Iterable[ReportedFinding | Fresh]) -> list[str]:
        ids = []
        for one in cited:
            kept = self.queries if isinstance(one, Fresh) else None
            if kept is not None and one not in kept:
                kept.append(one)  # type: ignore[arg-type]
            elif kept is None and one.id not in self.evidence:
                self.evidence.append(one.id)
            if one.id not in ids:
                ids.append(one.id)
        return ids

    def fresh(
        self, claim: str, numbers: dict[str, float | int | str | None], n: int, windows: tuple[Interval, Interval] | None, label: str = ""
    ) -> Fresh:
        """A new aggregate with the next id; it is part of the reply once a sentence cites it. `label`: what a chart calls it."""
        current, baseline = (span(one) for one in windows) if windows else (None, None)
        return Fresh(id=f"Q{len(self.queries) + 1}", claim=claim, label=label, numbers=numbers, n=n, window=current, baseline=baseline)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def counted(finding: ReportedFinding, words: str) -> str:
    """` (n 1,311)` unless the words have it already."""
    said = words.replace(",", "")
    return f" (n {finding.n:,})" if finding.n and str(finding.n) not in said else ""


def span(interval: Interval) -> Span:
    return Span(start=moment(round(interval.start)), end=moment(round(interval.end)))
