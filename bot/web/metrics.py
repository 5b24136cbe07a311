"""Midwatch's own metrics, in a registry of its own so that two apps in one process do not meet."""

from fastapi import APIRouter
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

_SECONDS = (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120)  # 1 s to the first message and 5 s to the verdict are the promises


class Meters:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.pages = Counter("midwatch_pages", "Pages received", ["source", "outcome"], registry=self.registry)
        self.incidents = Counter("midwatch_incidents", "Incidents opened", ["source"], registry=self.registry)
        self.changes = Counter("midwatch_changes", "Change events received", registry=self.registry)
        self.spans = Counter("midwatch_spans", "Spans taken", registry=self.registry)
        self.spans_rejected = Counter("midwatch_spans_rejected", "Spans refused", registry=self.registry)
        self.first_message = Histogram(
            "midwatch_first_message_seconds", "Page received to first message", buckets=_SECONDS, registry=self.registry
        )
        self.triage = Histogram("midwatch_triage_seconds", "Time of a triage", ["verdict"], buckets=_SECONDS, registry=self.registry)
        self.waiting_count = Gauge("midwatch_triages_waiting", "Triages that have not ended", registry=self.registry)
        self.waiting_oldest = Gauge(
            "midwatch_triage_oldest_waiting_seconds", "How long the oldest of them has been waiting", registry=self.registry
        )
        self.surface_errors = Counter("midwatch_surface_errors", "Calls a surface (Slack) failed", ["kind"], registry=self.registry)

    def announced(self, seconds: float) -> None:
        self.first_message.observe(max(seconds, 0.0))

    def triaged(self, verdict: str, seconds: float) -> None:
        self.triage.labels(verdict).observe(seconds)

    def paged(self, source: str, outcome: str) -> None:
        self.pages.labels(source, outcome).inc()

    def waiting(self, count: int, oldest_s: float) -> None:
        self.waiting_count.set(count)
        self.waiting_oldest.set(oldest_s)

    def surface_failed(self, kind: str) -> None:
        self.surface_errors.labels(kind).inc()


def routes(meters: Meters) -> APIRouter:
    router = APIRouter()

    @router.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        return Response(generate_latest(meters.registry), media_type=CONTENT_TYPE_LATEST)

    return router
