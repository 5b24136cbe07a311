"""Wiring only: gather -> window -> examine (checks fan out) -> localise -> weigh -> recall -> report."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, cast

from langgraph.config import get_stream_writer
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send

from bot.engine.check import Check
from bot.model.evidence import Evidence, Windows
from bot.model.incident import Progress
from bot.triage import examine, localise, recall, report, weigh, window
from bot.triage import gather as gathering
from bot.triage.state import Sources, State


@dataclass(frozen=True)
class Context:
    """What a run may use beside its state."""

    sources: Sources
    checks: Sequence[Check]


class Task(TypedDict):
    check: Check
    evidence: Evidence
    others: Sequence[Windows]


async def _gather(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    get_stream_writer()(Progress(step="gather", detail="reading traces, changes and metrics"))
    gathered, gaps = await gathering.gather(state["asked"], runtime.context.sources)
    return {"gathered": gathered, "gaps": gaps}


async def _window(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    get_stream_writer()(Progress(step="window", detail="looking for what moved, and since when"))
    chosen, evidence, others = await asyncio.to_thread(window.cut, state["asked"], state["gathered"])
    evidence, gaps = await window.with_origins(evidence, state["gathered"], runtime.context.sources)
    return {"chosen": chosen, "evidence": evidence, "others": others, "gaps": gaps}


def _fan_out(state: State, runtime: Runtime[Context]) -> list[Send]:
    return [Send("examine", Task(check=one, evidence=state["evidence"], others=state["others"])) for one in runtime.context.checks]


async def _examine(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    task = cast(Task, state)  # what a Send carries
    check = task["check"]
    examination = await asyncio.to_thread(examine.examine, check, task["evidence"], task["others"])
    get_stream_writer()(Progress(step="examine", detail=check.slug, done=1, total=len(runtime.context.checks)))
    return {"examined": (examination,)}


async def _localise(state: State) -> dict[str, Any]:
    get_stream_writer()(Progress(step="localise", detail="finding out for whom"))
    examined = tuple(sorted(state["examined"], key=lambda one: one.cause))
    return {"located": await asyncio.to_thread(localise.locate, state["evidence"], examined, state["gathered"].start)}


async def _weigh(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    examined = tuple(sorted(state["examined"], key=lambda one: one.cause))
    weights = await asyncio.to_thread(
        weigh.weigh, state["evidence"], examined, state["located"], state["chosen"], state["gathered"].start, runtime.context.checks
    )
    return {"weights": weights}


async def _recall(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    get_stream_writer()(Progress(step="recall", detail="looking up the runbook"))
    asked = state["asked"]
    recalled, gaps = await recall.recall(asked.page, asked.service, state["weights"], runtime.context.sources.runbooks)
    return {"recalled": recalled, "gaps": gaps}


async def _report(state: State) -> dict[str, Any]:
    examined = tuple(sorted(state["examined"], key=lambda one: one.cause))
    said = await asyncio.to_thread(
        report.compose,
        state["asked"],
        state["gathered"],
        state["chosen"],
        state["evidence"],
        examined,
        state["located"],
        state["weights"],
        state["recalled"],
        state.get("gaps", ()),
    )
    return {"report": said}


def build() -> CompiledStateGraph[State, Context, State, State]:
    """The compiled graph; no checkpointer, a triage re-runs whole after a crash."""
    graph = StateGraph(State, context_schema=Context)
    graph.add_node("gather", _gather)
    graph.add_node("window", _window)
    graph.add_node("examine", _examine)
    graph.add_node("localise", _localise)
    graph.add_node("weigh", _weigh)
    graph.add_node("recall", _recall)
    graph.add_node("report", _report)
    graph.add_edge(START, "gather")
    graph.add_edge("gather", "window")
    graph.add_conditional_edges("window", _fan_out, ["examine"])
    graph.add_edge("examine", "localise")
    graph.add_edge("localise", "weigh")
    graph.add_edge("weigh", "recall")
    graph.add_edge("recall", "report")
    graph.add_edge("report", END)
    return graph.compile()
