"""What it costs: per request now and before, which part of the tokens moved, and which route, tenant or model spends most."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from bot.chat.answer.verdict import about
from bot.chat.fresh import codes, everything, matching
from bot.chat.told import Told
from bot.chat.understand import Asked
from bot.model.evidence import Evidence
from bot.model.frame import BoolArray
from bot.model.report import Outcome
from bot.wording.figures import number, share
from bot.wording.literal import one_line
from bot.wording.verdict import cause_name

TOKENS = (
    ("tokens_input", "input tokens"),
    ("tokens_output", "output tokens"),
    ("tokens_cache_read", "cached input tokens"),
    ("tokens_reasoning", "reasoning tokens"),
)
BY = (("model", r"model"), ("tenant", r"tenant|customer"), ("route", r"route|endpoint|feature"))
Numbers = dict[str, float | int | str | None]
MOVED = 1.1  # ratio below which a mean is called unchanged


@dataclass(frozen=True)
class Mean:
    now: float
    before: float
    n: int
    before_n: int

    @property
    def ratio(self) -> float | None:
        return self.now / self.before if self.before > 0 and self.n else None


def cost(told: Told, asked: Asked) -> None:
    case, report = told.case, told.case.report
    gathered = case.evidence
    found = [row for row in report.findings if row.check.startswith("cost.") and row.outcome is Outcome.FOUND]
    for row in found[:2]:
        told.claim(row, lead=f"{cause_name(row.check)}: ")
    if not found:
        clean = [row for row in report.findings if row.check.startswith("cost.") and row.outcome is Outcome.CLEAN]
        told.say(
            "No cost check found anything." if clean else "The cost checks could not run.",
            *(clean or [row for row in report.findings if row.check.startswith("cost.")])[:3],
        )
    if gathered is None or gathered.requests is None:
        told.say("No spans are at hand, so I cannot count dollars or tokens.")
        return
    mask, unknown = matching(gathered, {slot: value for slot, value in asked.slots.items() if slot != "time"})
    if unknown:
        told.say(f"No span records {', '.join(unknown)}; the numbers are of all requests.")
        mask = everything(gathered)
    _money(told, gathered, mask)
    _tokens(told, gathered, mask)
    slot = next(
        (slot for slot, pattern in BY if re.search(rf"\b(?:which|what|per|by|top) .*{pattern}|\bby {pattern}", asked.said)),
        "route" if found else None,
    )
    if slot is not None:
        _spenders(told, gathered, slot)
    if re.search(r"drop|fell|lower|less", asked.said):
        about(told, "telemetry.schema_drift")
    told.cite(case.leading[:1])


def _mean(gathered: Evidence, column: str, mask: BoolArray) -> Mean | None:
    values = gathered.seen.number(column)
    known = ~np.isnan(values) & mask
    now, then = known & gathered.in_current, known & gathered.in_baseline
    if not now.any() and not then.any():
        return None
    return Mean(
        float(values[now].mean()) if now.any() else 0.0, float(values[then].mean()) if then.any() else 0.0, int(now.sum()), int(then.sum())
    )


def _money(told: Told, gathered: Evidence, mask: BoolArray) -> None:
    mean = _mean(gathered, "cost_usd", mask)
    if mean is None:
        told.say("No span records a cost, so I cannot say dollars.", *told.case.leading[:1])
        return
    now, before = float(f"{mean.now:.3g}"), float(f"{mean.before:.3g}")
    words = f"cost per request {now} USD over n {mean.n:,}" + (
        f", was {before} USD over n {mean.before_n:,}{_times(mean)}" if mean.before_n else ""
    )
    windows = (gathered.windows.current, gathered.windows.baseline)
    numbers: Numbers = {"cost_usd": now, "baseline_cost_usd": before, "n": mean.n, "baseline_n": mean.before_n, "ratio": _short(mean.ratio)}
    told.say(f"{words[:1].upper()}{words[1:]}.", told.fresh(words, numbers, mean.n, windows, "cost"))
    values = gathered.seen.number("cost_usd")
    spent = float(np.nansum(values[gathered.in_current & mask]))
    extra = spent - mean.before * mean.n if mean.before_n else 0.0
    if mean.ratio is not None and mean.ratio >= MOVED:
        words = f"about {number(float(f'{extra:.3g}'))} USD more than usual in the current window"
        told.say(
            f"That is {words}.",
            told.fresh(words, {"extra_usd": float(f"{extra:.3g}"), "spent_usd": float(f"{spent:.3g}")}, mean.n, windows),
        )


def _times(mean: Mean) -> str:
    return f" (x{mean.ratio:.2f})" if mean.ratio is not None else ""


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.2f}")


def _tokens(told: Told, gathered: Evidence, mask: BoolArray) -> None:
    for column, words in TOKENS:
        mean = _mean(gathered, column, mask)
        if mean is None or (mean.now == 0 and mean.before == 0):
            continue
        now, before = round(mean.now), round(mean.before)
        said = f"{words} per request {now:,} over n {mean.n:,}, were {before:,}{_times(mean)}"
        numbers: Numbers = {"mean": now, "baseline_mean": before, "n": mean.n, "baseline_n": mean.before_n, "ratio": _short(mean.ratio)}
        told.say(f"• {said}", told.fresh(said, numbers, mean.n, (gathered.windows.current, gathered.windows.baseline), words))


def _spenders(told: Told, gathered: Evidence, slot: str) -> None:
    """The values of one dimension that spend most, with their share of the spend."""
    found = codes(gathered, slot)
    values = gathered.seen.number("cost_usd")
    column_name = "cost"
    if np.isnan(values).all():
        values, column_name = gathered.seen.number("tokens_input"), "input tokens"
    live = gathered.in_current & ~np.isnan(values)
    if found is None or not live.any() or float(values[live].sum()) <= 0:
        return
    column, _ = found
    known = live & column.recorded
    sums = np.bincount(column.codes[known], weights=values[known], minlength=len(column.values))
    total = float(values[live].sum())
    most = [int(at) for at in np.argsort(-sums, kind="stable")[:3] if sums[at] > 0]
    rows = [f"{one_line(column.values[at], 60)} {share(float(sums[at]) / total)}" for at in most]
    words = f"share of {column_name} by {slot}: {', '.join(rows)}"
    numbers: Numbers = {column.values[at][:60]: float(f"{sums[at] / total:.4f}") for at in most}
    told.say(f"{words[:1].upper()}{words[1:]}.", told.fresh(words, numbers, int(live.sum()), None))
