"""Spans of somebody else's store: fetched when they are needed, kept while a triage reads them, and gone afterwards."""

from pathlib import Path

import pyarrow as pa
import pytest

from bot.backends.spans_fetched import KEPT, Fetch, fetched
from bot.errors import SourceUnavailable
from bot.model.evidence import Interval
from bot.model.frame import Frame
from bot.ports import Scope
from tests.contract.test_spans import ALL, NOON, listed
from tests.fakes_origin import elsewhere
from tests.fakes_spans import span, table

HALF = Scope(None, Interval(NOON, NOON + 1800.0))


async def test_a_triage_fetches_once(tmp_path: Path) -> None:
    async with elsewhere(tmp_path) as store:
        await store.add(table([span("a", "1", ts=NOON, status="error"), span("a", "2", "1", "llm", ts=NOON)]))
        for aggregate in ("requests", "ops:llm", "series"):
            assert (await store.frame(aggregate, ALL)).n == 1
        await store.coverage(ALL)
        assert (await store.frame("tree", HALF)).n == 2  # a narrower scope is a part of what was fetched
        assert store.origin.fetches == [ALL]
        assert (await store.frame("requests", ALL)).n == 1
        assert store.origin.fetches == [ALL, ALL]


async def test_another_service_or_a_wider_window_is_fetched_anew(tmp_path: Path) -> None:
    async with elsewhere(tmp_path) as store:
        await store.add(table([span("a", "1", ts=NOON)]))
        for scope in (HALF, ALL, Scope("front", HALF.interval)):
            await store.coverage(scope)
        assert len(store.origin.fetches) == 3


async def test_operations_stay_on_the_requests_they_point_at_while_spans_come_in(tmp_path: Path) -> None:
    async with elsewhere(tmp_path) as store:
        await store.add(table([span("m", "1", ts=NOON), span("m", "2", "1", "llm", ts=NOON)]))
        before = await store.frame("requests", ALL)
        await store.add(table([span("a", "1", ts=NOON), span("a", "2", "1", "llm", ts=NOON)]))
        assert [(row["trace"], row["request"]) for row in listed(await store.frame("ops:llm", ALL))] == [("m", 0)]
        assert before.n == 1
        assert (await store.frame("requests", ALL)).n == 2


async def test_only_a_few_scopes_are_kept_and_none_is_left_behind(tmp_path: Path) -> None:
    async with elsewhere(tmp_path) as store:
        await store.add(table([span("a", "1", ts=NOON)]))
        for n in range(KEPT + 2):
            await store.frame("requests", Scope(f"s{n}", ALL.interval))
            assert len(list(tmp_path.iterdir())) == min(n + 1, KEPT)
    assert list(tmp_path.iterdir()) == []


async def test_a_store_that_does_not_answer_leaves_a_gap_and_is_asked_again(tmp_path: Path) -> None:
    async with elsewhere(tmp_path) as store:
        await store.add(table([span("a", "1", ts=NOON)]))
        store.origin.broken = True
        with pytest.raises(SourceUnavailable, match="no answer"):
            await store.frame("requests", ALL)
        store.origin.broken = False
        assert (await store.frame("requests", ALL)).n == 1


class Sampled:
    """A store that read one in four traces, and counted all."""

    async def fetch(self, scope: Scope) -> Fetch:
        exact = {"minute": [NOON - 60.0, NOON, NOON + 60.0], "requests": [3.0, 7.0, 2.0], "failed": [0.0, 5.0, 1.0]}
        return Fetch(self.parts(), 4, Frame(3, {name: pa.array(values).to_numpy() for name, values in exact.items()}, {}))

    async def parts(self):
        yield table([span("a", "1", ts=NOON, weight=None, status="error"), span("a", "2", "1", "llm", ts=NOON, weight=10.0)])
        yield table([span("b", "1", ts=NOON + 61, weight=1.0)])


async def test_a_store_that_sampled_counts_for_all(tmp_path: Path) -> None:
    async with fetched(Sampled(), tmp_path, largest=1) as store:
        found = listed(await store.frame("requests", ALL))
        assert [(row["trace"], row["weight"]) for row in found] == [("a", 40.0), ("b", 4.0)]
        coverage = await store.coverage(ALL)
        assert (coverage.one_in, coverage.spans) == (4, {"request": 8, "llm": 4})
        series = listed(await store.frame("series", ALL))
        told = [(row["minute"] - NOON, row["requests"], row["failed"], row["llm"], row["llm_weighted"]) for row in series]
        assert told == [(-60.0, 3.0, 0.0, 0.0, 0.0), (0.0, 7.0, 5.0, 4.0, 40.0), (60.0, 2.0, 1.0, 0.0, 0.0)]
