"""Replies in the incident's thread: every finding, and everything that was ruled out."""

from bot.model.incident import Incident
from bot.model.report import Outcome, Report, ReportedFinding
from bot.slack.blocks.kit import Json, Message, bullets, escaped, rich, rows, run, section
from bot.wording.evidence import CLAIM, Line, changes, explained_away, line, not_checked, ruled_out, weighed
from bot.wording.figures import clock, counted, number
from bot.wording.literal import cut, one_line
from bot.wording.verdict import conclude

FINDINGS = 12  # with their numbers these stay inside one message's budget; the rest are counted
ROWS = 12  # lines of each list in the ruled-out reply
TRACES = 3  # exemplar trace ids of one finding: enough to open one and compare
NUMBERS = 6  # numbers of one finding


def evidence_reply(incident: Incident, report: Report) -> Message:
    """The findings with numbers, windows and trace ids."""
    text = f"{incident.id} evidence: {counted(len(weighed(report)), 'finding')} for {conclude(report).title}"
    return Message(text=escaped(cut(text, 400)), blocks=evidence_blocks(report))


def evidence_blocks(report: Report) -> tuple[Json, ...]:
    """Found first, then clean; what rules something out or was skipped is in the other list. For the reply and for the modal."""
    told = weighed(report)
    if not told:
        return (rich(section(run("No check had anything to say.", bold=True))),)
    blocks: list[Json] = [rich(section(run("Evidence", bold=True))), *(_finding(finding) for finding in told[:FINDINGS])]
    if len(told) > FINDINGS:
        blocks.append(rich(section(run(f"and {counted(len(told) - FINDINGS, 'more finding')} in the report", italic=True))))
    return tuple(blocks)


def _finding(finding: ReportedFinding) -> Json:
    said = line(finding)
    clean = " (clean)" if finding.outcome is Outcome.CLEAN else ""
    told = [[run(f"[{said.id}] {one_line(finding.check, 60)}{clean} ", bold=True), run(said.text)]]
    numbers = [f"{one_line(key, 40)} {one_line(number(value), 40)}" for key, value in list(finding.numbers.items())[:NUMBERS]]
    if finding.window is not None:
        numbers.append(f"window {finding.window.start:%H:%M}–{clock(finding.window.end)}")
    if finding.baseline is not None:
        numbers.append(f"baseline {finding.baseline.start:%m-%d %H:%M}–{clock(finding.baseline.end)}")
    if numbers:
        told.append([run(" · ".join(numbers))])
    if finding.traces:
        shown = [part for trace in finding.traces[:TRACES] for part in (run(one_line(trace, 64), code=True), run(" "))]
        told.append([run("traces "), *shown[:-1]])
    return rich(rows(*told))


def ruled_out_reply(incident: Incident, report: Report) -> Message:
    """Rivals and innocent changes, consequences, changes seen, and what could not be assessed."""
    text = f"{incident.id} ruled out: {_names(ruled_out(report))}"
    return Message(text=escaped(cut(text, 400)), blocks=ruled_out_blocks(report))


def ruled_out_blocks(report: Report) -> tuple[Json, ...]:
    lists = (
        ("Ruled out", [_cited(row) for row in ruled_out(report)]),
        ("Follows from the cause", [[run(cut(words, CLAIM))] for words in explained_away(report)]),
        ("Changes around the onset", [[run(cut(words, 280))] for words in changes(report)]),
        ("Could not be checked", [[run(cut(words, CLAIM))] for words in not_checked(report)]),
    )
    blocks = [_listed(title, items) for title, items in lists if items]
    return tuple(blocks) or (rich(section(run("Nothing had to be ruled out.", bold=True))),)


def _cited(row: Line) -> list[Json]:
    return [run(cut(row.text, 280)), *([run(f" [{row.id}]", bold=True)] if row.id else [])]


def _listed(title: str, items: list[list[Json]]) -> Json:
    shown = items[:ROWS] + ([[run(f"and {len(items) - ROWS} more", italic=True)]] if len(items) > ROWS else [])
    return rich(section(run(title, bold=True)), bullets(shown))


def _names(lines: tuple[Line, ...]) -> str:
    return "; ".join(row.text.split(" — ")[0] for row in lines[:4]) or "nothing"
