"""Replays of the cost layer: nothing fails, the bill does."""

from __future__ import annotations

from bot.simulator.casts import TEXTS
from bot.simulator.scenario import Shift
from bot.simulator.tales.replay import LARGE, SMALL, Replay, chatty, live, own_weights

EXTRACT = (("route", "/v1/extract"),)
AGENT = (("prompt", "agent-plan"),)

REPLAYS = {
    # "quality mode": the extraction went from 8B to 70B, fifteen times the price for the same invoices
    "8b-to-70b": Replay(
        "cost.model_upsell",
        "Budget burn: cost per request {value} USD",
        "cost",
        (Shift("router.model", "set", LARGE, at=EXTRACT, coin="router"),),
        onset=3.0,
        slice=(("model_requested", LARGE),),
        changed=("flag", "router.extract.model", SMALL, LARGE, "quality-team"),
        world=own_weights,
    ),
    # "more context cannot hurt": three chunks became twenty
    "three-to-twenty-chunks": Replay(
        "cost.context_growth",
        "Input tokens per request {value}, budget burn",
        "tokens_input",
        (Shift("source.k", "set", 20.0, at=(("source", "kb-search"),)),),
        onset=2.5,
        slice=(("route", "/v1/ask"),),
        changed=("config", "kb-search.top_k", "5", "20", "search-team"),
    ),
    # one call became three: rewrite, answer, reflect
    "one-call-to-three": Replay(
        "cost.call_fanout",
        "Model calls per request {value}",
        "calls",
        (Shift("chain.extra", "set", 2.0, at=(("route", "/v1/ask"),)),),
        onset=2.0,
        slice=(("route", "/v1/ask"),),
        changed=("flag", "chain.rewrite_and_reflect", "off", "on", "quality-team"),
    ),
    # three layers retry three times each: 27 calls for one question, and the provider is billed for all of them
    "retry-storm": Replay(
        "cost.retry_amplification",
        "Model calls per request {value}, provider bill doubling by the hour",
        "calls",
        (Shift("llm.client_deadline", "set", 3.2, coin="client"), Shift("llm.attempts", "set", 9.0, coin="client")),
        onset=1.4,
        changed=("config", "gateway.retry", "30s x2", "3.2s x9", "platform"),
    ),
    # a timestamp in the first line: no two prompts share a prefix any more, and nothing is read from the provider's cache
    "prefix-grew-arms-and-legs": Replay(
        "cost.cache_collapse",
        "Cost per request {value} USD, tokens unchanged",
        "cost",
        (live("chat-main", "v31"), Shift("prefix.hit", "set", 0.05, at=(("prompt", "chat-main"),), coin="edit")),
        onset=3.0,
        slice=(("prompt_name", "chat-main"),),
        changed=("prompt", "chat-main", "v30", "v31", "chat-team"),
        text=("chat-main", "v31", "Now: {{timestamp}}\n" + TEXTS["chat"]),
        world=chatty,
    ),
    # thinking was set to high for one agent: 2.4 times the output tokens, the same answers
    "thinking-tokens": Replay(
        "cost.reasoning_growth",
        "Output tokens per request {value}, the answers are as long as before",
        "tokens_output",
        (
            Shift("llm.reasoning", "add", 420.0, at=AGENT, coin="effort"),
            Shift("llm.effort", "set", "high", at=AGENT, coin="effort"),
        ),
        onset=2.4,
        slice=(("route", "/v1/agent"),),
        changed=("config", "agent-plan.reasoning_effort", "medium", "high", "quality-team"),
    ),
}
