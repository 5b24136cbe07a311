"""A bundle triaged as it stands: what `midwatch triage`, `midwatch drill` and the drills in Slack all look at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bot import pages
from bot.backends.bundle import Bundle, BundleChanges, BundleHistory, BundleMetrics, BundleProbes, BundlePrompts, open_bundle
from bot.backends.spans_duckdb import spans_duckdb
from bot.drills.exercise import Seen, Workshop
from bot.drills.marking.key import vocabulary
from bot.drills.room import Room
from bot.errors import BadBundle
from bot.evaluation.ladder import ladder
from bot.evaluation.remembered import Remembered
from bot.model.page import Page, Status
from bot.ports import DrillBook, Marks, Spans
from bot.shelf.shelf import Shelf
from bot.triage import Sources, Triage
from bot.triage.state import State


async def replayed(folder: Path, shelf: Shelf | None) -> Seen:
    """BadBundle or BadInput names the file that cannot be read."""
    async with open_bundle(folder) as bundle, spans_duckdb(None, collected=bundle.spans is not None) as spans:
        page = paged(bundle)
        if bundle.spans is not None:
            await spans.add(bundle.spans)
        remembered = Remembered(spans)
        state = await walked(bundle, page, remembered, shelf)
        requests, ops = remembered.read()
        naive = ladder(requests, ops, bundle.changes, bundle.received_at)
        return Seen(page, state["report"], bundle.changes, bundle.received_at, naive)


async def walked(bundle: Bundle, page: Page, spans: Spans, shelf: Shelf | None) -> State:
    """Triage on what the bundle holds, with what every step found; `spans` holds the bundle's."""
    sources = Sources(
        spans=spans,
        metrics=BundleMetrics(bundle.metrics),
        changes=BundleChanges(bundle.changes),
        prompts=BundlePrompts(bundle.prompts),
        probes=BundleProbes(bundle.probes),
        history=BundleHistory(bundle.history),
        runbooks=shelf,
    )
    unusable = tuple(f"{count} spans could not be used: {why}" for why, count in sorted(bundle.skipped.items()))
    return await Triage(sources).walk(page, bundle.received_at, bundle.service, input_hash=bundle.input_hash, gaps=unusable)


def paged(bundle: Bundle) -> Page:
    """The page the bundle is about: the first that fires, of those its body holds."""
    place = str(bundle.path / "page.json")
    found = pages.parse(bundle.source, bundle.page, bundle.headers, place=place)
    if not found:
        raise BadBundle("holds no page (an audit event, a handshake or a test?)", place=place)
    return next((page for page in found if page.status is Status.FIRING), found[0])


def drill_room(folder: Path, book: DrillBook, marks: Marks, shelf: Shelf | None, clock: Callable[[], float]) -> Room:
    """Where the drills of a folder are played by several people; each is triaged here, on embedded parts."""
    words = vocabulary(shelf.runbooks if shelf is not None else ())
    return Room(Workshop(folder, lambda path: replayed(path, shelf), words), book, marks, clock)
