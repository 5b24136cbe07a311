"""One row a trace: what it says of itself, what its spans add up to, and what went wrong in it (Ibis)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import reduce
from operator import or_

import ibis
from ibis.expr.types import BooleanValue, Table, Value

from bot.telemetry.canonical import REQUEST_DIMS
from bot.telemetry.spans import NONE, bounded, failed, own_attributes, shown, total

COUNTED = ("llm", "retrieval", "tool", "embedding", "rerank", "guardrail", "parser", "cache", "evaluator", "prompt")
TOKENS = ("tokens_input", "tokens_output", "tokens_cache_read", "tokens_cache_write", "tokens_reasoning")
SAID = ("service", "outcome", "outcome_reason", *REQUEST_DIMS, "session_id", "user_hash", "risk_category")
MEASURED = ("feedback_thumb", "request_input_chars", "user_ttft_ms")
MARKS = ("biased_sampling", "is_synthetic", "feedback_re_ask", "feedback_escalated", "policy_hit")
REFUSED = ("refusal", "content_filter")
ANSWERS = ("response", "semantic")  # cache layers that answer a request; a prompt cache only makes the model cheaper
NOT_OURS = ("user_error", "cancelled")  # outcomes that are no failure of the product, whatever the root's status says
UNITS = {**dict.fromkeys(TOKENS, 1e3), "cost_usd": 1e9}  # parts a token (some are estimated) and a dollar are counted in


def requests(spans: Table, keys: Mapping[str, str] = NONE, flags: Mapping[str, str] = NONE, kinds: Collection[str] = COUNTED) -> Table:
    """Sorted by trace. `keys`, `flags`: column of the result -> undeclared attribute or feature flag. `kinds`: those that occur."""
    lost = _lost(spans)
    t = _rooted(spans, lost)
    rows = t.group_by("trace_id").agg(
        root_ts=t.ts.min(where=t.is_root),
        root_ms=t.duration_ms.max(where=t.is_root),
        root_failed=shown(failed(t), where=t.is_root),
        first_ts=t.ts.min(),
        last_end=t.end.max(),
        n_spans=t.count(),
        **{f"n_{kind}": t.count(where=t.kind == kind) for kind in COUNTED if kind in kinds},
        **_said(t, keys, flags),
        **_signs(t),
        **_numbers(t),
    )
    orphans = lost.group_by("trace_id").agg(orphans=lost.count(where=lost.kind != "request"))
    for part in (orphans, _errors(spans, kinds), _usage(spans), _last_output(spans)):
        if part is not None:
            rows = rows.left_join(part, "trace_id").drop("trace_id_right")
    return _finished(rows).order_by("trace")


def _errors(t: Table, kinds: Collection[str]) -> Table:
    """Counted apart: most traces have none, and a count over every span costs as much as over these."""
    bad = t.filter(failed(t))
    return bad.group_by("trace_id").agg(**{f"err_{kind}": bad.count(where=bad.kind == kind) for kind in COUNTED if kind in kinds})


def _lost(t: Table) -> Table:
    """Spans whose parent is not in their trace."""
    below = t.filter(t.parent_id != "").select("trace_id", "span_id", "kind", above="parent_id")
    return below.anti_join(t.select("trace_id", above="span_id"), ["trace_id", "above"])


def _rooted(t: Table, lost: Table) -> Table:
    """Add is_root: no parent; or, in a trace without such a span, a request that continues a caller's trace we do not see."""
    tops = t.filter(t.parent_id == "").select("trace_id")
    entries = lost.filter(lost.kind == "request").anti_join(tops, "trace_id").select("trace_id", "span_id", entry=True)
    joined = t.left_join(entries, ["trace_id", "span_id"])
    is_root = (joined.parent_id == "").fill_null(False) | joined.entry.fill_null(False)
    return joined.mutate(is_root=is_root).drop("trace_id_right", "span_id_right", "entry")


def _said(t: Table, keys: Mapping[str, str], flags: Mapping[str, str]) -> dict[str, Value]:
    """What a trace says of itself: the root's value, else the least over its spans."""
    values: dict[str, Value] = {name: t[name] for name in SAID if name in t.columns}
    values |= {name: bounded(t[name]) for name in MEASURED if name in t.columns}
    values |= own_attributes(t, keys, flags)
    return {name: ibis.coalesce(value.min(where=t.is_root), value.min()) for name, value in values.items()}


def _signs(t: Table) -> dict[str, Value]:
    """1 where any span of the trace shows it, 0 where it could have been seen, else NULL."""
    has = frozenset(t.columns)
    found = {name: shown(t[name]) for name in MARKS if name in has}
    signs = [t.output_refusal] if "output_refusal" in has else []
    signs += [t.finish.isin(REFUSED)] if "finish" in has else []
    if signs:
        found["refusal"] = shown(ibis.coalesce(*(ibis.cases((sign, True)) for sign in signs), *signs))
    if "parser_ok" in has:
        found["unparsed"] = shown(~t.parser_ok)
    if "n_returned" in has:
        found["empty_retrieval"] = shown(t.n_returned == 0, where=(t.kind == "retrieval") & ~failed(t))
    if "prompt_unresolved" in has:
        found["prompt_unresolved"] = shown(t.prompt_unresolved > 0)
    if "guardrail_action" in has:
        found["guardrail_blocked"] = shown(t.guardrail_action == "block")
    if {"input_lang", "output_lang"} <= has:
        found["lang_mismatch"] = shown(t.output_lang != t.input_lang)
    if "cache_hit" in has:
        answers = t.cache_layer.fill_null(ANSWERS[0]).isin(ANSWERS) if "cache_layer" in has else None
        found["cache_hit"] = shown(t.cache_hit, where=answers)
    return found


