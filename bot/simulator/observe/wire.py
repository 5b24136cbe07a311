"""Attributes and failures in the form of OTLP/JSON."""

from __future__ import annotations

from dataclasses import dataclass

from bot.simulator.observe.encode import Attribute
from bot.simulator.observe.errors import look
from bot.simulator.observe.profile import Profile
from bot.simulator.sim import Batch

Json = dict[str, object]


def value_of(value: object) -> Json:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [value_of(one) for one in value]}}
    return {"stringValue": str(value)}


def wired(built: list[Attribute], n: int) -> tuple[list[tuple[Json | None, ...]], list[Json]]:
    """The attributes of each span in wire form (None = absent), and those that all spans share."""
    columns = [_column(one.key, one.values) for one in built if one.values is not None]
    shared: list[Json] = [
        {"key": one.key, "value": value_of(one.constant)} for one in built if one.values is None and one.constant is not None
    ]
    return list(zip(*columns, strict=True)) if columns else [()] * n, shared


def _column(key: str, values: list[object]) -> list[Json | None]:
    """One object for each distinct text of a column: most columns have few."""
    known: dict[object, Json] = {}
    found: list[Json | None] = []
    for value in values:
        if value is None:
            found.append(None)
        elif type(value) is str or type(value) is bool:
            pair = known.get(value)
            if pair is None:
                pair = known[value] = {"key": key, "value": value_of(value)}
            found.append(pair)
        else:
            found.append({"key": key, "value": value_of(value)})
    return found


@dataclass(frozen=True)
class Failure:
    attributes: list[Json]
    status: Json
    events: list[Json]


def failures(batch: Batch, profile: Profile, ends: list[int]) -> list[Failure | None]:
    found: list[Failure | None] = []
    for i, error in enumerate(batch.error.tolist()):
        if error is None:
            found.append(None)
            continue
        seen = look(batch.kind, error, profile.flavour)
        attrs: list[Json] = [{"key": "error.type", "value": {"stringValue": seen.name}}]
        if seen.http and batch.kind in ("llm", "tool", "retrieval", "embedding"):
            attrs.append({"key": "http.response.status_code", "value": {"intValue": str(seen.http)}})
        events: list[Json] = []
        if seen.exception:
            said = (("exception.type", seen.exception), ("exception.message", seen.message))
            told = [{"key": key, "value": {"stringValue": text}} for key, text in said]
            events = [{"timeUnixNano": f"{ends[i]}000", "name": "exception", "attributes": told}]
        status: Json = {"code": 2, "message": seen.message} if error != "cancelled" else {"code": 0}
        found.append(Failure(attrs, status, events))
    return found
