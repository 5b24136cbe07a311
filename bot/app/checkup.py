"""A look at everything that is configured, changing nothing: each part is asked whether it would serve."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import httpx

from bot.app.trust import proofs_of
from bot.backends.embed_choice import chosen_embedder
from bot.backends.fetch_public import public_fetch
from bot.backends.guarded import guarded
from bot.backends.maintenance import Maintenance
from bot.backends.metrics_prometheus import metrics_prometheus
from bot.backends.playbooks import services
from bot.backends.records.condition import condition
from bot.backends.rotations import rotations
from bot.backends.spans_choice import span_store
from bot.backends.work_dbos import SILENT_S
from bot.errors import BadInput, MidwatchError
from bot.model.evidence import Interval
from bot.ports import Scope
from bot.settings import Settings, secrets
from bot.shelf import index
from bot.shelf.read import read_folders
from bot.slack import client, grants
from bot.telemetry.declared import declare

PATIENCE_S = 30.0  # of one part
HOUR = 3600.0
SKEW_S = 5.0  # signatures are refused beyond five minutes, and windows of a triage are minutes long
LOCAL = ("127.0.0.1", "::1", "localhost")


class State(StrEnum):
    OK = "ok"
    NOTE = "note"  # works, and somebody should know something about it
    FAILED = "failed"


@dataclass(frozen=True)
class Finding:
    """One line of the checkup. `clock_s`: how much the asked part's clock is ahead of ours, where it told one."""

    part: str
    state: State
    said: str
    clock_s: float | None = None


async def checkup(settings: Settings) -> list[Finding]:
    """In this order, whatever fails."""
    parts: tuple[tuple[str, Callable[[Settings], Awaitable[list[Finding]]]], ...] = (
        ("playbooks", _playbooks),
        ("doors", _doors),
        ("database", _database),
        ("service", _service),
        ("spans", _spans),
        ("metrics", _metrics),
        ("runbooks", _runbooks),
        ("embedder", _embedder),
        ("slack", _slack),
    )
    found = [one for name, look in parts for one in await _patiently(name, look(settings))]
    return [*found, _clock(found)]


async def _patiently(part: str, look: Awaitable[list[Finding]]) -> list[Finding]:
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await look
    except TimeoutError:
        return [Finding(part, State.FAILED, f"no answer within {PATIENCE_S:g} s")]
    except MidwatchError as error:
        return [Finding(part, State.FAILED, str(error))]


async def _playbooks(settings: Settings) -> list[Finding]:
    known = await asyncio.to_thread(services, settings.playbooks)
    declare(dict(known.attributes), place="playbooks/service: attributes")
    Maintenance(settings.playbooks, known.of)
    planned = await asyncio.to_thread(rotations, settings.playbooks)
    named = ", ".join(service.name for service in known.all)
    if not named:
        return [Finding("playbooks", State.NOTE, f"no service is declared in {settings.playbooks}/service")]
    return [Finding("playbooks", State.OK, f"services {named}; {len(planned)} rotations")]


async def _doors(settings: Settings) -> list[Finding]:
    async with public_fetch() as fetch:
        proofs = proofs_of(settings, fetch)
    proven = sorted({*proofs.signing, *proofs.own_tokens, *(("cloudwatch",) if proofs.topics else ())})
    listens = f"pages at {settings.host}:{settings.port}; proof of their own: {', '.join(proven) or 'none'}"
    if secrets(settings.hook_tokens):
        return [Finding("doors", State.OK, f"{listens}; every other source needs a bearer token")]
    return [Finding("doors", State.NOTE, f"{listens}; every other source only from this machine (MIDWATCH_HOOK_TOKENS)")]


async def _database(settings: Settings) -> list[Finding]:
    name = "SQLite" if settings.database_url is None else "PostgreSQL"
    found = await condition(settings.sqlalchemy_url)
    if found is None:
        writable = await asyncio.to_thread(_can_write, settings.home)
        state, can = (State.NOTE, "can") if writable else (State.FAILED, "cannot")
        return [Finding("database", state, f"SQLite: the first start makes it in {settings.home}, which {can} be written")]
    if found.revision != found.newest:
        state = State.NOTE if found.may_migrate else State.FAILED
        right = "the next start migrates it" if found.may_migrate else "and this user may not create tables there"
        return [Finding("database", state, f"{name}: schema {found.revision or 'none'}, not yet {found.newest}; {right}", found.skew_s)]
    now = time.time()
    alive = [worker for worker, beat_at in found.beats.items() if now - beat_at <= SILENT_S]
    said = f"{name}: schema {found.revision} (newest), {found.incidents} incidents, {len(alive)} workers alive"
    return [Finding("database", State.OK, said, found.skew_s)]


async def _service(settings: Settings) -> list[Finding]:
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104  compared, not listened on
    url = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/readyz"
    try:
        async with httpx.AsyncClient(transport=guarded(), timeout=PATIENCE_S / 2) as asked:
            answer = await asked.get(url)
            told = answer.json()
    except httpx.HTTPError as error:
        return [Finding("service", State.NOTE, f"nothing answers at {url}: {type(error).__name__}")]
    except ValueError:
        return [Finding("service", State.FAILED, f"what answers at {url} is not Midwatch")]
    parts = told.get("parts") if isinstance(told, dict) else None
    if not isinstance(parts, dict):
        return [Finding("service", State.FAILED, f"what answers at {url} is not Midwatch")]
    said = ", ".join(f"{name} {state}" for name, state in sorted(parts.items()))
    return [Finding("service", State.OK if answer.status_code == 200 else State.FAILED, f"{url}: {said}")]


