"""Public webhook bodies of the listed sources: right status, title, severity, and a key that stays the same when the incident ends.

What is right is told here by the vendors' own fields, not by our parsers.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot import pages
from bot.errors import BadInput

LEAST = 0.98  # of the bodies of each source
Body = dict[str, Any]


@dataclass(frozen=True)
class Expected:
    """What a vendor's body says, and how the same incident's end would look."""

    title: Callable[[Body], str]
    severity: Callable[[Body], str | None]  # the vendor's word in ours; None = the vendor says none
    ended: Callable[[Body], Body]
    firing: Callable[[Body], bool] = lambda _body: True


WORDS = {
    "critical": "critical",
    "high": "error",
    "error": "error",
    "warning": "warning",
    "medium": "warning",
    "info": "info",
    "low": "info",
}
PRIORITIES = {"P1": "critical", "P2": "error", "P3": "warning", "P4": "info", "P5": "info"}


def word(said: str | None) -> str | None:
    return WORDS[said.lower()] if said else None


def alert_of(body: Body) -> Body:
    return (body.get("alerts") or [body])[0]


def alertmanager_ended(body: Body) -> Body:
    alerts = [{**alert, "status": "resolved", "endsAt": "2026-03-02T00:00:00Z"} for alert in body.get("alerts", [])]
    return {**body, "status": "resolved"} | ({"alerts": alerts} if alerts else {})


def pagerduty_incident(body: Body) -> Body:
    incident: Body = body["event"]["data"] if "event" in body else body["messages"][0]["incident"]
    return incident


def pagerduty_ended(body: Body) -> Body:
    if "event" in body:
        data = {**body["event"]["data"], "status": "resolved"}
        return {"event": {**body["event"], "id": "another", "event_type": "incident.resolved", "data": data}}
    message = body["messages"][0]
    return {"messages": [{**message, "event": "incident.resolve", "incident": {**message["incident"], "status": "resolved"}}]}


def opensre_title(body: Body) -> str:
    inner = body.get("alert_payload", body)
    notes = inner.get("commonAnnotations", {})
    return str(inner.get("title") or inner.get("alert_name") or inner.get("message") or notes.get("summary"))


def opensre_severity(body: Body) -> str | None:
    return word(body.get("severity") or body.get("commonLabels", {}).get("severity"))


def opensre_ended(body: Body) -> Body:
    inner = body.get("alert_payload")
    return {**body, "alert_payload": alertmanager_ended(inner)} if inner else {**body, "status": "resolved", "state": "ok"}


SOURCES: dict[str, tuple[str, Expected]] = {
    "goalert_prometheusalertmanager": (
        "alertmanager",
        Expected(lambda body: alert_of(body)["annotations"]["summary"], lambda _body: None, alertmanager_ended),
    ),
    "keep_prometheus": (
        "alertmanager",
        Expected(
            lambda body: body["summary"], lambda body: word(body["labels"].get("severity")), lambda body: {**body, "status": "resolved"}
        ),
    ),
    "goalert_grafana": ("grafana", Expected(lambda body: body["title"], lambda _body: None, lambda body: {**body, "state": "ok"})),
    "keep_grafana": (
        "grafana",
        Expected(lambda body: body["title"], lambda body: word(body["labels"].get("severity")), lambda body: {**body, "state": "ok"}),
    ),
    "pagerduty": (
        "pagerduty",
        Expected(
            lambda body: pagerduty_incident(body)["title"],
            lambda body: (
                PRIORITIES[pagerduty_incident(body)["priority"]["summary"]] if pagerduty_incident(body).get("priority") else "error"
            ),
            pagerduty_ended,
        ),
    ),
    "keep_datadog": (
        "datadog",
        Expected(
            lambda body: body["title"],
            lambda body: PRIORITIES[f"P{str(body['priority']).removeprefix('P')}"],
            lambda body: {**body, "title": f"[Recovered] {body['title']}", "alert_transition": "Recovered"},
        ),
    ),
    "keep_sentry": (
        "sentry",
        Expected(
            lambda body: body["event"]["title"],
            lambda body: body["level"],
            lambda body: {"action": "resolved", "data": {"issue": {"id": body["id"], "title": body["event"]["title"]}}},
        ),
    ),
    "keep_cloudwatch": (
        "cloudwatch",
        Expected(
            lambda body: body["Message"]["AlarmName"],
            lambda body: PRIORITIES[body["Message"]["Priority"]],
            lambda body: {"Message": {**body["Message"], "NewStateValue": "OK"}},
        ),
    ),
    "keep_gcpmonitoring": (
        "gcp_monitoring",
        Expected(
            lambda body: body["incident"]["documentation"]["subject"],
            lambda body: word(body["incident"]["metadata"]["system_labels"]["severity"]),
            lambda body: {"incident": {**body["incident"], "state": "CLOSED"}},
        ),
    ),
    "keep_signalfx": (
        "signalfx",
        Expected(lambda body: body["messageBody"][:30], lambda body: word(body["severity"]), lambda body: {**body, "statusExtended": "ok"}),
    ),
    "opensre": (
        "generic",
        Expected(opensre_title, opensre_severity, opensre_ended, firing=lambda body: body.get("state") != "normal"),
    ),
}


def shuffled(value: Any) -> Any:
    """The same JSON with its keys in another order: a key must not depend on it."""
    if isinstance(value, dict):
        names = list(value)
        random.Random(3).shuffle(names)
        return {name: shuffled(value[name]) for name in names}
    return [shuffled(item) for item in value] if isinstance(value, list) else value


def wrong(source: str, expected: Expected, body: Body) -> str | None:
    """What is wrong with how this body was read; None when nothing is."""
    try:
        found = pages.parse(source, json.dumps(body).encode(), {})
        again = pages.parse(source, json.dumps(shuffled(body)).encode(), {})
        ended = pages.parse(source, json.dumps(expected.ended(body)).encode(), {})
    except BadInput as error:
        return f"refused: {error}"
    if [len(one) for one in (found, again, ended)] != [1, 1, 1]:
        return f"{len(found)} pages"
    page, told = found[0], expected.severity(body)
    if page.status != ("firing" if expected.firing(body) else "resolved"):
        return f"status {page.status}"
    if expected.title(body) not in page.title:
        return f"title {page.title!r}"
    if told is not None and page.severity != told:
        return f"severity {page.severity}, not {told}"
    if ended[0].status != "resolved" or ended[0].dedup_key != page.dedup_key:
        return "its end has another key or still fires"
    return None if again[0] == page else "depends on the order of keys"


@pytest.mark.parametrize("folder", SOURCES)
def test_public_bodies(data: Path, folder: str, record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]) -> None:
    source, expected = SOURCES[folder]
    bodies = {path.name: json.loads(path.read_bytes()) for path in sorted((data / "pages" / folder).glob("*.json"))}
    assert bodies
    faults = {name: fault for name, body in bodies.items() if (fault := wrong(source, expected, body)) is not None}
    share = 1 - len(faults) / len(bodies)
    with capsys.disabled():
        print(
            f"\npages {folder} as {source}: {len(bodies) - len(faults)} of {len(bodies)} right",
            *(f"{name}: {fault}" for name, fault in faults.items()),
        )
    assert share >= LEAST


@pytest.mark.parametrize("folder", SOURCES)
def test_different_incidents_have_different_keys(data: Path, folder: str) -> None:
    source, _ = SOURCES[folder]
    keys = [pages.parse(source, path.read_bytes(), {})[0].dedup_key for path in sorted((data / "pages" / folder).glob("*.json"))]
    assert len(set(keys)) == len(keys)


def test_every_public_body_gives_pages_or_one_clear_line(data: Path) -> None:
    for path in sorted((data / "pages").glob("*/*.json")):
        for source in pages.sources():
            try:
                pages.parse(source, path.read_bytes(), {}, place=path.name)
            except BadInput as error:
                assert str(error).startswith(path.name)  # noqa: PT017
                assert "\n" not in str(error)  # noqa: PT017
