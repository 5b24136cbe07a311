"""What a source that answers badly leaves behind: a gap that people see, and everything else."""

import asyncio
import json
from dataclasses import dataclass, field

import numpy as np

from bot.backends.spans_duckdb import spans_duckdb
from bot.errors import SourceUnavailable
from bot.model.evidence import Interval, MetricSeries
from bot.model.page import Page
from bot.ports import Metrics
from bot.telemetry.otlp import read_json
from bot.telemetry.sampling import LARGEST
from bot.triage.gather import gather
from bot.triage.state import Asked, Gathered, Sources

NOW = 1_772_417_220.0


@dataclass
class Exposed:
    """A metric of each name; those in `broken` cannot be read."""

    all: frozenset[str]
    broken: frozenset[str] = frozenset()
    asked: list[str] = field(default_factory=list)
    most: int = 0
    _now: int = 0

    async def names(self, interval: Interval) -> frozenset[str] | None:
        return self.all

    async def series(self, name: str, interval: Interval) -> tuple[MetricSeries, ...] | None:
        self.asked.append(name)
        self._now += 1
        self.most = max(self.most, self._now)
        await asyncio.sleep(0)
        self._now -= 1
        if name in self.broken:
            raise SourceUnavailable("Prometheus: HTTP 422, too many samples", asked=name)
        return (MetricSeries(name, {}, np.array([NOW]), np.array([1.0])),)


async def gathered(metrics: Metrics) -> tuple[Gathered, tuple[str, ...]]:
    page = Page.model_validate({"source": "generic", "dedup_key": "k", "title": "t", "status": "firing", "severity": "error"})
    async with spans_duckdb(None, collected=False) as spans:
        return await gather(Asked(page, NOW, None, "", ""), Sources(spans, metrics=metrics))


async def test_one_metric_that_cannot_be_read_does_not_hide_the_others() -> None:
    found, gaps = await gathered(Exposed(frozenset({"http_requests_total", "llm_requests_total"}), frozenset({"llm_requests_total"})))
    assert found.metrics is not None
    assert [one.name for one in found.metrics] == ["http_requests_total"]
    assert found.notes == ("could not look at 1 of 2 metrics: Prometheus: HTTP 422, too many samples",)
    assert gaps == ()


async def test_no_metric_that_can_be_read_is_not_the_same_as_no_metric() -> None:
    names = frozenset({"http_requests_total"})
    found, gaps = await gathered(Exposed(names, names))
    assert found.metrics is None
    assert gaps == ("could not look at the metrics: Prometheus: HTTP 422, too many samples",)
    found, gaps = await gathered(Exposed(frozenset({"node_load1"})))
    assert found.metrics == ()
    assert gaps == ()


async def test_only_what_a_check_may_read_is_asked_a_few_at_a_time() -> None:
    exposed = Exposed(frozenset({f"http_requests_{n}_total" for n in range(500)} | {"http_request_seconds_bucket", "go_threads"}))
    found, _ = await gathered(exposed)
    assert found.metrics is not None
    assert len(found.metrics) == 400
    assert [one.name for one in found.metrics] == sorted(exposed.asked)
    assert exposed.most == 8
    assert not {"http_request_seconds_bucket", "go_threads"} & set(exposed.asked)


async def asked_about(service: str, stated: bool, largest: int = LARGEST) -> Gathered:
    """What is gathered for a page about `service` when only `assistant` sends traces."""
    page = Page.model_validate({"source": "generic", "dedup_key": "k", "title": "t", "status": "firing", "severity": "error"})
    times = {"startTimeUnixNano": str(int((NOW - 60) * 1e9)), "endTimeUnixNano": str(int((NOW - 59) * 1e9))}
    spans = [{"traceId": f"{n:032x}", "spanId": f"{n:016x}", "name": "ask", **times} for n in range(1, 4)]
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "assistant"}}]}
    raw = json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": spans}]}]}).encode()
    async with spans_duckdb(None, largest=largest) as store:
        await store.add(read_json(raw).spans)
        found, _ = await gather(Asked(page, NOW, service, "", "", stated=stated), Sources(store))
        return found


async def test_a_page_may_call_the_service_by_a_name_of_its_own() -> None:
    found = await asked_about("AI Assistant (prod)", stated=False)
    assert found.requests is not None
    assert found.requests.n == 3
    assert found.service is None
    assert found.notes == ("no trace of service AI Assistant (prod): looked at all 3 traces instead",)


async def test_a_stated_service_that_sends_nothing_is_not_judged_by_others() -> None:
    found = await asked_about("nobody", stated=True)
    assert found.requests is not None
    assert found.requests.n == 0
    assert found.notes == ("no trace of service nobody; there are 3 of other services",)
    assert (await asked_about("assistant", stated=True)).notes == ()


async def test_a_sample_is_said_to_be_one() -> None:
    found = await asked_about("assistant", stated=True, largest=1)
    assert found.requests is not None
    assert found.requests.n < 3
    assert found.notes == ("read one in 4 requests, chosen by a hash of the trace id: every n is of that sample",)
