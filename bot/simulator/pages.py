"""The page as an alerting system would send it, worded from the symptom that people saw."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import orjson

from bot.model.value import moment, rfc3339
from bot.simulator.scenario import Paged

SOURCES = ("alertmanager", "pagerduty", "grafana", "generic")
NEVER = "0001-01-01T00:00:00Z"  # Alertmanager's "not ended"
Json = dict[str, object]


@dataclass(frozen=True)
class Delivery:
    source: str
    body: bytes
    headers: dict[str, str]


def deliver(paged: Paged, service: str, at: float, since: float) -> Delivery:
    """The webhook body for this page. `at`: when it is sent, `since`: when the alert began to fire, epoch seconds."""
    build = {"alertmanager": _alertmanager, "pagerduty": _pagerduty, "grafana": _grafana, "generic": _generic}[paged.source]
    body = build(paged, service, at, since)
    agent = {"alertmanager": "Alertmanager/0.27.0", "grafana": "Grafana", "pagerduty": "PagerDuty-Webhook/V3.0"}.get(
        paged.source, "curl/8.5.0"
    )
    return Delivery(paged.source, orjson.dumps(body, option=orjson.OPT_INDENT_2), {"Content-Type": "application/json", "User-Agent": agent})


def mark(*parts: str) -> str:
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=8).hexdigest()


def _name(paged: Paged) -> str:
    return "".join(word.capitalize() for word in paged.metric.replace("/", " ").split()) or "AssistantDegraded"


def _alert(paged: Paged, service: str, since: float) -> Json:
    labels = {"alertname": _name(paged), "service": service, "severity": "critical", "team": "ai-platform"}
    return {
        "status": "firing",
        "labels": labels,
        "annotations": {"summary": paged.title, "description": paged.description},
        "startsAt": rfc3339(moment(since)),
        "endsAt": NEVER,
        "generatorURL": "http://prometheus.internal:9090/graph?g0.expr=slo_burn&g0.tab=1",
        "fingerprint": mark(service, paged.metric),
    }


def _alertmanager(paged: Paged, service: str, at: float, since: float) -> Json:
    alert = _alert(paged, service, since)
    return {
        "receiver": "midwatch",
        "status": "firing",
        "alerts": [alert],
        "groupLabels": {"alertname": _name(paged)},
        "commonLabels": alert["labels"],
        "commonAnnotations": alert["annotations"],
        "externalURL": "http://alertmanager.internal:9093",
        "version": "4",
        "groupKey": f'{{}}:{{alertname="{_name(paged)}", service="{service}"}}',
        "truncatedAlerts": 0,
    }


def _grafana(paged: Paged, service: str, at: float, since: float) -> Json:
    alert = {
        **_alert(paged, service, since),
        "silenceURL": "https://grafana.internal/alerting/silence/new",
        "dashboardURL": "https://grafana.internal/d/ai-assistant",
        "panelURL": "https://grafana.internal/d/ai-assistant?viewPanel=2",
        "values": {"A": round(paged.value, 4)},
        "valueString": f"[ var='A' labels={{service={service}}} value={paged.value:.4g} ]",
    }
    return {
        **_alertmanager(paged, service, at, since),
        "version": "1",
        "externalURL": "https://grafana.internal/",
        "orgId": 1,
        "title": f"[FIRING:1] {paged.title}",
        "state": "alerting",
        "message": paged.description,
        "alerts": [alert],
    }


def _pagerduty(paged: Paged, service: str, at: float, since: float) -> Json:
    key = mark(service, paged.metric)
    incident = f"Q{key[:13].upper()}"
    return {
        "event": {
            "id": f"01{mark(service, paged.metric, str(at)).upper()}",
            "event_type": "incident.triggered",
            "resource_type": "incident",
            "occurred_at": rfc3339(moment(at)),
            "agent": None,
            "client": {"name": "Monitoring Service"},
            "data": {
                "id": incident,
                "type": "incident",
                "self": f"https://api.pagerduty.com/incidents/{incident}",
                "html_url": f"https://example.pagerduty.com/incidents/{incident}",
                "number": int(key[:5], 16),
                "status": "triggered",
                "incident_key": key,
                "created_at": rfc3339(moment(since)),
                "title": paged.title,
                "service": {
                    "html_url": "https://example.pagerduty.com/services/PF9KMXH",
                    "id": "PF9KMXH",
                    "summary": service,
                    "type": "service_reference",
                },
                "assignees": [],
                "escalation_policy": {"id": "PUS0KTE", "summary": "AI on-call", "type": "escalation_policy_reference"},
                "teams": [],
                "priority": {"id": "PSO75BM", "summary": "P1", "type": "priority_reference"},
                "urgency": "high",
                "conference_bridge": None,
                "resolve_reason": None,
            },
        }
    }


def _generic(paged: Paged, service: str, at: float, since: float) -> Json:
    return {
        "event_action": "trigger",
        "dedup_key": mark(service, paged.metric),
        "payload": {
            "summary": paged.title,
            "source": service,
            "severity": "critical",
            "timestamp": rfc3339(moment(since)),
            "component": service,
            "class": paged.metric,
            "custom_details": {"description": paged.description, "value": f"{paged.value:.4g} {paged.unit}"},
        },
        "links": [{"href": "https://grafana.internal/d/ai-assistant", "text": "dashboard"}],
    }
