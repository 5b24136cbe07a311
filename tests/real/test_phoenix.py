"""Arize Phoenix for real: filled over OTLP, it gives the report that the bundle gives; and what it loses is known by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest

from bot import pages
from bot.backends.spans_duckdb import spans_duckdb
from bot.backends.spans_phoenix import spans_phoenix
from bot.errors import SourceUnavailable
from bot.model.evidence import Interval
from bot.ports import Scope, Spans
from bot.simulator.stories import Story, story
from bot.telemetry.canonical import KINDS
from bot.telemetry.otlp import read_json
from bot.telemetry.repair import repair
from bot.triage import Sources, Triage
from tests.phoenix import fill, phoenix
from tests.real.test_clickhouse import different, frame

pytestmark = [pytest.mark.real, pytest.mark.timeout(1800)]  # it starts in half a minute, and takes its time to ingest

TOLD = "replica-lost"
SOME = "0"  # how the trace ids end that are sent: one in sixteen
FEW = "00"  # enough to see what is lost
DROPPED = {"app_version", "env", "pod", "region", "scope_name", "service"}

Json = dict[str, Any]


@pytest.fixture(scope="module")
def told() -> Story:
    return story(TOLD)


def sent(told: Story, ends: str, *, copied: bool) -> list[Json]:
    """A part of the story's export; `copied`: with the resources' attributes on the spans too, as docs/backends.md advises."""
    return [{"resourceSpans": [_resource(held, ends, copied) for held in data["resourceSpans"]]} for data in told.otlp]


def _resource(held: Json, ends: str, copied: bool) -> Json:
    more = held["resource"]["attributes"] if copied else []
    scopes = []
    for scoped in held["scopeSpans"]:
        chosen = [one for one in scoped["spans"] if one["traceId"].endswith(ends)]
        scopes.append({**scoped, "spans": [{**one, "attributes": [*one.get("attributes", []), *more]} for one in chosen]})
    return {**held, "scopeSpans": scopes}


def read(traces: list[Json]) -> pa.Table:
    return repair(pa.concat_tables([read_json(orjson.dumps(one)).spans for one in traces]))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, told: Story) -> Iterator[str]:
    with phoenix(tmp_path_factory.mktemp("phoenix")) as url:
        assert fill(url, "plain", sent(told, FEW, copied=False)) > 200
        assert fill(url, "copied", sent(told, SOME, copied=True)) > 3000
        yield url


async def reported(spans: Spans, told: Story) -> Json:
    page = pages.parse(told.page.source, told.page.body, told.page.headers, place="page")[0]
    report = await Triage(Sources(spans)).run(page, told.received_at, told.service)
    return report.document()


async def test_with_what_is_on_the_spans_the_report_is_the_bundles(server: str, told: Story, tmp_path: Path) -> None:
    async with spans_duckdb(None) as bundle, spans_phoenix(f"{server}/copied", tmp_path) as store:
        await bundle.add(read(sent(told, SOME, copied=False)))
        ours, theirs = await reported(bundle, told), await reported(store, told)
    assert ours["verdict"] == "fault"
    assert {name: (theirs[name], ours[name]) for name in ours if theirs[name] != ours[name]} == {}


async def test_what_phoenix_drops_is_known_by_name(server: str, told: Story, tmp_path: Path) -> None:
    scope = Scope(told.service, Interval(told.received_at - 86_400.0, told.received_at))
    lost: set[str] = set()
    async with spans_duckdb(None) as bundle, spans_phoenix(f"{server}/plain", tmp_path) as store:
        await bundle.add(read(sent(told, FEW, copied=False)))
        for aggregate in ("requests", "tree", "series", *(f"ops:{kind}" for kind in KINDS)):
            lost |= set(different(await frame(bundle, aggregate, scope), await frame(store, aggregate, scope)))
    assert lost == DROPPED


async def test_a_project_that_is_not_there_leaves_a_gap(server: str, told: Story, tmp_path: Path) -> None:
    scope = Scope(None, Interval(told.received_at - 60.0, told.received_at))
    async with spans_phoenix(f"{server}/nobody", tmp_path) as store:
        with pytest.raises(SourceUnavailable, match="Phoenix: HTTP 404"):
            await store.frame("requests", scope)
