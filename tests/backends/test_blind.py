"""What Midwatch says that it cannot see."""

import asyncio

from bot.backends.blind import SPANS_S, Blind, Connected
from bot.errors import SourceUnavailable
from bot.model.change import Change
from bot.model.evidence import Coverage
from bot.ports import Scope
from tests.fakes_records import MemoryRecords
from tests.fakes_spans import MemorySpans, span, table
from tests.slack import samples

NOW = samples.PAGED.timestamp()
ALL = Connected(metrics=True, runbooks=True, without_prompts=(), services=2)


async def filled() -> tuple[MemorySpans, MemoryRecords]:
    spans, records = MemorySpans(), MemoryRecords()
    await spans.add(table([span("t", "s", ts=NOW - 60)]))
    await records.add_change(Change(id="c", time=samples.ONSET, kind="app", object="app"))
    return spans, records


async def test_what_is_connected_and_comes_in_is_not_mentioned():
    spans, records = await filled()
    assert await Blind(ALL, spans, records, lambda: NOW).told(()) == ()


async def test_every_part_that_is_missing_is_said():
    nothing = Connected(metrics=False, runbooks=False, without_prompts=("assistant",), services=0)
    told = "\n".join(await Blind(nothing, MemorySpans(), MemoryRecords(), lambda: NOW).told(()))
    for said in (
        "no span came in",
        "no deploy, flag",
        "no Prometheus",
        "none is declared",
        "no texts of assistant",
        "no shelf",
    ):
        assert said in told


async def test_fields_that_stopped_checks_of_the_newest_triages_are_named_with_how_many():
    spans, records = await filled()
    incidents = (samples.incident(report=samples.INSUFFICIENT), samples.incident(report=samples.FAULT), samples.incident())
    told = await Blind(ALL, spans, records, lambda: NOW).told(incidents)
    assert "doc.indexed_at: not recorded, 1 check could not run" in told
    assert any(one.startswith("error.class: not recorded") for one in told)


class Down(MemorySpans):
    asked = 0

    async def coverage(self, scope: Scope) -> Coverage | None:
        self.asked += 1
        raise SourceUnavailable("down", source="spans", asked="coverage")


async def test_a_span_store_that_is_down_is_said_and_not_asked_at_every_look():
    spans = Down()
    _, records = await filled()
    blind = Blind(ALL, spans, records, lambda: NOW)
    for _ in range(3):
        assert await blind.told(()) == ("Requests: the span store did not answer",)
    assert spans.asked == 1


class Slow(MemorySpans):
    async def coverage(self, scope: Scope) -> Coverage | None:
        await asyncio.sleep(SPANS_S * 10)
        return None


async def test_nobody_waits_for_a_slow_span_store():
    _, records = await filled()
    async with asyncio.timeout(SPANS_S * 2):
        assert await Blind(ALL, Slow(), records, lambda: NOW).told(()) == ("Requests: the span store did not answer",)
