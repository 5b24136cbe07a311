"""Hard faults: what failed, whether it escaped, and which model call brought it about."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from bot.engine.single.blame import Blame, quoted
from bot.engine.single.run import author
from bot.model.step import Step, Told

ANSWERS = 20  # last model calls of a level looked at for one that went well after an error
_CONTRACT = re.compile(
    r"unexpected keyword|missing \d* ?required|positional argument|invalid (argument|parameter|input)|validation ?error|not a valid|"
    r"must be (a|an|of type)|required (property|field|parameter)|schema|ToolInputError|InvalidToolArguments|"
    r"unknown tool|no such tool|-32602",
    re.I,
)
_UNPARSABLE = re.compile(
    r"pars(ing|e|er) ?(error|fail)|error in code parsing|could not parse|failed to parse|output ?parser|jsondecode|malformed|"
    r"snippet is invalid|"
    r"syntaxerror|invalid (json|syntax)|unterminated|was not found in it",
    re.I,
)
_FORBIDDEN = re.compile(
    r"not allowed|forbidden|not permitted|not among the|interpretererror|nameerror|is not defined|importerror|modulenotfound|"
    r"not (a )?supported|unsupported",
    re.I,
)
_EMPTY = re.compile(
    r"no (results?|matches|documents?|records?|data|pages?) (were )?(found|returned|available)|nothing found|zero results", re.I
)
_LAYER = {
    "llm": "model", "retrieval": "retrieval", "embedding": "retrieval", "rerank": "retrieval", "tool": "tool", "guardrail": "infra",
    "parser": "model", "prompt": "prompt", "http": "infra", "db": "infra", "cache": "infra", "memory": "infra",
}  # fmt: skip
_CONTAINERS = frozenset({"request", "agent", "workflow", "chain", "other"})
_NETWORK = frozenset({"dns", "connection", "tls"})


def deepest(told: Told) -> list[Step]:
    """Failed steps with no failed step below them, in order; wrappers that only pass an error on are not among them."""
    carriers = {above.span_id for step in told.steps if step.failed for above in told.above(step)}
    return [step for step in told.steps if step.failed and step.span_id not in carriers]


def escaped(told: Told, step: Step) -> bool:
    """Whether nobody handled it: every step above failed too, or says nothing of how it ended, and no model call was shown the error."""
    above = list(told.above(step))
    if answered_to(told, step):
        return False
    return all(one.failed or (one.parent_id == "" and one.kind in ("request", "other")) for one in above)


def answered_to(told: Told, step: Step) -> bool:
    """An agent reads its tools' errors: a model call on the same level came after it and went well."""
    if step.kind == "llm":
        return False
    after = told.calls_below.get(step.parent_id, [])
    return any(not one.failed and told.rank[one.span_id] > told.rank[step.span_id] for one in reversed(after[-ANSWERS:]))


def made_good(told: Told, step: Step) -> bool:
    """Handled without a trace: no step above failed, and the model went on from it or the same operation went well afterwards."""
    if any(one.failed for one in told.above(step)):
        return False
    return answered_to(told, step) or told.last_good.get((step.parent_id, step.kind, step.name), -1) > told.rank[step.span_id]


def failures(told: Told) -> Iterator[Blame]:
    """One or two findings a deepest failure: the step itself, and the model call that asked for something that could not work."""
    seen: Counter[str] = Counter()
    for step in deepest(told):
        own = [one for one in told.children(step) if one.kind == "llm"]  # a step of an agent holds the call that decided what to do
        by = own[-1] if own else author(told, step)
        signature = f"{step.tool}:{sign(step)}"
        seen[signature] += 1
        if seen[signature] == 1 and made_good(told, step):
            continue  # catalogue 2.5: a handled error is no origin
        yield from _of(told, step, by, seen[signature])


def sign(step: Step) -> str:
    """What an error says, names and numbers of this one time left out."""
    return re.sub(r"'[^']*'|\"[^\"]*\"|\d+", "", step.error)[:80].strip() or step.error_class


def _of(told: Told, step: Step, by: Step | None, times: int) -> Iterator[Blame]:
    free = escaped(told, step)
    said = {"error": quoted(step.error), "error_class": step.error_class, "times": times, "handled": not free}
    what = f"{quoted(step.tool, 40)} failed: {quoted(step.error or step.error_class, 90)}"
    if by is not None and step.kind in ("tool", "chain", "other", "parser", "agent"):
        kind = _by_author(step)
        if kind and (times > 1 or kind not in _NOT_THE_CALLERS):
            again = f", for the {times}th time" if times > 3 else ("", "", ", a second time", ", a third time")[times]
            layer = "tool" if kind == "wrong_tool_for_input" else "model"
            yield Blame(
                by.span_id,
                layer,
                kind if times == 1 else f"{kind}_again",
                f"{_ASKED[kind]}{again}: {what}.",
                {**said, "failed_span": step.span_id},
            )
    if step.kind in ("chain", "other", "agent", "request") and by is not None and not free:
        return
    layer = "infra" if step.error_class in _NETWORK else _LAYER.get(step.kind, "infra")
    name = ("escaped_error" if free else "handled_error") if times == 1 else "repeated_error"
    if free and step.kind in _CONTAINERS:
        name = "outer_error"  # the cause was swallowed below, or nothing below was recorded
    yield Blame(step.span_id, layer, name, f"{what}.", said)


_ASKED = {
    "malformed_arguments": "Called a tool with arguments that it does not take",
    "unparsable_action": "Wrote an action that could not be read",
    "wrong_tool_for_input": "Asked for something that is not available or not allowed",
    "fruitless_query": "Asked for something that gave nothing",
    "failing_call": "Made a call that failed",
}


_NOT_THE_CALLERS = frozenset({"failing_call", "fruitless_query"})  # the first time; asking again for what has just failed is their doing


def _by_author(step: Step) -> str:
    said = f"{step.error_class} {step.error}"
    if step.error_class == "tool_contract" or _CONTRACT.search(said):
        return "malformed_arguments"
    if step.error_class == "parse" or _UNPARSABLE.search(said):
        return "unparsable_action"
    if _EMPTY.search(said):
        return "fruitless_query"
    if _FORBIDDEN.search(said):
        return "wrong_tool_for_input"
    return "failing_call" if step.kind in ("tool", "chain") else ""
