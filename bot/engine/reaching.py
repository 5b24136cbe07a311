"""Requests that could not reach a host, and how many unrelated hosts that were."""

from __future__ import annotations

import numpy as np

from bot.engine.cells import asked, rate_in
from bot.engine.failing import timed_out
from bot.model.evidence import Evidence
from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, Frame
from bot.stats.proportion import PropGates

CLASSES = ("connection", "dns", "tls", "timeout")
KINDS = ("llm", "retrieval", "tool", "embedding", "http", "db", "rerank")
RISEN = PropGates(floor=0.01, ratio=3.0, n_current=20, n_baseline=50)


def lost(frame: Frame) -> BoolArray:
    return frame.equals("error_class", *CLASSES) | timed_out(frame)


def unreachable(evidence: Evidence) -> BoolArray:
    """Requests with at least one operation that could not reach its host."""
    marked = np.zeros(evidence.seen.n, dtype=np.bool_)
    for kind in KINDS:
        frame = evidence.kind(kind)
        if frame.n:
            marked |= evidence.requests_with(frame, lost(frame))
    return marked


def hosts_hit(evidence: Evidence, cell: BoolArray, wanted: int) -> Measured:
    """Unrelated hosts (else sources, tools, providers) whose failures tripled inside the marked requests."""
    hit: set[str] = set()
    looked = 0
    for kind in KINDS:
        frame = evidence.kind(kind)
        if frame.n == 0:
            continue
        rows = evidence.request_of(frame)
        inside = (rows >= 0) & cell[np.maximum(rows, 0)]
        question = asked(evidence, frame, lost(frame), inside)
        for column in ("server_address", "source_id", "tool", "provider"):
            codes = frame.text(column)
            if not codes.values:
                continue
            for code, value in enumerate(codes.values):
                looked += 1
                if rate_in(question, evidence, codes.codes == code, RISEN).grade in (Grade.STRONG, Grade.MODERATE):
                    hit.add(f"{kind} {value}")
            break
    if looked == 0:
        return Measured(test="HOSTS", grade=Grade.NA, missing=("span.server_address",), reason="no host, source, tool or provider names")
    grade = (
        Grade.STRONG
        if len(hit) >= wanted
        else Grade.MODERATE
        if len(hit) == wanted - 1 and len({one.split()[0] for one in hit}) > 1
        else Grade.NONE
    )
    return Measured(test="HOSTS", grade=grade, effect=float(len(hit)), n=looked, numbers={"hosts": ", ".join(sorted(hit))[:200]})
