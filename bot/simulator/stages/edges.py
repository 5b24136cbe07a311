"""What stands around the model: response cache, guardrails, the template, the parser, the judge."""

from __future__ import annotations

import numpy as np

from bot.model.frame import IntArray
from bot.simulator.sim import NONE, Sim, absent
from bot.simulator.stages.model import Answer, Ask, ask
from bot.simulator.world import Route

BLOCK_AT = 0.65  # risk score from which the input guardrail blocks
JUDGED = 0.05  # share of answers a judge looks at
THUMBED = 0.03  # share of users who press a thumb; unhappy ones four times as often


def look_up(sim: Sim, rows: IntArray) -> None:
    """The semantic cache: a question close enough to an earlier one gets that one's answer."""
    used = rows[sim.uniform("cache.used", rows) < sim.world.cached_share]
    likeness = 1.0 - 0.35 * sim.uniform("cache.likeness", used) ** 0.8
    floor = sim.dial("cache.threshold", used, 0.965)
    hit = likeness >= floor
    took = 0.006 * sim.spread("cache.time", used, 0.3)
    age = np.round(600.0 * sim.wait("cache.age", used))
    sim.record(
        "cache", "cache.lookup", used, took, cache__layer="semantic", cache__hit=hit, cache__similarity=np.round(likeness, 4),
        cache__key_scope=sim.choice("cache.scope", used, "tenant"), cache__age_s=np.where(hit, age, NONE),
    )  # fmt: skip
    sim.pass_time(used, took)
    served = used[hit]
    sim.done[served] = True
    wrong = served[(likeness < 0.95)[hit]]
    sim.quality[wrong] = 0.1
    sim.out_chars[served] = 600.0
    sim.sign("cache_hit", served)
    sim.sign("wrong_hit", wrong)


def guard_input(sim: Sim, rows: IntArray) -> None:
    """A classifier scores the request; the policy decides from which score it is blocked."""
    alive = rows[~sim.done[rows]]
    hostile = sim.uniform("risk.hostile", alive) < sim.dial("risk.hostile", alive, 0.004)
    score = np.clip(np.where(hostile, 0.82, 0.16) + 0.15 * sim.draws.normal("risk.score", sim.n)[alive], 0.0, 1.0)
    floor = sim.dial("guard.threshold", alive, BLOCK_AT)
    block = score >= floor
    missing = sim.uniform("guard.absent", alive) < sim.dial("guard.absent", alive, 0.0)
    took = 0.02 * sim.spread("guard.time", alive, 0.35)
    category = np.where(hostile, np.where(sim.uniform("risk.kind", alive) < 0.6, "injection", "jailbreak"), np.where(block, "policy", NONE))
    shown = np.flatnonzero(~missing)
    sim.record(
        "guardrail", "guardrail.input", alive[shown], took[shown], guardrail__name=sim.world.guardrail,
        guardrail__policy_version=sim.choice("guard.policy", alive[shown], sim.world.policy), guardrail__target="input",
        guardrail__action=np.where(block, "block", "allow")[shown], guardrail__score=np.round(score, 3)[shown],
        guardrail__category=category[shown],
    )  # fmt: skip
    sim.pass_time(alive, np.where(missing, 0.0, took))
    stopped = alive[block & ~missing]
    sim.blocked[stopped] = True
    sim.done[stopped] = True
    sim.out_chars[stopped] = 90.0
    sim.sign("guardrail_blocked", stopped)


