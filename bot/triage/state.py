"""What travels through the triage graph: one field per step, and no step reads a later one."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, TypedDict

from bot.engine.abstain import Judged
from bot.engine.evidence import Weighed
from bot.engine.precedence import Explained
from bot.engine.window import Chosen
from bot.model.change import Change
from bot.model.evidence import Coverage, Evidence, MetricSeries, Past, Probe, PromptText, Windows
from bot.model.finding import Clue, Examination
from bot.model.frame import Frame
from bot.model.page import Page
from bot.model.report import NextAction, Onset, Report, RunbookMatch, Slice
from bot.ports import Changes, History, Metrics, Probes, Prompts, Runbooks, Spans


@dataclass(frozen=True)
class Sources:
    """The ports one triage may use. A source that is None was never configured: not collected."""

    spans: Spans
    metrics: Metrics | None = None
    changes: Changes | None = None
    prompts: Prompts | None = None
    probes: Probes | None = None
    history: History | None = None
    runbooks: Runbooks | None = None


@dataclass(frozen=True)
class Asked:
    """The page, the moment it came in (the only "now" there is), and the service it is about if anybody said."""

    page: Page
    now: float
    service: str | None
    input_hash: str
    config_hash: str
    stated: bool = False  # the service was named by its operator, not only by the page: then it is a service.name


@dataclass(frozen=True)
class Gathered:
    """Everything collected over [start, now). None = not collected."""

    start: float
    requests: Frame | None
    ops: Mapping[str, Frame]
    coverage: Coverage
    service: str | None  # the service the frames are of; None = all
    changes: tuple[Change, ...] | None
    prompts: Mapping[str, tuple[PromptText, ...]] | None
    probes: tuple[Probe, ...] | None
    metrics: tuple[MetricSeries, ...] | None
    history: tuple[Past, ...] | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Located:
    """Per found cause: the onset interval of its own evidence; and the slices."""

    onsets: Mapping[str, Onset] = field(default_factory=dict)
    slices: Mapping[str, Slice] = field(default_factory=dict)  # by cause; "" = of the paged signal itself


@dataclass(frozen=True)
class Weights:
    """The posterior, what was explained away, and the change that fits each found cause."""

    ranked: tuple[Weighed, ...]
    explained: tuple[Explained, ...]
    suspects: Mapping[str, Change]
    observability: float
    judged: Judged
    second: Weighed | None = None
    shares: Mapping[str, float] = field(default_factory=dict)
    clues: Mapping[str, tuple[Clue, ...]] = field(default_factory=dict)  # by cause, with the share of the excess it explains
    extra: Mapping[str, float] = field(default_factory=dict)  # nats by cause beside its clues: changes, history, who holds the excess
    caps: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Recalled:
    runbooks: tuple[RunbookMatch, ...] = ()
    next: tuple[NextAction, ...] = ()


class State(TypedDict, total=False):
    asked: Asked
    gathered: Gathered
    chosen: Chosen | None
    evidence: Evidence
    others: tuple[Windows, ...]
    examined: Annotated[tuple[Examination, ...], operator.add]
    located: Located
    weights: Weights
    recalled: Recalled
    report: Report
    gaps: Annotated[tuple[str, ...], operator.add]
