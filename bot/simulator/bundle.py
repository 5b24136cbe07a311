"""A scenario as the outside sees it: an incident bundle (contract section 1) with its truth beside it."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import yaml

from bot.model.value import moment, rfc3339
from bot.simulator.ledger import change_events, event_id
from bot.simulator.observe.export import exports
from bot.simulator.observe.metrics import openmetrics
from bot.simulator.observe.profile import Profile
from bot.simulator.observe.spans import Feed, observe
from bot.simulator.pages import Delivery, deliver
from bot.simulator.run import simulate
from bot.simulator.scenario import Paged, Scenario
from bot.simulator.sim import Sim
from bot.simulator.worded import worded

PROCESSES = ("retriever", "tools")
Json = dict[str, object]


@dataclass(frozen=True)
class Story:
    """One incident, ready to be written as a bundle or sent to a running server."""

    name: str
    received_at: float
    service: str
    otlp: list[Json]  # one TracesData each
    changes: list[Json] | None  # CloudEvents
    page: Delivery
    metrics: str | None  # OpenMetrics text
    attributes: dict[str, object]  # the product's own names -> canonical fields
    prompts: dict[str, dict[str, str]] = field(default_factory=dict)  # name -> version -> text
    prompt_meta: dict[str, Json] = field(default_factory=dict)
    probes: list[Json] | None = None
    history: list[Json] | None = None
    truth: Json = field(default_factory=dict)

    def write(self, to: Path, *, truth: bool = True) -> Path:
        """Write the bundle's folder; the same story gives the same bytes."""
        traces = to / "traces"
        traces.mkdir(parents=True, exist_ok=True)
        _zipped(traces / "spans.jsonl.gz", b"".join(orjson.dumps(one) + b"\n" for one in self.otlp))
        head: Json = {"source": self.page.source, "received_at": rfc3339(moment(self.received_at)), "service": self.service}
        if self.attributes:
            head["attributes"] = self.attributes
        (to / "bundle.yaml").write_text(yaml.safe_dump(head, sort_keys=False, allow_unicode=True), encoding="utf-8")
        (to / "page.json").write_bytes(self.page.body)
        (to / "headers.json").write_bytes(orjson.dumps(self.page.headers, option=orjson.OPT_INDENT_2))
        self._rest(to)
        if truth:
            (to / "truth.yaml").write_text(yaml.safe_dump(self.truth, sort_keys=False, allow_unicode=True), encoding="utf-8")
        return to

    def _rest(self, to: Path) -> None:
        if self.metrics is not None:
            (to / "metrics").mkdir(exist_ok=True)
            _zipped(to / "metrics" / "dump.txt.gz", self.metrics.encode())
        for name, rows in (("changes", self.changes), ("probes", self.probes), ("history", self.history)):
            if rows is not None:
                (to / f"{name}.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
        for prompt in sorted(self.prompts):
            (to / "prompts" / prompt).mkdir(parents=True, exist_ok=True)
            for version, text in sorted(self.prompts[prompt].items()):
                (to / "prompts" / prompt / f"{version}.txt").write_text(text, encoding="utf-8")
            if prompt in self.prompt_meta:
                (to / "prompts" / prompt / "meta.yaml").write_text(
                    yaml.safe_dump(self.prompt_meta[prompt], sort_keys=True), encoding="utf-8"
                )


def _zipped(path: Path, data: bytes) -> None:
    """Without a name and a time in the header, so that equal data gives equal bytes."""
    path.write_bytes(gzip.compress(data, compresslevel=3, mtime=0))


@dataclass(frozen=True)
class Extras:
    """What is collected besides spans."""

    metrics: bool = True
    metrics_history: bool = True
    changes: bool = True
    prompts: bool = True
    probes: list[Json] | None = None
    history: list[Json] | None = None


def build(scenario: Scenario, profile: Profile, extras: Extras, page: Callable[[Sim], Paged] | None = None) -> Story:
    """Simulate, observe, word the page, and put it all together."""
    sim = simulate(scenario)
    feed = observe(sim, profile)
    paged = page(sim) if page else worded(sim)
    service = scenario.world.service
    names = {"app": service, **{process: f"{service}-{process}" for process in PROCESSES}}
    texts = _prompts(scenario) if extras.prompts else ({}, {})
    return Story(
        name=scenario.name,
        received_at=scenario.now,
        service=service,
        otlp=list(exports(feed, names)),
        changes=change_events(scenario) if extras.changes else None,
        page=deliver(paged, service, scenario.now, scenario.now - 300.0),
        metrics=openmetrics(sim, feed, extras.metrics_history) if extras.metrics else None,
        attributes={key: feed.declared.mapping[key] for key in sorted(feed.declared.mapping)},
        prompts=texts[0],
        prompt_meta=texts[1],
        probes=extras.probes,
        history=extras.history,
        truth=truth_of(scenario, sim, feed),
    )


def _prompts(scenario: Scenario) -> tuple[dict[str, dict[str, str]], dict[str, Json]]:
    texts: dict[str, dict[str, str]] = {}
    meta: dict[str, Json] = {}
    used = {route.prompt for route in scenario.world.routes}
    for prompt in scenario.world.prompts:
        if prompt.name in used:
            texts[prompt.name] = {prompt.version: prompt.text}
    for one in scenario.prompts:
        texts.setdefault(one.name, {})[one.version] = one.text
        if one.meta:
            meta[one.name] = dict(one.meta)
    return texts, meta


def truth_of(scenario: Scenario, sim: Sim, feed: Feed) -> Json:
    """What really happened, in the keys of the contract; further keys help to cut the accuracy tables."""
    faults = scenario.faults
    causes = [fault.cause for fault in faults] or ([scenario.cause] if scenario.cause else [])
    layer = causes[0].partition(".")[0] if causes and scenario.verdict == "fault" else None
    accept = [sorted({fault.cause, *fault.accept}) for fault in faults]
    first = min((fault.shape.onset for fault in faults), default=None)
    return {
        "verdict": scenario.verdict,
        "layer": layer,
        "causes": causes,
        "accept": accept,
        "slice": dict(faults[0].slice) if faults else {},
        "onset": rfc3339(moment(round(scenario.now + first))) if first is not None else None,
        "red_herrings": [event_id(one, scenario) for one in scenario.events if one.herring and one.logged],
        "profile": scenario.profile,
        "severity": faults[0].severity if faults else None,
        "split": scenario.split,
        "shape": faults[0].shape.kind if faults else None,
        "symptom": faults[0].sli if faults else None,
        "impact": all(fault.impact for fault in faults),
        "requests": sim.n,
        "traces": int(feed.kept.sum()),
    }
