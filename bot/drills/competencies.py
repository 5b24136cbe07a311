"""Which competencies a drill trains (catalogue 5.1)."""

from __future__ import annotations

from bot.model.drill import Competency, DrillType

BY_LAYER = {
    "model": Competency.MODEL,
    "prompt": Competency.PROMPT,
    "retrieval": Competency.RETRIEVAL,
    "tool": Competency.TOOL,
    "cost": Competency.ECONOMICS,
    "infra": Competency.REQUEST_MAP,
    "telemetry": Competency.MEASUREMENT,
    "none": Competency.STATISTICS,
}
SAFETY = frozenset({"prompt.safety_section_missing", "prompt.pii_in_examples", "infra.abuse_injection", "infra.cache_wrong_hit"})
BY_TYPE: dict[DrillType, tuple[Competency, ...]] = {
    DrillType.FLASH_CARD: (),
    DrillType.TRACE_READ: (Competency.REQUEST_MAP, Competency.ORIGIN),
    DrillType.PAIRS: (Competency.MEASUREMENT,),
    DrillType.TWO_WINDOWS: (Competency.STATISTICS,),
    DrillType.PAGE: (Competency.ORIGIN, Competency.MITIGATION, Competency.COMMUNICATION),
    DrillType.RED_HERRING: (Competency.ORIGIN, Competency.STATISTICS),
    DrillType.ROLLBACK: (Competency.PROMPT, Competency.MITIGATION),
    DrillType.COST_BURN: (Competency.ECONOMICS,),
    DrillType.TELEMETRY_GAP: (Competency.MEASUREMENT,),
    DrillType.WHEEL: (Competency.ORIGIN, Competency.MITIGATION, Competency.COMMUNICATION),
}


def competencies(kind: DrillType, causes: tuple[str, ...]) -> tuple[Competency, ...]:
    """Those of the type, then those of the layers of its causes; each once."""
    layers = [BY_LAYER[cause.partition(".")[0]] for cause in causes if kind not in (DrillType.ROLLBACK,)]
    safety = [Competency.SAFETY] if SAFETY & set(causes) else []
    return tuple(dict.fromkeys((*BY_TYPE[kind], *layers, *safety)))