def render(sim: Sim, rows: IntArray, route: Route) -> None:
    """Fill the template; a variable nobody provides stays in the text."""
    alive = rows[~sim.done[rows]]
    prompt = sim.world.prompt(route.prompt)
    left = np.where(sim.uniform("prompt.left", alive) < sim.dial("prompt.unresolved", alive, 0.0, prompt=prompt.name), 1.0, 0.0)
    size = prompt.system_tokens * sim.dial("prompt.size", alive, 1.0, prompt=prompt.name)
    took = 0.0015 * sim.spread("prompt.time", alive, 0.3)
    sim.record(
        "prompt", f"render {prompt.name}", alive, took, prompt__name=prompt.name, prompt__unresolved=left,
        prompt__version=sim.choice("prompt.version", alive, prompt.version, prompt=prompt.name),
        prompt__render_chars=np.round((size + sim.context_tokens[alive]) * 4.0),
    )  # fmt: skip
    sim.pass_time(alive, took)
    sim.sign("prompt_unresolved", alive[left > 0])
    sim.quality[alive[left > 0]] *= 0.6


def parse(sim: Sim, rows: IntArray, route: Route, answer: Answer) -> None:
    """Structured output against its schema; half of the failures are asked again once, the rest end the request."""
    version = sim.world.versions[-1]
    alive = np.flatnonzero(~sim.done[rows])
    these = rows[alive]
    bad = ~answer.parsed[alive]
    _parser_span(sim, these, route, bad, answer.finish[alive] == "length", version)
    broken = these[bad]
    sim.sign("parse_failed", broken)
    retry = sim.uniform("parse.again", broken) < 0.45
    second = ask(sim, broken[retry], Ask(f"{route.name}.repair", route, route.out_tokens)) if retry.any() else None
    ended = broken[~retry]
    if second is not None:
        healed = second.ok & second.parsed
        still = broken[retry][second.ok]
        _parser_span(sim, still, route, ~second.parsed[second.ok], second.finish[second.ok] == "length", version)
        ended = np.r_[ended, broken[retry][~healed]]
    ended = ended[absent(sim.failed[ended])]
    sim.fail(ended, "parse", "the output did not parse")


def _parser_span(sim: Sim, rows: IntArray, route: Route, bad: np.ndarray, cut: np.ndarray, version: str) -> None:
    how = np.where(sim.uniform("parse.how", rows) < 0.7, "syntax", "schema")
    error = np.where(bad, "parse", NONE)
    took = 0.002 * sim.spread("parse.time", rows, 0.3)
    sim.record(
        "parser", "parse_output", rows, took, error=error, parser__schema=route.schema, parser__ok=~bad,
        parser__error_kind=np.where(bad, np.where(cut, "truncated", how), NONE),
        parser__parser_version=sim.choice("app.version", rows, version),
    )  # fmt: skip
    sim.pass_time(rows, took)


def judge(sim: Sim, rows: IntArray) -> None:
    """A sample of answers is scored by a judge model, together with items of a frozen control set."""
    alive = rows[absent(sim.failed[rows]) & ~sim.blocked[rows] & (sim.uniform("judge.sample", rows) < JUDGED)]
    if len(alive) == 0:
        return
    control = sim.uniform("judge.control", alive) < 0.15
    truth = np.where(control, 0.86, 0.15 + 0.73 * sim.quality[alive])
    score = truth + sim.dial("judge.bias", alive, 0.0) + 0.08 * sim.draws.normal("judge.noise", sim.n)[alive]
    sim.record(
        "evaluator", "evaluate faithfulness", alive, 0.9 * sim.spread("judge.time", alive, 0.3), evaluator__name="faithfulness",
        evaluator__value=np.round(np.clip(score, 0.0, 1.0), 3), evaluator__judge_model=sim.world.judge,
        evaluator__judge_version=sim.choice("judge.version", alive, "j3"), evaluator__control_set=control,
    )  # fmt: skip
    sim.sign("low_score", alive[score < 0.7])


def feedback(sim: Sim, rows: IntArray) -> np.ndarray:
    """+1, -1 or NaN per request."""
    bad = sim.quality[rows] < 0.5
    speaks = sim.uniform("thumb.speaks", rows) < np.where(bad, THUMBED * 4.0, THUMBED)
    up = sim.uniform("thumb.up", rows) < np.where(bad, 0.12, 0.86)
    return np.where(speaks, np.where(up, 1.0, -1.0), np.nan)
