"""One scenario with its answer, and what is right or wrong about that answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.evaluation.answer import Answer
from bot.evaluation.sight import Sight
from bot.evaluation.truth import Truth, layer_of
from bot.model.report import Verdict

SURE = 0.70  # "likely" in the words of catalogue 2.2: from here on somebody acts on it


@dataclass(frozen=True)
class Row:
    """`sight`: what the telemetry of the bundle let be seen of the truth. `others`: answers of other systems to the same bundle."""

    name: str
    truth: Truth
    answer: Answer
    sight: Sight = field(default_factory=Sight)
    others: Mapping[str, Answer] = field(default_factory=dict)
    digest: str = ""  # SHA-256 of the report's bytes
    engine: tuple[str, str] = ("", "")  # version and config hash
    failed: str = ""  # why there is no report: a fault of Midwatch, scored as silence and told
    clues: bytes = b""  # what was weighed, as JSON; only when asked for

    def of(self, system: str) -> Row:
        """The same scenario as another system answered it."""
        return replace(self, answer=self.others[system])

    @property
    def exact(self) -> bool:
        """One cause was named, and it is right."""
        return self.answer.group is None and self.answer.cause in self.truth.right

    @property
    def in_group(self) -> bool:
        """A group was named that holds a right cause."""
        return bool(self.answer.group and self.answer.group & self.truth.right)

    @property
    def cause_right(self) -> bool:
        return self.exact or self.in_group

    @property
    def layer_right(self) -> bool:
        """A group has the layers of all its causes."""
        layers = {layer_of(cause) for cause in self.answer.group} if self.answer.group else {self.answer.layer}
        return self.answer.verdict is Verdict.FAULT and bool(layers & self.truth.right_layers)

    @property
    def blamed(self) -> bool:
        return self.answer.verdict is Verdict.FAULT

    @property
    def abstained(self) -> bool:
        return self.answer.verdict is Verdict.INSUFFICIENT

    @property
    def called_none(self) -> bool:
        return self.answer.verdict is Verdict.NO_FAULT

    @property
    def sureness(self) -> float:
        """The larger confidence of an answer that blames something; 0 for others, and for systems that have none."""
        return max(self.answer.confidence or 0.0, self.answer.layer_confidence or 0.0) if self.blamed else 0.0

    @property
    def confidently_wrong(self) -> bool:
        return self.blamed and self.sureness >= SURE and not self.layer_right

    @property
    def all_right(self) -> bool:
        """The whole answer: the cause of a fault, the calm of a page without one, an abstention where truth asks for one."""
        if self.truth.faulty:
            return self.cause_right
        if self.truth.verdict is Verdict.NO_FAULT and not self.truth.impact:
            return not self.blamed or self.cause_right
        return self.answer.verdict is self.truth.verdict


Rows = Sequence[Row]
Predicate = Callable[[Row], bool]


def where(rows: Rows, *tests: Predicate) -> list[Row]:
    return [row for row in rows if all(test(row) for test in tests)]


def faults(rows: Rows) -> list[Row]:
    return where(rows, lambda row: row.truth.faulty)


def quiet(rows: Rows) -> list[Row]:
    """Pages behind which nothing was wrong."""
    return where(rows, lambda row: row.truth.quiet)


def unfelt(rows: Rows) -> list[Row]:
    """Faults without a measurable effect: the right answer is that there is none, or that it cannot be seen."""
    return where(rows, lambda row: row.truth.verdict is Verdict.NO_FAULT and not row.truth.impact)
