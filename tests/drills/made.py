"""Marked drills and people, made for tests: what is not said is ordinary."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.drills.repetition.choose import Offer
from bot.model.drill import Competency, DrillType, MarkedDrill, Part
from bot.model.readiness import Act, ActKind, History, Person, RealPage, Role, Shift

NOW = datetime(2026, 6, 10, 9, 0, tzinfo=UTC)  # a Wednesday morning
DAY = timedelta(days=1)
K = Competency


def marked(
    drill_type: str = "D5", cause: str | None = "retrieval.timeout", days_ago: float = 1.0, score: float = 85.0, **more: Any
) -> MarkedDrill:
    passed = more.pop("passed", score >= 70)
    fields: dict[str, Any] = {
        "participant": "U1",
        "scenario": f"{drill_type}-{cause}",
        "drill_type": DrillType(drill_type),
        "cause": cause,
        "competencies": (K.RETRIEVAL,),
        "score": score,
        "parts": (),
        "passed": passed,
        "layer_right": passed,
        "at": NOW - days_ago * DAY,
    }
    return MarkedDrill(**fields | more)


def part(name: str, points: float, of: float) -> Part:
    return Part(name=name, points=points, of=of, why="made")


def offer(drill_type: str = "D2", cause: str | None = "retrieval.timeout", *competencies: Competency) -> Offer:
    return Offer(f"{drill_type}-{cause}", DrillType(drill_type), cause, competencies or (K.RETRIEVAL,))


def person(**more: Any) -> Person:
    return Person(**{"id": "U1", "name": "Ada", "zone": "Europe/Berlin"} | more)


PAGE_CAUSES = ("none.mix_shift", "telemetry.trace_loss", "retrieval.timeout", "prompt.contract_break", "tool.error")
GATED = (K.REQUEST_MAP, K.ORIGIN, K.MODEL, K.PROMPT, K.RETRIEVAL, K.TOOL, K.STATISTICS, K.MEASUREMENT, K.MITIGATION)


def ready_history(last_days_ago: float = 1.0) -> History:
    """Somebody whose gate is open, all of it within a fortnight before `last_days_ago`."""
    drills = [marked("D5", cause, last_days_ago + n, competencies=GATED, scenario=f"page-{n}") for n, cause in enumerate(PAGE_CAUSES)]
    drills += [marked("D6", "none.noise_or_seasonal", last_days_ago + 6, competencies=(K.STATISTICS,))]
    drills += [marked("D7", "prompt.bloat", last_days_ago + 7, competencies=(K.MITIGATION,))]
    drills += [
        marked("D1", cause, last_days_ago + 8, 100.0, competencies=(K.SAFETY,), scenario=f"card-{cause}")
        for cause in ("infra.abuse_injection", "prompt.pii_in_examples", "prompt.safety_section_missing")
    ]
    return History(
        drills=tuple(sorted(drills, key=lambda one: one.at)),
        shifts=tuple(shift(role, last_days_ago + 20 - n) for n, role in enumerate((Role.SHADOW, Role.REVERSE_SHADOW))),
        acts=(access("traces", last_days_ago + 5),),
    )


def shift(role: Role = Role.PRIMARY, days_ago: float = 7.0, who: str = "U1", days: float = 7.0) -> Shift:
    start = NOW - days_ago * DAY - days * DAY
    return Shift(person=who, role=role, start=start, end=start + days * DAY)


def access(system: str, days_ago: float) -> Act:
    return Act(kind=ActKind.ACCESS, person="U1", what=system, by="midwatch", at=NOW - days_ago * DAY)


def override(days_ago: float, by: str = "UBOSS") -> Act:
    return Act(kind=ActKind.OVERRIDE, person="U1", by=by, why="nobody else is here", at=NOW - days_ago * DAY)


def page(at: datetime, cause: str | None = None) -> RealPage:
    return RealPage(incident="INC-1", at=at, cause=cause)
