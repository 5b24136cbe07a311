"""A model call as the gateway makes it: prompt in, attempts, fallback, tokens and times out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.model.frame import BoolArray, FloatArray, IntArray
from bot.simulator.sim import NONE, Sim, absent
from bot.simulator.world import Model, Route

PREFILL = 0.00006  # seconds per uncached input token
ATTEMPTS = 2  # the gateway tries once more before it goes to the fallback
DEADLINE = 30.0  # of one model call
ROOM = 3.2  # the provider's token limit, in this product's mean demand: the daily peak stays well below it
CROWDED = 1.9  # demand from which the provider's queue is felt
FLAT_ERRORS = (("server_error", 0.0016), ("overload", 0.0008), ("timeout", 0.0006), ("rate_limit", 0.0006))  # per attempt, at rest
LASTING = ("auth", "not_found", "outage", "quota")  # does not heal between attempts: the request's own draw decides
FAST = {"rate_limit": 0.12, "overload": 0.25, "quota": 0.1, "auth": 0.08, "not_found": 0.08, "context_length": 0.2, "connection": 0.4}


@dataclass(frozen=True)
class Ask:
    """One logical model call of each row. Token counts exclude what the prompt's fixed part adds."""

    name: str  # of the stage: part of every stream's name
    route: Route
    out_tokens: float
    tools: bool = False
    parent: IntArray | None = None
    last: bool = True  # its text is what the user reads


@dataclass
class Answer:
    ok: BoolArray
    out: FloatArray
    finish: np.ndarray
    parsed: BoolArray
    served: np.ndarray


def ask(sim: Sim, rows: IntArray, call: Ask) -> Answer:
    """Attempts on the routed model, then the fallback; a request whose every attempt failed ends here."""
    route = call.route
    models = _routed(sim, rows, call)
    tokens = _input(sim, rows, call)
    answer = Answer(
        np.zeros(len(rows), dtype=np.bool_), np.zeros(len(rows)), np.full(len(rows), None, dtype=object),
        np.ones(len(rows), dtype=np.bool_), np.full(len(rows), None, dtype=object),
    )  # fmt: skip
    error = np.full(len(rows), None, dtype=object)
    most = int(sim.dial("llm.attempts", rows, float(ATTEMPTS)).max(initial=ATTEMPTS))
    allowed = sim.dial("llm.attempts", rows, float(ATTEMPTS))
    breaker = sim.uniform("breaker", rows) < sim.dial("llm.breaker", rows, 0.0)  # open: the primary is not even asked
    models = np.where(breaker, route.fallback, models)
    for attempt in range(1, most + 1):
        due = np.flatnonzero(~answer.ok & (attempt <= allowed))
        retryable = ~np.isin(error[due].astype(str), ("context_length", "auth", "not_found")) if attempt > 1 else np.ones(len(due), bool)
        _attempt(sim, rows, due[retryable], models, tokens, call, attempt, error, answer)
    due = np.flatnonzero(~answer.ok & (models != route.fallback))
    if len(due):
        models = models.copy()
        models[due] = route.fallback
        _attempt(sim, rows, due, models, tokens, call, most + 1, error, answer)
    lost = ~answer.ok
    sim.fail(rows[lost], error[lost], "the model did not answer")
    return answer


def _routed(sim: Sim, rows: IntArray, call: Ask) -> np.ndarray:
    """The router sends easy requests to the small model; dials move its threshold or the alias behind a route."""
    route = call.route
    names = np.full(len(rows), route.model, dtype=object)
    if route.small:
        easy = sim.uniform("router.ease", rows)
        names = np.where(easy < sim.dial("router.small_share", rows, 0.5, route=route.name), route.small, names)
    return sim.choice("router.model", rows, names, route=route.name)


def _input(sim: Sim, rows: IntArray, call: Ask) -> dict[str, FloatArray]:
    prompt = sim.world.prompt(call.route.prompt)
    system = np.round(prompt.system_tokens * sim.dial("prompt.size", rows, 1.0, prompt=prompt.name))
    user = np.round(call.route.user_tokens * sim.spread("user.tokens", rows, 0.6) * sim.dial("user.size", rows, 1.0))
    turns = sim.requests.turn[rows].astype(np.float64) * sim.dial("history.turns", rows, 1.0)
    history = np.round(turns * 160.0 + sim.history_tokens[rows])
    tools = np.full(len(rows), 340.0 if call.tools else 0.0)
    context = np.round(sim.context_tokens[rows] * sim.dial("context.size", rows, 1.0))
    return {"system": system, "user": user, "turns": np.round(turns), "history": history, "tools": tools, "retrieval": context,
            "total": system + user + history + tools + context}  # fmt: skip


