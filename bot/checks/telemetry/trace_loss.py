"""Traces are lost or torn: the instrument is broken, not (necessarily) the product.

## Looks at
Requests that the traces show against requests an independent counter saw; orphan spans; requests whose spans of a kind vanished.

## Why it matters
"Error rate 0 %" can mean that nobody is looking. Every other finding is worth less until this is mended.

## Stays quiet when
Traces and counter keep their ratio within a fifth, and orphans keep their share.

## Told apart from
a real fall of traffic (the independent counter falls too).
"""

from pydantic import Field

from bot.engine.check import check
from bot.engine.exam import Exam
from bot.engine.loss import against_counter, vanished
from bot.engine.needs import need
from bot.engine.words import percent
from bot.model.finding import Examination, Grade, Signal
from bot.model.value import Limits as Base
from bot.stats.proportion import PropGates


class Limits(Base):
    low: float = 0.8  # traces seen per request counted, against the same ratio in the baseline
    orphans: PropGates = Field(
        default=PropGates(floor=0.10, ratio=3.0)
    )  # some spans always lose their parent; a tenth more is a broken context
    vanished: float = 0.5  # of the requests that used to have a kind of span no longer do


@check(need("requests"), prior=4, limits=Limits)
def trace_loss(exam: Exam, limits: Limits) -> Examination:
    requests = exam.requests
    ratio = against_counter(exam.evidence, limits.low)
    torn = requests.number("orphans") > 0
    orphans = exam.rate(requests, torn, by=("app_version", "region"), gates=limits.orphans, slices=False)
    gone = vanished(exam.evidence, limits.vanished)
    best, name = max(
        ((ratio, "traces per counted request"), (orphans.measured, "torn traces"), (gone, "kinds of spans that vanished")),
        key=lambda pair: (_RANK[pair[0].grade], pair[1]),
    )
    exam.require(name, Signal.TELEMETRY, best)
    if best is orphans.measured:
        exam.affects(requests, torn)
    said = {
        "traces per counted request": f"only {percent(float(ratio.effect or 0.0))} of the traces that the counter promises arrive",
        "torn traces": f"{percent(float(orphans.measured.effect or 0.0))} more traces than before have spans without a parent",
        "kinds of spans that vanished": f"{gone.numbers.get('kind')} spans vanished from requests that used to have them",
    }[name]
    return exam.conclude(f"we are partly blind: {said}")


_RANK = {Grade.NA: 0, Grade.OPPOSITE: 1, Grade.NONE: 1, Grade.WEAK: 2, Grade.MODERATE: 3, Grade.STRONG: 4}
