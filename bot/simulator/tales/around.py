"""Replays from around the model: guardrails, caches, phones, keys, the instrument itself, and nights on which nothing was wrong."""

from __future__ import annotations

from dataclasses import replace

from bot.simulator.scenario import Shift
from bot.simulator.tales.replay import Replay, busy, calm
from bot.simulator.tales.tale import product
from bot.simulator.world import World

PHONE = (("device_class", "phone-2019"),)
STOLEN = (("tenant", "initech-3"),)
CHRONIC = (("tenant", "globex-3"),)


def cached() -> World:
    return replace(busy(), cached_share=0.4)


def uneven() -> World:
    """A customer that always fails more often than the others."""
    return replace(calm(1500.0), crash=0.006, chronic_factor=8.0)


def by_day() -> World:
    """Used by one country in office hours."""
    return replace(product(per_hour=900.0), flat=0.05)


REPLAYS = {
    # the threshold of the input filter went from .65 to .45 after an audit: honest questions are refused
    "guardrail-threshold": Replay(
        "infra.guardrail_overblock",
        "Guardrail block rate {value}%",
        "guardrail_blocked",
        (
            Shift("guard.threshold", "set", 0.38, coin="policy"),
            Shift("guard.policy", "set", "p18", coin="policy"),
        ),
        onset=2.0,
        slice=(("guardrail_policy_version", "p18"),),
        changed=("guardrail", "input-policy", "p17", "p18", "trust-and-safety"),
    ),
    # the semantic cache was made eager to save calls: confident answers to somebody else's question
    "semantic-cache-false-hits": Replay(
        "infra.cache_wrong_hit",
        "Ticket: answers belong to other questions; cache hit rate {value}%",
        "cache_hit",
        (Shift("cache.threshold", "set", 0.82, coin="cache"), Shift("cache.scope", "set", "global", coin="cache")),
        onset=2.0,
        changed=("config", "semantic-cache.threshold", "0.965", "0.82", "cost-team"),
        source="generic",
        world=cached,
    ),
    # the smaller weights shipped to everybody; only the oldest phones cannot hold them
    "old-phones": Replay(
        "infra.device_cohort",
        "App crashes and slow answers on older phones",
        "failed",
        (
            Shift("device.slow", "times", 3.0, where=PHONE),
            Shift("device.variant", "set", "int4-3", where=PHONE),
            Shift("app.crash", "add", 0.12, where=PHONE),
        ),
        onset=3.0,
        slice=PHONE,
        changed=("model", "on-device manifest", "int8-2", "int4-3", "mobile"),
        world=busy,
    ),
    # a customer's key was in a public repository for a day
    "stolen-key": Replay(
        "infra.abuse_injection",
        "Guardrail block rate {value}%, volume up",
        "guardrail_blocked",
        (Shift("demand", "times", 14.0, where=STOLEN), Shift("risk.hostile", "add", 0.5, where=STOLEN)),
        onset=1.6,
        slice=STOLEN,
    ),
    # an SDK upgrade renamed the spans: the dashboard shows sixty percent less cost, and finance is happy
    "span-rename-read-as-savings": Replay(
        "telemetry.schema_drift",
        "Token cost fell by 60% within minutes",
        "tokens_output",
        (
            Shift("schema.dialect", "set", "otel-1.30", at=(("service", "app|retriever"),), coin="sdk"),
            Shift("schema.renamed", "set", 1.0, at=(("service", "app|retriever"),), coin="sdk"),
            Shift("schema.no_usage", "set", 0.6, coin="sdk"),
        ),
        onset=2.0,
        changed=("otel", "opentelemetry-sdk", "1.27", "1.38", "observability"),
        judged=False,
    ),
    # prompts grew, batches passed 16 MiB, and the exporter drops what it cannot send
    "batches-of-16-mib": Replay(
        "telemetry.trace_loss",
        "Request volume in traces dropped sharply",
        "failed",
        (Shift("trace.loss", "set", 0.7),),
        onset=2.0,
        changed=("otel", "collector", "0.110", "0.111", "observability"),
        judged=False,
    ),
    # the judge was upgraded and is stricter with German; nobody's answers changed
    "judge-regressed-in-german": Replay(
        "telemetry.judge_drift",
        "Answers scored below 0.7: {value}%, worst in German",
        "low_score",
        (
            Shift("judge.bias", "add", -0.3, where=(("locale", "de-DE"),), coin="judge"),
            Shift("judge.version", "set", "j4", coin="judge"),
        ),
        onset=3.0,
        slice=(("locale", "de-DE"),),
        changed=("judge", "gpt-4.1", "j3", "j4", "evals"),
        hours=8.0,
        world=lambda: product(per_hour=4000.0),
    ),
    # a customer that was always worse asks twenty times as much: the average gets worse, nobody does
    "one-customer-asks-more": Replay(
        "none.mix_shift",
        "AI assistant degraded - error rate {value}%",
        "failed",
        (Shift("demand", "times", 40.0, where=CHRONIC),),
        onset=2.0,
        slice=CHRONIC,
        world=uneven,
    ),
    # Monday morning: the threshold was set on a Sunday
    "monday-morning": Replay("none.noise_or_seasonal", "Requests per minute above threshold", "failed", judged=False, world=by_day),
    # eight minutes of provider errors, over before the page went out
    "recovered-blip": Replay(
        "none.noise_or_seasonal",
        "AI assistant degraded - error rate above 5%",
        "failed",
        (Shift("llm.outage", "add", 0.3, at=(("provider", "openai"),)),),
        onset=1.0,
        end=0.866,
        judged=False,
    ),
}
