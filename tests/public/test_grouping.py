"""Grouping across sources on public webhook bodies: nothing that is different becomes one, and what Alertmanager hands to PagerDuty does.

All pages are taken as received in the same minute, without their own start times, so that only what they say keeps them apart.
"""

from pathlib import Path

import pytest

from bot import pages
from bot.backends.records import grouping
from bot.errors import BadInput
from bot.model.incident import Incident
from bot.model.page import Page, Severity, Status
from bot.model.value import moment

T0 = 1_772_417_220.0


def source_of(folder: str) -> str:
    plain = folder.replace("_", "")
    named = next((name for name in pages.sources() if name.replace("_", "") in plain), None)
    return named or ("alertmanager" if "prometheus" in plain else "generic")


def firing(data: Path) -> list[Page]:
    found = []
    for file in sorted((data / "pages").rglob("*.json")):
        try:
            read = pages.parse(source_of(file.relative_to(data / "pages").parts[0]), file.read_bytes(), {})
        except BadInput:  # vendors that are read as generic and do not look like it
            continue
        found += [page.model_copy(update={"starts_at": None}) for page in read if page.status is Status.FIRING]
    return found


def grouped(some: list[Page]) -> list[Incident]:
    rows: list[Incident] = []
    for page in some:
        key = grouping.key_of(page)
        newest = next((row for row in reversed(rows) if key in {alert.key for alert in row.grouped}), None)
        incident = grouping.place(page, moment(T0), newest, rows[::-1], grouping.Policy()).incident
        if incident.id:
            rows[int(incident.id)] = incident
        else:
            rows.append(incident.model_copy(update={"id": str(len(rows))}))
    return rows


def test_different_alerts_of_different_systems_stay_apart(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    some = firing(data)
    rows = grouped(some)
    with capsys.disabled():
        print(f"\n{len(some)} public pages of {len({page.source for page in some})} sources in one minute: {len(rows)} incidents")
    assert len(some) >= 50
    assert [row.sources for row in rows if len(row.grouped) > 1] == []


def handed_on(page: Page, number: int) -> Page:
    """As PagerDuty tells of it when Alertmanager's default template wrote the title."""
    title = f"[FIRING:1] {page.labels['alertname']} ({' '.join(value for value in page.labels.values() if value)})"[:200]
    labels = {"event_type": "incident.triggered", "urgency": "high", "incident_number": str(number)}
    changed = {"source": "pagerduty", "dedup_key": f"PHANDED{number}", "title": title, "labels": labels, "severity": Severity.ERROR}
    return page.model_copy(update=changed)


def named(data: Path) -> list[Page]:
    """One page of each alert name, of those that say a name and a service."""
    found = {page.labels["alertname"]: page for page in firing(data) if page.labels.get("alertname") and page.service}
    return [found[name] for name in sorted(found)]


def test_what_alertmanager_hands_to_pagerduty_is_one_incident(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    some = named(data)
    one = sum(len(grouped([page, handed_on(page, number)])) == 1 for number, page in enumerate(some))
    with capsys.disabled():
        print(f"\n{one} of {len(some)} pairs of an alert and its PagerDuty incident are one")
    assert len(some) >= 20
    assert one >= 0.98 * len(some)


def test_an_alert_and_the_pagerduty_incident_of_another_one_stay_apart(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also those of one service: the alert's name tells them apart."""
    some = named(data)
    pairs = [(one, handed_on(other, 1)) for one in some for other in some if one is not other]
    same_service = sum(first.service == second.service for first, second in pairs)
    wrong = [(first.title, second.title) for first, second in pairs if len(grouped([first, second])) == 1]
    with capsys.disabled():
        print(f"\n{len(wrong)} of {len(pairs)} pairs of different alerts became one, {same_service} of them of one service: {wrong[:5]}")
    assert len(wrong) <= 0.02 * same_service
