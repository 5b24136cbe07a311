"""What cannot be told apart without a field is named as a group: failed model calls without a class, above all."""

from typing import Any

from bot.backends.spans_duckdb import spans_duckdb
from bot.engine.groups import untested
from tests.checks.traffic import evidence

RIVALS = ("model.access_denied", "model.quota_exhausted")


async def named(failure: dict[str, Any], skipped: tuple[str, ...] = RIVALS, cause: str = "model.provider_incident") -> tuple[str, ...]:
    groups = [{"n": 200, "spans": [{"kind": "llm"}]}, {"n": 60, "request": {"status": "error"}, "spans": [{"kind": "llm", **failure}]}]
    async with spans_duckdb(None) as spans:
        return untested(cause, skipped, await evidence({"baseline": groups[:1], "current": groups}, spans))


async def test_failures_without_a_class_may_be_any_refusal_of_the_provider():
    assert await named({"status": "error"}) == ("model.access_denied", "model.provider_incident", "model.quota_exhausted")


async def test_a_class_tells_them_apart():
    assert await named({"error_class": "server_error"}) == ()


async def test_rivals_that_were_tested_are_none():
    assert await named({"status": "error"}, ()) == ()


async def test_other_groups_need_two_leaders():
    assert await named({"status": "error"}, ("telemetry.judge_drift",), "model.silent_version_change") == ()
