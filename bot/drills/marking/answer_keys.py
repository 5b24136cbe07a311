"""The keys an answers file may hold, and the other names people give them."""

from __future__ import annotations

LAYERS = ("model", "prompt", "retrieval", "tool", "cost", "infra", "telemetry")
SYNONYMS = {"infrastructure": "infra", "traffic": "infra", "tools": "tool", "models": "model", "prompts": "prompt", "costs": "cost"}
NOBODY = frozenset({"none", "no fault", "no_fault", "nothing", "no-fault", "null", "noise", "n/a"})
UNTOLD = frozenset({"insufficient_data", "insufficient data", "insufficient", "cannot tell", "unknown", "abstain", "not enough data"})

ALIASES: dict[str, tuple[str, ...]] = {
    "verdict": ("verdict",),
    "layer": ("layer",),
    "cause": ("cause", "causes", "root_cause"),
    "group": ("group", "ambiguity_group", "one_of"),
    "slice": ("slice", "where", "blast_radius", "affected", "who", "scope"),
    "onset": ("onset", "since", "started", "started_at", "began", "start"),
    "evidence": ("evidence", "facts", "because", "why"),
    "asked": ("asked", "evidence_asked", "asked_for", "questions", "requested"),
    "confidence": ("confidence", "sure"),
    "actions": ("actions", "action", "first_action", "next", "mitigation", "do"),
    "verify": ("verify", "verification", "verify_query", "how_to_verify"),
    "status": ("status", "status_line", "status_update", "update", "message"),
    "escalation": ("escalation", "escalate", "escalate_to", "page_whom", "escalated"),
    "runbook": ("runbook", "runbooks"),
    "missing": ("missing", "not_visible", "cannot_see", "cannot_be_seen", "cannot_tell", "not_checked", "blind_spots", "gaps", "unknown"),
    "blamed": ("blamed", "blame", "suspect_change", "guilty_change", "change", "changes"),
    "innocent": ("innocent", "ruled_out", "not_guilty", "excluded"),
    "seconds": ("seconds", "time_s", "took_s", "duration_s", "elapsed_s"),
    "minutes": ("minutes", "time_min", "took_min"),
    "hints": ("hints", "hints_used"),
    "answer": ("answer", "choice"),
    "span": ("span", "span_id", "origin", "origin_span"),
    "discriminator": ("discriminator", "field", "separates"),
    "prompt": ("prompt", "prompt_name"),
    "to": ("to", "version", "roll_back_to"),
    "component": ("component",),
    "seed": ("seed",),
}
"""Key -> names it may have in a file. The first is the documented one."""
KEYS = {name: key for key, names in ALIASES.items() for name in names}
HARMLESS = frozenset(
    {"participant", "name", "notes", "note", "comment", "scenario", "drill", "type", "schema", "at", "date", "user", "team"}
)
