"""Reports and incidents as Rich renderables. Strangers' text only ever enters as Text, which has no markup."""

from datetime import datetime

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bot.model.incident import Incident, IncidentState
from bot.model.page import Severity
from bot.model.report import Outcome, Report, ReportedFinding, Verdict
from bot.model.runbook import Runbook
from bot.terminal.plot import plot
from bot.wording.evidence import changes, could_not_check, evidence, explained_away, line, not_checked, ruled_out, weighed
from bot.wording.figures import counted
from bot.wording.incident import footer, heading, owner
from bot.wording.literal import one_line, several_lines
from bot.wording.narration import credit, paragraph
from bot.wording.verdict import conclude, for_whom, impact, reasons, since

WIDE = 100  # columns: lines longer than this are hard to read, however wide the terminal is
COMMAND = 800  # characters of the first action
RUNBOOK_CHARS = 40_000  # of a runbook: a terminal scrolls
ROWS = 15  # rows of each list, so that all of them fit two screens; the rest are counted, and the JSON report has them
TRACES = 2  # whole ids on one line of 80 columns
COLOURS = {Verdict.FAULT: "red", Verdict.NO_FAULT: "green", Verdict.INSUFFICIENT: "yellow"}
LOUD = frozenset({Severity.CRITICAL, Severity.ERROR})


def incident_card(incident: Incident, width: int = 80) -> RenderableType:
    """The incident as it is now: heading, status, verdict; what Slack's message says."""
    head = Text(heading(incident), style="bold red" if incident.severity in LOUD else "bold")
    if incident.state is IncidentState.FAILED:
        page = several_lines(incident.page.description or incident.title, COMMAND)
        body: RenderableType = Group(Text("Triage failed; the page is kept:", style="bold"), Text(page))
    elif incident.report is None:
        body = Text("triaging" if incident.state is IncidentState.TRIAGING else "no triage was finished")
    else:
        body = report_card(incident.report, incident.page.starts_at or incident.opened_at, width)
    foot = Text(f"{footer(incident)} · {owner(incident)}", style="dim")
    return _framed(incident.id, Group(head, Text(""), body, Text(""), foot), width)


def report_view(report: Report, title: str, paged_at: datetime | None, width: int = 80) -> RenderableType:
    """All there is to say about a report, for `midwatch triage`: card, plot, evidence, ruled out."""
    head = Text(one_line(title, 150), style="bold")
    return Group(_framed("triage", Group(head, Text(""), report_card(report, paged_at, width)), width), details(report, width))


def details(report: Report, width: int = 80) -> RenderableType:
    """The plot, the evidence and the ruled-out lists: what Slack puts into the thread."""
    drawn = plot(report, min(width, WIDE) - 4)
    parts: list[RenderableType] = [Padding(drawn, (0, 2))] if drawn is not None else []
    return Group(*parts, evidence_table(report, width), ruled_out_lists(report, width))


def report_card(report: Report, paged_at: datetime | None, width: int = 80) -> RenderableType:
    """Verdict, since, for whom, how bad, evidence, what could not be checked, first action, runbook."""
    conclusion = conclude(report)
    lead = "Most likely " if report.verdict is Verdict.FAULT else ""
    parts: list[RenderableType] = [
        Text(lead + conclusion.title, style=f"bold {COLOURS[report.verdict]}"),
        Text(conclusion.certainty),
        _facts(("Why", reasons(report)), ("Since", since(report, paged_at)), ("For whom", for_whom(report)), ("How bad", impact(report))),
    ]
    if report.narration is not None:
        parts += [Text(""), Text(paragraph(report.narration)), Text(credit(report.narration), style="dim italic")]
    lines = evidence(report)
    if lines:
        parts += [Text(""), _facts(*((f"[{row.id}]", row.text) for row in lines))]
    parts += [Text(""), _facts(("Could not check", could_not_check(report)))] if could_not_check(report) else []
    return Group(*parts, *_to_do(report, width))


