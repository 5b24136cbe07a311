"""Incident <-> row."""

import hashlib
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from bot.backends.records.database import storable
from bot.backends.records.tables import incidents
from bot.model.incident import Alert, Incident, IncidentState, MessageRef
from bot.model.page import Page, Severity
from bot.model.report import Report
from bot.model.value import moment

TITLE_LIMIT = 1_000  # more than any alerting system sends, less than a card could show
REPORTS = 32  # read ones that are kept: pages of one incident come by the hundred, and each would read its report anew

_PLAIN = tuple(column for column in incidents.c if column.name != "report")
WITH_REPORT = (*_PLAIN, sa.cast(incidents.c.report, sa.Text).label("report"))
WITHOUT_REPORT = (*_PLAIN, sa.null().label("report"))
"""What to select where incidents are read by the page: the report as it is stored, or none."""


def hash_of(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def number_of(incident_id: str) -> int:
    """`INC-7` -> 7; -1, which no row has, for anything else."""
    digits = incident_id.removeprefix("INC-")
    fits = digits.isascii() and digits.isdigit() and len(digits) < 10  # a column of four bytes
    return int(digits) if incident_id.startswith("INC-") and fits else -1


def to_row(incident: Incident) -> dict[str, Any]:
    """What a page may change of an incident; message, report and card have statements of their own."""
    return {
        "key": storable(incident.key, len(incident.key)),
        "key_hash": hash_of(incident.key),
        "state": incident.state.value,
        "revision": incident.revision,
        "triage_revision": incident.triage_revision,
        "opened_at": incident.opened_at.timestamp(),
        "paged_at": (incident.paged_at or incident.opened_at).timestamp(),
        "resolved_at": incident.resolved_at.timestamp() if incident.resolved_at else None,
        "alerts": incident.alerts,
        "title": storable(incident.title, TITLE_LIMIT),
        "service": storable(incident.service, TITLE_LIMIT) if incident.service is not None else None,
        "severity": incident.severity.value,
        "page": incident.page.model_dump(mode="json"),
        "acknowledged_by": incident.acknowledged_by,
        "asked_at": incident.asked_at.timestamp() if incident.asked_at else None,
        "grouped": [alert.model_dump(mode="json") for alert in incident.grouped],
        "reopened": [at.timestamp() for at in incident.reopened],
        "flapping": incident.flapping,
        "quiet_until": incident.quiet_until.timestamp() if incident.quiet_until else None,
        "quiet_why": storable(incident.quiet_why, TITLE_LIMIT),
        "digest": incident.digest,
    }


def to_incident(row: sa.RowMapping) -> Incident:
    return Incident(
        id=f"INC-{row['number']}",
        key=row["key"],
        state=IncidentState(row["state"]),
        revision=row["revision"],
        triage_revision=row["triage_revision"],
        opened_at=moment(row["opened_at"]),
        paged_at=moment(row["paged_at"]),
        resolved_at=moment(row["resolved_at"]) if row["resolved_at"] is not None else None,
        alerts=row["alerts"],
        title=row["title"],
        service=row["service"],
        severity=Severity(row["severity"]),
        page=Page.model_validate(row["page"]),
        acknowledged_by=row["acknowledged_by"],
        asked_at=moment(row["asked_at"]) if row["asked_at"] is not None else None,
        grouped=tuple(Alert.model_validate(alert) for alert in row["grouped"]),
        reopened=tuple(moment(at) for at in row["reopened"]),
        flapping=row["flapping"],
        quiet_until=moment(row["quiet_until"]) if row["quiet_until"] is not None else None,
        quiet_why=row["quiet_why"],
        digest=row["digest"],
        message=MessageRef(channel=row["channel"], ts=row["ts"]) if row["ts"] is not None else None,
        report=report_of(row["report"]),
    )


def report_of(stored: str | dict[str, Any] | None) -> Report | None:
    if stored is None:
        return None
    return _read(stored) if isinstance(stored, str) else Report.model_validate(stored)


@lru_cache(maxsize=REPORTS)
def _read(stored: str) -> Report:
    return Report.model_validate_json(stored)
