"""An incident in a line: what a lock screen, a screen reader or a log shows."""

from bot.model.incident import Incident, IncidentState, Progress
from bot.model.page import Severity
from bot.model.report import Report, Verdict
from bot.wording.evidence import could_not_check
from bot.wording.figures import counted, duration
from bot.wording.literal import one_line
from bot.wording.verdict import conclude, for_whom, since

SEVERITIES = {
    Severity.CRITICAL: "CRITICAL",
    Severity.ERROR: "ERROR",
    Severity.WARNING: "WARNING",
    Severity.INFO: "INFO",
    Severity.UNKNOWN: "SEVERITY NOT STATED",
}
TITLE = 110  # characters of a page's title: with severity and service it fits a header's 150
SERVICE = 24  # characters of a service's name in a header


def heading(incident: Incident) -> str:
    """`CRITICAL · assistant · error rate 12 %`; a resolved incident says so first, with how long it took."""
    service = one_line(incident.service or "", SERVICE)
    title = one_line(incident.title, TITLE - len(service)) or "page without a title"
    flapping = ["FLAPPING"] if incident.flapping else []
    parts = [SEVERITIES[incident.severity], *flapping, *([service] if service else []), title]
    if incident.state is IncidentState.RESOLVED:
        took = f" after {duration(incident.resolved_at - incident.opened_at)}" if incident.resolved_at else ""
        parts = [f"RESOLVED{took}", *parts[1:]]
    return " · ".join(parts)


def owner(incident: Incident) -> str:
    """Who has it, without a name: the surface knows how to write a person."""
    if incident.state is IncidentState.RESOLVED:
        return "resolved"
    return "acknowledged" if incident.acknowledged_by else "not acknowledged"


def progress_words(progress: Progress | None) -> str:
    """`12 of 49 checks · examine: retrieval.timeout`."""
    if progress is None:
        return "starting"
    done = f"{min(progress.done, progress.total)} of {counted(progress.total, 'check')} · " if progress.total > 0 else ""
    detail = f": {one_line(progress.detail, 80)}" if progress.detail else ""
    return f"{done}{one_line(progress.step, 40)}{detail}"


def summary(incident: Incident, progress: Progress | None = None) -> str:
    """One full line: severity, service, title, verdict with its certainty, onset, slice, and whether anybody has it."""
    return f"{incident.id} {heading(incident)}. {_said(incident, progress)}; {owner(incident)}."


def _said(incident: Incident, progress: Progress | None) -> str:
    if incident.state is IncidentState.FAILED:
        return "Triage failed; the page is kept"
    if incident.state is IncidentState.TRIAGING:
        return f"Triaging: {progress_words(progress)}"
    if incident.report is None:
        return "No triage was finished"
    return _concluded(incident, incident.report)


def _concluded(incident: Incident, report: Report) -> str:
    conclusion = conclude(report)
    told = [f"{conclusion.title} ({conclusion.certainty})"]
    if report.verdict is Verdict.INSUFFICIENT:
        told.append(f"could not check {could_not_check(report)}" if could_not_check(report) else "")
    else:
        onset = since(report, incident.page.starts_at or incident.opened_at)
        told += [onset, f"for {for_whom(report)}" if report.slice is not None else ""]
    return ", ".join(part for part in told if part)


def footer(incident: Incident) -> str:
    """`INC-7 · 3 alerts grouped, from alertmanager and pagerduty · midwatch 0.1.0 · no action was taken`."""
    grouped = f"{counted(incident.alerts, 'alert')} grouped" if incident.alerts > 1 else counted(incident.alerts, "alert")
    version = [f"midwatch {one_line(incident.report.engine.version, 20)}"] if incident.report is not None else []
    if len(incident.sources) > 1:
        grouped += f", from {' and '.join(one_line(source, 30) for source in incident.sources)}"
    flaps = [f"flapping: came back {counted(len(incident.reopened), 'time')} within half an hour"] if incident.flapping else []
    return " · ".join([incident.id, grouped, *flaps, *version, "no action was taken"])
