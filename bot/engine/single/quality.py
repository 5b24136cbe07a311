"""Soft faults: spans that ended well and say of themselves that what they gave was not good (catalogue 2.5, step 2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.engine.single.blame import Blame, quoted
from bot.engine.single.run import closes
from bot.model.step import Step, Told

STAGES = ("cache", "prompt", "embedding", "retrieval", "rerank", "llm", "tool", "parser", "guardrail")
"""Dependency order: of several soft faults the earliest stage explains the later ones."""


_READS = re.compile(r"(?:^|[^a-z])(get|search|find|list|fetch|query|look_?up|read|retrieve|load|select)", re.I)
"""Names of tools that are called for what they give back."""


@dataclass(frozen=True)
class Sign:
    kinds: tuple[str, ...]
    field: str
    values: tuple[object, ...]
    layer: str
    kind: str
    claim: str


SIGNS = (
    Sign(("retrieval",), "n_returned", (0.0,), "retrieval", "no_documents", "The retrieval returned no document."),
    Sign(("retrieval",), "partial", (True,), "retrieval", "partial_documents", "The retrieval says that its result is partial."),
    Sign(("retrieval",), "timed_out", (True,), "retrieval", "partial_documents", "The retrieval says that it timed out."),
    Sign(("llm",), "finish", ("length",), "model", "cut_off_answer", "The answer was cut off at its token limit."),
    Sign(("llm",), "finish", ("context_window",), "model", "cut_off_answer", "The context window was full before the answer was."),
    Sign(("llm",), "finish", ("content_filter",), "model", "filtered_answer", "The provider's content filter stopped the answer."),
    Sign(("llm",), "finish", ("error",), "model", "broken_output", "The model ended its answer with an error."),
    Sign(("llm",), "finish", ("refusal",), "model", "refused_answer", "The model refused to answer."),
    Sign(("llm",), "output_refusal", (True,), "model", "refused_answer", "The model's answer opens with a refusal."),
    Sign(("llm",), "output_invalid_utf8", (True,), "model", "broken_output", "The model's answer holds broken characters."),
    Sign(("tool",), "tool_args_valid", (False,), "model", "malformed_arguments", "The tool's arguments were not valid."),
    Sign(("parser",), "parser_ok", (False,), "prompt", "broken_output", "The model's output did not have the form that was asked for."),
    Sign(("guardrail",), "guardrail_action", ("block",), "infra", "blocked", "A guardrail blocked the request or the answer."),
)


def soft(told: Told) -> Iterator[Blame]:
    """Of each kind of soft fault the first, in dependency order."""
    seen: set[str] = set()
    for step in sorted((one for one in told.steps if one.kind in STAGES), key=lambda one: (STAGES.index(one.kind), told.rank[one.span_id])):
        if step.failed:
            continue
        for sign in SIGNS:
            if (
                step.kind in sign.kinds
                and step.fields.get(sign.field) in sign.values
                and sign.kind not in seen
                and not _harmless(told, step, sign)
            ):
                seen.add(sign.kind)
                yield Blame(step.span_id, sign.layer, sign.kind, sign.claim, {"field": sign.field, "value": step.fields[sign.field]})
        if "empty_result" not in seen and _came_back_empty(told, step):
            seen.add("empty_result")
            yield Blame(step.span_id, "tool", "empty_result", f"{quoted(step.tool, 40)} returned nothing.", {"tool": quoted(step.tool, 40)})
        unresolved = step.fields.get("prompt_unresolved")
        if isinstance(unresolved, float) and unresolved > 0 and step.kind == "prompt" and "unresolved_variables" not in seen:
            seen.add("unresolved_variables")
            claim = f"{unresolved:.0f} variables of the prompt were left unfilled."
            yield Blame(step.span_id, "prompt", "unresolved_variables", claim, {"field": "prompt_unresolved", "value": unresolved})


def _harmless(told: Told, step: Step, sign: Sign) -> bool:
    """Nothing found is made good when the same search finds something later."""
    if sign.kind != "no_documents":
        return False
    return any(one.name == step.name and (one.fields.get("n_returned") or 0.0) != 0.0 for one in _later(told, step))


def _came_back_empty(told: Told, step: Step) -> bool:
    """A tool that reads gave nothing back, and never did later. Tools that write or hand over give nothing when all is well."""
    if step.kind != "tool" or closes(step) or step.returned is None or not _READS.search(step.tool):
        return False
    return _empty(step.returned) and all(_empty(one.returned) for one in _later(told, step) if one.tool == step.tool and not one.failed)


def _later(told: Told, step: Step) -> list[Step]:
    return [one for one in told.steps[told.rank[step.span_id] + 1 :] if one.kind == step.kind]


def _empty(returned: str | None) -> bool:
    return (returned or "").strip().strip("'\"").strip().lower() in ("", "null", "none", "[]", "{}")
