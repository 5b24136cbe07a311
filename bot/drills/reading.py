"""D2: one bad trace of an incident, to be read by a person: where did it first go wrong?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from bot.drills.exercise import Exercise
from bot.drills.quiz import Blank, Quiz
from bot.drills.scenarios.draw import draw
from bot.drills.scenarios.recipe import Recipe
from bot.engine.single.judge import judge
from bot.errors import BadInput
from bot.model.step import Step, Told
from bot.telemetry.one_trace import read_trace
from bot.wording.literal import one_line

SPAN, LAYER = 60.0, 40.0  # points (catalogue 5.2)
FEWEST = 3  # spans: of a shorter trace nothing is to be read
LONGEST = 40


def trace_read(made: Exercise, recipe: Recipe) -> Quiz:
    """The first bad trace whose own spans say where it went wrong. BadInput when none of them does."""
    story = draw(recipe, made.seed).story()
    wanted = [trace for one in made.key.found for trace in one.traces]
    for trace in dict.fromkeys(wanted):
        told = read_trace(orjson.dumps(_only(story.otlp, trace)), place=made.name).told
        blamed = judge(told, 1)
        if blamed and blamed[0].layer in made.key.layers and FEWEST <= len(told.steps) <= LONGEST:
            return _quiz(made, recipe, told, blamed[0].span_id, blamed[0].layer)
    raise BadInput("none of its bad traces shows by itself where it went wrong", place=recipe.name)


def _only(otlp: Iterable[Mapping[str, Any]], trace: str) -> dict[str, Any]:
    """The spans of one trace, in the envelope they came in."""
    found = []
    for data in otlp:
        for resource in data["resourceSpans"]:
            cut = [{**one, "spans": [span for span in one["spans"] if span["traceId"] == trace]} for one in resource["scopeSpans"]]
            scopes = [one for one in cut if one["spans"]]
            if scopes:
                found.append({**resource, "scopeSpans": scopes})
    return {"resourceSpans": found}


def _quiz(made: Exercise, recipe: Recipe, told: Told, span: str, layer: str) -> Quiz:
    blanks = (
        Blank("span", "Which span?", frozenset({span.casefold()}), SPAN, f"it was {span}", (span,)),
        Blank("layer", "Which layer?", frozenset({layer}), LAYER, f"it was {layer}", (span,)),
    )
    question = "One request went wrong. In which span did it begin, and which layer is that?"
    cause = made.key.truth.causes[0] if made.key.truth.causes else None
    lines = tuple(_line(told, step) for step in told.steps)
    return Quiz(made.name, made.scenario, made.seed, recipe.type, question, lines, blanks, recipe, cause)


def _line(told: Told, step: Step) -> str:
    deep = sum(1 for _ in told.above(step))
    lasted = f"{step.end - step.start:7.2f} s" if step.end is not None else "        -"
    failed = f"  failed: {one_line(step.error_class or step.error or 'error', 60)}" if step.failed else ""
    returned = step.fields.get("n_returned")
    documents = f"  {returned} documents" if isinstance(returned, int | float) else ""
    return f"{step.span_id}  {lasted}  {'  ' * deep}{step.kind} {one_line(step.name, 50)}{documents}{failed}"
