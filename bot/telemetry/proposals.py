"""Attributes that nobody declared -> what they probably are. A person decides: a proposal is shown with its reason, never applied.

Two ways to know a name: it holds the words of a canonical field (`acme.retrieval_n_returned`), or it says the same in other words
(`docs_found`). Either way its values have to be of the field's type and its spans of a kind that can carry the field.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from bot.telemetry.canonical import FIELDS, Field
from bot.telemetry.seen import Unmapped, kinds_of, sampled, unmapped, words
from bot.telemetry.synonyms import INVERSE, PHRASES, VALUES

ENOUGH = 5  # spans that carry an attribute, from which its type can be told
RECORDED = 0.5  # share of those spans that have the field anyway, from which the attribute is another thing or only repeats it
OPEN = frozenset({"other", "chain", "http", "db", "workflow"})  # kinds that a declared field turns into its own


@dataclass(frozen=True)
class Proposal:
    """`to` as bundle.yaml wants it; `values` maps theirs to ours, None when they need no map."""

    attribute: str
    to: str
    values: dict[str, str | bool] | None
    kind: str  # of most spans that carry it
    count: int
    share: float  # of the spans of that kind
    why: str


@dataclass(frozen=True)
class _Match:
    field: Field
    to: str
    score: float
    why: str
    values: dict[str, str | bool] | None


def propose(spans: pa.Table) -> list[Proposal]:
    """At most one proposal an attribute and one attribute a field, best known first; in order of the fields."""
    looked = kinds_of(sampled(spans))
    best: dict[str, tuple[float, Proposal]] = {}
    for one in unmapped(spans):
        match = _match(one)
        if match is None:
            continue
        kind = max(one.kinds, key=lambda name: (one.kinds[name], name))
        share = one.kinds[kind] / looked[kind]
        proposal = Proposal(one.name, match.to, match.values, kind, one.count, round(share, 3), match.why)
        key = match.to
        if key not in best or (match.score, share) > (best[key][0], best[key][1].share):
            best[key] = (match.score, proposal)
    return [proposal for _, proposal in sorted(best.values(), key=lambda pair: (pair[1].to, pair[1].attribute))]


def _match(one: Unmapped) -> _Match | None:
    """The one field that fits best; None when nothing fits, or two fit equally well."""
    if one.count < ENOUGH:
        return None
    found = sorted(_matches(one), key=lambda match: (-match.score, match.to))
    if not found or (len(found) > 1 and found[1].score == found[0].score and found[1].field.column != found[0].field.column):
        return None
    best = found[0]
    if one.filled.get(best.field.column, 0) >= RECORDED * one.count:
        return None
    return best


def _matches(one: Unmapped) -> Iterator[_Match]:
    said = words(one.name)
    for field in FIELDS:
        home = _home(field, one, said)
        if home is None:
            continue
        values = _values(field, one)
        if values is None and not _fits(field, one):
            continue
        own = tuple(word for part in field.path.split(".") for word in words(part))
        if _tail(own, said):
            named = field.kind in said[: len(said) - len(own)]
            if len(own) > 1 or named or home == field.kind:
                yield _Match(field, f"{home}.{field.path}", len(own) + 2.0 * named + 1.0, f"it is named {field.path}", values)
                continue
        for phrase in PHRASES.get(f"{field.kind}.{field.path}", ()):
            if phrase.fits(said):
                why = f"“{' '.join(said[-4:])}” says {field.path}"
                yield _Match(
                    field,
                    f"{home}.{field.path}",
                    len(phrase.groups) + (0.5 if field.kind in said else 0.0),
                    why,
                    _turned(field, said, values, one),
                )


def _tail(own: tuple[str, ...], said: tuple[str, ...]) -> bool:
    """The field's words end the name: `acme.tool_args_hash` is args_hash, `hash_of_args_version` is not."""
    return said[-len(own) :] == own


def _home(field: Field, one: Unmapped, said: tuple[str, ...]) -> str | None:
    """The kind to declare the field for; None when these spans cannot carry it."""
    kind = max(one.kinds, key=lambda name: (one.kinds[name], name))
    if field.kind == "request":
        spread = len(one.kinds) > 2 or kind in ("request", "agent")
        return "request" if spread or "request" in said else None
    if field.kind == "span":
        return "span" if field.column == "attempt" else None  # the others are the instrumentation's own
    if field.kind == kind:
        return field.kind
    if field.kind == "retrieval" and kind == "tool":
        return field.kind if "retrieval" in said else None
    if kind in OPEN:
        return (
            field.kind if field.kind in said or any(phrase.fits(said) for phrase in PHRASES.get(f"{field.kind}.{field.path}", ())) else None
        )
    return None


def _fits(field: Field, one: Unmapped) -> bool:
    if field.type == "number":
        return one.type == "number" or (field.column in ("indexed_at", "modified_at") and all("T" in value for value in one.values))
    if field.type == "bool":
        return one.binary
    return one.type == "text" or field.column in ("prompt_version", "index_version", "tool_version", "app_version", "tenant")


def _values(field: Field, one: Unmapped) -> dict[str, str | bool] | None:
    """A map of their words to ours, where the field has a fixed set of words and theirs are others that are known."""
    known = VALUES.get(field.column)
    if known is None or not one.values or len(one.values) > 8 or one.type == "number":
        return None
    read = {theirs: known.get(theirs.lower()) for theirs in one.values}
    if any(ours is None for ours in read.values()) or all(str(ours).lower() == theirs.lower() for theirs, ours in read.items()):
        return None
    return {theirs: ours for theirs, ours in sorted(read.items()) if ours is not None}


def _turned(field: Field, said: tuple[str, ...], values: dict[str, str | bool] | None, one: Unmapped) -> dict[str, str | bool] | None:
    """`parse_failed` is `parser.ok` the other way round."""
    if values is None and INVERSE.get(field.column, frozenset()) & set(said) and one.binary:
        return {theirs: theirs.lower() in ("false", "0", "no", "off") for theirs in sorted(one.values)}
    return values
