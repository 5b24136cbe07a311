"""Names and parameter ranges of each split. The three share no route, tool, tenant, source, prompt or model name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.simulator.draws import Draws
from bot.simulator.world import ROUTE_KINDS, Model, Population, Prompt, Route, Source, Tool, World


@dataclass(frozen=True)
class Cast:
    service: str
    routes: dict[str, str]  # kind -> path
    sources: tuple[str, ...]
    tools: tuple[str, ...]
    tenants: tuple[str, ...]  # roots; numbered
    prompts: dict[str, str]  # route kind -> prompt name
    models: tuple[tuple[str, str, str, str], ...]  # provider, big, small, reserve of the same provider
    product: tuple[str, ...]  # prefixes of the product's own span attributes
    regions: tuple[str, ...]
    locales: tuple[tuple[str, tuple[str, ...]], ...]
    volume: tuple[float, float]  # requests an hour, log-uniform
    embedder: str
    releases: int  # number of the first release
    replicas: tuple[int, ...]


def _by_kind(*names: str) -> dict[str, str]:
    return dict(zip(ROUTE_KINDS, names, strict=True))


CASTS: dict[str, Cast] = {
    "dev": Cast(
        "assistant",
        _by_kind("/chat", "/ask", "/extract", "/agent", "/summarise", "/classify", "/nightly"),
        ("kb-search", "tickets", "policies"),
        ("search_orders", "crm_lookup", "create_ticket", "refund_policy", "inventory", "send_email", "calendar", "geo_lookup"),
        ("acme", "globex", "initech", "umbrel", "hooli"),
        _by_kind("chat-main", "qa-grounded", "extract-invoice", "agent-plan", "summary", "intent", "batch-tag"),
        (("openai", "gpt-4o", "gpt-4o-mini", "gpt-4.1"), ("anthropic", "claude-3-5-sonnet", "claude-3-5-haiku", "claude-3-opus")),
        ("app", "acme"),
        ("us-east", "eu-west", "ap-south"),
        (("us-east", ("en-US", "es-MX")), ("eu-west", ("en-GB", "de-DE", "fr-FR")), ("ap-south", ("en-IN", "hi-IN"))),
        (320.0, 2200.0),
        "text-embedding-3-small",
        840,
        (2, 3, 5),
    ),
    "validation": Cast(
        "copilot",
        _by_kind("/talk", "/answers", "/parse", "/operator", "/digest", "/label", "/backfill"),
        ("wiki-index", "cases", "contracts"),
        ("find_invoice", "lookup_user", "open_case", "warranty_terms", "stock_level", "notify", "book_slot", "route_parcel"),
        ("northwind", "contoso", "fabrikam", "tailspin"),
        _by_kind("talk-base", "answers-cited", "parse-claim", "operator-core", "digest", "label-topic", "backfill"),
        (("openai", "gpt-5", "gpt-5-mini", "o4-mini"), ("aws.bedrock", "nova-pro", "nova-lite", "nova-premier")),
        ("svc", "copilot"),
        ("us-west", "eu-north", "ap-south"),
        (("us-west", ("en-US", "ko-KR")), ("eu-north", ("sv-SE", "fi-FI", "en-GB")), ("ap-south", ("en-IN", "ta-IN"))),
        (360.0, 2400.0),
        "titan-embed-v2",
        1200,
        (2, 4),
    ),
    "test": Cast(
        "helper",
        _by_kind("/v2/dialog", "/v2/lookup", "/v2/fields", "/v2/act", "/v2/brief", "/v2/sort", "/v2/bulk"),
        ("handbook", "incidents-db", "catalog-vec"),
        ("order_status", "account_card", "file_claim", "return_rules", "warehouse", "post_message", "appointments", "track_route"),
        ("lumen", "vertex-co", "orchard", "pelican", "quartz", "redwood"),
        _by_kind("dialog-v", "lookup-cite", "fields-json", "act-loop", "brief", "sort-kind", "bulk"),
        (("anthropic", "claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-1"),
         ("gcp.gemini", "gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.0-pro")),
        ("hlp", "obs"),
        ("us-east", "eu-north", "sa-east"),
        (("us-east", ("en-US", "fr-CA")), ("eu-north", ("da-DK", "de-DE", "nl-NL")), ("sa-east", ("pt-BR", "es-AR"))),
        (300.0, 2600.0),
        "gemini-embedding-001",
        77,
        (2, 3, 4),
    ),
}  # fmt: skip

HOSTS = {
    "openai": "api.openai.com", "anthropic": "api.anthropic.com", "aws.bedrock": "bedrock-runtime.us-east-1.amazonaws.com",
    "gcp.gemini": "generativelanguage.googleapis.com",
}  # fmt: skip
SHARES = {"chat": 0.30, "rag": 0.30, "extract": 0.14, "agent": 0.12, "summarise": 0.06, "classify": 0.05, "batch": 0.03}
CROWD = {2: (0.11, 0.40), 3: (0.09, 0.54), 4: (0.08, 0.63), 5: (0.07, 0.68)}
"""Replicas -> (mean service time as a share of the deadline, utilisation): with all of them alive below 1 % of searches miss
the deadline, with one lost about 10 %."""
SYSTEMS = ("elasticsearch", "opensearch", "qdrant", "pinecone")


def cast_world(split: str, seed: int, cast: Cast | None = None) -> World:
    """A product of a split, drawn from its names and ranges, or from those of a cast of one's own. KeyError for an unknown split."""
    cast = cast or CASTS[split]
    rng = Draws(seed).stream("world")
    models = _models(cast, rng)
    per_hour = float(np.exp(rng.uniform(np.log(cast.volume[0]), np.log(cast.volume[1]))))
    sources = _sources(cast, rng)
    tools = _tools(cast, rng)
    return World(
        service=cast.service,
        versions=tuple(f"{cast.releases + i}" for i in range(int(rng.integers(2, 5)))),
        routes=_routes(cast, rng, tuple(one.name for one in tools)),
        prompts=_prompts(cast, rng),
        models=models,
        sources=sources,
        tools=tools,
        people=_people(cast, rng),
        regions=cast.regions,
        embedder=cast.embedder,
        embed_address=f"embed.{cast.service}.internal",
        reranker="rerank-multilingual-v3",
        guardrail="input-policy",
        policy=f"p{int(rng.integers(3, 30))}",
        judge=cast.models[0][3],
        per_hour=per_hour,
        cv=float(rng.uniform(0.15, 0.35)),
        flat=float(rng.uniform(0.2, 0.7)),
        cached_share=float(rng.choice([0.0, 0.35])),
        addresses=tuple((provider, HOSTS[provider]) for provider, *_ in cast.models),
    )


