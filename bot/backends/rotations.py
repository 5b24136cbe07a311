"""`playbooks/rotations/*.yaml`: who carries which pager, where that is planned, and when the team drills."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bot.backends.duty_file import duty_file
from bot.backends.duty_grafana import duty_grafana
from bot.backends.duty_opsgenie import URL as OPSGENIE
from bot.backends.duty_opsgenie import duty_opsgenie
from bot.backends.duty_pagerduty import URL as PAGERDUTY
from bot.backends.duty_pagerduty import duty_pagerduty
from bot.backends.playbook_file import read_playbook
from bot.errors import BadSettings
from bot.model.readiness import Rotation, Shift, Source
from bot.ports import Duty


def rotations(folder: Path) -> tuple[Rotation, ...]:
    """Read `folder`/rotations/*.yaml, by name. No folder = no rotation. BadSettings names the file and the key."""
    read = tuple(_read(path) for path in sorted((folder / "rotations").glob("*.yaml")))
    for what, names in (("rotations", [one.name for one in read]), ("drills", [drill.id for one in read for drill in one.drills])):
        for name in names:
            if names.count(name) > 1:
                raise BadSettings(f"two {what} are called {name}", place=str(folder / "rotations"))
    return read


def _read(path: Path) -> Rotation:
    found = read_playbook(path, Rotation)
    beside = tuple(
        one.model_copy(update={"schedule": str(path.parent / one.schedule)}) if one.kind == "file" else one for one in found.sources
    )
    return found.model_copy(update={"sources": beside})


class Roster:
    """Port Duty over all sources of one rotation, with people called by the project's own ids."""

    def __init__(self, rotation: Rotation, duties: Sequence[Duty]) -> None:
        self.rotation = rotation
        self._duties = duties

    async def shifts(self, start: float, end: float) -> tuple[Shift, ...]:
        """Shifts of people the rotation knows; `strangers` has the others."""
        return tuple(
            sorted((one for one in await self._translated(start, end) if one is not None), key=lambda one: (one.start, one.person))
        )

    async def strangers(self, start: float, end: float) -> tuple[str, ...]:
        """What the sources call people that the rotation's file does not know: nobody is left out in silence."""
        found = {one.person for duty in self._duties for one in await duty.shifts(start, end)}
        return tuple(sorted(name for name in found if self.rotation.person(name) is None))

    async def _translated(self, start: float, end: float) -> list[Shift | None]:
        return [self._known(one) for duty in self._duties for one in await duty.shifts(start, end)]

    def _known(self, found: Shift) -> Shift | None:
        person = self.rotation.person(found.person)
        return found.model_copy(update={"person": person.id}) if person is not None else None


@asynccontextmanager
async def roster(rotation: Rotation, tokens: Mapping[str, str]) -> AsyncIterator[Roster]:
    """`tokens`: source kind -> its API token. BadSettings when a source's token or address is missing."""
    async with AsyncExitStack() as stack:
        duties = [await _duty(stack, rotation, source, tokens) for source in rotation.sources]
        yield Roster(rotation, duties)


async def _duty(stack: AsyncExitStack, rotation: Rotation, source: Source, tokens: Mapping[str, str]) -> Duty:
    if source.kind == "file":
        return await stack.enter_async_context(duty_file(Path(source.schedule), source.role, rotation.zone))
    place = f"rotation {rotation.name}: {source.kind}"
    token = tokens.get(source.kind)
    if not token:
        raise BadSettings(f"needs MIDWATCH_{source.kind.upper()}_TOKEN", place=place)
    if source.kind == "pagerduty":
        return await stack.enter_async_context(duty_pagerduty(source.schedule, source.role, token, source.url or PAGERDUTY))
    if source.kind == "opsgenie":
        return await stack.enter_async_context(duty_opsgenie(source.schedule, source.role, token, source.url or OPSGENIE))
    if source.url is None:
        raise BadSettings("needs `url`: where Grafana OnCall's API begins", place=place)
    return await stack.enter_async_context(duty_grafana(source.schedule, source.role, token, source.url))
