"""The average moved because somebody who was always worse sends more.

## Looks at
The paged signal split by every dimension of the requests into what weights moved and what rates moved (Kitagawa).

## Why it matters
Nobody broke anything; rolling back would do nothing.

## Stays quiet when
Less than seven tenths of the change is a change of weights, or some part is worse than its own past, or what grew is the team's own
(a version, a flag, an experiment) or has no past.

## Told apart from
every fault: inside each part, the rates are what they were.
"""

from bot.engine.check import check
from bot.engine.exam import Exam
from bot.engine.mixing import best_mix, rank
from bot.engine.mixing_numbers import best_mix_of_numbers
from bot.engine.needs import need
from bot.model.finding import Examination, Signal
from bot.model.value import Limits as Base


class Limits(Base):
    share: float = 0.7  # of the change explained by weights (catalogue 0.3, MIX)


@check(need("requests", "tenant", "route", "locale", "region"), prior=6, limits=Limits)
def mix_shift(exam: Exam, limits: Limits) -> Examination:
    mixed = max(best_mix(exam.evidence, limits.share), best_mix_of_numbers(exam.evidence, limits.share), key=rank)
    exam.require("share of the change that is a change of mix", Signal.SLICE, mixed.measured)
    exam.require("no part is worse than its own past", Signal.ORIGIN, mixed.flat)
    numbers = mixed.measured.numbers
    told = float(numbers.get("mix_share") or 0.0)
    return exam.conclude(f"{mixed.dim} {numbers.get('value')} sends more and was always worse: {told:.0%} of the change is the mix")
