"""OpenMetrics text with timestamps, as `promtool tsdb dump-openmetrics` writes it -> series."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np

from bot.errors import BadInput
from bot.model.evidence import MetricSeries

_SERIES = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:.]*)(\{(?:[^"{}]|"(?:[^"\\]|\\.)*")*\})?[ \t]+')
_LABEL = re.compile(r'\s*("?)([a-zA-Z_][a-zA-Z0-9_.:]*)\1\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)')
_ESCAPES = {"\\n": "\n", '\\"': '"', "\\\\": "\\"}
_LINE = 100_000  # characters; a series with every label Kubernetes can give has 5,000
_LATEST = 1e11  # epoch seconds beyond which a timestamp is in milliseconds, as the older Prometheus text format has them


def read_files(paths: Iterable[Path], *, root: Path | None = None) -> tuple[MetricSeries, ...]:
    """All series of these files (.gz or not), sorted by name and labels, samples by time; BadInput names file and line."""
    samples: dict[str, tuple[list[float], list[float]]] = {}
    for path in sorted(paths):
        place = str(path.relative_to(root)) if root else path.name
        try:
            with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
                _collect((line.decode("utf-8", "replace") for line in file), place, samples)
        except (OSError, EOFError, zlib.error) as error:
            raise BadInput(f"cannot be read: {error}", place=place) from None
    return _series(samples)


def read_text(text: str, *, place: str = "metrics") -> tuple[MetricSeries, ...]:
    samples: dict[str, tuple[list[float], list[float]]] = {}
    _collect(iter(text.splitlines()), place, samples)
    return _series(samples)


def _collect(lines: Iterator[str], place: str, samples: dict[str, tuple[list[float], list[float]]]) -> None:
    for number, raw in enumerate(lines, start=1):
        line = raw.strip()
        if not line or line[0] == "#":
            continue
        found = _SERIES.match(line) if len(line) <= _LINE else None
        if found is None:
            raise BadInput("not an OpenMetrics sample", place=f"{place}:{number}")
        head = line[: found.end()].rstrip()
        parts = line[found.end() :].partition("#")[0].split()  # after `#` stands an exemplar
        try:
            value, at = float(parts[0]), float(parts[1])
        except (IndexError, ValueError):
            wanted = "has no timestamp" if len(parts) == 1 else "needs a value and a timestamp"
            raise BadInput(f"the sample {wanted}", place=f"{place}:{number}") from None
        if head not in samples:
            if _split(head) is None:
                raise BadInput("labels cannot be read", place=f"{place}:{number}")
            samples[head] = ([], [])
        ts, values = samples[head]
        ts.append(at if abs(at) < _LATEST else at / 1000.0)
        values.append(value)


@lru_cache(maxsize=100_000)
def _split(head: str) -> tuple[str, tuple[tuple[str, str], ...]] | None:
    """Name and labels of a series; None when the labels cannot be read."""
    name, _, rest = head.partition("{")
    labels: dict[str, str] = {}
    inside, at = rest[: rest.rfind("}")].strip() if rest else "", 0
    while at < len(inside):
        found = _LABEL.match(inside, at)
        if found is None:
            return None
        labels[found[2]] = re.sub(r"\\[n\"\\]", lambda escape: _ESCAPES[escape[0]], found[3])
        at = found.end()
    return name.strip(), tuple(sorted(labels.items()))


def _series(samples: dict[str, tuple[list[float], list[float]]]) -> tuple[MetricSeries, ...]:
    """Two spellings of one series (labels in another order) are one; of two samples at one time the later in the file counts."""
    merged: dict[tuple[str, tuple[tuple[str, str], ...]], tuple[list[float], list[float]]] = {}
    for head, (ts, values) in samples.items():
        key = _split(head)
        if key is not None:
            held = merged.setdefault(key, ([], []))
            held[0].extend(ts)
            held[1].extend(values)
    return tuple(_one(name, dict(labels), *merged[(name, labels)]) for name, labels in sorted(merged))


def _one(name: str, labels: dict[str, str], ts: list[float], values: list[float]) -> MetricSeries:
    times, held = np.array(ts, dtype=np.float64), np.array(values, dtype=np.float64)
    order = np.argsort(times, kind="stable")
    times, held = times[order], held[order]
    last = np.append(times[1:] != times[:-1], True)
    return MetricSeries(name, labels, times[last], held[last])
