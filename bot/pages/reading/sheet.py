"""From what a source read to a Page: caps, labels, links, the service and the claim in one place for all sources."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from urllib.parse import urlsplit

from bot.model.page import Claimed, Link, Page, Severity, Status
from bot.pages.reading import claims
from bot.pages.reading.words import DESCRIPTION, TITLE, clean, line

LABELS = 64  # Kubernetes puts some thirty on an alert
LABEL_KEY = 100  # a Prometheus label name, or a tag's
LABEL_VALUE = 500  # more is a text and belongs in the description
LINKS = 10  # what fits under a message
LINK = 2_000  # browsers and Slack take about this much
KEY = 255  # PagerDuty's limit; reading.keys stays below it
SERVICE = 200  # a service.name
_UNTITLED = "Alert without a title"

SERVICE_KEYS = (  # the plainest first; `job` last, because it often names the exporter
    "service",
    "service_name",
    "service.name",
    "servicename",
    "serviceName",
    "app",
    "app_name",
    "application",
    "app_kubernetes_io_name",
    "app.kubernetes.io/name",
    "kube_service",
    "kube_deployment",
    "deployment",
    "workload",
    "component",
    "job",
)


def sheet(
    source: str,
    key: str,
    title: str | None,
    status: Status,
    *,
    description: str | None = None,
    severity: Severity = Severity.UNKNOWN,
    service: str | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    labels: Mapping[str, str] | None = None,
    links: Iterable[tuple[str, str | None]] = (),
    claimed: Claimed | None = None,
    says: Iterable[str | None] = (),
) -> Page:
    """`links`: label and URL; what is no http(s) URL is dropped. `says`: texts that may claim a number, before title and description."""
    kept = _labels(labels or {})
    told = clean(description or "", DESCRIPTION)
    named = line(title or "", TITLE) or line(told, TITLE) or _UNTITLED
    return Page(
        source=source,
        dedup_key=key[:KEY],
        title=named,
        description=told,
        status=status,
        severity=severity,
        service=line(service or "", SERVICE) or service_of(kept),
        starts_at=starts_at,
        ends_at=ends_at if status is Status.RESOLVED else None,  # a firing alert has no end; a time there says when it would lapse
        labels=kept,
        links=_links(links),
        claimed=claimed if claimed is not None and claimed.value is not None else claims.claim(*says, named, told),
    )


def service_of(labels: Mapping[str, str]) -> str | None:
    return next((labels[name][:SERVICE] for name in SERVICE_KEYS if labels.get(name)), None)


def _labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Cleaned and sorted. Of too many, those are kept first that say what the alert is about."""
    first = ("alertname", "severity", *SERVICE_KEYS)
    cleaned: dict[str, str] = {}
    for name in sorted(labels, key=lambda name: (name not in first, name)):
        plain = line(name, LABEL_KEY)
        if plain and plain not in cleaned:
            cleaned[plain] = line(labels[name], LABEL_VALUE)
        if len(cleaned) == LABELS:
            break
    return dict(sorted(cleaned.items()))


def _links(links: Iterable[tuple[str, str | None]]) -> tuple[Link, ...]:
    kept: dict[str, Link] = {}
    for label, url in links:
        if url and web_address(url) and url not in kept:
            kept[url] = Link(label=line(label, 100) or "link", url=url)
        if len(kept) == LINKS:
            break
    return tuple(kept.values())


def web_address(url: str) -> bool:
    """An http(s) URL with a host and without a password, of plain signs only: nothing else is ever shown as a link."""
    if len(url) > LINK or not url.isascii() or not url.isprintable() or any(sign in url for sign in ' "<>\\^`{|}'):
        return False
    try:
        found = urlsplit(url)
        return found.scheme in ("http", "https") and bool(found.hostname) and found.username is None and (found.port or 80) > 0
    except ValueError:
        return False