def _numbers(t: Table) -> dict[str, Value]:
    has = frozenset(t.columns)
    found: dict[str, Value] = {"weight": t.weight.max()} if "weight" in has else {}
    if "error_class" in has:
        found["parse_errors"] = t.count(where=t.error_class == "parse")
    if "ttft_ms" in has:
        found["first_token"] = (t.ts * 1000.0 + bounded(t.ttft_ms)).min(where=t.kind == "llm")
    if "request_cost_usd" in has:
        found["stated_cost"] = bounded(t.request_cost_usd).max()
    if "evaluator_value" in has:
        judged = t.evaluator_value.notnull()
        if "evaluator_control_set" in has:  # a frozen item says how the judge does, not how the product does
            judged &= ~t.evaluator_control_set.fill_null(False)
        found["eval_mean"] = total(t.evaluator_value, 1e6, judged) / t.evaluator_value.count(where=judged)
    return found


def _usage(t: Table) -> Table | None:
    """Tokens and cost of the leaf model calls: a call around another one repeats its usage."""
    recorded = [name for name in UNITS if name in t.columns]
    if not recorded:
        return None
    calls = t.filter((t.kind == "llm") & ibis.coalesce(*(t[name] for name in recorded)).notnull())
    around = calls.filter(calls.parent_id != "").select("trace_id", span_id="parent_id")
    leaves = calls.anti_join(around, ["trace_id", "span_id"])
    sums = {name: total(leaves[name], UNITS[name]) for name in recorded}
    return leaves.group_by("trace_id").agg(**sums)


def _last_output(t: Table) -> Table | None:
    if "output_hash" not in t.columns:
        return None
    calls = t.filter((t.kind == "llm") & t.output_hash.notnull()).select("trace_id", "span_id", "ts", "output_hash")
    newest = ibis.window(group_by="trace_id", order_by=[calls.ts.desc(), calls.span_id.desc()])
    calls = calls.mutate(place=ibis.row_number().over(newest))
    return calls.filter(calls.place == 0).select("trace_id", "output_hash")


def _finished(t: Table) -> Table:
    has = frozenset(t.columns)
    began = ibis.coalesce(t.root_ts, t.first_ts)
    out: dict[str, Value] = {
        "trace": t.trace_id,
        "ts": began,
        "duration_ms": ibis.coalesce(t.root_ms, (t.last_end - t.first_ts) * 1000.0),
        "has_root": t.root_ts.notnull(),
        "orphans": t.orphans.fill_null(0),
        "failed": _failed(t),
    }
    for name in (f"{of}_{kind}" for of in ("n", "err") for kind in COUNTED):
        out[name] = t[name].fill_null(0) if name in has else ibis.literal(0)
    if "outcome" in has:
        out["degraded"] = t.outcome == "degraded"
    if {"unparsed", "parse_errors"} & has:
        out["parse_failed"] = _parse_failed(t)
    for name, parts in {"cost_usd": ("stated_cost", "cost_usd"), "user_ttft_ms": ("user_ttft_ms", "first_token")}.items():
        found = [t[part] - began * 1000.0 if part == "first_token" else t[part] for part in parts if part in has]
        out |= {name: ibis.coalesce(*found)} if found else {}
    used = (
        "trace_id",
        "root_ts",
        "root_ms",
        "root_failed",
        "first_ts",
        "last_end",
        "unparsed",
        "parse_errors",
        "stated_cost",
        "first_token",
    )
    kept = [name for name in t.columns if name not in used and name not in out]
    return t.select(*kept, **out)


def _failed(t: Table) -> Value:
    """The stated outcome, else the root's status; NULL where a trace has neither."""
    if "outcome" not in t.columns:
        return t.root_failed
    return ibis.cases(
        (t.outcome == "failed", 1), (t.outcome.isin(NOT_OURS), 0), (t.root_failed.notnull(), t.root_failed), (t.outcome.notnull(), 0)
    )


def _parse_failed(t: Table) -> Value:
    """A parser's own word; where some output of this scope did not parse, a trace with model calls and no such error is a clean one."""
    cases: list[tuple[Value, int]] = []
    if "parse_errors" in t.columns:
        cases.append((t.parse_errors > 0, 1))
    if "unparsed" in t.columns:
        cases += [(t.unparsed == 1, 1), (t.unparsed == 0, 0)]
    if "parse_errors" in t.columns:
        cases.append(((t.parse_errors.sum().over(ibis.window()) > 0) & _calls(t), 0))
    return ibis.cases(*cases)


def _calls(t: Table) -> BooleanValue:
    counts = [t[name] for name in ("n_llm", "n_parser") if name in t.columns]
    return reduce(or_, (count > 0 for count in counts), ibis.literal(False))
