"""Judge one bundle after the other in processes of their own; `midwatch eval` uses it. In the order of the cases, however they finish."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

import orjson

from bot import __version__, checks
from bot.backends.bundle import open_bundle
from bot.backends.spans_duckdb import spans_duckdb
from bot.cli.triage import paged, shelved, walked
from bot.errors import BadInput
from bot.evaluation.answer import Answer, answer
from bot.evaluation.clues import clues
from bot.evaluation.corpus import TRUTH, Case
from bot.evaluation.ladder import ladder
from bot.evaluation.remembered import Remembered
from bot.evaluation.row import Row
from bot.evaluation.sight import sight
from bot.evaluation.summary import LADDER
from bot.evaluation.truth import read_truth
from bot.model.report import Verdict
from bot.settings import runbook_folder
from bot.shelf.shelf import Shelf
from bot.simulator.splits import plan, told

WORKER = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # one bundle a core beats many threads a bundle


@dataclass(frozen=True)
class Drawn:
    """Scenario `number` of a split, to be simulated in a folder below `home` and removed after."""

    split: str
    number: int
    home: Path


Job = Case | Drawn


def judge_all(jobs: Sequence[Job], processes: int, hash_seed: int = 0, with_clues: bool = False) -> Iterator[Row]:
    """One row a job. BadInput names the bundle whose files cannot be read."""
    work = partial(judge, with_clues=with_clues)
    if processes <= 1:
        yield from map(work, jobs)
        return
    with (
        _environment(WORKER | {"PYTHONHASHSEED": str(hash_seed)}),
        ProcessPoolExecutor(min(processes, len(jobs)), mp_context=get_context("spawn")) as pool,
    ):
        yield from pool.map(work, jobs)


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """For processes that start meanwhile: the hash seed is read before any code of ours runs."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def judge(job: Job, with_clues: bool = False) -> Row:
    """Triage the bundle as `midwatch triage` does, ask the ladder, and put the truth beside both."""
    if isinstance(job, Case):
        return asyncio.run(_judged(job, with_clues))
    story = told(plan(job.split, job.number))
    folder = story.write(job.home / story.name)
    try:
        return asyncio.run(_judged(Case(story.name, folder, read_truth(folder / TRUTH)), with_clues))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _judged(case: Case, with_clues: bool) -> Row:
    try:
        async with open_bundle(case.bundle) as bundle, spans_duckdb(None, collected=bundle.spans is not None) as spans:
            page = paged(bundle)
            if bundle.spans is not None:
                await spans.add(bundle.spans)
            remembered = Remembered(spans)
            try:
                state = await walked(bundle, page, remembered, _shelf())
            except Exception as error:  # one triage that fails must not cost the other two thousand
                return _failed(case, bundle.received_at, error)
    except BadInput as error:
        raise BadInput(str(error), place=case.name) from None
    report = state["report"]
    written = report.document()
    told_ = answer(written)
    requests, ops = remembered.read()
    return Row(
        name=case.name,
        truth=case.truth,
        answer=told_,
        sight=sight(case.truth, told_, bundle.received_at, requests, ops, bundle.changes),
        others={LADDER: ladder(requests, ops, bundle.changes, bundle.received_at)},
        digest=hashlib.sha256(orjson.dumps(written)).hexdigest(),
        engine=(report.engine.version, report.engine.config_hash),
        clues=orjson.dumps(clues(case.name, case.truth, state, checks.load())) if with_clues else b"",
    )


def _failed(case: Case, now: float, error: Exception) -> Row:
    silence = Answer(Verdict.INSUFFICIENT)
    seen = sight(case.truth, silence, now, None, {}, None)
    said = f"{type(error).__name__}: {error}"[:300]
    return Row(case.name, case.truth, silence, seen, {LADDER: silence}, engine=(__version__, ""), failed=said)


@cache
def _shelf() -> Shelf | None:
    folder = runbook_folder()
    return shelved(folder) if folder else None
