"""Spans -> export requests, one TracesData each, as a collector's file exporter writes them."""

from __future__ import annotations

from collections.abc import Iterator

from bot.simulator.observe.keys import SCOPES
from bot.simulator.observe.spans import Feed, Json

EXPORT = 400  # spans in one export request, near the default batch of the SDKs (512)


def exports(feed: Feed, names: dict[str, str]) -> Iterator[Json]:
    """One TracesData an export request, roughly in the order in which they arrive. `names`: emitting process -> service.name."""
    chunks: list[tuple[int, tuple[str, str, str, str], list[Json]]] = []
    for key in sorted(feed.groups):
        ended = sorted(feed.groups[key], key=lambda one: (one[0], str(one[1]["spanId"])))
        for at in range(0, len(ended), EXPORT):
            piece = ended[at : at + EXPORT]
            chunks.append((piece[-1][0], key, [span for _, span in piece]))
    for _, (service, pod, version, scope), spans in sorted(chunks, key=lambda one: (one[0], one[1])):
        name, release = SCOPES[scope]
        region = pod.rpartition("-")[0]
        resource = {
            "service.name": names[service], "service.version": version, "k8s.pod.name": f"{names[service]}-{pod}", "cloud.region": region,
            "deployment.environment.name": "production", "telemetry.sdk.language": "python",
        }  # fmt: skip
        yield {
            "resourceSpans": [
                {
                    "resource": {"attributes": [{"key": k, "value": {"stringValue": v}} for k, v in resource.items()]},
                    "scopeSpans": [{"scope": {"name": name, "version": release}, "spans": spans}],
                }
            ]
        }
