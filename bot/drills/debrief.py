"""After the mark: the walk an expert would have taken, and what the participant asked beside it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.drills.exercise import Exercise
from bot.drills.topics import minimal
from bot.model.report import Verdict
from bot.model.value import moment, rfc3339
from bot.wording.literal import one_line

FACT = 200  # characters of one step


def walk(exercise: Exercise) -> list[str]:
    """Steps in order, each with the finding it rests on."""
    key = exercise.key
    truth, report = key.truth, key.report
    steps = [f"Read the page: {one_line(key.page.title, 120)}. A page tells a symptom, not a cause."]
    if truth.verdict is Verdict.INSUFFICIENT:
        missing = ", ".join(key.needs[:5]) or "what decides it"
        return [
            *steps,
            f"Ask what cannot be seen: {missing}.",
            "Say so, change nothing, and get it recorded: any cause now is a guess.",
        ]
    impact = report.impact
    if impact.rate is not None and impact.baseline_rate is not None:
        steps.append(f"How many? {report.signal}: {impact.bad} of {impact.total} ({impact.rate:.1%}), was {impact.baseline_rate:.1%}.")
    if truth.onset is not None and truth.verdict is Verdict.FAULT:
        steps.append(f"Since when? {rfc3339(moment(truth.onset))}, {(key.received_at - truth.onset) / 60:.0f} min before the page.")
    steps += [f"Found: {one_line(one.claim, FACT)} [{one.id}]" for one in key.found[:3]]
    if truth.slice:
        steps.append(f"For whom? {' and '.join(f'{name} = {value}' for name, value in sorted(truth.slice.items()))}.")
    steps += [f"Innocent: {one.kind.value} {one_line(one.object, 60)} of {rfc3339(one.time)[5:16]}." for one in key.herrings[-2:]]
    rival = next((one for one in key.against if one.check == key.runner_up), None) or next(iter(key.against), None)
    if rival is not None:
        steps.append(f"Not {rival.check}: {one_line(rival.claim, FACT)} [{rival.id}]")
    steps.append(f"So it is {_answer(exercise)}.")
    if key.steps:
        steps.append(f"First: {one_line(key.steps[0].text, FACT)}")
        if key.steps[0].verify:
            steps.append(f"Worked when: {one_line(key.steps[0].verify, FACT)}")
    return [*steps, *([one_line(key.happened, 600)] if key.happened else [])]


def _answer(exercise: Exercise) -> str:
    truth, group = exercise.key.truth, exercise.key.group
    if truth.verdict is Verdict.NO_FAULT:
        return f"no fault ({', '.join(truth.causes)})" if truth.causes else "no fault"
    if len(group) > 1:
        return f"one of {', '.join(sorted(group))}: nothing here tells them apart (it was {', '.join(truth.causes)})"
    return " and ".join(truth.causes)


def efficiency(exercise: Exercise, asked: Sequence[str]) -> str:
    """Reported, never marked: who learns should look around."""
    fewest = minimal(exercise)
    return f"{len(dict.fromkeys(asked))} topics asked; {len(fewest)} hold the answer: {', '.join(fewest)}"
