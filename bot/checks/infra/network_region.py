"""One region, zone or set of pods cannot reach what the others reach.

## Looks at
Connection, DNS, TLS and timeout failures per region, zone and pod, and how many unrelated hosts they are to.

## Why it matters
Models, stores and tools fail together there, and each team sees only its own.

## Stays quiet when
Fewer than three unrelated hosts (or kinds of operation) fail there, or the rest of the fleet fails as well.

## Told apart from
model.provider_incident (one host), retrieval.timeout (one source).
"""

from pydantic import Field

from bot.engine.check import check
from bot.engine.exam import Exam
from bot.engine.needs import need
from bot.engine.reaching import hosts_hit, unreachable
from bot.engine.words import name, share
from bot.model.finding import Examination, Signal
from bot.model.value import Limits as Base
from bot.stats.proportion import PropGates


class Limits(Base):
    gates: PropGates = Field(default=PropGates(floor=0.02, ratio=3.0))
    hosts: int = 3  # unrelated hosts inside the place: fewer is somebody else's incident


@check(need("requests", "region", "zone", "pod"), prior=4, limits=Limits)
def network_region(exam: Exam, limits: Limits) -> Examination:
    requests = exam.requests
    cut_off = unreachable(exam.evidence)
    worst = exam.rate(requests, cut_off, by=("region", "zone", "pod"), gates=limits.gates, slices=False)
    exam.require("requests that could not reach a host", Signal.ORIGIN, worst.measured if worst.where else exam.nothing(requests))
    exam.require("unrelated hosts out of reach there", Signal.SLICE, hosts_hit(exam.evidence, worst.cell, limits.hosts))
    exam.require("the excess is in that place", Signal.SLICE, exam.within(requests, cut_off, worst.cell))
    exam.affects(requests, cut_off & worst.cell)
    exam.cell(worst.where)
    return exam.conclude(f"{name(worst.where, 'one place')} cannot reach several hosts: {share(worst.measured)}")
