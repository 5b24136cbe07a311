"""One trace as a person reads it: its spans in order, with the words that went in and out.

Elsewhere words are dropped as spans come in; only the reading of a single trace keeps them, in memory and for as long as it takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

DEEPEST = 300  # spans nest some dozen deep in real programs


@dataclass(frozen=True)
class Utterance:
    """A message of a model call; `calls` names the tools it asks for."""

    role: str
    text: str
    calls: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """A span. Times in epoch seconds, None when not recorded; `fields` holds the recorded canonical columns."""

    span_id: str
    parent_id: str
    kind: str
    name: str
    start: float = 0.0
    end: float | None = None
    failed: bool = False
    error_class: str = ""
    error: str = ""  # in its own words
    asked: tuple[Utterance, ...] = ()  # what a model was sent
    answered: tuple[Utterance, ...] = ()  # what it said
    given: str = ""  # what any other span was handed
    returned: str | None = None  # what it gave back; None when that was not recorded
    offered: tuple[str, ...] = ()  # tools declared to the model
    ends_at: tuple[str, ...] = ()  # stop sequences of the call
    fields: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def said(self) -> str:
        return "\n".join(one.text for one in self.answered if one.text)

    @property
    def calls(self) -> tuple[str, ...]:
        return tuple(name for one in self.answered for name in one.calls)

    @property
    def tool(self) -> str:
        """The name a tool is called by; its span's name where that is all there is."""
        return str(self.fields.get("tool") or self.name)


@dataclass(frozen=True)
class Told:
    """All steps of one trace, parents before their children and otherwise by time."""

    trace_id: str
    steps: tuple[Step, ...]

    @cached_property
    def by_id(self) -> dict[str, Step]:
        return {step.span_id: step for step in self.steps}

    @cached_property
    def _children(self) -> dict[str, list[Step]]:
        held: dict[str, list[Step]] = {}
        for step in self.steps:
            held.setdefault(step.parent_id, []).append(step)
        return held

    @cached_property
    def rank(self) -> dict[str, int]:
        """Place of each step in the order of reading."""
        return {step.span_id: at for at, step in enumerate(self.steps)}

    @cached_property
    def agent_of(self) -> dict[str, str]:
        """The nearest agent above each step; "" outside of any."""
        return {step.span_id: next((one.span_id for one in self.above(step) if one.kind == "agent"), "") for step in self.steps}

    @cached_property
    def turns(self) -> dict[str, list[Step]]:
        """The model calls of each agent, its sub-agents' left out."""
        held: dict[str, list[Step]] = {}
        for step in self.of("llm"):
            held.setdefault(self.agent_of[step.span_id], []).append(step)
        return held

    @cached_property
    def calls_below(self) -> dict[str, list[Step]]:
        """The model calls directly below each step."""
        return {name: [one for one in held if one.kind == "llm"] for name, held in self._children.items()}

    @cached_property
    def last_good(self) -> dict[tuple[str, str, str], int]:
        """Rank of the last step of a parent, kind and name that did not fail."""
        return {(step.parent_id, step.kind, step.name): self.rank[step.span_id] for step in self.steps if not step.failed}

    def children(self, step: Step) -> list[Step]:
        return self._children.get(step.span_id, [])

    def parent(self, step: Step) -> Step | None:
        return self.by_id.get(step.parent_id)

    def siblings(self, step: Step) -> list[Step]:
        return [one for one in self._children.get(step.parent_id, []) if one is not step]

    def above(self, step: Step) -> Iterator[Step]:
        """Its parent, its parent's parent, and so on; a cycle ends it, and so does a depth that no program has."""
        seen = {step.span_id}
        at = self.parent(step)
        while at is not None and at.span_id not in seen and len(seen) <= DEEPEST:
            seen.add(at.span_id)
            yield at
            at = self.parent(at)

    def of(self, *kinds: str) -> list[Step]:
        return [step for step in self.steps if step.kind in kinds]
