"""The incident's one message: about one phone screen, from the typed incident and its report alone.

Top to bottom: heading, facts, a line, verdict, evidence, what could not be checked, first action, runbook, footer, buttons.
The most important comes first, so that whatever has to go (limits.py) goes from the bottom.
"""

import hashlib
from collections.abc import Iterator

import orjson

from bot.model.incident import Incident, IncidentState, Progress
from bot.model.report import Report, Verdict
from bot.slack.blocks.kit import (
    Json,
    Message,
    bullets,
    button,
    context,
    escaped,
    header,
    person,
    plain,
    preformatted,
    rich,
    rows,
    run,
    section,
    when,
)
from bot.wording.evidence import could_not_check, evidence
from bot.wording.incident import footer, heading, owner, progress_words, summary
from bot.wording.literal import cut, one_line, several_lines
from bot.wording.narration import credit, paragraph
from bot.wording.verdict import conclude, for_whom, impact, reasons, since

ACKNOWLEDGE = "incident_acknowledge"
EVIDENCE = "incident_evidence"
WRONG = "incident_wrong"
RUNBOOK = "incident_runbook"

SUMMARY = 700  # characters of the top-level text; notifications show far less, screen readers read it all
COMMAND = 600  # characters of the first action: a command of some lines
STEP = 240  # characters of verify and way back
PAGE_BODY = 500  # characters of the page's own words, shown when triage has none
BAR = 16  # characters of the progress bar: one line on a phone


def card(incident: Incident, progress: Progress | None = None) -> Message:
    """The message as it should stand now. Buttons go when the incident is resolved."""
    parts: list[tuple[str, Json]] = [("heading", header(heading(incident))), ("facts", _facts(incident)), ("line", {"type": "divider"})]
    parts += list(_state(incident, progress))
    parts.append(("footer", context(footer(incident))))
    if buttons := _buttons(incident):
        parts.append(("buttons", {"type": "actions", "elements": buttons}))
    # A block keeps its id only while the message is the same: Slack wants new ids in a new version.
    version = hashlib.sha256(orjson.dumps([block for _, block in parts])).hexdigest()[:8]
    blocks = tuple({**block, "block_id": f"{name}.{version}"} for name, block in parts)
    return Message(text=escaped(cut(summary(incident, progress), SUMMARY)), blocks=blocks)


def classic(incident: Incident, progress: Progress | None = None) -> Message:
    """The same message out of the oldest blocks only, for a workspace that refuses the others."""
    said = summary(incident, progress)
    told = [said, *(f"[{line.id}] {line.text}" for line in (evidence(incident.report) if incident.report else ()))]
    blocks: list[Json] = [header(heading(incident)), {"type": "section", "text": plain(cut("\n".join(told), 2900))}]
    if buttons := _buttons(incident):
        blocks.append({"type": "actions", "elements": buttons})
    return Message(text=escaped(cut(said, SUMMARY)), blocks=tuple(blocks))


def _facts(incident: Incident) -> Json:
    service = one_line(incident.service or "", 60) or "not stated"
    status = [run(owner(incident))]
    if incident.acknowledged_by and incident.state is not IncidentState.RESOLVED:
        status = [run("acknowledged by "), person(incident.acknowledged_by)]
    paged = when(incident.page.starts_at or incident.opened_at)
    source = [run(" · "), run("Source ", bold=True), run(one_line(incident.page.source, 40))]
    first = [run("Service ", bold=True), run(service), *source]
    return rich(rows(first, [run("Started ", bold=True), paged, run(" · "), run("Status ", bold=True), *status]))


def _state(incident: Incident, progress: Progress | None) -> Iterator[tuple[str, Json]]:
    if incident.state is IncidentState.TRIAGING:
        yield "progress", _progress(progress)
        if incident.report is not None:
            yield "verdict", _verdict(incident, incident.report, "Before these alerts: ")
        return
    if incident.state is IncidentState.FAILED:
        yield "verdict", _failed(incident)
        return
    if incident.report is None:
        yield "verdict", rich(section(run("No triage was finished for this page.")))
        return
    yield from _report(incident, incident.report)


