"""Port Decisions: what people say about an incident is stored, and the work that follows from it is started."""

from bot.errors import SourceUnavailable
from bot.model.incident import Incident, Vote
from bot.ports import Decisions, Work


class Decided:
    """Over the stored decisions. The word of a person counts also when the work cannot be started now: the sweep starts it then."""

    def __init__(self, decisions: Decisions, work: Work) -> None:
        self._decisions = decisions
        self._work = work

    async def acknowledge(self, incident_id: str, user: str) -> Incident | None:
        return await self._decisions.acknowledge(incident_id, user)

    async def vote(self, vote: Vote) -> Incident | None:
        """ "Wrong" asks for a new triage, with what has come in since."""
        again = await self._decisions.vote(vote)
        if again is not None:
            try:
                await self._work.triage(again)
            except SourceUnavailable:
                return again
        return again

    async def single_out(self, incident_id: str) -> Incident | None:
        return await self._decisions.single_out(incident_id)
