"""Answers that were not given by a participant: the engine's, an expert's from the key, and those of the naive ladder."""

from __future__ import annotations

from bot.drills.marking.answers import Action, Answers
from bot.drills.marking.key import Key
from bot.evaluation.answer import Answer
from bot.model.report import Outcome, Report, Verdict
from bot.model.value import moment, rfc3339

EXPERT = 0.95  # how sure somebody is who sees the key's evidence


def engine(report: Report, received_at: float) -> Answers:
    """What Midwatch itself says, in the form of a participant's answers."""
    if report.verdict is Verdict.INSUFFICIENT:
        missing = tuple(dict.fromkeys(name for one in report.not_checked for name in one.missing)) + report.reasons + report.gaps
        return Answers(
            verdict=report.verdict,
            slice={},
            missing=missing,
            actions=(Action("Hold: change nothing in production, and get the missing telemetry recorded."),),
            verify="The missing fields are recorded, and the triage no longer lists them.",
            status="Insufficient data: the layer is unknown until the missing telemetry is there.",
            confidence=None,
        )
    causes = report.group or ((report.cause,) if report.cause else ())
    found = [one for one in report.findings if one.outcome is Outcome.FOUND and one.check in causes]
    clean = [one for one in report.findings if one.outcome is Outcome.CLEAN and one.check not in causes]
    return Answers(
        verdict=report.verdict,
        layer=report.layer,
        causes=tuple(causes),
        group=bool(report.group),
        slice=report.slice.where if report.slice is not None and report.verdict is Verdict.FAULT else {},
        slice_text=_words(report.slice.where) if report.slice is not None and report.verdict is Verdict.FAULT else "everybody",
        onset=rfc3339(report.onset.at) if report.onset is not None and report.verdict is Verdict.FAULT else "",
        evidence=tuple(f"{one.id} {one.claim}" for one in (*found[:2], *clean[:2])),
        asked=("impact", "origin"),
        confidence=min(max(report.confidence, 0.5), 0.99),
        actions=tuple(Action(one.action, one.verify, one.rollback) for one in report.next[:2]),
        verify=report.next[0].verify if report.next else "",
        status=_status(report),
        runbook=report.runbooks[0].id if report.runbooks else "",
        missing=tuple(one.check for one in report.not_checked),
    )


def _words(where: dict[str, str]) -> str:
    return " ".join(f"{name} {value}" for name, value in sorted(where.items()))


def _status(report: Report) -> str:
    if report.verdict is Verdict.NO_FAULT:
        return f"No fault found ({report.confidence:.0%}): {report.cause}; production is left alone."
    return f"{report.layer} likely ({report.layer_confidence:.0%}), {report.cause or 'one of a group'}; still checking for whom."


def expert(key: Key) -> Answers:
    """The full answer of somebody who found everything the telemetry shows."""
    truth = key.truth
    if truth.verdict is Verdict.INSUFFICIENT:
        return Answers(
            verdict=truth.verdict,
            slice={},
            missing=key.needs or tuple(dict.fromkeys(name for one in key.report.not_checked for name in one.missing)),
            actions=(Action("Hold: change nothing in production, and get the missing telemetry recorded."),),
            verify="The missing fields are recorded on new traces.",
            status="Insufficient data: the layer is unknown until the missing telemetry is there.",
            confidence=EXPERT,
        )
    grouped = len(key.group) > 1
    causes = tuple(sorted(key.group)) if grouped else truth.causes
    facts = [f"{one.id} {one.claim}" for one in (*key.found[:2], *key.against[:2])]
    first = key.steps[0] if key.steps else None
    faulty = truth.verdict is Verdict.FAULT
    return Answers(
        verdict=truth.verdict,
        layer=truth.layer,
        causes=causes,
        group=grouped,
        slice=dict(truth.slice or {}) if faulty else {},
        slice_text=_words(dict(truth.slice)) if truth.slice and faulty else "everybody",
        onset=rfc3339(moment(truth.onset)) if truth.onset is not None and faulty else "",
        evidence=tuple(facts),
        asked=("impact", "origin"),
        confidence=EXPERT,
        actions=(Action(first.text, first.verify),) if first else (),
        verify=next((step.verify for step in key.steps if step.verify), ""),
        status=_said(key),
        runbook=truth.causes[0] if truth.causes else "",
    )


def _said(key: Key) -> str:
    if key.truth.verdict is Verdict.NO_FAULT:
        return "No fault, likely: who asks has changed or it is noise; production is left alone."
    return f"{key.truth.layer} likely ({EXPERT:.0%}), {', '.join(key.truth.causes)}; not ruled out yet: a second fault."


def naive(ladder: Answer) -> Answers:
    """The ladder's answer: a layer and a cause off a dashboard, and nothing it would have had to look for."""
    return Answers(
        verdict=ladder.verdict,
        layer=ladder.layer,
        causes=(ladder.cause,) if ladder.cause else (),
    )