def _progress(progress: Progress | None) -> Json:
    words = [run("Triaging ", bold=True), run(progress_words(progress))]
    if progress is None or progress.total <= 0:
        return rich(section(*words))
    filled = BAR * min(max(progress.done, 0), progress.total) // progress.total
    return rich(rows(words, [run("▓" * filled + "░" * (BAR - filled))]))


def _failed(incident: Incident) -> Json:
    told = [section(run("Triage failed; the page is kept. ", bold=True), run("Nothing is known beyond what the page itself says:"))]
    body = several_lines(incident.page.description, PAGE_BODY)
    return rich(*told, preformatted(body or one_line(incident.title, PAGE_BODY), PAGE_BODY))


def _report(incident: Incident, report: Report) -> Iterator[tuple[str, Json]]:
    yield "verdict", _verdict(incident, report, "Most likely " if report.verdict is Verdict.FAULT else "")
    if report.narration is not None:
        words = section(run("In plain words ", bold=True), run(paragraph(report.narration)))
        yield "narration", rich(words, section(run(credit(report.narration), italic=True)))
    lines = evidence(report)
    if lines:
        title = "Looked at" if report.verdict is not Verdict.FAULT else "Evidence"
        yield (
            "evidence",
            rich(section(run(title, bold=True)), bullets([[run(f"[{line.id}] ", bold=True), run(line.text)] for line in lines])),
        )
    missing = could_not_check(report)
    if missing:
        yield "unknown", rich(section(run("Could not check ", bold=True), run(cut(missing, 400))))
    if incident.state is not IncidentState.RESOLVED:
        yield from _to_do(report)


def _verdict(incident: Incident, report: Report, lead: str) -> Json:
    conclusion = conclude(report)
    told = [[run(lead + conclusion.title, bold=True)], [run(conclusion.certainty)]]
    for label, words in (
        ("Why ", reasons(report)),
        ("Since ", since(report, incident.page.starts_at or incident.opened_at)),
        ("For whom ", for_whom(report)),
        ("How bad ", impact(report)),
    ):
        if words:
            told.append([run(label, bold=True), run(cut(words, 400))])
    return rich(rows(*told))


def _to_do(report: Report) -> Iterator[tuple[str, Json]]:
    if report.next:
        first = report.next[0]
        steps = (("Then verify ", one_line(first.verify, STEP)), ("Way back ", one_line(first.rollback, STEP)))
        after = [[run(label, bold=True), run(words)] for label, words in steps if words]
        command = [section(run("First action", bold=True)), preformatted(first.action, COMMAND)]
        yield "action", rich(*command, *([rows(*after)] if after else []))
    if report.runbooks:
        book = report.runbooks[0]
        why = one_line(book.why, 80)
        matched = [run(f" ({why})")] if why else []
        yield "runbook", rich(section(run("Runbook ", bold=True), run(one_line(book.title, 120)), *matched))
    elif report.verdict is Verdict.FAULT:
        yield "runbook", rich(section(run("Runbook ", bold=True), run("none matches")))


def _buttons(incident: Incident) -> list[Json]:
    if incident.state is IncidentState.RESOLVED:
        return []
    name = incident.id
    buttons: list[Json] = []
    if not incident.acknowledged_by:
        buttons.append(button(ACKNOWLEDGE, "Acknowledge", name, f"Acknowledge incident {name}", primary=True))
    if incident.report is not None and incident.state is IncidentState.TRIAGED:
        buttons.append(button(EVIDENCE, "Show evidence", name, f"Show the evidence of incident {name}"))
        buttons.append(button(WRONG, "Wrong", name, f"Say what incident {name} really was"))
        if incident.report.runbooks:
            buttons.append(button(RUNBOOK, "Open runbook", name, f"Open the runbook for incident {name}"))
    return buttons
