"""What a narrator is told about a report, and how its sentences are shown. Whether they may be shown is for wording.claims to say."""

from datetime import datetime

from bot.model.narration import Brief, Claim, Fact, Narration
from bot.model.report import Outcome, Report, Verdict
from bot.wording.evidence import CLAIM, LINES, could_not_check
from bot.wording.figures import number
from bot.wording.literal import one_line
from bot.wording.verdict import conclude, impact, since, where

FINDINGS = 2 * LINES  # facts from findings: what the card shows, and as many again
NUMBERS = 6  # numbers of one finding
QUESTION_CHARS = 300  # of a person's question
_STATES = {Outcome.FOUND: "found", Outcome.CLEAN: "clean"}


def is_told(report: Report) -> bool:
    """Whether there is anything to word: an abstention is short, and what it lacks is said best in the template's own list."""
    return report.verdict is not Verdict.INSUFFICIENT and any(row.outcome in _STATES for row in report.findings)


def brief_of(report: Report, paged_at: datetime | None, question: str = "") -> Brief:
    """The facts of a report: what it concludes, then the findings that say something. Report and question are redacted already."""
    conclusion = conclude(report)
    missing = could_not_check(report)
    concluded = {
        "verdict": f"{conclusion.title} ({conclusion.certainty})",
        "onset": since(report, paged_at),
        "slice": where(report.slice) if report.slice is not None else "",
        "impact": impact(report),
        "unknown": f"could not check {missing}" if missing else "",
    }
    facts = [Fact(id=name, text=one_line(text, 2 * CLAIM)) for name, text in concluded.items() if text]
    told = sorted((row for row in report.findings if row.outcome in _STATES), key=lambda row: row.outcome is not Outcome.FOUND)
    for row in told[:FINDINGS]:
        shown = list(row.numbers.items())[:NUMBERS]
        numbers = {one_line(name, 40): one_line(number(value), 40) for name, value in shown if value is not None}
        if row.n:
            numbers["n"] = f"{row.n:,}"
        text = f"{_STATES[row.outcome]}: {one_line(row.claim, CLAIM)}"
        facts.append(Fact(id=one_line(row.id, 12), text=text, numbers=numbers))
    return Brief(facts=tuple(facts), question=one_line(question, QUESTION_CHARS))


def paragraph(narration: Narration) -> str:
    """The sentences with their evidence behind them: `Half the searches time out [F1, F3].`"""
    return " ".join(_cited(claim) for claim in narration.claims)


def _cited(claim: Claim) -> str:
    return f"{claim.text.rstrip('.')} [{', '.join(claim.evidence)}]."


def credit(narration: Narration) -> str:
    """Whose words they are, for the line below."""
    return f"Worded by {one_line(narration.model, 60)} from Midwatch's findings; it decides nothing."
