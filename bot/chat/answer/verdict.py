"""What is broken: the verdict, its layer, its cause, and how sure that is."""

from __future__ import annotations

from bot.chat.about import causes_in, layers_in
from bot.chat.answer.extent import part
from bot.chat.case import Case
from bot.chat.told import Told
from bot.chat.understand import Asked
from bot.model.report import Outcome, Report, ReportedFinding, Verdict
from bot.wording.evidence import could_not_check
from bot.wording.figures import confidence, share
from bot.wording.literal import one_line
from bot.wording.verdict import cause_name, conclude, for_whom, impact, layer_word, reasons, since

RIVALS = 3  # causes named beside the first


def status(told: Told, asked: Asked) -> None:
    """Verdict, since, for whom, how bad, first action; what is missing where it abstains."""
    case, report = told.case, told.case.report
    conclusion = conclude(report)
    over = any(word in asked.said for word in ("over", "resolved", "recover", "fixed", "gone", "clear", "still", "again", "normal"))
    if over:
        _as_of(told)
    told.say(f"{_lead(report)}{conclusion.title} ({conclusion.certainty}).", *case.leading[:2])
    _abstained(told)
    facts = [since(report, case.paged_at), f"for {for_whom(report)}" if for_whom(report) else ""]
    told.say("Since: " + "; ".join(fact for fact in facts if fact) + "." if any(facts) else "")
    told.say(f"How bad: {impact(report)}." if impact(report) else "", *case.leading[:1])
    if report.next:
        told.say(f"First: {one_line(report.next[0].action, 300)}")
    told.picture = "signal"


def _as_of(told: Told) -> None:
    """Whether it is over cannot be said after `now`: the report says how it stood, and how to look again."""
    case, report = told.case, told.case.report
    if report.verdict is Verdict.NO_FAULT:
        told.say(f"As of {case.now:%H:%M} UTC there was no fault to be over:")
        return
    told.say(f"Not that I can see: as of {case.now:%H:%M} UTC, when this was read, it stood. Newer requests are not in the report.")
    if report.next:
        told.say(f"Over means: {one_line(report.next[0].verify, 300)} A low error rate with little traffic is no recovery.")


def _lead(report: Report) -> str:
    return "Most likely " if report.verdict is Verdict.FAULT else ""


def _abstained(told: Told) -> None:
    report = told.case.report
    if report.verdict is Verdict.INSUFFICIENT:
        why = reasons(report)
        told.say(f"Why: {why}." if why else "", *told.case.leading[:1])
        told.say(f"Could not check {could_not_check(report)}." if could_not_check(report) else "")
    elif report.verdict is Verdict.NO_FAULT and reasons(report):
        told.say(f"Why: {reasons(report)}.", *told.case.leading[:1])


def layer(told: Told, asked: Asked) -> None:
    """Which layer, or yes or no for the one that is asked about, with its own checks."""
    case, report = told.case, told.case.report
    wanted = layers_in(asked.text)
    if report.verdict is Verdict.FAULT and report.layer:
        said = f"{layer_word(report.layer)} layer, {confidence(report.layer_confidence)}."
        if wanted and report.layer in wanted:
            told.say(f"Yes: {said}" if len(wanted) == 1 else f"The {said}", *case.leading[:2])
        elif wanted:
            told.say(f"Not that, as far as the evidence goes. It is the {said}", *case.leading[:2])
        else:
            told.say(said, *case.leading[:2])
    elif report.verdict is Verdict.NO_FAULT:
        told.say(f"No layer: {conclude(report).title.lower()} ({conclude(report).certainty}).", *case.leading[:2])
    else:
        told.say(f"I cannot name a layer: {conclude(report).title.lower()} ({conclude(report).certainty}).", *case.leading[:2])
        _abstained(told)
    for name in wanted[:2]:
        if name != report.layer:
            _layer_checks(told, name)
    _version(told, asked)
    if any(word in asked.text.lower() for word in ("openai", "anthropic", "provider", "bedrock", "azure")):
        told.say("This is our own telemetry. I do not read the provider's status page; compare its timestamps with the onset.")


