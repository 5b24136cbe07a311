"""More requests than the system was sized for.

## Looks at
Requests per minute against the half hour before the rise and the same hours of earlier weeks, and how many tenants share the rise.

## Why it matters
Rate limits, queues and latency follow a few minutes later, and look like causes.

## Stays quiet when
The rate is within half as much again of its past, as it always is at this hour of the week, or one tenant makes nearly all of the rise;
when a counter that knows nothing of traces did not rise: then a sampler changed.

## Told apart from
infra.abuse_injection (one key), cost.retry_amplification (requests flat, attempts up).
"""

from bot.engine.check import check
from bot.engine.exam import Exam
from bot.engine.needs import need
from bot.engine.volume import began_before, since, surge
from bot.engine.weeks import volume_of_weeks
from bot.model.finding import Examination, Signal
from bot.model.value import Limits as Base


class Limits(Base):
    ratio: float = 1.5  # against the same hours of earlier weeks, else the half hour before; a morning's rise is slower than this


@check(need("requests"), prior=5, limits=Limits)
def traffic_surge(exam: Exam, limits: Limits) -> Examination:
    rise = surge(exam.evidence, limits.ratio)
    exam.require("requests per minute", Signal.VOLUME, rise.measured)
    exam.against("requests as at this hour of earlier weeks", Signal.VOLUME, volume_of_weeks(exam.evidence))
    exam.against("the trouble began before the traffic", Signal.CHANGE, began_before(exam.evidence, rise.at))
    exam.affects(exam.requests, since(exam.evidence, rise.at))  # it weighs on everybody: what goes wrong meanwhile may be its consequence
    exam.cap(0.8)  # a surge alone harms nobody: what it caused is the finding
    numbers = rise.measured.numbers
    times, minutes = float(numbers.get("ratio") or 0.0), numbers.get("began_minutes_ago")
    return exam.conclude(f"requests per minute are x{times:.2f} of the time before, since {minutes} minutes")
