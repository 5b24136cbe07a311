"""Step 2: which signal moved, since when, and the evidence cut into a current and a baseline window."""

from __future__ import annotations

from dataclasses import replace

from bot.engine.origin import origins
from bot.engine.window import Chosen, choose, others
from bot.model.evidence import Evidence, Interval, Windows
from bot.ports import Scope
from bot.triage.patience import within
from bot.triage.state import Asked, Gathered, Sources

HOUR = 3600.0


def cut(asked: Asked, gathered: Gathered) -> tuple[Chosen | None, Evidence, tuple[Windows, ...]]:
    """The windows and the evidence in them, without origins; and other windows that are worth a look."""
    chosen = choose(gathered.requests, gathered.ops, asked.page, asked.now, gathered.start) if gathered.requests is not None else None
    windows = chosen.windows if chosen else Windows(asked.now, *_blind(asked.now), "no traces were collected")
    signal = chosen.signal if chosen else None
    evidence = Evidence(
        page=asked.page,
        service=asked.service,
        windows=windows,
        requests=gathered.requests,
        ops=gathered.ops,
        coverage=gathered.coverage,
        changes=gathered.changes,
        prompts=gathered.prompts,
        probes=gathered.probes,
        metrics=gathered.metrics,
        history=gathered.history,
        signal=signal.words if signal else "failed requests",
        bad=signal.bad if signal else None,
        value=signal.value if signal else None,
        unseen=chosen.unseen if chosen else (),
        moved=chosen is not None and chosen.change is not None,
        onset=(chosen.change.earliest, chosen.change.latest) if chosen is not None and chosen.change is not None else None,
        recovered=chosen is not None and chosen.recovered,
        start=gathered.start,
    )
    other = others(gathered.requests, gathered.ops, chosen, asked.now, gathered.start) if chosen and gathered.requests is not None else ()
    return chosen, evidence, other


async def with_origins(evidence: Evidence, gathered: Gathered, sources: Sources) -> tuple[Evidence, tuple[str, ...]]:
    """Add where each bad trace first went wrong."""
    if gathered.requests is None or gathered.requests.n == 0:
        return evidence, ()
    first = min(evidence.windows.baseline.start, evidence.windows.current.start)
    scope = Scope(gathered.service, Interval(first, evidence.windows.now))
    tree = await within("the trees of the bad traces", sources.spans.frame("tree", scope), 30.0)
    if tree.value is None:
        return evidence, (tree.gap,) if tree.gap else ()
    return replace(evidence, origins=origins(tree.value, gathered.requests)), ()


def _blind(now: float) -> tuple[Interval, Interval]:
    return Interval(now - HOUR, now), Interval(now - 5 * HOUR, now - HOUR)
