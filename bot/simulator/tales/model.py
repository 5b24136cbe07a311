"""Replays of the model layer: what providers wrote about their bad days, and what teams did to themselves in front of a provider."""

from __future__ import annotations

from bot.simulator.scenario import Shape, Shift
from bot.simulator.tales.replay import Replay, busy, calm
from bot.simulator.tales.tale import HOUR

OPENAI = (("provider", "openai"),)
GPT = (("model", "gpt-4o"),)
SPARE = (("model", "claude-3-5-haiku"),)

REPLAYS = {
    # 2024-12-11: a telemetry rollout took down the provider's control plane; without DNS its services could not find each other
    "provider-dns-outage": Replay(
        "model.provider_incident",
        "AI assistant: model call error rate {value}%",
        "llm_error",
        (
            Shift("llm.outage", "add", 0.55, at=OPENAI),
            Shift("llm.outage_class", "set", "server_error", at=OPENAI),
            Shift("llm.server_error", "add", 0.3, at=OPENAI),
        ),
        onset=0.9,
        slice=OPENAI,
        ramp=0.2,
        world=calm,
    ),
    # 2025-08/09: requests of one kind went to servers set up for a longer context; sessions stuck to them, and a rebalancing made it 16 %
    "misrouted-requests": Replay(
        "model.output_corruption",
        "Quality tickets: {value}% of answers are not in the user's language",
        "lang_mismatch",
        (Shift("llm.corrupt", "set", 1.0, where=(("region", "us-east"),), at=OPENAI, sticky=True),),
        onset=3.0,
        slice=(("region", "us-east"),),
        top=0.16,
        ramp=1.0,
        accept=("model.silent_version_change",),
        source="generic",
        world=busy,
    ),
    # 2025-08: a misconfigured runtime gave a high probability to tokens that hardly ever come: Thai characters in English answers
    "thai-characters": Replay(
        "model.output_corruption",
        "Ticket: Thai characters in the middle of English answers",
        "lang_mismatch",
        (Shift("llm.corrupt", "set", 1.0, where=(("region", "eu-west"),), at=OPENAI, sticky=True),),
        onset=2.5,
        slice=(("region", "eu-west"),),
        top=0.09,
        source="generic",
        world=busy,
    ),
    # the fallback model nobody ever load-tested: the breaker opened for minutes of errors and stayed open
    "breaker-stayed-open": Replay(
        "model.fallback_engaged",
        "Structured output and refusals up since the provider blip",
        "refusal",
        (
            Shift("llm.outage", "add", 0.5, at=OPENAI, shape=Shape(-2.1 * HOUR, end=-1.95 * HOUR)),
            Shift("llm.breaker", "set", 0.9),
            Shift("llm.refusal", "add", 0.08, at=SPARE),
            Shift("llm.parse_fail", "add", 0.10, at=SPARE),
        ),
        onset=2.0,
        slice=(("model_served", "claude-3-5-haiku-20241022"),),
        accept=("prompt.model_mismatch",),
        world=busy,
    ),
    # the monthly spend cap was reached; the counter turns at midnight UTC, and every call of the key fails from then on
    "quota-at-midnight": Replay(
        "model.quota_exhausted",
        "AI assistant degraded - error rate {value}%",
        "llm_error",
        (Shift("llm.quota", "set", 0.95, at=OPENAI),),
        onset=2.117,
        slice=OPENAI,
        source="pagerduty",
    ),
    # the alias moved to the next snapshot on a night on which nobody deployed anything
    "alias-moved": Replay(
        "model.silent_version_change",
        "Refusal rate {value}% and longer answers, no deploy in three days",
        "refusal",
        (
            Shift("llm.served", "set", "gpt-4o-2026-02-28", at=GPT, coin="alias"),
            Shift("llm.fingerprint", "set", "fp_9a1be0c2d4", at=GPT, coin="alias"),
            Shift("llm.length", "times", 1.5, at=GPT, coin="alias"),
            Shift("llm.refusal", "add", 0.06, at=GPT, coin="alias"),
            Shift("llm.worth", "times", 0.8, at=GPT, coin="alias"),
        ),
        onset=2.6,
        slice=(("model_served", "gpt-4o-2026-02-28"),),
        world=busy,
    ),
    # a sweep for cheaper calls set a cap on the output that every second invoice needs more than
    "cost-sweep-cut-answers": Replay(
        "model.truncated_output",
        "Structured-output failures on invoices, {value}% of answers cut off",
        "cut_off",
        (Shift("llm.max_tokens", "set", 0.22, at=(("prompt", "extract-invoice"),)),),
        onset=3.0,
        slice=(("prompt_name", "extract-invoice"),),
        changed=("config", "extract-invoice.max_tokens", "700", "154", "cost-sweep"),
        world=busy,
    ),
}
