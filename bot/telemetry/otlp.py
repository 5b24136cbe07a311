"""OTLP in: JSON (a line or a body) and protobuf -> rows of the canonical table.

A hostile body is BadInput, a span that cannot be used is skipped and counted; nothing here raises anything else.
"""

from __future__ import annotations

import gc
import gzip
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from bot.errors import BadInput
from bot.telemetry.canonical import SCHEMA
from bot.telemetry.declared import NOTHING, Declared
from bot.telemetry.otlp_protobuf import Read, resource_spans
from bot.telemetry.raw import Piles
from bot.telemetry.signs import attributes_of
from bot.telemetry.table import assemble
from bot.telemetry.translate import resource_columns, translate

BATCH = 5_000  # spans turned into columns at once: enough for the work a group costs, some 100 MB of parsed JSON at most
LINE_BYTES = 256 * 1024 * 1024  # one line of a file; the Collector's largest batches are a thousandth of it
BODY_BYTES = 512 * 1024 * 1024  # of a body after decompression: a 1 MB gzip can hold 1 GB of zeros

Json = dict[str, Any]


@dataclass(frozen=True)
class Decoded:
    """`spans` has the schema telemetry.canonical.SCHEMA, in order of arrival; `skipped` counts unusable spans by reason."""

    spans: pa.Table
    skipped: Mapping[str, int]


class Intake:
    """Collects resource spans and translates them batch by batch."""

    def __init__(self, declared: Declared = NOTHING) -> None:
        self._declared = declared
        self._piles = Piles()
        self._resources: list[Json] = []
        self._known: dict[str, int] = {}
        self._tables: list[pa.Table] = []

    def add(self, body: object, place: str) -> None:
        """One TracesData object (or a list of them); BadInput when it is something else."""
        for data in body if isinstance(body, list) else (body,):
            if not isinstance(data, dict):
                raise BadInput("not an OTLP traces object", place=place)
            held = data.get("resourceSpans", data.get("resource_spans"))
            if held is None and data and not {"partialSuccess"} & set(data):
                raise BadInput("no resourceSpans in it", place=place)
            for one in _objects(held, "resourceSpans", place):
                self._resource_spans(one, place)

    def _resource_spans(self, held: Json, place: str) -> None:
        resource = held.get("resource")
        attributes = resource.get("attributes") if isinstance(resource, dict) else None
        number = self._resource(attributes)
        scopes = held.get("scopeSpans") or held.get("scope_spans") or held.get("instrumentationLibrarySpans")
        for scope_spans in _objects(scopes, "scopeSpans", place):
            scope = scope_spans.get("scope") or scope_spans.get("instrumentationLibrary")
            name = scope.get("name") if isinstance(scope, dict) else None
            spans = scope_spans.get("spans")
            if spans is not None and not isinstance(spans, list):
                raise BadInput("spans is not a list", place=place)
            self._piles.add(number, name[:200] if isinstance(name, str) else "", spans or [])
            if self._piles.count >= BATCH:
                self.flush()

    def add_read(self, attributes: list[Json], scope: str, spans: Iterable[Read]) -> None:
        """Spans of one resource and scope whose attributes have been read already."""
        self._piles.add_read(self._resource(attributes), scope[:200], spans)
        if self._piles.count >= BATCH:
            self.flush()

    def _resource(self, attributes: object) -> int:
        key = orjson.dumps(attributes).decode("utf-8", "replace")
        if key not in self._known:
            self._known[key] = len(self._resources)
            self._resources.append(resource_columns(attributes_of(attributes), self._declared))
        return self._known[key]

    def flush(self) -> None:
        """Translate what has been collected so far."""
        groups = [translate(pile, self._resources, self._declared, self._piles.skipped) for pile in self._piles.take()]
        used = [group for group in groups if group is not None]
        if used:
            self._tables.append(assemble(used))

    def decoded(self) -> Decoded:
        self.flush()
        table = pa.concat_tables(self._tables) if self._tables else SCHEMA.empty_table()
        return Decoded(table, dict(sorted(self._piles.skipped.items())))


def read_json(body: bytes, *, place: str = "body", declared: Declared = NOTHING) -> Decoded:
    """An OTLP/JSON body, plain or gzip: one object, a list of them, or one a line. BadInput when it is not that."""
    body = unpacked(body, place)
    intake = Intake(declared)
    with _no_collector():
        try:
            intake.add(orjson.loads(body), place)
        except orjson.JSONDecodeError as error:
            if b"\n" not in body.strip():
                raise BadInput(f"not JSON: {error}", place=place) from None
            _lines(intake, iter(body.splitlines()), place)
        return intake.decoded()


def read_protobuf(body: bytes, *, place: str = "body", declared: Declared = NOTHING) -> Decoded:
    """An ExportTraceServiceRequest in protobuf, plain or gzip."""
    intake = Intake(declared)
    with _no_collector():
        for attributes, scope, spans in resource_spans(unpacked(body, place), place):
            intake.add_read(attributes, scope, spans)
        return intake.decoded()


def read_files(paths: Iterable[Path], *, declared: Declared = NOTHING, root: Path | None = None) -> Decoded:
    """Files of one TracesData a line, .gz or not, in the order of their names; BadInput names file and line."""
    intake = Intake(declared)
    with _no_collector():
        for path in sorted(paths):
            place = str(path.relative_to(root)) if root else path.name
            try:
                with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
                    _lines(intake, iter(partial(file.readline, LINE_BYTES), b""), place)
            except (OSError, EOFError, zlib.error) as error:
                raise BadInput(f"cannot be read: {error}", place=place) from None
        return intake.decoded()


def _lines(intake: Intake, lines: Iterator[bytes], place: str) -> None:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{place}:{number}"
        try:
            read = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise BadInput(f"not JSON: {error}", place=where) from None
        intake.add(read, where)


def _objects(held: object, name: str, place: str) -> list[Json]:
    if held is None:
        return []
    if not isinstance(held, list) or not all(isinstance(item, dict) for item in held):
        raise BadInput(f"{name} is not a list of objects", place=place)
    return held


def unpacked(body: bytes, place: str = "body") -> bytes:
    """The body, decompressed when it is gzip."""
    if body[:2] != b"\x1f\x8b":
        return body
    machine = zlib.decompressobj(wbits=31)  # 31: a gzip header is expected
    try:
        read = machine.decompress(body, BODY_BYTES)
    except zlib.error as error:
        raise BadInput(f"not gzip: {error}", place=place) from None
    if machine.unconsumed_tail:
        raise BadInput(f"more than {BODY_BYTES // 2**20} MB after decompression", place=place)
    if not machine.eof:
        raise BadInput("gzip data ends early", place=place)
    return read


@contextmanager
def _no_collector() -> Iterator[None]:
    """Parsed JSON has no cycles: collecting while it is read doubles the time and frees nothing."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
