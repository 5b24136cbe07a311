"""Step 6: the runbook. Bound by the diagnosed cause first, search after; an empty answer is an answer."""

from __future__ import annotations

from bot.model.page import Page
from bot.model.report import RunbookMatch
from bot.ports import Runbooks
from bot.triage.patience import within
from bot.triage.state import Recalled, Weights

AT_MOST = 3


async def recall(page: Page, service: str | None, weights: Weights, runbooks: Runbooks | None) -> tuple[Recalled, tuple[str, ...]]:
    """Runbooks for the verdict's cause, else for the page's own words; and what to do first."""
    if runbooks is None:
        return Recalled(), ()
    cause = weights.judged.cause
    if cause is None and weights.ranked and weights.judged.layer:
        cause = next((one.cause for one in weights.ranked if one.layer == weights.judged.layer), None)
    matches: list[RunbookMatch] = []
    gaps: list[str] = []
    if cause is not None:
        bound = await within("the runbooks", runbooks.for_cause(cause, service))
        gaps += [bound.gap] if bound.gap else []
        matches += [
            RunbookMatch(id=hit.id or hit.path, title=hit.title, score=hit.score, why=f"bound to {cause}") for hit in bound.value or ()
        ]
    if not matches:
        found = await within("the runbook index", runbooks.search(f"{page.title} {page.description}"[:800], AT_MOST, frozenset()))
        gaps += [found.gap] if found.gap else []
        matches += [
            RunbookMatch(id=hit.id or hit.path, title=hit.title, score=hit.score, why="closest to the page's words")
            for hit in found.value or ()
        ]
    first = runbooks.next_actions(cause) if cause is not None else ()
    return Recalled(tuple(matches[:AT_MOST]), tuple(first)), tuple(gaps)
