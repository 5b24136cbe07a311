"""For whom: the cell that a check named, where it leaves anybody out."""

from typing import Any

from bot.backends.spans_duckdb import spans_duckdb
from bot.checks import load
from bot.model.finding import Examination
from bot.model.report import Outcome, Slice
from bot.triage.localise import locate
from tests.checks.traffic import BASELINE, evidence

SEARCHED = {"kind": "retrieval", "source_id": "kb", "duration_ms": {"from": 80, "to": 300}}
LATE = {"kind": "retrieval", "source_id": "kb", "error_class": "timeout", "duration_ms": 5000}


def window(n: int, late: int, chats: int) -> list[dict[str, Any]]:
    groups = [
        {"n": n, "request": {"route": "/ask"}, "spans": [SEARCHED, {"kind": "llm"}]},
        {"n": late, "request": {"route": "/ask", "status": "error"}, "spans": [LATE]},
        {"n": chats, "request": {"route": "/chat"}, "spans": [{"kind": "llm"}]},
    ]
    return [group for group in groups if group["n"]]


async def found_in(baseline: list[dict[str, Any]], current: list[dict[str, Any]]) -> Slice | None:
    (check,) = (one for one in load() if one.slug == "retrieval.timeout")
    async with spans_duckdb(None) as spans:
        seen = await evidence({"baseline": baseline, "current": current}, spans)
        return locate(seen, (check.examine(seen),), BASELINE.start).slices.get("retrieval.timeout")


async def test_the_only_source_there_is_names_those_who_search():
    found = await found_in(window(1000, 4, 1000), window(150, 50, 200))
    assert found is not None
    assert found.where == {"source_id": "kb"}
    assert {"route": "/ask"} in found.equivalent
    assert found.share_of_traffic == 0.5


async def test_the_only_source_there_is_names_nobody_where_all_search():
    found = await found_in(window(1990, 8, 0), window(300, 100, 0))
    assert found is None


async def read_in(route: str) -> Slice | None:
    """The slice of a fault that was read in a text: no request of it is counted."""
    one = Examination(cause="prompt.pii_in_examples", outcome=Outcome.FOUND, claim="", where={"route": route})
    async with spans_duckdb(None) as spans:
        seen = await evidence({"baseline": window(1000, 4, 1000), "current": window(150, 50, 200)}, spans)
        return locate(seen, (one,), BASELINE.start).slices.get(one.cause)


async def test_a_fault_that_was_read_is_named_by_what_it_was_read_in():
    found = await read_in("/ask")
    assert found is not None
    assert (found.where, found.share_of_traffic) == ({"route": "/ask"}, 0.5)
    assert found.share_of_excess == 1.0  # all that is late is there


async def test_a_text_that_nobody_uses_has_no_slice():
    assert await read_in("/other") is None