def _to_do(report: Report, width: int) -> list[RenderableType]:
    parts: list[RenderableType] = []
    if report.next:
        first = report.next[0]
        command = Panel(Text(several_lines(first.action, COMMAND)), title=Text("First action"), title_align="left", box=box.ROUNDED)
        told = _facts(("Then verify", one_line(first.verify, 300)), ("Way back", one_line(first.rollback, 300)))
        parts += [Text(""), Padding(command, 0, expand=False) if width < WIDE else command, told]
    if report.runbooks:
        book = report.runbooks[0]
        parts.append(_facts(("Runbook", f"{one_line(book.title, 120)} ({one_line(book.why, 80)})")))
    elif report.verdict is Verdict.FAULT:
        parts.append(_facts(("Runbook", "none matches")))
    return parts


def evidence_table(report: Report, width: int = 80) -> RenderableType:
    """Every finding that says something, found before clean; what rules something out is in the other list."""
    told = weighed(report)
    table = Table(title=Text("Evidence", style="bold"), title_justify="left", box=box.SIMPLE_HEAD, width=min(width, WIDE), pad_edge=False)
    for column in ("", "Check", "Finding", "n"):
        table.add_column(Text(column), justify="right" if column == "n" else "left", ratio=5 if column == "Finding" else None)
    for finding in told[:ROWS]:
        said = line(finding)
        words = said.text.rsplit(" · n ", 1)[0]
        style = "" if finding.outcome is Outcome.FOUND else "dim"
        check = Text(one_line(finding.check, 60), overflow="fold")
        table.add_row(Text(said.id, style="bold"), check, Text(words), Text(f"{finding.n:,}"), style=style)
    if len(told) > ROWS:
        table.add_row(Text(""), Text(""), Text(f"and {counted(len(told) - ROWS, 'more finding')}"), Text(""))
    traced = [(f"[{one_line(finding.id, 12)}]", _traces(finding)) for finding in told[:ROWS] if finding.traces]
    traces: list[RenderableType] = [Text("Traces to open", style="bold"), Padding(_facts(*traced), (0, 0, 1, 0))] if traced else []
    return Group(table, *traces) if told else Text("No check had anything to say.")


def _traces(finding: ReportedFinding) -> str:
    return " ".join(one_line(trace, 64) for trace in finding.traces[:TRACES])


def ruled_out_lists(report: Report, width: int = 80) -> RenderableType:
    """Ruled out, consequences, changes around the onset, and what could not be checked."""
    ruled = [f"{row.text} [{row.id}]" if row.id else row.text for row in ruled_out(report)]
    lists = (
        ("Ruled out", ruled),
        ("Follows from the cause", list(explained_away(report))),
        ("Changes around the onset", list(changes(report))),
        ("Could not be checked", list(not_checked(report))),
    )
    return Group(*(_listed(title, rows, width) for title, rows in lists if rows))


def runbook_view(runbook: Runbook, width: int = 80) -> RenderableType:
    """The text as it is written."""
    reviewed = f"reviewed {runbook.reviewed_on}" if runbook.reviewed_on else "never reviewed"
    told = [runbook.path, f"owner {runbook.owner}" if runbook.owner else "no owner", reviewed]
    head, foot = Text(one_line(runbook.title, 150), style="bold"), Text(one_line(" · ".join(told), 200), style="dim")
    return _framed("runbook", Group(head, Text(""), Text(several_lines(runbook.body, RUNBOOK_CHARS)), Text(""), foot), width)


def _facts(*rows: tuple[str, str]) -> RenderableType:
    """Label and words in two columns, so that wrapped words stay beside their label. A row without words is left out."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for label, words in rows:
        if words:
            grid.add_row(Text(label, style="bold"), Text(words))
    return grid


def _listed(title: str, rows: list[str], width: int) -> RenderableType:
    shown = rows[:ROWS] + ([f"and {len(rows) - ROWS} more"] if len(rows) > ROWS else [])
    bullets = _facts(*(("•", row) for row in shown))
    return Group(Text(title, style="bold"), Padding(bullets, (0, 0, 1, 0)))


def _framed(title: str, body: RenderableType, width: int) -> Panel:
    return Panel(body, title=Text(one_line(title, 40)), title_align="left", box=box.HEAVY, width=min(width, WIDE), padding=(0, 1))
