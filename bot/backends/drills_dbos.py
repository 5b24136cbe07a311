"""Team drills as DBOS workflows: the id is the due time's key, so that however many replicas wake up, one convenes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from dbos import DBOS, SetWorkflowID
from dbos import error as dbos_error

from bot.errors import SourceUnavailable
from bot.model.readiness import Due
from bot.model.value import moment

Step = Callable[[str, Callable[[], Awaitable[str]]], Awaitable[str]]


class Convene(Protocol):
    """What a due drill does; safe to repeat."""

    async def __call__(self, due: Due, *, made_up: bool) -> None: ...


class DbosDrills:
    """Port DrillWork. To be made before DBOS is launched: a workflow must be known when a dead worker's are taken over."""

    def __init__(self, convene: Convene, step: Step) -> None:
        async def team_drill(schedule: str, at: float, made_up: bool) -> None:
            async def once() -> str:
                await convene(Due(schedule=schedule, at=moment(at)), made_up=made_up)
                return "convened"

            await step("convene", once)

        self._workflow = DBOS.workflow(name="team_drill")(team_drill)

    async def convene(self, due: Due, *, made_up: bool) -> None:
        """Start it in this process, unless somebody has started it. Returns when that is stored."""
        try:
            with SetWorkflowID(f"drill:{due.key}"):
                await DBOS.start_workflow_async(self._workflow, due.schedule, due.at.timestamp(), made_up)
        except dbos_error.DBOSException as error:
            raise SourceUnavailable(f"the drill could not be stored: {type(error).__name__}", source="dbos") from error
