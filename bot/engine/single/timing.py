"""Where the time went: deadlines that cut a trace off, and the critical path of one that was slow (catalogue 2.5)."""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.single.blame import Blame, quoted
from bot.model.step import Step, Told

MOST_HOPS = 500  # steps of a critical path; a longer one is a cycle or hostile
MOST_CUTS = 20  # steps cut off that are looked into: the first ones tell, and each costs a walk over the trace
MAIN = 0.4  # share of the whole from which one span's own time is where the time went; below it no single span is slow

_LAYER = {"llm": "model", "retrieval": "retrieval", "embedding": "retrieval", "rerank": "retrieval", "tool": "tool", "prompt": "prompt"}


def deadlines(told: Told) -> Iterator[Blame]:
    """A step cut off by a deadline, with no failed step below: what ran longest into that deadline, else the step itself."""
    carriers = {above.span_id for step in told.steps if step.failed for above in told.above(step)}
    cut = [
        step for step in told.steps if step.error_class == "timeout" or (not step.failed and step.fields.get("error_class") == "cancelled")
    ]
    for step in cut[:MOST_CUTS]:
        if step.span_id in carriers:
            continue
        until = step.end
        running = [one for one in _below(told, step) if one.kind in _LAYER and (one.end is None or until is None or one.end >= until)]
        if not running:
            continue  # with nothing below it, a timeout is the step's own error, and the client's going away is nobody's
        worst = max(running, key=lambda one: ((until or one.start) - one.start, -told.rank[one.span_id]))
        lasted = max((until or worst.start) - worst.start, 0.0)
        claim = f"Was still running after {lasted:.1f} s when the deadline of {quoted(step.name, 40)} cut it off."
        evidence = {"deadline_span": step.span_id, "ran_s": round(lasted, 3)}
        yield Blame(worst.span_id, _LAYER[worst.kind], "deadline", claim, evidence)


def slowest(told: Told) -> Iterator[Blame]:
    """The span of the critical path with most time of its own, if that is a large part of the trace."""
    roots = [step for step in told.steps if told.parent(step) is None and step.end is not None]
    if not roots:
        return
    root = max(roots, key=lambda step: ((step.end or 0.0) - step.start, step.span_id))
    whole = (root.end or root.start) - root.start
    path = critical_path(told, root)
    if whole <= 0 or not path:
        return
    worst, own = max(path, key=lambda pair: (pair[1], -told.rank[pair[0].span_id]))
    if own >= MAIN * whole:
        layer = _LAYER.get(worst.kind, "infra")
        claim = f"{quoted(worst.name, 40)} took {own:.1f} of {whole:.1f} s on the critical path."
        yield Blame(worst.span_id, layer, "slow", claim, {"own_s": round(own, 3), "trace_s": round(whole, 3)})


def critical_path(told: Told, root: Step) -> list[tuple[Step, float]]:
    """(step, seconds of its own) from the end backwards: in every step, the child that finished last before it could go on."""
    found: dict[str, float] = {}
    stack = [(root, root.end or root.start)]
    hops = 0
    while stack and hops < MOST_HOPS:
        hops += 1
        step, until = stack.pop()
        at = until
        own = 0.0
        for child in sorted(told.children(step), key=lambda one: (-(one.end or one.start), one.span_id)):
            end = min(child.end or child.start, at)
            if child.start >= at or end <= step.start:
                continue
            own += at - end
            stack.append((child, end))
            at = max(child.start, step.start)
        found[step.span_id] = found.get(step.span_id, 0.0) + own + max(at - step.start, 0.0)
    return [(told.by_id[one], seconds) for one, seconds in found.items()]


def _below(told: Told, step: Step) -> list[Step]:
    return [one for one in told.steps if any(above.span_id == step.span_id for above in told.above(one))]
