"""What a scenario's telemetry is like: dialects by service, attributes that are not there, sampling, clocks (catalogue 4.3)."""

from __future__ import annotations

from dataclasses import dataclass

from bot.simulator.draws import Draws

SERVICES = ("app", "retriever", "tools")  # the emitting processes of a product
MISSING = {"rich": 0.05, "typical": 0.25, "sparse": 0.60}  # share of optional attributes nobody records (catalogue 4.3)
STURDY = 0.15  # of that share for the few fields that nearly every emitter records
POOLS: dict[str, tuple[str, ...]] = {
    "dev": ("otel-1.30", "otel-1.38", "otel-1.41", "openinference", "openllmetry"),
    "validation": ("otel-1.36", "otel-1.40", "openinference", "openllmetry"),
    "test": ("otel-1.26", "otel-1.37", "otel-latest", "openinference", "openllmetry"),
}
REQUIRED = frozenset(
    {
        "llm.model_requested", "llm.tokens.input", "llm.tokens.output", "tool.name", "request.route", "span.http_status",
        "retrieval.source_id", "llm.provider", "request.app_version", "db.system",
    }
)  # fmt: skip
STURDY_FIELDS = frozenset(
    {"retrieval.n_returned", "llm.finish", "llm.stream", "request.tenant", "request.region", "span.pod", "embedding.model"}
)
FLAVOURS = ("named", "http", "exception", "other")


@dataclass(frozen=True)
class Profile:
    dialects: tuple[tuple[str, str], ...]  # service -> dialect
    prefix: str  # of the product's own attributes
    seed: int = 0
    missing: float = 0.0  # share of optional attributes that a service does not record: by service, not by span
    dropped: frozenset[tuple[str, str]] = frozenset()  # (service, canonical path) besides those
    silent: frozenset[str] = frozenset()  # kinds without instrumentation
    flavour: str = "named"  # how error.type is written
    lost_on_error: bool = False  # attributes are lost exactly where the exception path leaves early
    finish_constant: bool = False
    sample: float = 1.0  # head sampling
    tell_sampling: bool = True  # tracestate ot=th
    tail: bool = False  # errors and slow ones kept, a share of the rest
    skew_s: float = 0.08  # standard deviation of the clocks
    wild_clock: float = 0.0  # seconds by which one process is off
    orphans: float = 0.003
    late: bool = False  # the newest two minutes have not arrived
    doubled: bool = False  # a second instrumentation records model calls too
    content: bool = False  # prompts and answers are captured
    redact_tenant: bool = False
    metrics: bool = True
    rich: str = "rich"

    def dialect(self, service: str) -> str:
        return dict(self.dialects)[service]

    def keeps(self, service: str, path: str) -> bool:
        if (service, path) in self.dropped:
            return False
        share = 0.0 if path in REQUIRED else self.missing * STURDY if path in STURDY_FIELDS else self.missing
        return share <= 0 or bool(Draws(self.seed).stream(f"drop.{service}.{path}").random() >= share)


def draw_profile(seed: int, kind: str, split: str, prefixes: tuple[str, ...]) -> Profile:
    """A profile of a kind (rich, typical, sparse) from a split's pool of dialects."""
    rng = Draws(seed).stream("profile")
    pool = POOLS[split]
    main = str(rng.choice(pool))
    mixed = rng.random() < 0.2
    dialects = tuple((service, str(rng.choice(pool)) if mixed else main) for service in SERVICES)
    p = MISSING[kind]
    rich = kind == "rich"
    return Profile(
        dialects=dialects,
        prefix=str(rng.choice(prefixes)),
        seed=seed,
        missing=p,
        silent=frozenset(one for one in ("prompt", "parser", "guardrail", "cache", "rerank", "evaluator") if rng.random() < (p * 0.5)),
        flavour=str(rng.choice(FLAVOURS, p=[0.7, 0.15, 0.15, 0.0] if rich else [0.35, 0.2, 0.2, 0.25])),
        lost_on_error=bool(rng.random() < (0.0 if rich else 0.1)),
        finish_constant=bool(rng.random() < (0.03 if rich else 0.1)),
        sample=float(rng.choice([1.0, 0.5], p=[0.8, 0.2] if rich else [0.6, 0.4])),
        tell_sampling=bool(rng.random() < 0.8),
        tail=bool(rng.random() < (0.0 if rich else 0.08)),
        skew_s=0.08 if rng.random() < 0.7 else 0.0,
        wild_clock=float(rng.choice([0.0, 2.5, 20.0, -12.0], p=[0.9, 0.04, 0.03, 0.03])),
        orphans=float(rng.choice([0.003, 0.03, 0.08], p=[0.7, 0.2, 0.1])),
        late=bool(rng.random() < 0.2),
        doubled=bool(rng.random() < 0.08),
        content=bool(rng.random() < 0.3),
        redact_tenant=bool(rng.random() < 0.2),
        metrics=bool(rng.random() < (0.95 if rich else 0.7 if kind == "typical" else 0.4)),
        rich=kind,
    )