def _layer_checks(told: Told, name: str) -> None:
    """What the checks of one layer said: found ones first, then some that are clean, and how many could not run."""
    rows = [finding for finding in told.case.report.findings if finding.check.startswith(f"{name}.")]
    found = [row for row in rows if row.outcome is Outcome.FOUND]
    clean = [row for row in rows if row.outcome is Outcome.CLEAN]
    skipped = [row for row in rows if row.outcome in (Outcome.SKIPPED, Outcome.BROKEN)]
    for row in found[:2]:
        told.claim(row, lead=f"{layer_word(name)}, {_standing(told.case, row)}: ")
    for row in clean[:2]:
        told.claim(row, lead=f"{layer_word(name)}, clean: ")
    if skipped and not clean and not found:
        told.say(f"{layer_word(name)}: its checks could not run, so I cannot exclude it.", *skipped[:2])


def _standing(case: Case, row: ReportedFinding) -> str:
    """A found effect that is not the named cause may follow from it."""
    away = next((one for one in case.report.explained_away if one.cause == row.check), None)
    if away is not None:
        return f"found, but it follows from {cause_name(away.by)}"
    return "found"


def cause(told: Told, asked: Asked) -> None:
    """The cause, or yes or no for one that is asked about, and the strongest evidence."""
    case, report = told.case, told.case.report
    known = frozenset(finding.check for finding in report.findings)
    wanted = [name for name in causes_in(asked.text, known) if name != report.cause]
    hit = report.cause is not None and report.cause in causes_in(asked.text, known)
    conclusion = conclude(report)
    told.say(f"{'Yes: ' if hit else ''}{_lead(report) if not hit else ''}{conclusion.title} ({conclusion.certainty}).", *case.leading[:2])
    if report.verdict is not Verdict.FAULT:
        _abstained(told)
    else:
        for finding in case.leading[:2]:
            told.claim(finding)
    for name in wanted[:2]:
        about(told, name)
    _suspect(told)
    _version(told, asked)


def _version(told: Told, asked: Asked) -> None:
    """A prompt version that is asked about, beside all the others: both live in one window are the best control."""
    gathered = told.case.evidence
    if "prompt_version" in asked.slots and gathered is not None and gathered.requests is not None:
        part(told, asked)


def about(told: Told, name: str) -> None:
    """What the check of one cause said, in one line."""
    rows = told.case.findings_of(name)
    if not rows:
        return
    row = rows[0]
    if row.outcome is Outcome.FOUND:
        told.claim(row, lead=f"{cause_name(name)}, {_standing(told.case, row)}: ")
    elif row.outcome is Outcome.CLEAN:
        told.claim(row, lead=f"Not {cause_name(name)}: the check is clean: ")
    else:
        told.claim(row, lead=f"{cause_name(name)} could not be checked: ")


def _suspect(told: Told) -> None:
    suspect = next((change for change in told.case.report.changes if change.suspect), None)
    if suspect is not None:
        told.say(
            f"The change that fits: {one_line(suspect.kind, 20)} {one_line(suspect.object, 80)} at {suspect.time:%H:%M} UTC on "
            f"{suspect.time:%Y-%m-%d}."
        )


def sureness(told: Told, _: Asked) -> None:
    """The calibrated confidence, the rivals, and what would change it."""
    case, report = told.case, told.case.report
    conclusion = conclude(report)
    told.say(f"{conclusion.title}: {conclusion.certainty}.", *case.leading[:1])
    rivals = [one for one in report.ranked if one.cause != report.cause and one.confidence >= 0.005][:RIVALS]
    if rivals:
        told.say("Next: " + "; ".join(f"{cause_name(one.cause)} {one.confidence:.2f}" for one in rivals) + ".")
    elif report.verdict is Verdict.FAULT:
        told.say("No other cause comes near.")
    told.say(f"{share(report.observability)} of what can go wrong could be checked.")
    missing = could_not_check(report)
    told.say(f"What could change it: {missing}." if missing else "", *(row for row in report.findings if row.outcome is Outcome.SKIPPED))
    told.say(
        "The confidence is calibrated on simulated incidents whose truth is known (`midwatch eval`); it is a share of times right, not a "
        "feeling."
    )