def _hazards(sim: Sim, rows: IntArray, model: Model, tokens: FloatArray, stream: str) -> np.ndarray:
    """Error class of one attempt, or None. Classes are drawn one after another, worst first."""
    host = sim.world.host(model.provider)
    known = {"provider": model.provider, "model": model.name}
    error = np.full(len(rows), None, dtype=object)
    risks: list[tuple[str, str | np.ndarray, FloatArray]] = [
        ("region", "connection", sim.dial("region.loss", rows, 0.0, host=host)),
        ("auth", "auth", sim.dial("llm.auth", rows, 0.0, **known)),
        ("not_found", "not_found", sim.dial("llm.not_found", rows, 0.0, **known)),
        ("outage", sim.choice("llm.outage_class", rows, "server_error", **known), sim.dial("llm.outage", rows, 0.0, **known)),
        ("quota", "quota", sim.dial("llm.quota", rows, 0.0, **known)),
        ("throttle", "rate_limit", _throttled(sim, rows, known)),
    ]
    risks += [(kind, kind, sim.dial(f"llm.{kind}", rows, rest, **known)) for kind, rest in FLAT_ERRORS]
    window = sim.dial("llm.window", rows, float(model.window), **known)
    error[tokens > window] = "context_length"
    for mechanism, said, p in risks:
        name = f"llm.{model.provider}.{mechanism}" + ("" if mechanism in LASTING else f".{stream}")
        error = np.where(absent(error) & sim.hit(name, rows, p), said, error)
    return error


