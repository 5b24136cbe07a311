"""What a person at a terminal reads, at 80 columns, and that a stranger's text stays text."""

import io
import re

import pytest
from hypothesis import HealthCheck, given, settings
from rich.console import Console

from bot.model.incident import Incident, IncidentState, Progress
from bot.model.report import Report
from bot.model.runbook import Runbook
from bot.terminal.plot import plot
from bot.terminal.surface import TerminalSurface
from bot.terminal.views import details, incident_card, report_view, runbook_view
from tests.slack import samples, strange

OFTEN = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def console(*, tty: bool = False, width: int = 80) -> Console:
    return Console(file=io.StringIO(), force_terminal=tty, width=width, color_system=None if not tty else "standard", legacy_windows=False)


def printed(renderable: object, width: int = 80) -> str:
    out = console(width=width)
    out.print(renderable)
    return out.file.getvalue()


def flat(text: str) -> str:
    """Without the frame and the wrapping."""
    return " ".join(re.sub(r"[┃┏┓┗┛━╭╮╰╯│─•]", " ", text).split())


def test_the_card_says_what_the_slack_card_says():
    shown = flat(printed(incident_card(samples.incident(report=samples.FAULT))))
    for expected in (
        "CRITICAL · assistant · AI assistant degraded: error rate 12 %",
        "Most likely Retrieval: timeout layer 0.97 confirmed by telemetry · cause 0.91 confirmed by telemetry",
        "Since sudden, 22:03–22:06 UTC on 2026-03-01, 4 h 3 min before the page",
        "source_id = kb-search",
        "[F1] Searches of kb-search time out: 0.3 % → 14.8 % (213 of 1,440) · n 1,440",
        "Could not check 1 cause: missing doc.indexed_at",
        "route reads of kb-search to the healthy replica",
        "Way back route reads back to all replicas",
        "no action was taken · not acknowledged",
    ):
        assert expected in shown


def test_the_details_hold_evidence_traces_and_what_was_ruled_out():
    shown = flat(printed(details(samples.FAULT)))
    for expected in (
        "F4 retrieval.timeout",
        "1,440",
        "[F1] " + "0" * 31 + "1",
        "provider incident — Model calls fail as rarely",
        "not a suspect",
    ):
        assert expected in shown


def test_the_plot_marks_the_onset_below_its_column():
    drawn = plot(samples.FAULT).plain.splitlines()
    step = next(number for number, letter in enumerate(drawn[-3]) if letter == "█")
    assert abs(drawn[-1].index("▲") - step) <= 1
    assert "onset 22:04 UTC" in drawn[-1]
    assert max(len(row) for row in drawn) <= 80


def test_minutes_without_a_request_are_not_drawn_as_a_rate_of_zero():
    silent = tuple(point.model_copy(update={"bad": 0.0, "total": 0.0}) for point in samples.FAULT.chart[:240]) + samples.FAULT.chart[240:]
    lowest = plot(samples.FAULT.model_copy(update={"chart": silent})).plain.splitlines()[-2]
    assert lowest[8:40] == "·" * 32


@pytest.mark.parametrize("report", [samples.FAULT, samples.NO_FAULT, samples.INSUFFICIENT])
@pytest.mark.parametrize("width", [60, 80, 200])
def test_no_line_is_wider_than_the_terminal(report: Report, width: int):
    assert max(len(row) for row in printed(report_view(report, "a title", samples.PAGED, width), width).splitlines()) <= width


@OFTEN
@given(strange.incidents)
def test_hostile_text_neither_breaks_the_view_nor_reaches_the_terminal_as_control(incident: Incident):
    views = [
        incident_card(incident),
        runbook_view(Runbook(id="x", path=incident.title, title=incident.title, body=incident.page.description)),
    ]
    views += [report_view(incident.report, incident.title, incident.opened_at)] if incident.report else []
    for view in views:
        shown = printed(view)
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b-\u200f\ufeff]", shown)


def test_rich_markup_of_a_stranger_is_shown_as_it_is():
    shown = flat(printed(incident_card(samples.incident(title="[bold red]x[/] [link=http://evil.example]y[/link] :boom:"))))
    assert "[bold red]x[/] [link=http://evil.example]y[/link] :boom:" in shown


async def test_a_pipe_gets_one_line_a_step_and_the_card_once():
    out = console()
    surface = TerminalSurface(out)
    incident, progress = samples.triaging()
    for _ in range(3):
        await surface.show(incident, progress)
    done = samples.incident(report=samples.FAULT)
    for revision in (1, 2):
        assert (await surface.show(done.model_copy(update={"revision": revision}), None)).ts == "INC-7"
        await surface.attach(done, None)
    text = out.file.getvalue()
    assert text.count("6 of 18 checks · examine: retrieval.timeout") == 1
    assert text.count("Most likely Retrieval: timeout") == 1
    assert text.count("Ruled out") == 1


async def test_a_changed_card_is_printed_again():
    out = console()
    surface = TerminalSurface(out)
    await surface.show(samples.incident(report=samples.FAULT), None)
    resolved = samples.incident(IncidentState.RESOLVED, samples.FAULT, resolved_at=samples.PAGED.replace(hour=3))
    await surface.show(resolved, None)
    assert "RESOLVED after 1 h " in flat(out.file.getvalue())


async def test_a_terminal_gets_a_bar_that_goes_when_the_card_comes():
    out = console(tty=True)
    surface = TerminalSurface(out)
    incident, progress = samples.triaging()
    await surface.show(incident, progress)
    await surface.show(incident, Progress(step="weigh", done=18, total=18))
    await surface.show(samples.incident(report=samples.FAULT), None)
    surface.close()
    assert "18 of 18 checks" in out.file.getvalue()
    assert "Most likely Retrieval: timeout" in out.file.getvalue()
