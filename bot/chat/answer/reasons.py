"""Why: the evidence, what was excluded, and what could not be looked at."""

from __future__ import annotations

import re

from bot.chat.about import causes_in, layers_in
from bot.chat.answer.verdict import about
from bot.chat.case import Case
from bot.chat.fresh import everything, matching, rated, seen
from bot.chat.told import Told
from bot.chat.understand import Asked
from bot.model.report import Outcome, ReportedFinding, Verdict
from bot.wording.evidence import CLAIM, could_not_check, not_checked
from bot.wording.figures import counted, share
from bot.wording.literal import one_line
from bot.wording.verdict import cause_name, conclude, impact

MOST = 5  # findings listed: what fits a phone
GREEN = re.compile(r"\b(?:green|fine|normal|dashboards?|grafana|looks? ok)\b")


def why(told: Told, asked: Asked) -> None:
    """The findings that carry the verdict, in order; and why a dashboard may not show it."""
    case, report = told.case, told.case.report
    told.say(f"{conclude(report).title}, because:")
    for finding in case.leading[:MOST]:
        told.claim(finding, lead="• ")
    excluded = [row for row in report.ruled_out if row.cause is not None and row.why in case.by_id][:2]
    for row in excluded:
        told.claim(case.by_id[row.why], lead=f"• not {cause_name(row.cause or '')}: ")
    if GREEN.search(asked.said):
        _green(told)


def _green(told: Told) -> None:
    report = told.case.report
    cell = report.slice
    if cell is not None and cell.share_of_traffic < 0.5:
        told.say(f"A dashboard over all traffic averages it away: it is {share(cell.share_of_traffic)} of the traffic.")
    told.say(
        "A dashboard can be green all the same: calls that fail fast pull latency down, and an answer that is wrong is still an HTTP 200."
    )


def evidence(told: Told, asked: Asked) -> None:
    """The findings with their numbers; of one layer, cause or id where the question names one."""
    case, report = told.case, told.case.report
    ids = [f"F{digits}" for digits in re.findall(r"\bf(\d{1,3})\b", asked.text.lower())]
    chosen = [case.by_id[name] for name in ids if name in case.by_id]
    if ids and not chosen:
        told.say("The report has no finding of that id.")
    known = frozenset(finding.check for finding in report.findings)
    for name in causes_in(asked.text, known):
        chosen += [row for row in case.findings_of(name) if row not in chosen]
    layers = layers_in(asked.text)
    if not chosen and layers:
        chosen = _of_layers(case, layers)
        if report.layer in layers and re.search(r"\b(?:fine|ok|okay|good|clean|healthy|normal)\b", asked.said):
            told.say("I disagree, on these numbers:")
    if not chosen:
        told.say(f"{impact(report)[:1].upper()}{impact(report)[1:]}." if impact(report) else "", *case.leading[:1])
        chosen = list(case.leading)
    for finding in chosen[:MOST]:
        told.claim(finding, lead="• " if finding.outcome is not Outcome.CLEAN else "• clean: ")
    if len(chosen) > MOST:
        told.say(f"and {counted(len(chosen) - MOST, 'more finding')} in the report.")
    told.picture = "signal"


def _of_layers(case: Case, layers: tuple[str, ...]) -> list[ReportedFinding]:
    rank = {Outcome.FOUND: 0, Outcome.CLEAN: 1, Outcome.SKIPPED: 2, Outcome.BROKEN: 3}
    rows = [row for row in case.report.findings if row.check.split(".")[0] in layers]
    return sorted(rows, key=lambda row: rank[row.outcome])


