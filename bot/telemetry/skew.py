"""Clock skew between hosts, estimated over many calls and taken out per host, never per call (catalogue 3.6)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

ENOUGH = 30  # calls from one host to another before a skew is believed: fewer show noise
OUTSIDE = 0.5  # share of them that must lie outside their caller: asynchronous work alone does that to some
STEADY = 0.25  # of the skew, its spread over calls: a clock is off by one amount, work that runs late by many

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def shifts(table: pa.Table, parents: Ints, ts: Floats, end: Floats) -> Floats:
    """Seconds to add to each span's times: for every host the median by which its spans must move to lie inside their callers."""
    delta = np.zeros(table.num_rows)
    hosts, names = _hosts(table)
    crossing = np.flatnonzero((parents >= 0) & (hosts[np.maximum(parents, 0)] != hosts) & ~np.isnan(end))
    if len(crossing) < ENOUGH:
        return delta
    above = parents[crossing]
    outside = (ts[crossing] < ts[above]) | (end[crossing] > end[above])
    room = (end[above] - ts[above]) - (end[crossing] - ts[crossing])
    centred = np.where(room >= 0, ts[above] + np.maximum(room, 0) / 2 - ts[crossing], ts[above] - ts[crossing])
    found: dict[tuple[int, int], float] = {}
    pair = hosts[above] * len(names) + hosts[crossing]
    for code in np.unique(pair).tolist():
        mine = pair == code
        if mine.sum() < ENOUGH or outside[mine].mean() <= OUTSIDE or np.isnan(centred[mine]).any():
            continue
        skew = float(np.median(centred[mine]))
        if np.median(np.abs(centred[mine] - skew)) <= STEADY * abs(skew):
            found[divmod(code, len(names))] = skew
    offset = _offsets(found, len(names))
    return offset[hosts]


def _offsets(found: dict[tuple[int, int], float], n: int) -> Floats:
    """Skews along calls -> one offset a host, from the callers down; the first caller in order of names settles a host."""
    offset = np.zeros(n)
    settled: set[int] = set()
    called = {child for _, child in found}
    for _ in range(8):  # calls nest a few hosts deep
        for (caller, child), skew in sorted(found.items()):
            if child not in settled and (caller not in called or caller in settled):
                offset[child] = offset[caller] + skew
                settled.add(child)
    return offset


def _hosts(table: pa.Table) -> tuple[Ints, list[str]]:
    """The clock a span was timed by: its pod, or else its service."""
    joined = pc.binary_join_element_wise(pc.fill_null(table["service"], ""), pc.fill_null(table["pod"], ""), "\n")
    coded = joined.combine_chunks().dictionary_encode()
    return np.asarray(coded.indices.to_numpy(zero_copy_only=False), dtype=np.int64), coded.dictionary.to_pylist()
