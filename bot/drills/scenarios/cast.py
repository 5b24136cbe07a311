"""A product of its own for every drill: its names are drawn, so that no answer can be remembered and none is written in a name."""

from __future__ import annotations

import numpy as np

from bot.simulator.casts import CASTS, Cast
from bot.simulator.draws import Draws
from bot.simulator.world import ROUTE_KINDS

SERVICES = (
    "concierge", "scribe", "helpdesk", "navigator", "quill", "steward", "beacon", "porter", "lantern", "clerk", "compass", "ranger",
    "harbor", "juniper", "marlin", "osprey", "tandem", "willow", "cobalt", "ember",
)  # fmt: skip
SUFFIXES = ("", "-web", "-app", "-eu", "-one", "-pro", "-desk", "-api")
VERBS = {
    "chat": ("chat", "talk", "say", "dialog", "converse"),
    "rag": ("ask", "answers", "lookup", "faq", "docs"),
    "extract": ("extract", "parse", "fields", "intake", "scan"),
    "agent": ("agent", "act", "assist", "tasks", "run"),
    "summarise": ("summarise", "digest", "brief", "recap", "tldr"),
    "classify": ("classify", "label", "sort", "topics"),
    "batch": ("nightly", "bulk", "backfill", "jobs", "batch"),
}
BOOKS = (
    "kb", "wiki", "handbook", "policies", "manuals", "contracts", "tickets", "cases", "catalog", "releases", "guides", "articles", "forum",
    "specs", "minutes", "claims",
)  # fmt: skip
STORES = ("search", "index", "vec", "docs", "store")
DOINGS = ("find", "get", "open", "list", "fetch", "read", "check", "book")
THINGS = (
    "orders", "invoice", "customer", "parcel", "stock", "warranty", "refund_terms", "calendar", "shipment", "address", "claim", "meeting",
    "vehicle", "booking", "payslip", "licence", "meter", "route",
)  # fmt: skip
TENANTS = (
    "aurora", "basalt", "cinder", "dovetail", "evergreen", "fathom", "granite", "hazel", "indigo", "jasper", "kestrel", "larkspur",
    "meridian",
    "nimbus", "onyx", "pinnacle", "quarry", "ridge", "saffron", "tundra", "umber", "vesper", "wren", "yarrow", "zephyr",
)  # fmt: skip
REGIONS = (
    ("us-east", ("en-US", "es-MX", "fr-CA")), ("us-west", ("en-US", "ko-KR", "es-MX")), ("eu-west", ("en-GB", "de-DE", "fr-FR")),
    ("eu-north", ("sv-SE", "da-DK", "nl-NL")), ("ap-south", ("en-IN", "hi-IN", "ta-IN")), ("sa-east", ("pt-BR", "es-AR")),
)  # fmt: skip
EMBEDDERS = ("text-embedding-3-small", "text-embedding-3-large", "titan-embed-v2", "gemini-embedding-001", "voyage-3-large")
TOOLS = 8  # as many as every product of the simulator has
VOLUME = (300.0, 2200.0)  # requests an hour; a drill sets its own volume on top


def fresh_cast(seed: int) -> Cast:
    """The names of one drill's product; the same seed gives the same names."""
    rng = Draws(seed).stream("drill.cast")
    service = f"{_one(rng, SERVICES)}{_one(rng, SUFFIXES)}"
    prefix = "" if rng.random() < 0.5 else f"/v{int(rng.integers(1, 5))}"
    words = {kind: _one(rng, VERBS[kind]) for kind in ROUTE_KINDS}
    books = _some(rng, BOOKS, 3)
    regions = [REGIONS[int(at)] for at in sorted(rng.choice(len(REGIONS), 3, replace=False))]
    return Cast(
        service,
        {kind: f"{prefix}/{words[kind]}" for kind in ROUTE_KINDS},
        tuple(f"{book}-{_one(rng, STORES)}" for book in books),
        tuple(f"{_one(rng, DOINGS)}_{thing}" for thing in _some(rng, THINGS, TOOLS)),
        tuple(_some(rng, TENANTS, int(rng.integers(4, 7)))),
        {kind: f"{words[kind]}-{_one(rng, ('main', 'core', 'v', 'std', 'flow'))}{int(rng.integers(1, 9))}" for kind in ROUTE_KINDS},
        _models(rng),
        (service.split("-", 1)[0], "app"),
        tuple(name for name, _ in regions),
        tuple((name, spoken) for name, spoken in regions),
        VOLUME,
        _one(rng, EMBEDDERS),
        int(rng.integers(60, 2400)),
        (2, 3, 4, 5),
    )


def _models(rng: np.random.Generator) -> tuple[tuple[str, str, str, str], ...]:
    """Two providers as they are sold: a fault in `gpt-4o` is read with what people know of gpt-4o."""
    sold = sorted({one for cast in CASTS.values() for one in cast.models})
    first = sold[int(rng.integers(len(sold)))]
    others = [one for one in sold if one[0] != first[0]]
    return (first, others[int(rng.integers(len(others)))])


def _one(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]


def _some(rng: np.random.Generator, options: tuple[str, ...], n: int) -> list[str]:
    return [options[int(at)] for at in rng.choice(len(options), n, replace=False)]
