"""The parts of a simulated product: what exists before anything fails. Times in seconds, shares 0..1, prices in USD per token."""

from __future__ import annotations

from dataclasses import dataclass, field

ROUTE_KINDS = ("chat", "rag", "extract", "agent", "summarise", "classify", "batch")


@dataclass(frozen=True)
class Model:
    name: str  # what is asked for
    served: str  # the snapshot that answers
    provider: str
    fingerprint: str
    ttft: float  # median
    tpot: float  # per token, median
    price_in: float
    price_out: float
    window: int  # tokens
    parse_fail: float  # share of structured outputs that do not parse at rest
    refusal: float
    length: float = 1.0  # factor on the length of its answers


@dataclass(frozen=True)
class Source:
    """A retrieval source: an index on a cluster with shards and replicas, read under a client deadline."""

    name: str
    system: str  # db.system of its client
    address: str
    replicas: int
    shards: int
    rho: float  # utilisation of a replica at mean load; the queue follows from it
    service: float  # mean service time of a heavy query on a replica
    median: float
    deadline: float
    hazard: float
    k: int
    docs: int
    index_version: str
    empty: float = 0.02  # share of queries that honestly find nothing
    required: bool = True  # the answer needs it: without its documents the request is in trouble


@dataclass(frozen=True)
class Tool:
    name: str
    server: str
    address: str
    kind: str  # function | mcp | datastore
    side_effect: str  # read | write | egress
    median: float
    deadline: float
    hazard: float
    empty: float
    result_bytes: float
    version: str
    args: tuple[str, ...]


@dataclass(frozen=True)
class Prompt:
    """A template with its live version; `system_tokens` is the size of its fixed part."""

    name: str
    version: str
    text: str
    system_tokens: int
    max_tokens: int


@dataclass(frozen=True)
class Route:
    name: str
    kind: str
    share: float
    prompt: str
    model: str
    fallback: str
    sources: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    schema: str = ""  # structured output is parsed against it
    out_tokens: float = 180.0  # median
    user_tokens: float = 60.0
    small: str = ""  # the router may send easy requests to this model


@dataclass(frozen=True)
class Population:
    """Who asks: tenants by Zipf weight, each with a home region; two of them are always worse than the rest."""

    tenants: tuple[str, ...]
    home: tuple[str, ...]  # region of each tenant
    weight: tuple[float, ...]
    chronic: tuple[str, ...]
    locales: tuple[tuple[str, tuple[str, ...]], ...]  # region -> locales, main one first


@dataclass(frozen=True)
class World:
    service: str
    versions: tuple[str, ...]  # release history; the last is live
    routes: tuple[Route, ...]
    prompts: tuple[Prompt, ...]
    models: tuple[Model, ...]
    sources: tuple[Source, ...]
    tools: tuple[Tool, ...]
    people: Population
    regions: tuple[str, ...]
    embedder: str
    embed_address: str
    reranker: str
    guardrail: str
    policy: str
    judge: str
    per_hour: float  # mean requests
    cv: float  # of the volume, per five minutes
    crash: float = 0.0012  # share of requests that die of the product's own code at rest
    chronic_factor: float = 4.0  # how much more often the two always-bad tenants fail
    flat: float = 0.0  # 0 = full day and night curve, 1 = none
    cached_share: float = 0.0  # share of requests whose answer is looked up in a semantic cache first
    addresses: tuple[tuple[str, str], ...] = field(default=())  # provider -> host

    def model(self, name: str) -> Model:
        return next(one for one in self.models if one.name == name)

    def source(self, name: str) -> Source:
        return next(one for one in self.sources if one.name == name)

    def tool(self, name: str) -> Tool:
        return next(one for one in self.tools if one.name == name)

    def prompt(self, name: str) -> Prompt:
        return next(one for one in self.prompts if one.name == name)

    def host(self, provider: str) -> str:
        return dict(self.addresses)[provider]
