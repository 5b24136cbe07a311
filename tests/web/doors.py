"""The web app over in-memory parts, with two small page sources: one unsigned, one signed."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
from fastapi import FastAPI

from bot.errors import BadInput, BadPage, NotAllowed
from bot.model.change import Change
from bot.model.incident import Incident
from bot.model.page import Page
from bot.web import ChangeDoor, Decoded, Doors, Hooks, Meters, Otlp, PageSource, of_deliveries, of_refusals, web
from tests.fakes_audit import MemoryAudit
from tests.fakes_records import MemoryRecords

SECRET = b"s3cret"
T0 = 1_772_417_220.0


def parse(raw: bytes, _headers: Mapping[str, str]) -> Sequence[Page]:
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise BadPage(f"not JSON: {error}", place="body") from None
    if not isinstance(body, dict):
        raise BadPage("not an object", place="body")
    pages = body.get("pages", [body])
    return [Page.model_validate({"source": "plain", "status": "firing", **page}) for page in pages]


def parse_changes(raw: bytes, _headers: Mapping[str, str]) -> Sequence[Change]:
    return [Change.model_validate(json.loads(raw))]


async def prove(raw: bytes, headers: Mapping[str, str], _now: float) -> str | None:
    if not hmac.compare_digest(headers.get("x-signature", "").encode(), sign(raw).encode()):
        raise NotAllowed("the signature is missing or wrong")
    return hashlib.sha256(raw).hexdigest()


def knock(headers: Mapping[str, str]) -> None:
    if headers.get("authorization") != "Bearer knock":
        raise NotAllowed("the token is missing or wrong")


def sign(raw: bytes) -> str:
    return hmac.new(SECRET, raw, hashlib.sha256).hexdigest()


def delivery_id(_raw: bytes, headers: Mapping[str, str], proof: str | None) -> str | None:
    return proof or headers.get("x-delivery")


def decode(raw: bytes, is_json: bool) -> Decoded:
    """As many spans as the body says; `bad` of them rejected."""
    if not is_json:
        return Decoded(pa.table({"trace_id": ["t"] * len(raw)}), rejected=1, why="one span has no id")
    try:
        body = json.loads(raw)
    except ValueError:
        raise BadInput("not JSON", place="body") from None
    return Decoded(pa.table({"trace_id": ["t"] * body["n"]}), body.get("bad", 0), "no id" if body.get("bad") else "")


@dataclass
class MemorySpans:
    taken: int = 0

    async def add(self, spans: pa.Table) -> int:
        self.taken += spans.num_rows
        return int(spans.num_rows)


@dataclass
class NoteWork:
    asked: list[str] = field(default_factory=list)

    async def triage(self, incident: Incident) -> None:
        self.asked.append(f"{incident.id}:{incident.revision}")


@dataclass
class Site:
    records: MemoryRecords
    work: Any
    spans: MemorySpans
    app: FastAPI
    doors: Doors
    audit: MemoryAudit

    def with_(self, **changed: Any) -> FastAPI:
        return web(replace(self.doors, **changed))


def site(
    *, tokens: Sequence[str] = (), limit: int = 100_000, work: Any = None, intake: Any = None, rate: float = 1_000.0, **doors: Any
) -> Site:
    records, spans, meters, audit = MemoryRecords(), MemorySpans(), Meters(), MemoryAudit()
    work = work or NoteWork()
    sources = {
        "plain": PageSource("plain", parse, delivery_id),
        "signed": PageSource("signed", parse, delivery_id, prove),
        "knocking": PageSource("knocking", parse, delivery_id, prove, knock=knock),
        "both": PageSource("both", lambda _raw, _headers: (), delivery_id, changes=parse_changes),
    }
    opened = Doors(
        Hooks(
            sources=sources,
            changes={"cdevents": ChangeDoor("cdevents", parse_changes), "signed": ChangeDoor("signed", parse_changes, prove)},
            intake=intake or records,
            work=work,
            audit=audit,
            tokens=tokens,
            limit_bytes=limit,
            clock=lambda: T0,
            meters=meters,
            rate=of_deliveries(rate, lambda: T0),
            refusals=of_refusals(lambda: T0),
        ),
        Otlp(decode, spans, tokens, limit, meters),
        records,
        meters,
        **doors,
    )
    return Site(records, work, spans, web(opened), opened, audit)