def _models(cast: Cast, rng: np.random.Generator) -> tuple[Model, ...]:
    found = []
    for provider, big, small, reserve in cast.models:
        for name, size in ((big, 1.0), (small, 0.25), (reserve, 1.4)):
            found.append(
                Model(
                    name=name,
                    served=f"{name}-2025{int(rng.integers(1, 12)):02d}{int(rng.integers(1, 28)):02d}",
                    provider=provider,
                    fingerprint=f"fp_{int(rng.integers(1 << 24)):06x}",
                    ttft=float(rng.uniform(0.28, 0.55) * (0.6 + 0.4 * size)),
                    tpot=float(rng.uniform(0.010, 0.018) * (0.55 + 0.45 * size)),
                    price_in=2.5e-6 * size,
                    price_out=1.0e-5 * size,
                    window=128_000,
                    parse_fail=float(rng.uniform(0.002, 0.006) if name == big else rng.uniform(0.004, 0.010)),
                    refusal=float(rng.uniform(0.008, 0.02)),
                    length=float(rng.uniform(0.9, 1.1)),
                )
            )
    return tuple(found)


def _sources(cast: Cast, rng: np.random.Generator) -> tuple[Source, ...]:
    found = []
    for number, name in enumerate(cast.sources):
        replicas = int(rng.choice(cast.replicas))
        deadline = float(rng.choice([2.0, 3.0, 5.0]))
        found.append(
            Source(
                name=name,
                system=str(rng.choice(SYSTEMS)),
                address=f"{name}.search.internal",
                replicas=replicas,
                shards=int(rng.choice([4, 6, 8])),
                rho=CROWD[replicas][1] * float(rng.uniform(0.95, 1.02)),
                service=CROWD[replicas][0] * deadline,
                median=float(rng.uniform(0.06, 0.15)),
                deadline=deadline,
                hazard=float(rng.uniform(0.001, 0.004)),
                k=int(rng.choice([3, 4, 5])),
                docs=int(rng.integers(300, 900)),
                index_version=f"idx-{int(rng.integers(20, 90))}",
                empty=float(rng.uniform(0.01, 0.03)),
                required=number == 0,
            )
        )
    return tuple(found)