def _demand(sim: Sim, rows: IntArray) -> FloatArray:
    """Requests of each request's minute, relative to the product's mean."""
    minute = ((sim.requests.ts + sim.scenario.hours * 3600.0) // 60.0).astype(np.int64).clip(0)
    smooth = np.convolve(np.bincount(minute).astype(np.float64), np.ones(3) / 3.0, mode="same")
    return np.asarray(smooth[minute[rows]] * 60.0 / sim.world.per_hour)


def _throttled(sim: Sim, rows: IntArray, known: dict[str, str]) -> FloatArray:
    """Share of calls over the token limit in each minute: demand above the bucket's rate is refused."""
    limit = sim.dial("llm.tokens_per_minute", rows, ROOM, **known)
    return np.asarray(np.clip(1.0 - limit / np.maximum(_demand(sim, rows), 1e-9), 0.0, 0.95))


def _attempt(
    sim: Sim, rows: IntArray, due: IntArray, models: np.ndarray, tokens: dict[str, FloatArray], call: Ask, attempt: int,
    error: np.ndarray, answer: Answer,
) -> None:  # fmt: skip
    for name in sorted(set(models[due].tolist())):
        part = due[models[due] == name]
        model = sim.world.model(name)
        stream = f"{call.name}.{attempt}"
        these = rows[part]
        error[part] = _hazards(sim, these, model, tokens["total"][part], stream)
        said = _says(sim, these, model, {key: value[part] for key, value in tokens.items()}, call, absent(error[part]), stream)
        took = np.where(absent(error[part]), said["took"], _wasted(sim, these, error[part], stream))
        deadline = sim.dial("llm.client_deadline", these, DEADLINE)
        late = (took > deadline) & absent(error[part])
        error[part] = np.where(late, "timeout", error[part])
        took = np.where(late, deadline, took)
        ok = absent(error[part])
        above = None if call.parent is None else call.parent[part]
        _recorded(sim, these, model, call, attempt, took, error[part], said, above)
        sim.pass_time(these, took + (0.2 * attempt if attempt > 1 else 0.0))
        sim.cost[these] += np.where(ok, said["cost"], 0.0)
        answer.ok[part] = ok
        answer.out[part] = said["out"]
        answer.finish[part] = np.where(ok, said["finish"], NONE)
        answer.parsed[part] = said["parsed"].astype(np.bool_)
        answer.served[part] = said["served"]
        sim.sign("llm_error", these[~ok])


def _wasted(sim: Sim, rows: IntArray, error: np.ndarray, stream: str) -> FloatArray:
    """Seconds until a failing call said so: fast for a refusal at the door, the deadline for silence, either for 5xx."""
    fast = np.array([FAST.get(kind, 0.35) for kind in error.tolist()])
    slow = sim.uniform(f"llm.{stream}.slowfail", rows) < 0.25
    return np.where(error == "timeout", DEADLINE, np.where((error == "server_error") & slow, 8.0, fast)) * sim.spread(
        f"llm.{stream}.wasted", rows, 0.02
    )


def _says(
    sim: Sim, rows: IntArray, model: Model, tokens: dict[str, FloatArray], call: Ask, ok: BoolArray, stream: str
) -> dict[str, np.ndarray]:
    """What the model returns where it answers: how long, how it ended, whether it can be used, and how long it took."""
    prompt = sim.world.prompt(call.route.prompt)
    known = {"provider": model.provider, "model": model.name, "prompt": prompt.name}
    refused = sim.hit(f"llm.{stream}.refuses", rows, sim.dial("llm.refusal", rows, model.refusal, **known)) & call.last
    lacking = call.last & (sim.context[rows] < 0.5) & (sim.uniform("llm.lacking", rows) < 0.55 * (1.0 - sim.context[rows]) + 0.1)
    wanted = call.out_tokens * model.length * sim.spread(f"llm.{stream}.out", rows, 0.45) * sim.dial("llm.length", rows, 1.0, **known)
    wanted = np.where(refused, 24.0, np.where(lacking, 38.0, wanted))
    reasoning = np.round(sim.dial("llm.reasoning", rows, 0.0, **known) * sim.spread(f"llm.{stream}.thinks", rows, 0.5))
    cap = np.round(prompt.max_tokens * sim.dial("llm.max_tokens", rows, 1.0, **known))
    room = np.maximum(cap - reasoning, 8.0)
    cut = wanted > room
    out = np.round(np.maximum(np.minimum(wanted, room), 3.0)) + reasoning
    filtered = refused & (sim.uniform(f"llm.{stream}.filter", rows) < 0.5)
    finish = np.where(cut, "length", np.where(filtered, "content_filter", "stop"))
    finish = np.where(np.full(len(rows), call.tools) & ~call.last, "tool_call", finish).astype(object)
    p = sim.dial("llm.parse_fail", rows, model.parse_fail, **known) * sim.chronic(rows)
    parsed = ~(sim.hit(f"llm.{stream}.parse", rows, p) | (cut & (sim.uniform(f"llm.{stream}.cutparse", rows) < 0.92)))
    cached = _cached(sim, rows, tokens, known)
    ttft = (model.ttft * sim.spread(f"llm.{stream}.ttft", rows, 0.45) + PREFILL * (tokens["total"] - 0.9 * cached)) * sim.dial(
        "llm.ttft", rows, 1.0, **known
    )
    ttft = ttft * (1.0 + 0.9 * np.maximum(0.0, _demand(sim, rows) - CROWDED))
    tpot = model.tpot * sim.spread(f"llm.{stream}.tpot", rows, 0.3) * sim.dial("llm.tpot", rows, 1.0, **known)
    served = sim.choice("llm.served", rows, model.served, **known)
    cost = (tokens["total"] - 0.9 * cached) * model.price_in + out * model.price_out
    corrupt = (sim.uniform("llm.corrupts", rows) < sim.dial("llm.corrupt", rows, 0.0, **known)) & ok
    parsed &= ~(corrupt & (sim.uniform("llm.corrupt.parse", rows) < 0.4))
    return {
        "refused": refused, "lacking": lacking, "out": out, "reasoning": reasoning, "finish": finish, "parsed": parsed, "cap": cap,
        "cached": cached, "ttft": ttft, "tpot": tpot, "took": ttft + tpot * np.maximum(out - 1.0, 0.0), "served": served, "cost": cost,
        "fingerprint": sim.choice("llm.fingerprint", rows, model.fingerprint, **known), "corrupt": corrupt, **tokens,
    }  # fmt: skip


def _cached(sim: Sim, rows: IntArray, tokens: dict[str, FloatArray], known: dict[str, str]) -> FloatArray:
    """Input tokens read from the provider's prefix cache: the fixed part, when the prefix is the same as a moment ago."""
    rate = sim.dial("prefix.hit", rows, 0.86, **known)
    hit = sim.uniform("prefix.hit", rows) < rate
    return np.where(hit, np.floor((tokens["system"] + tokens["tools"] + 0.6 * tokens["history"]) / 64.0) * 64.0, 0.0)


def _recorded(
    sim: Sim, rows: IntArray, model: Model, call: Ask, attempt: int, took: FloatArray, error: np.ndarray, said: dict[str, np.ndarray],
    above: IntArray | None,
) -> None:  # fmt: skip
    prompt = sim.world.prompt(call.route.prompt)
    known = {"provider": model.provider, "model": model.name, "prompt": prompt.name}
    ok = absent(error)
    final = ok & call.last
    sim.refused[rows[final]] = (said["refused"] | said["lacking"])[final]
    sim.sign("refusal", rows[final & (said["refused"] | said["lacking"])])
    sim.sign("cut_off", rows[ok & (said["finish"] == "length")])
    first = np.isnan(sim.first_token[rows]) & final
    sim.first_token[rows[first]] = (sim.clock[rows] + said["ttft"])[first]
    sim.out_chars[rows[final]] = said["out"][final] * 4.0
    worth = sim.context[rows] * np.where(said["corrupt"] | said["refused"], 0.15, 1.0) * sim.dial("llm.worth", rows, 1.0, **known)
    sim.quality[rows[final]] = worth[final]
    wrong = (sim.uniform("lang.slip", rows) < sim.dial("prompt.wrong_language", rows, 0.0006, prompt=prompt.name)) & final
    lang = np.array([str(value).split("-")[0] for value in sim.requests.dims["locale"][rows].tolist()], dtype=object)
    strange = said["corrupt"] & (sim.uniform("llm.corrupt.script", rows) < 0.7)
    spoken = np.where(strange, "th", np.where(wrong, "en", lang))
    sim.locale_ok[rows[final & (spoken != lang)]] = False
    sim.sign("lang_mismatch", rows[final & (spoken != lang)])
    none = np.full(len(rows), None, dtype=object)

    def seen(values: np.ndarray) -> np.ndarray:
        """Recorded on answers only: a failed call has no usage and no finish."""
        return np.where(ok, values, none)

    sim.record(
        "llm", f"chat {model.name}", rows, took, start=sim.requests.ts[rows] + sim.clock[rows], parent=above, error=error,
        llm__provider=model.provider, llm__model_requested=model.name, llm__model_served=seen(said["served"]),
        llm__fingerprint=seen(said["fingerprint"]), llm__stream=True, llm__temperature=0.2, llm__max_tokens=said["cap"],
        llm__finish=seen(said["finish"]), llm__tokens__input=seen(said["total"]), llm__tokens__output=seen(said["out"]),
        llm__tokens__cache_read=seen(said["cached"]), llm__tokens__reasoning=seen(said["reasoning"]),
        llm__ttft_ms=seen(np.round(said["ttft"] * 1e3, 2)), llm__prompt__name=prompt.name,
        llm__prompt__version=sim.choice("prompt.version", rows, prompt.version, prompt=prompt.name),
        llm__components__system=said["system"], llm__components__history=said["history"],
        llm__components__retrieval=said["retrieval"], llm__components__tools=said["tools"], llm__history_turns=said["turns"],
        llm__system_hash=_system_hash(sim, rows, known), llm__tool_defs_hash=sim.choice("tools.defs", rows, "d41f") if call.tools else None,
        llm__reasoning_level=sim.choice("llm.effort", rows, "medium", **known),
        llm__output__chars=seen(said["out"] * 4.0), llm__output__refusal=np.where(final, said["refused"] | said["lacking"], none),
        llm__output__lang=np.where(final, spoken, none), llm__input__lang=np.where(call.last, lang, none),
        llm__output__repeat_ratio=seen(np.where(said["corrupt"] & ~strange, 0.55, np.round(0.03 + 0.05 * sim.uniform("repeat", rows), 3))),
        llm__cost_usd=seen(np.round(said["cost"], 7)), llm__response_id=np.where(ok, _ids(sim, rows, f"{call.name}.{attempt}"), none),
        llm__key_id=f"key-{model.provider[:2]}-1", span__attempt=float(attempt), span__server_address=sim.world.host(model.provider),
        llm__retry_after_s=np.where(error == "rate_limit", 20.0, none),
    )  # fmt: skip


def _system_hash(sim: Sim, rows: IntArray, known: dict[str, str]) -> np.ndarray:
    """Hash of the fixed part as sent: constant, unless something that changes per request got into it."""
    version = sim.choice("prompt.version", rows, "live", prompt=known["prompt"])
    loose = sim.dial("prefix.hit", rows, 0.86, **known) < 0.6
    salt = (sim.uniform("prefix.salt", rows) * 1e6).astype(np.int64)
    return np.array([f"{v}-{s}" if moved else str(v) for v, s, moved in zip(version, salt, loose, strict=True)], dtype=object)


def _ids(sim: Sim, rows: IntArray, stream: str) -> np.ndarray:
    return np.array([f"resp-{int(x * 2**48):012x}" for x in sim.uniform(f"{stream}.response", rows)], dtype=object)