async def _spans(settings: Settings) -> list[Finding]:
    if settings.spans_url is None:
        file = settings.home / "spans.duckdb"
        size = await asyncio.to_thread(lambda: file.stat().st_size / 2**20 if file.is_file() else None)
        held = "empty until spans come in at /v1/traces" if size is None else f"{size:.0f} MiB"
        return [Finding("spans", State.OK if size is not None else State.NOTE, f"own store in {settings.home}: {held}")]
    known = await asyncio.to_thread(services, settings.playbooks)
    declared = declare(dict(known.attributes), place="playbooks/service: attributes")
    now = time.time()
    async with span_store(settings.spans_url.get_secret_value(), settings.home, declared) as store:
        coverage = await store.spans.coverage(Scope(None, Interval(now - HOUR, now)))
    n = sum(coverage.spans.values()) if coverage is not None else 0
    return [Finding("spans", State.OK if n else State.NOTE, f"{store.word}: {n} spans in the last hour")]


async def _metrics(settings: Settings) -> list[Finding]:
    if settings.prometheus_url is None:
        return [Finding("metrics", State.NOTE, "none: MIDWATCH_PROMETHEUS_URL is not set")]
    now = time.time()
    async with metrics_prometheus(settings.prometheus_url) as metrics:
        names = await metrics.names(Interval(now - HOUR, now)) or frozenset()
    return [Finding("metrics", State.OK if names else State.NOTE, f"{len(names)} names of metrics in the last hour")]


async def _runbooks(settings: Settings) -> list[Finding]:
    if not await asyncio.to_thread(settings.runbooks.is_dir):
        return [Finding("runbooks", State.NOTE, f"none: there is no folder {settings.runbooks}")]
    shelved = await asyncio.to_thread(read_folders, [settings.runbooks])
    there = f"{len(shelved.documents)} in {settings.runbooks}"
    at = settings.home / "index"
    if settings.embedder == "lexical":
        return [Finding("runbooks", State.OK, f"{there}, searched by words")]
    try:
        manifest = await asyncio.to_thread(index.read, at)
    except BadInput:
        return [Finding("runbooks", State.NOTE, f"{there}; no index in {at} yet, the next start makes it")]
    stored = {entry.runbook.path: entry.digest for entry in manifest.documents}
    behind = sum(stored.get(document.runbook.path) != document.digest for document in shelved.documents)
    if behind:
        return [Finding("runbooks", State.NOTE, f"{there}; {behind} of them changed since the index was made, the next start renews it")]
    return [Finding("runbooks", State.OK, f"{there}; index of {len(manifest.documents)} by {manifest.embedder} is up to date")]


async def _embedder(settings: Settings) -> list[Finding]:
    key = settings.embedder_key.get_secret_value() if settings.embedder_key else None
    async with chosen_embedder(settings.embedder, settings.embedder_model, key) as (embedder, word):
        if embedder is None:
            return [Finding("embedder", State.NOTE, word or "none: runbooks are searched by words")]
        vectors = await embedder.embed(["12 % of requests fail"])
    return [Finding("embedder", State.OK, f"{embedder.name[:100]}, {len(vectors[0])} numbers a text")]


async def _slack(settings: Settings) -> list[Finding]:
    if settings.slack_bot_token is None:
        return [Finding("slack", State.NOTE, "not configured (MIDWATCH_SLACK_BOT_TOKEN): incidents are shown where serve runs")]
    web_client = client.web_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
    asked = time.time()
    given = await grants.grants(web_client)
    skew = given.at - (asked + time.time()) / 2 if given.at is not None else None
    missing = given.missing(user_groups=settings.slack_user_groups)
    found = [Finding("slack", State.OK, f"{given.user} in {given.team}", skew)]
    if given.scopes is None:
        found.append(Finding("slack scopes", State.NOTE, "Slack did not say which there are"))
    elif missing:
        state = State.FAILED if grants.POSTING in missing else State.NOTE
        found.append(Finding("slack scopes", state, "; ".join(f"without {name} {why}" for name, why in missing.items())))
    else:
        found.append(Finding("slack scopes", State.OK, f"all {len(grants.NEEDED)} that are needed"))
    for channel in dict.fromkeys(filter(None, (settings.slack_channel, settings.slack_drill_channel))):
        there = await grants.is_member(web_client, channel)
        said = f"the app is in {channel}" if there else f"the app is not in {channel}: invite it there"
        found.append(Finding("slack channel", State.OK if there else State.FAILED, said))
    if settings.slack_signing_secret is None and settings.slack_app_token is None:
        found.append(Finding("slack buttons", State.NOTE, "do nothing without MIDWATCH_SLACK_SIGNING_SECRET or MIDWATCH_SLACK_APP_TOKEN"))
    return found


def _clock(found: list[Finding]) -> Finding:
    told = {one.part: one.clock_s for one in found if one.clock_s is not None}
    if not told:
        return Finding("clock", State.NOTE, "nobody told the time: compared with nothing")
    said = ", ".join(f"{part} {seconds:+.1f} s" for part, seconds in told.items())
    worst = max(abs(seconds) for seconds in told.values())
    return Finding("clock", State.OK if worst <= SKEW_S else State.FAILED, f"compared with ours: {said}")


def _can_write(folder: Path) -> bool:
    there = next((one for one in (folder, *folder.absolute().parents) if one.exists()), folder)
    return there.is_dir() and os.access(there, os.W_OK)
