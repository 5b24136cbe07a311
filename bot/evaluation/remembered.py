"""The span engine with a memory, so that the ladder and the true slice look at the very frames that the diagnosis read."""

from __future__ import annotations

from collections.abc import Mapping

from bot.model.evidence import Coverage
from bot.model.frame import Frame
from bot.ports import Scope, Spans

REQUESTS, OPS = "requests", "ops:"


class Remembered:
    """Port Spans over another one: nothing is read twice."""

    def __init__(self, spans: Spans) -> None:
        self._spans = spans
        self._frames: dict[tuple[str, Scope], Frame | None] = {}
        self._coverage: dict[Scope, Coverage | None] = {}

    async def frame(self, aggregate: str, scope: Scope) -> Frame | None:
        key = (aggregate, scope)
        if key not in self._frames:
            self._frames[key] = await self._spans.frame(aggregate, scope)
        return self._frames[key]

    async def coverage(self, scope: Scope) -> Coverage | None:
        if scope not in self._coverage:
            self._coverage[scope] = await self._spans.coverage(scope)
        return self._coverage[scope]

    def read(self) -> tuple[Frame | None, Mapping[str, Frame]]:
        """Requests and operations as the diagnosis read them: of its longest look-back, which holds the others."""
        found = [(scope, frame) for (name, scope), frame in self._frames.items() if name == REQUESTS and frame is not None and frame.n]
        if not found:
            return next((frame for (name, _), frame in self._frames.items() if name == REQUESTS), None), {}
        scope, requests = max(found, key=lambda one: one[0].interval.minutes)
        ops = {name.removeprefix(OPS): one for (name, of), one in self._frames.items() if of == scope and name.startswith(OPS)}
        return requests, {kind: frame for kind, frame in sorted(ops.items()) if frame is not None}
