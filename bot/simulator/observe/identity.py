"""Ids of traces and spans, who is whose parent, and which parents got lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.simulator.observe.profile import Profile
from bot.simulator.sim import Sim


@dataclass
class Ids:
    trace: list[str]
    span: list[str]
    parent: list[str]
    state: str


def identify(sim: Sim, profile: Profile) -> Ids:
    raw = sim.draws.stream("ids.trace").bytes(16 * sim.n).hex()
    trace = [raw[i : i + 32] for i in range(0, len(raw), 32)]
    raw = sim.draws.stream("ids.span").bytes(8 * sim.n_ops).hex()
    span = [raw[i : i + 16] for i in range(0, len(raw), 16)]
    root = np.zeros(sim.n, dtype=np.int64)
    for batch in sim.batches:
        if batch.kind == "request":
            root[batch.rows] = batch.ids
    parent = [""] * sim.n_ops
    lost = sim.draws.uniform("orphans", sim.n_ops)
    strays = sim.draws.stream("ids.stray").bytes(8 * sim.n_ops).hex()
    torn = sim.dial("trace.torn", np.arange(sim.n), 0.0)
    for batch in sim.batches:
        if batch.kind == "request":
            continue
        above = np.where(batch.parent >= 0, batch.parent, root[batch.rows]).tolist()
        orphan = (lost[batch.ids] < np.maximum(profile.orphans, torn[batch.rows])).tolist()
        for op, up, stray in zip(batch.ids.tolist(), above, orphan, strict=True):
            parent[op] = strays[16 * op : 16 * op + 16] if stray else span[up]
    state = ""
    if profile.sample < 1.0 and profile.tell_sampling and not profile.tail:
        threshold = round((1.0 - profile.sample) * 2**56)
        state = f"ot=th:{threshold:014x}".rstrip("0")
    return Ids(trace, span, parent, state)
