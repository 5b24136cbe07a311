"""Replays of retrieval and tools: HTTP 200, and the wrong thing in the body."""

from __future__ import annotations

from bot.simulator.casts import TEXTS
from bot.simulator.scenario import Shift
from bot.simulator.tales.replay import Replay, agentic, busy, live

KB = (("source", "kb-search"),)
KB_SLICE = (("source_id", "kb-search"),)
ORDERS = (("tool", "search_orders"),)

REPLAYS = {
    # queries were embedded with the new model, the index still held the vectors of the old one
    "embedder-without-reindex": Replay(
        "retrieval.embedding_mismatch",
        "Answers scored below 0.7: {value}%, retrieval looks healthy",
        "low_score",
        (Shift("embed.model", "set", "text-embedding-3-large", coin="embedder"), Shift("embed.mismatch", "set", 0.85, coin="embedder")),
        onset=2.5,
        slice=KB_SLICE,
        changed=("config", "query-embedder", "text-embedding-3-small", "text-embedding-3-large", "search-team"),
        recall=0.3,
        world=busy,
    ),
    # the ingest job died without a sound; every document is a day older than anybody thinks
    "ingest-died": Replay(
        "retrieval.stale_index",
        "Assistant quotes prices of last week",
        "low_score",
        (Shift("source.frozen", "set", -30.0 * 3600.0, at=KB),),
        onset=30.0,
        slice=KB_SLICE,
        recall=0.88,
        judged=False,
        hours=34.0,
        source="generic",
        world=agentic,
    ),
    # an access filter for one tenant matched no document any more: "I could not find anything"
    "filter-hides-everything": Replay(
        "retrieval.empty_results",
        "Searches without results: {value}%",
        "empty_retrieval",
        (
            Shift("source.empty", "add", 0.9, where=(("tenant", "acme-1"),), at=KB),
            Shift("source.filter", "set", "f2d0", where=(("tenant", "acme-1"),), at=KB),
        ),
        onset=2.0,
        slice=(("tenant", "acme-1"),),
        changed=("config", "kb-search.acl_filter", "f1c9", "f2d0", "access-team"),
        world=busy,
    ),
    # two of four shards did not come back after maintenance; the client takes partial results for results
    "shards-did-not-come-back": Replay(
        "retrieval.partial_results",
        "Partial search results {value}%",
        "partial",
        (Shift("source.shards_lost", "set", 2.0, at=KB),),
        onset=3.5,
        slice=KB_SLICE,
        recall=0.45,
    ),
    # the tool's schema changed without telling the agent: `customer_id` is now `customerId`
    "schema-changed-untold": Replay(
        "tool.schema_break",
        "Tool argument rejections {value}%",
        "tool_rejected",
        (
            Shift("tool.rejects", "add", 0.6, at=ORDERS, coin="tool"),
            Shift("tool.version", "set", "2.4.0", at=ORDERS, coin="tool"),
            Shift("tool.schema", "set", "9c1e", at=ORDERS, coin="tool"),
        ),
        onset=2.0,
        slice=(("tool", "search_orders"),),
        changed=("tool", "search_orders", "2.3.0", "2.4.0", "orders-team"),
        world=agentic,
    ),
    # the stock service answers 200 with an empty list: customers hear that everything is out of stock
    "everything-out-of-stock": Replay(
        "tool.silent_empty",
        "Customers are told that everything is out of stock",
        "tool_empty",
        (
            Shift("tool.empty", "add", 0.6, at=ORDERS, coin="tool"),
            Shift("tool.version", "set", "2.4.0", at=ORDERS, coin="tool"),
            Shift("tool.result_keys", "set", "b0d3", at=ORDERS, coin="tool"),
            Shift("tool.bytes", "times", 0.4, at=ORDERS, coin="tool"),
        ),
        onset=2.8,
        slice=(("tool", "search_orders"),),
        changed=("tool", "search_orders", "2.3.0", "2.4.0", "orders-team"),
        source="generic",
        world=agentic,
    ),
    # "stop when the task is done" fell out of the prompt: agents ask the same question until their steps are used up
    "agents-that-do-not-stop": Replay(
        "tool.loop",
        "Agents out of steps {value}%, bill doubled",
        "loop",
        (live("agent-plan", "v6"), Shift("agent.stuck", "add", 0.2, coin="edit")),
        onset=1.8,
        slice=(("route", "/v1/agent"),),
        changed=("prompt", "agent-plan", "v5", "v6", "ria"),
        text=("agent-plan", "v6", TEXTS["agent"].replace(", stop when the task is done", "")),
        world=agentic,
    ),
}
