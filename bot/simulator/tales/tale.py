"""What a story is, and the product that all of them happen to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from bot.simulator.bundle import Extras
from bot.simulator.casts import HOSTS, TEXTS
from bot.simulator.observe.profile import Profile
from bot.simulator.scenario import Scenario
from bot.simulator.world import Model, Population, Prompt, Route, Source, Tool, World

NIGHT = datetime(2026, 3, 2, 2, 7, tzinfo=UTC).timestamp()  # the seed's page: 02:07
HOUR = 3600.0


@dataclass(frozen=True)
class Tale:
    scenario: Scenario
    profile: Profile
    extras: Extras


def product(per_hour: float = 1450.0, cv: float = 0.06) -> World:
    """A retrieval-augmented assistant used round the world, so that its volume hardly knows a night."""
    regions = ("us-east", "eu-west", "ap-south")
    tenants = tuple(f"{root}-{n}" for n in range(1, 21) for root in ("acme", "globex", "initech", "umbrel"))
    home = tuple(regions[(i * 7 + i // 3) % 3] for i in range(len(tenants)))
    weight = tuple(1.0 / (rank + 1) ** 0.9 for rank in range(len(tenants)))
    people = Population(
        tenants, home, weight, ("globex-3", "umbrel-4"),
        (("us-east", ("en-US", "es-MX")), ("eu-west", ("en-GB", "de-DE", "fr-FR")), ("ap-south", ("en-IN", "hi-IN"))),
    )  # fmt: skip
    return World(
        service="assistant",
        versions=("840", "841"),
        routes=_routes(),
        prompts=_prompts(),
        models=_models(),
        sources=_sources(),
        tools=_tools(),
        people=people,
        regions=regions,
        embedder="text-embedding-3-small",
        embed_address="embed.assistant.internal",
        reranker="rerank-multilingual-v3",
        guardrail="input-policy",
        policy="p17",
        judge="gpt-4.1",
        per_hour=per_hour,
        cv=cv,
        crash=0.009,
        flat=1.0,
        cached_share=0.0,
        addresses=(("openai", HOSTS["openai"]), ("anthropic", HOSTS["anthropic"])),
    )


def _models() -> tuple[Model, ...]:
    return (
        Model("gpt-4o", "gpt-4o-2024-11-20", "openai", "fp_83df987f64", 0.42, 0.014, 2.5e-6, 1.0e-5, 128_000, 0.003, 0.011),
        Model("gpt-4o-mini", "gpt-4o-mini-2024-07-18", "openai", "fp_5154047bf2", 0.30, 0.009, 1.5e-7, 6.0e-7, 128_000, 0.003, 0.012),
        Model("claude-3-5-haiku", "claude-3-5-haiku-20241022", "anthropic", "", 0.38, 0.011, 8.0e-7, 4.0e-6, 200_000, 0.005, 0.014),
    )


def _routes() -> tuple[Route, ...]:
    tools = ("search_orders", "crm_lookup", "create_ticket", "refund_policy")
    return (
        Route("/v1/ask", "rag", 0.80, "qa-grounded", "gpt-4o", "claude-3-5-haiku", ("kb-search", "tickets"), out_tokens=170.0),
        Route("/v1/extract", "extract", 0.12, "extract-invoice", "gpt-4o-mini", "claude-3-5-haiku", schema="invoice",
              out_tokens=120.0, user_tokens=900.0),
        Route("/v1/agent", "agent", 0.08, "agent-plan", "gpt-4o", "claude-3-5-haiku", tools=tools, out_tokens=150.0),
    )  # fmt: skip


def _prompts() -> tuple[Prompt, ...]:
    return (
        Prompt("qa-grounded", "v12", TEXTS["rag"], 620, 1100),
        Prompt("extract-invoice", "v7", TEXTS["extract"], 480, 700),
        Prompt("agent-plan", "v5", TEXTS["agent"], 900, 900),
    )


def _sources() -> tuple[Source, ...]:
    return (
        Source("kb-search", "elasticsearch", "kb-search.search.internal", 2, 4, 0.383, 0.60, 0.11, 5.0, 0.002, 5, 640, "kb-57", 0.012),
        Source(
            "tickets", "elasticsearch", "tickets.search.internal", 2, 4, 0.30, 0.10, 0.09, 5.0, 0.002, 3, 420, "tk-31", 0.02, required=False
        ),
    )


def _tools() -> tuple[Tool, ...]:
    return (
        Tool("search_orders", "tools", "orders.tools.internal", "function", "read", 0.18, 8.0, 0.004, 0.02, 900.0, "2.3.0",
             ("customer_id", "limit")),
        Tool("crm_lookup", "crm-mcp", "crm.tools.internal", "mcp", "read", 0.22, 8.0, 0.006, 0.02, 1400.0, "1.8.0", ("id",)),
        Tool("create_ticket", "tools", "desk.tools.internal", "function", "write", 0.30, 8.0, 0.004, 0.01, 300.0, "3.0.1",
             ("title", "body")),
        Tool("refund_policy", "tools", "policy.tools.internal", "function", "read", 0.09, 8.0, 0.002, 0.01, 2100.0, "1.0.4", ("country",)),
    )  # fmt: skip


def clear_view(**changed: object) -> Profile:
    """Well instrumented: OpenInference in the retriever, OTel GenAI 1.41 around the model, everything recorded but the age of documents."""
    dropped = frozenset(
        {("retriever", "retrieval.indexed_at"), ("retriever", "retrieval.modified_at"), ("retriever", "retrieval.index_embed_model")}
    )
    base: dict[str, object] = {
        "dialects": (("app", "otel-1.41"), ("retriever", "openinference"), ("tools", "otel-1.41")),
        "prefix": "app",
        "dropped": dropped,
        "silent": frozenset(),
        "flavour": "named",
        "orphans": 0.002,
        "skew_s": 0.03,
    }
    return Profile(**{**base, **changed})  # type: ignore[arg-type]
