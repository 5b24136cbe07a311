"""One function a file of the bundle. Every one of them is read as data from a stranger: sizes are capped, errors name file and place."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import yaml

from bot import pages
from bot.errors import BadBundle
from bot.model.change import Change
from bot.model.evidence import MetricSeries, Past, Probe, PromptText
from bot.model.value import moment, rfc3339
from bot.pages.changes import read_changes_jsonl
from bot.telemetry import openmetrics, otlp
from bot.telemetry.declared import Declared, declare
from bot.telemetry.otlp import Decoded
from bot.telemetry.values import seconds

HEAD_BYTES = 1024 * 1024  # bundle.yaml declares attributes, a few hundred at most
PAGE_BYTES = 16 * 1024 * 1024  # a storm's webhook body has a few MB
LINES_BYTES = 256 * 1024 * 1024  # changes, probes, history: months of them
PROMPT_BYTES = 4 * 1024 * 1024  # the longest context windows hold about that much text
VERSIONS = 10_000  # prompt files read: a registry of hundreds of prompts with dozens of versions each
LATEST = 253402300799.0  # the last second of the year 9999, beyond which a time cannot be written

_KEYS = ("source", "received_at", "service", "attributes")
_SINGLE = ("bundle.yaml", "page.json", "headers.json", "changes.jsonl", "probes.jsonl", "history.jsonl")
_FOLDERS = {"traces": (".jsonl", ".jsonl.gz", ".json", ".json.gz"), "metrics": (".txt", ".txt.gz"), "prompts": (".txt", "meta.yaml")}


@dataclass(frozen=True)
class Head:
    """bundle.yaml, read."""

    source: str
    received_at: float
    service: str | None
    attributes: Declared


def read_head(bundle: Path) -> Head:
    raw = _yaml(bundle / "bundle.yaml", "bundle.yaml")
    if not isinstance(raw, dict):
        raise BadBundle("must be a map with source and received_at", place="bundle.yaml")
    unknown = sorted(str(key) for key in raw if key not in _KEYS)
    if unknown:
        raise BadBundle(f"unknown key; known are {', '.join(_KEYS)}", place=f"bundle.yaml: {unknown[0]}")
    source, service = raw.get("source"), raw.get("service")
    if not isinstance(source, str) or source not in pages.sources():
        raise BadBundle(f"unknown page format {source!r:.80}; there are {', '.join(pages.sources())}", place="bundle.yaml: source")
    if service is not None and (not isinstance(service, str) or not service):
        raise BadBundle("must be a text", place="bundle.yaml: service")
    return Head(source, _received_at(raw.get("received_at")), service, declare(raw.get("attributes"), "bundle.yaml: attributes"))


def _received_at(value: object) -> float:
    """YAML gives a time of its own kind for an unquoted one; a time without a zone is UTC."""
    text = rfc3339(value) if isinstance(value, datetime) else value
    at = seconds(text) if isinstance(text, str) and not text.isdecimal() else None
    if at is None or not 0 < at < LATEST:
        raise BadBundle("must be a time such as 2026-03-02T02:07:00Z", place="bundle.yaml: received_at")
    return at


def read_page(bundle: Path) -> bytes:
    """The webhook body, byte for byte."""
    if not (bundle / "page.json").is_file():
        raise BadBundle("missing: a bundle is about one page", place="page.json")
    return _small(bundle / "page.json", "page.json", PAGE_BYTES)


def read_headers(bundle: Path) -> Mapping[str, str]:
    """headers.json, {} when it is not there; of repeated headers the values are joined as HTTP does."""
    path = bundle / "headers.json"
    if not path.is_file():
        return {}
    raw = _json(_small(path, "headers.json", HEAD_BYTES), "headers.json")
    if not isinstance(raw, dict):
        raise BadBundle("must be a map of header names to values", place="headers.json")
    return {name: ", ".join(map(str, value)) if isinstance(value, list) else str(value) for name, value in sorted(raw.items())}


def read_traces(bundle: Path, declared: Declared) -> Decoded | None:
    found = _in_folder(bundle, "traces")
    return None if found is None else otlp.read_files(found, declared=declared, root=bundle)


def read_metrics(bundle: Path) -> tuple[MetricSeries, ...] | None:
    found = _in_folder(bundle, "metrics")
    return None if found is None else openmetrics.read_files(found, root=bundle)


def read_changes(bundle: Path) -> tuple[Change, ...] | None:
    path = bundle / "changes.jsonl"
    if not path.is_file():
        return None
    lines = _small(path, "changes.jsonl", LINES_BYTES).decode("utf-8", "replace").splitlines()
    return tuple(sorted(read_changes_jsonl(lines, "changes.jsonl"), key=lambda change: (change.time, change.id)))


def read_prompts(bundle: Path, spans: pa.Table | None) -> Mapping[str, tuple[PromptText, ...]] | None:
    """Name -> versions in the order they were first used; those never used keep their place in the order of their names."""
    found = _in_folder(bundle, "prompts")
    if found is None:
        return None
    texts = [path for path in found if path.suffix == ".txt"]
    if len(texts) > VERSIONS:
        raise BadBundle(f"more than {VERSIONS} versions", place="prompts")
    read: dict[str, list[PromptText]] = {}
    for path in sorted(texts, key=lambda path: (path.parent.as_posix(), _natural(path.stem))):
        place = path.relative_to(bundle).as_posix()
        name = path.parent.relative_to(bundle / "prompts").as_posix()
        text = _small(path, place, PROMPT_BYTES).decode("utf-8", "replace")
        read.setdefault(name, []).append(PromptText(name, path.stem, text, _meta(path.parent, bundle)))
    first = _first_use(spans)
    return {name: _by_use(versions, first) for name, versions in sorted(read.items())}


def _meta(folder: Path, bundle: Path) -> Mapping[str, object]:
    path = folder / "meta.yaml"
    if not path.is_file():
        return {}
    place = path.relative_to(bundle).as_posix()
    raw = _yaml(path, place)
    if raw is not None and not isinstance(raw, dict):
        raise BadBundle("must be a map", place=place)
    return {str(key): value for key, value in (raw or {}).items()}


def _natural(version: str) -> tuple[tuple[int, str], ...]:
    """v9 comes before v10."""
    return tuple((int(part[:18]), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", version))


def _first_use(spans: pa.Table | None) -> dict[tuple[str, str], float]:
    """(name, version) -> epoch seconds of the first span with it; spans that say only the version count for any name ("")."""
    if spans is None or spans.num_rows == 0:
        return {}
    used = spans.select(["prompt_name", "prompt_version", "ts"]).filter(pc.field("prompt_version").is_valid())
    rows = used.group_by(["prompt_name", "prompt_version"]).aggregate([("ts", "min")]).to_pylist()
    return {(row["prompt_name"] or "", row["prompt_version"]): row["ts_min"] for row in rows}


def _by_use(versions: list[PromptText], first: dict[tuple[str, str], float]) -> tuple[PromptText, ...]:
    at = {one.version: first.get((one.name, one.version), first.get(("", one.version))) for one in versions}
    used = iter(sorted((one for one in versions if at[one.version] is not None), key=lambda one: at[one.version] or 0.0))
    return tuple(one if at[one.version] is None else next(used) for one in versions)


def read_probes(bundle: Path) -> tuple[Probe, ...] | None:
    rows = _rows(bundle, "probes.jsonl")
    if rows is None:
        return None
    read = [
        Probe(_time(row, "time", place), _text(row, "query", place), _ids(row, "expected_ids", place), _ids(row, "returned_ids", place))
        for place, row in rows
    ]
    return tuple(sorted(read, key=lambda probe: (probe.at, probe.query)))


def read_history(bundle: Path) -> tuple[Past, ...] | None:
    rows = _rows(bundle, "history.jsonl")
    if rows is None:
        return None
    read = [Past(_time(row, "closed_at", place), _text(row, "cause", place), _text(row, "layer", place)) for place, row in rows]
    return tuple(sorted(read, key=lambda past: (past.closed_at, past.cause)))


def _rows(bundle: Path, name: str) -> Iterator[tuple[str, dict[str, Any]]] | None:
    path = bundle / name
    return _objects(path, name) if path.is_file() else None


def _objects(path: Path, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(_small(path, name, LINES_BYTES).splitlines(), start=1):
        if line.strip():
            place = f"{name}:{number}"
            row = _json(line, place)
            if not isinstance(row, dict):
                raise BadBundle("is not an object", place=place)
            yield place, row


def _time(row: dict[str, Any], key: str, place: str) -> float:
    at = seconds(row.get(key))
    if at is None or not 0 < at < LATEST:
        raise BadBundle(f"`{key}` must be a time such as {rfc3339(moment(0))}", place=place)
    return at


def _text(row: dict[str, Any], key: str, place: str) -> str:
    value = row.get(key)
    if not isinstance(value, str):
        raise BadBundle(f"`{key}` must be a text", place=place)
    return value


def _ids(row: dict[str, Any], key: str, place: str) -> tuple[str, ...]:
    value = row.get(key)
    if not isinstance(value, list):
        raise BadBundle(f"`{key}` must be a list of ids", place=place)
    return tuple(map(str, value))


def input_hash(bundle: Path) -> str:
    """SHA-256 over the relative path, length and bytes of every file that is part of a bundle, in order of the paths."""
    total = hashlib.sha256()
    for path in sorted(_all(bundle), key=lambda path: path.relative_to(bundle).as_posix()):
        total.update(f"{path.relative_to(bundle).as_posix()}\0{path.stat().st_size}\0".encode("utf-8", "surrogateescape"))
        with path.open("rb") as file:
            while block := file.read(1024 * 1024):
                total.update(block)
    return total.hexdigest()


def _all(bundle: Path) -> list[Path]:
    single = [bundle / name for name in _SINGLE if (bundle / name).is_file()]
    return single + [path for folder in _FOLDERS for path in _in_folder(bundle, folder) or ()]


def _in_folder(bundle: Path, name: str) -> list[Path] | None:
    folder = bundle / name
    if not folder.exists():
        return None
    if not folder.is_dir():
        raise BadBundle("must be a folder", place=name)
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name.endswith(_FOLDERS[name]))


def _small(path: Path, place: str, limit: int) -> bytes:
    try:
        size = path.stat().st_size
        if size > limit:
            raise BadBundle(f"{size} bytes; at most {limit} are read", place=place)
        return path.read_bytes()
    except OSError as error:
        raise BadBundle(f"cannot be read: {error.strerror}", place=place) from None


def _json(raw: bytes, place: str) -> object:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadBundle(f"not JSON: {error}", place=place) from None


def _yaml(path: Path, place: str) -> Any:
    if not path.is_file():
        raise BadBundle("missing", place=place)
    try:
        return yaml.safe_load(_small(path, place, HEAD_BYTES))
    except (yaml.YAMLError, RecursionError, ValueError) as error:  # ValueError: 2026-13-45 looks like a date to YAML
        mark = getattr(error, "problem_mark", None)
        raise BadBundle("not YAML", place=f"{place}:{mark.line + 1}" if mark is not None else place) from None
