"""One suite for ports.Metrics: on the twin and a bundle's series always, on a real Prometheus under the marker `real`."""

import json
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import numpy as np
import pytest

from bot.backends.bundle import BundleMetrics
from bot.backends.metrics_prometheus import ANSWER_LIMIT, MOST_POINTS, PrometheusMetrics, metrics_prometheus
from bot.errors import BadInput, BadSettings, SourceUnavailable
from bot.model.evidence import Interval
from bot.ports import Metrics
from bot.telemetry.openmetrics import read_text
from tests.fakes_metrics import MemoryMetrics
from tests.prometheus import binary, free_port, prometheus

T0 = 1_772_409_600.0  # 2026-03-02T00:00:00Z
MINUTE = 60.0
HOUR = 60 * MINUTE
RESTARTED = 150  # the minute at which one counter starts again from zero


def samples() -> str:
    """Five hours, a sample a minute: a counter on two instances (one restarts), a gauge in the first hour only."""
    lines = ["# TYPE app_requests counter"]
    for instance in ("a", "b"):
        for minute in range(300):
            count = 10 * (minute - RESTARTED if instance == "b" and minute >= RESTARTED else minute)
            lines.append(f'app_requests_total{{instance="{instance}",path="/\\"x\\\\"}} {count} {T0 + minute * MINUTE:.0f}')
    lines.append("# TYPE queue_depth gauge")
    lines += [f"queue_depth {minute % 7} {T0 + minute * MINUTE:.0f}" for minute in range(60)]
    return "\n".join([*lines, "# EOF", ""])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Prometheus that holds the samples in blocks of its own format."""
    home = tmp_path_factory.mktemp("prometheus")
    (home / "samples.txt").write_text(samples())
    program = [binary("promtool"), "tsdb", "create-blocks-from", "openmetrics", str(home / "samples.txt"), str(home / "data")]
    subprocess.run(program, check=True, capture_output=True, timeout=60)
    with prometheus(home) as url:
        yield url


@pytest.fixture(params=["memory", "bundle", pytest.param("prometheus", marks=pytest.mark.real)])
async def metrics(request: pytest.FixtureRequest) -> AsyncIterator[Metrics]:
    if request.param == "prometheus":
        async with metrics_prometheus(request.getfixturevalue("server")) as opened:
            yield opened
    else:
        yield {"memory": MemoryMetrics, "bundle": BundleMetrics}[request.param](read_text(samples()))


async def test_names_are_those_with_samples_inside(metrics: Metrics) -> None:
    names = await metrics.names(Interval(T0, T0 + HOUR))
    assert names is not None
    assert names >= {"app_requests_total", "queue_depth"}
    assert await metrics.names(Interval(T0 - 100 * HOUR, T0 - 90 * HOUR)) == frozenset()


async def test_a_name_without_a_sample_inside_has_no_series(metrics: Metrics) -> None:
    assert await metrics.series("queue_depth", Interval(T0 + 3 * HOUR, T0 + 4 * HOUR)) == ()
    assert await metrics.series("never_seen_total", Interval(T0, T0 + HOUR)) == ()


async def test_every_series_of_a_metric_comes_sorted_with_its_labels(metrics: Metrics) -> None:
    found = await metrics.series("app_requests_total", Interval(T0, T0 + HOUR))
    assert found is not None
    assert [dict(one.labels) for one in found] == [{"instance": "a", "path": '/"x\\'}, {"instance": "b", "path": '/"x\\'}]
    assert {one.name for one in found} == {"app_requests_total"}


async def test_the_interval_is_half_open_and_times_rise(metrics: Metrics) -> None:
    interval = Interval(T0 + HOUR, T0 + 2 * HOUR)
    one, _ = await metrics.series("app_requests_total", interval) or ()
    assert interval.holds(one.ts).all()
    assert one.ts[0] == interval.start
    assert one.ts[-1] >= interval.end - MINUTE
    assert (np.diff(one.ts) > 0).all()


async def test_a_day_comes_minute_by_minute_with_the_values_that_were_scraped(metrics: Metrics) -> None:
    found = await metrics.series("app_requests_total", Interval(T0 + 4 * HOUR - 24 * HOUR, T0 + 4 * HOUR))
    assert found is not None
    for one, expected in zip(found, read_text(samples()), strict=False):
        before = expected.ts < T0 + 4 * HOUR
        assert one.ts.tolist() == expected.ts[before].tolist()
        assert one.values.tolist() == expected.values[before].tolist()


async def test_a_restart_of_a_counter_stays_visible(metrics: Metrics) -> None:
    _, restarted = await metrics.series("app_requests_total", Interval(T0 + 2 * HOUR, T0 + 3 * HOUR)) or ()
    (fall,) = np.flatnonzero(np.diff(restarted.values) < 0)
    assert restarted.ts[fall + 1] == pytest.approx(T0 + RESTARTED * MINUTE, abs=MINUTE)
    assert restarted.values[fall + 1] < 10


async def test_an_empty_interval_holds_nothing(metrics: Metrics) -> None:
    assert await metrics.series("app_requests_total", Interval(T0 + HOUR, T0 + HOUR)) == ()


@pytest.mark.real
@pytest.mark.parametrize("name", ['queue_depth"} or {__name__=~".+', "queue_depth or vector(1)", "queue_depth\\", "ключ", "a" * 300])
async def test_a_hostile_name_asks_for_nothing_else(server: str, name: str) -> None:
    async with metrics_prometheus(server) as opened:
        assert await opened.series(name, Interval(T0, T0 + HOUR)) == ()


@pytest.mark.real
async def test_a_year_is_asked_in_points_the_server_gives(server: str) -> None:
    async with metrics_prometheus(server) as opened:
        found = await opened.series("app_requests_total", Interval(T0 - 365 * 24 * HOUR, T0 + 5 * HOUR))
    assert found is not None
    assert all(0 < len(one.ts) <= MOST_POINTS for one in found)


@pytest.mark.real
async def test_the_url_may_have_a_path_and_a_password_that_is_never_shown(server: str) -> None:
    async with metrics_prometheus(server.replace("http://", "http://u:hush@") + "/nowhere/") as opened:
        with pytest.raises(SourceUnavailable, match="HTTP 404") as refused:
            await opened.names(Interval(T0, T0 + HOUR))
    assert refused.value.asked == f"GET {server}/nowhere/api/v1/label/__name__/values start={T0:.3f} end={T0 + HOUR:.3f}"
    assert "hush" not in str(refused.value) + refused.value.asked


Answer = Callable[[httpx.Request], httpx.Response]


def answering(answer: Answer) -> PrometheusMetrics:
    return PrometheusMetrics(httpx.AsyncClient(transport=httpx.MockTransport(answer)), httpx.URL("http://p:1/x"))


async def refused_by(answer: Answer) -> SourceUnavailable:
    with pytest.raises(SourceUnavailable) as refused:
        await answering(answer).series("up", Interval(T0, T0 + HOUR))
    assert refused.value.asked == f'GET http://p:1/x/api/v1/query_range query={{__name__="up"}} start={T0:.3f} end={T0 + 3597:.3f} step=3'
    return refused.value


async def test_the_servers_own_words_about_a_refusal_are_passed_on_without_control_characters() -> None:
    body = {"status": "error", "errorType": "execution", "error": "too many\n\x1b[31m samples " + "x" * 999}
    said = str(await refused_by(lambda _: httpx.Response(422, json=body)))
    assert said.startswith("Prometheus: HTTP 422, execution: too many [31m samples xxx")
    assert len(said) < 300


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<html>login</html>", "not of the Prometheus API"),
        (b'{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}', "not of the Prometheus API"),
        (
            b'{"status":"success","warnings":["store b: no answer"],"data":{"resultType":"matrix","result":[]}}',
            "in part: store b: no answer",
        ),
        (b" " * (ANSWER_LIMIT + 1), "larger than"),
    ],
)
async def test_what_is_no_whole_answer_is_none(body: bytes, why: str) -> None:
    assert why in str(await refused_by(lambda _: httpx.Response(200, content=body)))


async def test_a_redirect_is_not_followed() -> None:
    assert "HTTP 302" in str(await refused_by(lambda _: httpx.Response(302, headers={"location": "http://elsewhere"})))


async def test_a_name_that_no_query_can_hold_is_left_out_and_refused() -> None:
    body = json.dumps({"status": "success", "data": ["up", "a\nb", "x" * 301, ""]})
    asked = answering(lambda _: httpx.Response(200, content=body))
    assert await asked.names(Interval(T0, T0 + HOUR)) == {"up"}
    with pytest.raises(BadInput, match="no metric name"):
        await asked.series("a\nb", Interval(T0, T0 + HOUR))


async def test_values_of_every_spelling_are_read_and_labels_are_capped() -> None:
    labels = {"__name__": "up", "a_long": "y" * 5_000} | {f"l{n:03d}": "v" for n in range(100)}
    values = [[T0, "NaN"], [T0 + 60, "+Inf"], [T0 + 120.5, "-1.5e-3"]]
    body = {"status": "success", "data": {"resultType": "matrix", "result": [{"metric": labels, "values": values}]}}
    (one,) = await answering(lambda _: httpx.Response(200, json=body)).series("up", Interval(T0, T0 + HOUR)) or ()
    assert one.ts.tolist() == [T0, T0 + 60, T0 + 120.5]
    assert np.isnan(one.values[0])
    assert one.values[1:].tolist() == [np.inf, -0.0015]
    assert len(one.labels) == 64
    assert max(map(len, one.labels.values())) <= 1_000


async def test_nobody_there_is_said_with_the_query() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    async with metrics_prometheus(url) as opened:
        with pytest.raises(SourceUnavailable, match="no answer") as refused:
            await opened.names(Interval(T0, T0 + HOUR))
    assert refused.value.asked.startswith(f"GET {url}/api/v1/label/__name__/values start=")


@pytest.mark.parametrize("url", ["prometheus:9090", "file:///etc/passwd", "http://", "http://p:1/?a=b", "http://p:x"])
async def test_a_url_that_cannot_be_one_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(BadSettings, match="MIDWATCH_PROMETHEUS_URL"):
        async with metrics_prometheus(url):
            pass


async def test_not_collected_is_not_the_same_as_empty() -> None:
    for twin in (MemoryMetrics(None), BundleMetrics(None)):
        assert await twin.names(Interval(T0, T0 + HOUR)) is None
        assert await twin.series("up", Interval(T0, T0 + HOUR)) is None
