"""Incidents as one person may see them outside the channel they stand in: those whose channel this person can read."""

from dataclasses import dataclass

from bot.model.incident import Incident, IncidentState
from bot.ports import Incidents
from bot.slack.click import Person
from bot.slack.people import Gate

RECENT = 50  # incidents looked through, with their reports; older ones are for the console


@dataclass(frozen=True)
class Sight:
    incidents: Incidents
    gate: Gate

    async def recent(self, person: Person) -> tuple[Incident, ...]:
        """Newest first, for somebody whom the gate lets in. SourceUnavailable when Slack does not tell who can read what."""
        rows = await self.incidents.recent(RECENT)
        # One that has no message of its own yet (a storm's, or a minute old) will stand where the newest one stands.
        usual = next((row.message.channel for row in rows if row.message is not None), None)
        places = {row.id: row.message.channel if row.message is not None else usual for row in rows}
        open_to = {one: await self.gate.may_read(person, one) for one in {place for place in places.values() if place is not None}}
        return tuple(row for row in rows if open_to.get(places[row.id] or "", False))

    async def named(self, person: Person, incident_id: str) -> Incident | None:
        """One by its name; None when there is none, or none that this person may see: the two are not told apart."""
        found = await self.incidents.get(incident_id)
        if found is None or found.message is None or not await self.gate.may_read(person, found.message.channel):
            return None
        return found


def still_open(incidents: tuple[Incident, ...]) -> tuple[Incident, ...]:
    """Those that people should look at: neither resolved nor held back by maintenance."""
    return tuple(
        row for row in incidents if row.state is not IncidentState.RESOLVED and (row.quiet_until is None or row.message is not None)
    )