def _tools(cast: Cast, rng: np.random.Generator) -> tuple[Tool, ...]:
    chronic = int(rng.integers(len(cast.tools)))
    found = []
    for number, name in enumerate(cast.tools):
        kind = "mcp" if number % 3 == 1 else "function"
        found.append(
            Tool(
                name=name,
                server=f"{name.split('_')[0]}-mcp" if kind == "mcp" else "tools",
                address=f"{name.replace('_', '-')}.tools.internal",
                kind=kind,
                side_effect="egress" if number == 5 else "write" if number == 2 else "read",
                median=float(rng.uniform(0.08, 0.35)),
                deadline=float(rng.choice([3.0, 5.0, 8.0])),
                hazard=float(rng.uniform(0.03, 0.05) if number == chronic else rng.uniform(0.001, 0.015)),
                empty=float(rng.uniform(0.01, 0.03)),
                result_bytes=float(rng.uniform(400, 2400)),
                version=f"{int(rng.integers(1, 5))}.{int(rng.integers(0, 9))}.0",
                args=("id", "query", "limit")[: int(rng.integers(1, 4))],
            )
        )
    return tuple(found)


def _routes(cast: Cast, rng: np.random.Generator, tools: tuple[str, ...]) -> tuple[Route, ...]:
    chosen = [kind for kind in ROUTE_KINDS if kind in ("chat", "rag", "extract", "agent") or rng.random() < 0.6]
    (_, main, mini, _), (_, other, other_mini, _) = cast.models
    found = []
    for kind in chosen:
        model = {"extract": mini, "classify": mini, "summarise": other, "batch": other_mini, "agent": main}.get(kind, main)
        found.append(
            Route(
                name=cast.routes[kind],
                kind=kind,
                share=SHARES[kind] * float(rng.uniform(0.8, 1.25)),
                prompt=cast.prompts[kind],
                model=model,
                fallback=other if model in (main, mini) else main,
                sources=cast.sources[:2] if kind == "rag" else cast.sources[2:3] if kind == "agent" else (),
                tools=tools if kind == "agent" else (),
                schema=f"{cast.prompts[kind]}.schema" if kind in ("extract", "classify", "batch") else "",
                out_tokens={"extract": 120.0, "classify": 20.0, "batch": 60.0, "agent": 150.0, "summarise": 260.0}.get(kind, 190.0),
                user_tokens={"extract": 900.0, "summarise": 1500.0, "batch": 500.0}.get(kind, 55.0),
                small=mini if kind == "chat" else "",
            )
        )
    return tuple(found)


TEXTS = {
    "chat": "You are the assistant of {{company}}. Be brief and kind.\nNever give legal or medical advice.\nCustomer: {{first_name}}\n",
    "rag": "Answer from the passages only. Cite each passage you use as [n].\n"
    "If they do not hold the answer, say so.\nPassages:\n{{passages}}\n",
    "extract": "Read the document and output strictly valid JSON with the keys "
    '"id", "date", "total", "currency".\nDocument:\n{{document}}\n',
    "agent": "You may use the tools listed. Plan first, call one tool at a time, stop when the task is done.\nTask: {{task}}\n",
    "summarise": "Summarise the text in five sentences.\nText:\n{{text}}\n",
    "classify": 'Output strictly valid JSON: {"label": one of the labels}.\nLabels: {{labels}}\nText: {{text}}\n',
    "batch": 'Output strictly valid JSON: {"tags": [..]}.\nRecord: {{record}}\n',
}


def _prompts(cast: Cast, rng: np.random.Generator) -> tuple[Prompt, ...]:
    """max_tokens is wide enough that healthy answers are hardly ever cut."""
    caps = {"extract": 700, "classify": 160, "batch": 400, "summarise": 1400, "agent": 900}
    return tuple(
        Prompt(name, f"v{int(rng.integers(4, 40))}", TEXTS[kind], int(rng.integers(350, 1400)), caps.get(kind, 1100))
        for kind, name in cast.prompts.items()
    )


def _people(cast: Cast, rng: np.random.Generator) -> Population:
    n = int(rng.integers(60, 160))
    names = tuple(f"{cast.tenants[i % len(cast.tenants)]}-{i // len(cast.tenants) + 1}" for i in range(n))
    home = tuple(str(x) for x in rng.choice(np.array(cast.regions), n, p=[0.45, 0.35, 0.20]))
    weight = tuple(float(1.0 / (rank + 1) ** 1.1) for rank in range(n))
    home = (*cast.regions, *home[len(cast.regions) :])  # every region has somebody, and somebody big
    chronic = tuple(names[int(i)] for i in rng.choice(np.arange(4, min(n, 30)), 2, replace=False))
    return Population(names, home, weight, chronic, cast.locales)