def ruled_out(told: Told, asked: Asked) -> None:
    """The rivals with what speaks against them; for a named one, its own test."""
    case, report = told.case, told.case.report
    known = frozenset(finding.check for finding in report.findings)
    named = causes_in(asked.text, known)
    for name in named[:3]:
        if name in (report.cause, *(report.group or ())):
            told.say(f"{cause_name(name)} is not ruled out: it is what I name.", *case.findings_of(name)[:1])
        else:
            about(told, name)
    if named:
        if "deploy" in asked.said or "change" in asked.said:
            _changes(told)
        return
    layers = [name for name in layers_in(asked.text) if name != report.layer]
    rows = [row for row in report.ruled_out if row.cause is not None and (not layers or row.cause.split(".")[0] in layers)]
    if layers and not rows:
        rows = [row for row in report.ruled_out if row.cause is not None]
    _rivals(told)
    for row in rows[:MOST]:
        finding = case.by_id.get(row.why.split(":")[0])
        away = next((one for one in report.explained_away if one.cause == row.cause), None)
        if away is not None and finding is not None:
            told.say(f"• {cause_name(row.cause or '')} follows from {cause_name(away.by)}", finding)
        elif finding is not None:
            told.claim(finding, lead=f"• not {cause_name(row.cause or '')}: ")
    if len(rows) > MOST:
        told.say(f"and {len(rows) - MOST} more causes whose checks are clean.")
    _changes(told)
    if not told.lines:
        told.say("Nothing could be ruled out.", *case.leading[:1])


def _rivals(told: Told) -> None:
    report = told.case.report
    rivals = [one for one in report.ranked if one.cause != report.cause and one.confidence >= 0.01][:3]
    for one in rivals:
        rows = told.case.findings_of(one.cause)
        told.say(f"Runner-up: {cause_name(one.cause)}, {one.confidence:.2f}", *rows[:1])


def _changes(told: Told) -> None:
    for row in [row for row in told.case.report.ruled_out if row.change is not None][:3]:
        told.say(f"• not the change {one_line(row.change or '', 80)}: {one_line(row.why, CLAIM)}", *told.case.leading[:1])


def blind(told: Told, asked: Asked) -> None:
    """What could not be assessed, for want of which fields; and what is known of traces that are missing."""
    case, report = told.case, told.case.report
    skipped = [row for row in report.findings if row.outcome in (Outcome.SKIPPED, Outcome.BROKEN)]
    if "trace" in asked.said or "sampl" in asked.said:
        _sampling(told, asked)
    told.say(f"{share(report.observability)} of what can go wrong could be checked.", *(skipped or list(case.leading))[:1])
    missing = could_not_check(report)
    told.say(f"Not checked: {missing}." if missing else "Every check could run.", *skipped[:3])
    for words, row in list(zip(not_checked(report), report.not_checked, strict=True))[:MOST]:
        told.say(f"• {words}", *case.findings_of(row.check)[:1])
    if len(report.not_checked) > MOST:
        told.say(f"and {len(report.not_checked) - MOST} more.")
    if missing:
        told.say("`midwatch doctor` shows what your spans carry and proposes what to declare.")


def _sampling(told: Told, asked: Asked) -> None:
    gathered = told.case.evidence
    if gathered is None or gathered.requests is None:
        told.say("No traces were collected for this page." if told.case.report.verdict is not Verdict.FAULT else "")
        return
    windows = (gathered.windows.current, gathered.windows.baseline)
    total = int(gathered.in_current.sum())
    for slot in ("tenant", "route", "region"):
        if slot in asked.slots:
            mask, unknown = matching(gathered, {slot: asked.slots[slot]})
            words = f"{slot} = {one_line(asked.slots[slot], 60)}"
            told.say(f"No span records {slot}." if unknown else "", *told.case.leading[:1])
            one = rated(told, gathered, words, seen(gathered, mask))
            told.say(one.claim if not unknown else "", *([one] if not unknown else []))
    one = told.fresh(f"{total:,} requests were read in the current window", {"n": total}, total, windows)
    told.say(f"{total:,} requests were read in the current window; a customer may be missing because of sampling or another window.", one)


def all_traffic(told: Told) -> None:
    """The paged signal over all requests, as a fresh aggregate."""
    gathered = told.case.evidence
    if gathered is None or gathered.requests is None:
        return
    one = rated(told, gathered, "all requests", seen(gathered, everything(gathered)))
    told.say(one.claim + ".", one)
