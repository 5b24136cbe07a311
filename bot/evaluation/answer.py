"""What a diagnosis answered, taken out of the contract's report document; a rule ladder and a constant answer in the same form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.model.report import Verdict
from bot.telemetry.values import seconds


@dataclass(frozen=True)
class ToldChange:
    """A change event as the report lists it; `time` in epoch seconds."""

    time: float
    kind: str
    object: str
    suspect: bool


@dataclass(frozen=True)
class Answer:
    """`confidence` None: whoever answered has none (a rule ladder). `predicted`: one set of causes a fault; a group is one set.

    `onset` is (at, earliest, latest), epoch seconds. `start`: the first moment of the chart, before which nothing was looked at.
    `total`: requests of the current window.
    """

    verdict: Verdict
    layer: str | None = None
    cause: str | None = None
    group: frozenset[str] | None = None
    confidence: float | None = None
    layer_confidence: float | None = None
    ranked: tuple[str, ...] = ()
    predicted: tuple[frozenset[str], ...] = ()
    onset: tuple[float, float, float] | None = None
    where: Mapping[str, str] | None = None
    equivalent: tuple[Mapping[str, str], ...] = ()
    share_of_traffic: float | None = None
    total: int = 0
    start: float | None = None
    changes: tuple[ToldChange, ...] = ()
    broken: tuple[str, ...] = ()  # checks that failed themselves

    @property
    def named(self) -> frozenset[str]:
        """What was named as the cause: one, a group, or nothing."""
        if self.group:
            return self.group
        return frozenset({self.cause}) if self.cause else frozenset()


def blaming(cause: str, total: int = 0) -> Answer:
    """One cause, and nothing known about how sure that is."""
    return Answer(Verdict.FAULT, cause.partition(".")[0], cause, ranked=(cause,), predicted=(frozenset({cause}),), total=total)


def answer(document: Mapping[str, Any]) -> Answer:
    """A report document (contract section 2) -> Answer."""
    group = frozenset(document["group"]) if document.get("group") else None
    slice_, onset, chart = document.get("slice"), document.get("onset"), document.get("chart")
    return Answer(
        verdict=Verdict(document["verdict"]),
        layer=document.get("layer"),
        cause=document.get("cause"),
        group=group,
        confidence=document.get("confidence"),
        layer_confidence=document.get("layer_confidence"),
        ranked=tuple(one["cause"] for one in document.get("ranked", ())),
        predicted=_predicted(document.get("cause"), group, [one["cause"] for one in document.get("faults", ())]),
        onset=(_at(onset["at"]), _at(onset["earliest"]), _at(onset["latest"])) if onset else None,
        where=dict(slice_["where"]) if slice_ else None,
        equivalent=tuple(dict(one) for one in slice_.get("equivalent", ())) if slice_ else (),
        share_of_traffic=slice_.get("share_of_traffic") if slice_ else None,
        total=int(document.get("impact", {}).get("total", 0)),
        start=_at(chart[0]["at"]) if chart else None,
        broken=tuple(one["check"] for one in document.get("findings", ()) if one["outcome"] == "broken"),
        changes=tuple(
            ToldChange(_at(one["time"]), one["kind"], one["object"], bool(one["suspect"])) for one in document.get("changes", ())
        ),
    )


def _predicted(cause: str | None, group: frozenset[str] | None, faults: Sequence[str]) -> tuple[frozenset[str], ...]:
    """A group takes the place of the first fault, whose coin toss it avoids."""
    if group:
        return (group, *(frozenset({one}) for one in faults[1:]))
    if faults:
        return tuple(frozenset({one}) for one in faults)
    return (frozenset({cause}),) if cause and not cause.startswith("none.") else ()


def _at(text: str) -> float:
    at = seconds(text)
    assert at is not None, "a report writes its times in RFC 3339"
    return at
