"""Marks for what would be done: the first action, its verification, and the penalty for what cannot be taken back."""

from __future__ import annotations

from bot.drills.marking.answers import Answers
from bot.drills.marking.key import Key, Step
from bot.drills.marking.saying import innocents_blamed
from bot.drills.marking.words import LAYERS, SAFE, actions, irreversible, numbers, words
from bot.model.drill import Part
from bot.model.report import Verdict

CLOSE = 0.3  # share of a step's words (at most eight of them) that say the step in other words
MOST = 8
PENALTY = -30.0
SAFE_SHARE = 0.5  # of the points: harmless, but not what helps here
RUNBOOK_SHARE = 0.5  # of the points: the right runbook is named, but not what to do


def action(answers: Answers, key: Key, of: float) -> Part:
    share, why, evidence = _action(answers, key)
    return Part(name="action", points=round(share * of, 1), of=of, why=why, evidence=evidence)


def _action(answers: Answers, key: Key) -> tuple[float, str, tuple[str, ...]]:
    book = _runbook(answers, key)
    cited = tuple(f"runbook {one}" for one in sorted({step.cause for step in key.steps if step.cause})) or ("report.next",)
    if not answers.actions and _held_back(answers, key):
        return 1.0, "right to change nothing with nothing known", ("truth.verdict",)
    if not answers.actions:
        return (RUNBOOK_SHARE, "the right runbook, but no action", cited) if book else (0.0, f"no action; {_wanted(key)}", cited)
    first = answers.actions[0]
    if wrong(answers, key) is not None:
        return 0.0, "not safe: it cannot be taken back", cited
    kinds = actions(first.text)
    taken_back = innocents_blamed(Answers(actions=(first,)), key)
    if taken_back:
        return 0.0, f"rolls back {taken_back[0].kind.value} {taken_back[0].object}, which is innocent", (taken_back[0].id,)
    if key.truth.verdict is Verdict.INSUFFICIENT:
        return (1.0, "safe: it changes nothing and gets what is missing", ("truth.verdict",)) if kinds & SAFE else (
            0.0, "with nothing known, production is not changed", ("truth.verdict",)
        )  # fmt: skip
    step = _meets(first.text, key)
    if step is not None:
        return 1.0, f"safe and right: «{step.text[:90]}»", (f"runbook {step.cause}",)
    if book and kinds:
        return 1.0, "the right runbook is followed", cited
    if kinds and kinds <= SAFE:
        return SAFE_SHARE, f"safe, but it does not help; {_wanted(key)}", cited
    return 0.0, f"not what helps; {_wanted(key)}", cited


def _held_back(answers: Answers, key: Key) -> bool:
    return key.truth.verdict is Verdict.INSUFFICIENT and answers.verdict is Verdict.INSUFFICIENT


def _wanted(key: Key) -> str:
    return f"an expert would: {key.steps[0].text[:120]}" if key.steps else "an expert would look further"


def _runbook(answers: Answers, key: Key) -> bool:
    low = answers.runbook.casefold()
    return any(cause in low for cause in key.right | key.group)


def _meets(text: str, key: Key) -> Step | None:
    """The runbook's step that this is: the same kind of action on the same thing, or the same words."""
    said, kinds, low = words(text), actions(text), text.casefold()
    thing = any(one in low for one in key.entities)
    for step in key.steps:
        shared = len(said & step.words) / max(1, min(MOST, len(step.words)))
        same_kind = bool(kinds & step.kinds) or (not kinds and not step.kinds)
        if same_kind and (shared >= CLOSE or (kinds & step.kinds and (thing or _of_its_layer(text, step)))):
            return step
    return None


def _of_its_layer(text: str, step: Step) -> bool:
    pattern = LAYERS.get(step.cause.partition(".")[0])
    return pattern is not None and pattern.search(text) is not None


def verify(answers: Answers, key: Key, of: float) -> Part:
    text = " ".join((answers.verify, *(one.verify for one in answers.actions))).strip()
    wanted = next((step.verify for step in key.steps if step.verify), "")
    cited = tuple(f"runbook {one}" for one in sorted({step.cause for step in key.steps if step.verify}))[:2] or ("truth.verdict",)
    if not text and not answers.actions and _held_back(answers, key):
        return Part(name="verify", points=of, of=of, why="nothing was changed, so nothing is to be verified", evidence=cited)
    if not text:
        why = f"no way to see that it worked{f': {wanted[:110]}' if wanted else ''}"
        return Part(name="verify", points=0.0, of=of, why=why, evidence=cited)
    said = words(text)
    of_step = frozenset(word for step in key.steps for word in words(step.verify))
    blind = key.truth.verdict is Verdict.INSUFFICIENT
    measures = len(said & (of_step | key.telling)) >= 2 or (bool(numbers(text)) and bool(said & (of_step | key.telling)))
    if measures or blind or any(one in text.casefold() for one in key.entities):
        return Part(name="verify", points=of, of=of, why="says what to measure, and what it must become", evidence=cited)
    return Part(name="verify", points=round(of * 0.4, 1), of=of, why=f"cannot be measured on this incident; {wanted[:110]}", evidence=cited)


def wrong(answers: Answers, key: Key) -> str | None:
    """The first action that cannot be taken back and that no runbook of a right cause asks for, as it was written."""
    for one in answers.actions:
        hit = irreversible(one.text)
        if hit is None and not one.irreversible:
            continue
        if hit is not None and key.truth.verdict is Verdict.FAULT and _asked_for(hit, key):
            continue
        return hit or one.text[:60]
    return None


def _asked_for(hit: str, key: Key) -> bool:
    verb = min(words(hit.split(maxsplit=1)[0]) or {hit.split(maxsplit=1)[0].casefold()})
    return any(verb[:5] in step.text.casefold() for step in key.steps)


def irreversible_penalty(answers: Answers, key: Key) -> Part | None:
    hit = wrong(answers, key)
    if hit is None:
        return None
    return Part(name="irreversible", points=PENALTY, of=0.0, why=f"«{hit}» cannot be taken back, and is wrong here", evidence=("actions",))
